"""A real SCIM server for tests: scim2-server from the index, on loopback, in memory.

INDIGO IAM itself cannot be installed from a package index; this one is an independent implementation of the
same standard, with IAM's extensions.
"""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.practice.talk import Record
from tests.real.environments import bare_environment, environment

LOCK = Path(__file__).with_name("requirements.lock")
SCRIPT = Path(__file__).with_name("schemas_script.py")
START_TIMEOUT_S = 90
TOKEN = "practice-bearer"


@dataclass(frozen=True, slots=True)
class ScimServer:
    """A running server that takes TOKEN."""

    url: str

    def add(self, kind: str, resources: Iterable[Record]) -> None:
        """Create "Users" or "Groups"; the server gives each an id of its own."""
        for resource in resources:
            request = urllib.request.Request(  # noqa: S310 - our own loopback address
                f"{self.url}/scim/{kind}",
                json.dumps(
                    {name: one for name, one in resource.items() if name not in ("id", "meta")}
                ).encode(),
                {"authorization": f"Bearer {TOKEN}", "content-type": "application/scim+json"},
            )
            try:
                urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - the same
            except urllib.error.HTTPError as error:
                raise RuntimeError(f"the server refused {resource}: {error.read().decode()}") from error


@contextlib.contextmanager
def running_scim() -> Iterator[ScimServer]:
    """Lend an empty server; raises EnvironmentMissingError when its packages cannot be had."""
    python = environment("iam", LOCK)
    with tempfile.TemporaryDirectory(prefix="gateway-scim-") as name:
        folder = Path(name)
        subprocess.run(
            [python, SCRIPT, folder],
            env=bare_environment(folder),
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        port = _free_port()
        command = [
            *(python.with_name("scim2-server"), "--tenant", "scim", "--bearer-token", TOKEN),
            *("--schema", folder / "schemas.json", "--resource-type", folder / "types.json"),
            *("--port", str(port)),
        ]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=bare_environment(folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _wait(process, port, folder / "log")
            yield ScimServer(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"scim2-server did not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
