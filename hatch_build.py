"""Builds the control panel when the package is built, so that whoever installs it needs no Node."""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PanelHook(BuildHookInterface[Any]):
    """Puts the built panel into `gateway/static` before files are collected.

    A source distribution carries it built already; for an editable install `make run` builds it.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the panel unless it is there; fail the build rather than ship a package without it."""
        del build_data
        root = Path(self.root)
        is_shipped = (root / "PKG-INFO").exists() and (root / "gateway/static/index.html").exists()
        if version == "editable" or is_shipped:
            return
        subprocess.run(["/bin/sh", "scripts/panel.sh"], cwd=root, check=True, stdin=subprocess.DEVNULL)
