"""A deployment as users have it: two web and two worker processes behind HAProxy, and a grid beside."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from gateway.app import utc_now
from gateway.auth.sealing import new_key
from gateway.practice.living import GridWishes, LivingGrid
from tests.support.postgres import ROOT

# Far beyond what a loaded machine needs (some seconds), so that only what will never come is given up.
START_TIMEOUT_S = 180.0
WEB = ("web-1", "web-2")
WORKERS = ("worker-1", "worker-2")


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@dataclass
class Deployment:
    """The processes by name, which can be killed and come back as a supervisor brings them back."""

    url: str
    web: Mapping[str, str]
    grid: LivingGrid
    folder: Path
    environment: Mapping[str, str]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    kills: list[str] = field(default_factory=list)

    def start(self, name: str) -> None:
        """Start a process; a web process has its own port."""
        port = ["--port", self.web[name].rpartition(":")[2]] if name in self.web else []
        command = "serve" if name in self.web else "sync"
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "gateway", command, *port],
                env={**self.environment, "GATEWAY_EXECUTOR": name},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """End a process as a machine that is gone does."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()
        self.kills.append(name)

    def told(self, name: str) -> str:
        """What a process has logged."""
        return (self.folder / f"{name}.log").read_text()

    def is_up(self, name: str) -> bool:
        """Whether a process does its work, or is ready to."""
        if name not in self.web:
            return self.told(name).count("sync.started") > self.kills.count(name)
        try:
            return httpx2.get(f"{self.web[name]}/ready", timeout=10).status_code == 200
        except httpx2.TransportError:
            return False

    def wait_for(self, *names: str) -> None:
        """Return when these processes are up."""
        ends_at = time.monotonic() + START_TIMEOUT_S
        for name in names:
            while not self.is_up(name):
                assert self.processes[name].poll() is None, self.told(name)
                assert time.monotonic() < ends_at, self.told(name)
                time.sleep(0.1)


@contextlib.contextmanager
def deployed(database_url: str, folder: Path, haproxy: str, **changed: str) -> Iterator[Deployment]:
    """Run a deployment on a migrated database until the end of the block, with some settings changed."""
    balancer, *ports = free_ports(3)
    url = f"http://127.0.0.1:{balancer}"
    grid = LivingGrid(folder / "grid", clock=utc_now, wishes=GridWishes(speed=240.0))
    grid.start()
    own = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    settings = {
        "database_url": database_url,
        "vault_keys": new_key(),
        "public_url": url,
        # What a dead process has sent is looked for after seconds, and not after a quarter of an hour.
        "submit_deadline_s": "4",
        "submit_settle_s": "8",
        **grid.settings(),
        **changed,
    }
    deployment = Deployment(
        url,
        {name: f"http://127.0.0.1:{port}" for name, port in zip(WEB, ports, strict=True)},
        grid,
        folder,
        own | {f"GATEWAY_{name.upper()}": value for name, value in settings.items()},
    )
    try:
        for name in (*WEB, *WORKERS):
            deployment.start(name)
        with (folder / "balancer.log").open("wb") as log:
            deployment.processes["balancer"] = subprocess.Popen(
                [haproxy, "-db", "-f", str(ROOT / "deploy" / "haproxy.cfg")],
                env={
                    "LISTEN": url.removeprefix("http://"),
                    **{f"WEB_{i}": f"127.0.0.1:{port}" for i, port in enumerate(ports, start=1)},
                },
                stdout=log,
                stderr=log,
            )
        deployment.wait_for(*WEB, *WORKERS)
        yield deployment
    finally:
        for process in deployment.processes.values():
            process.terminate()
        for process in deployment.processes.values():
            process.wait(START_TIMEOUT_S)
        grid.stop()
