"""Environments for the real servers: what a lock with hashes names, installed once under `.cache` and kept.

A server pins libraries that the gateway has in other versions, so each gets an environment of its own.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.postgres import ROOT

INSTALL_TIMEOUT_S = 300


class EnvironmentMissingError(RuntimeError):
    """An environment could not be made, most often because no package index can be reached."""


def environment(name: str, lock: Path) -> Path:
    """Return the Python of the environment `.cache/real-<name>`, made now if it is not what the lock names.

    Raises EnvironmentMissingError with pip's last words.
    """
    folder = ROOT / ".cache" / f"real-{name}"
    python = folder / "bin" / "python"
    stamp = folder / "stamp"
    wanted = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {sys.version_info[:2]} {folder}"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    folder.parent.mkdir(exist_ok=True)
    # Two runs of the tests in one checkout must not make it at the same time.
    with (folder.parent / f"real-{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == wanted):
            _make(folder, lock)
            stamp.write_text(wanted)
    return python


def _make(folder: Path, lock: Path) -> None:
    python = folder / "bin" / "python"
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        # An index that cannot be reached is to be noticed soon.
        "--retries=1",
        "--timeout=20",
    ]
    try:
        made = subprocess.run(
            [*command, "--require-hashes", "--requirement", lock],
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentMissingError(f"pip did not finish within {INSTALL_TIMEOUT_S} s") from error
    if made.returncode != 0:
        raise EnvironmentMissingError(
            made.stderr.strip().splitlines()[-1] if made.stderr.strip() else "pip failed"
        )


def skip_or_fail(what: str, reason: object) -> NoReturn:
    """Say in one line what is not run; where it must run (`GATEWAY_REAL=required`), fail instead."""
    message = f"NOT RUN: {what}: {reason}"
    if os.environ.get("GATEWAY_REAL") == "required":
        pytest.fail(message)
    sys.stderr.write(f"\n{message}\n")
    pytest.skip(message)


def bare_environment(folder: Path) -> dict[str, str]:
    """Environment variables for a server or a client of another service: nothing of ours, files in `folder`.

    Clients read `RUCIO_*`, `PANDA_*`, `X509_*` and token variables by themselves, and keep tokens in TMPDIR.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
