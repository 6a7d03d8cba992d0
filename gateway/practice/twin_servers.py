"""The twins as servers on loopback, in a thread of their own, each of which can be stopped and started.

A port that is taken is replaced by a free one; a twin that is started again comes back on the port it had.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from gateway.errors import SetupError

log = structlog.get_logger()

HOST: Final = "127.0.0.1"
# How long a twin that is stopped waits for answers that it has begun.
_GRACE_S: Final = 1
_START_TIMEOUT_S: Final = 60.0


@dataclass(slots=True)
class TwinServer:
    """One application on one port; only to be used on the loop of its thread."""

    name: str
    app: ASGIApp
    listener: socket.socket
    port: int = field(init=False)
    _server: uvicorn.Server | None = None
    _work: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.port = self.listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether it answers; while it does not, connections are refused."""
        return self._server is not None

    async def start(self) -> None:
        """Begin to answer."""
        if self.is_running:
            return
        if self.listener.fileno() < 0:
            self.listener = taken(self.port)
        config = uvicorn.Config(
            self.app,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            date_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._work = asyncio.create_task(self._server.serve(sockets=[self.listener]), name=self.name)
        # Uvicorn tells that it has started by an attribute only.
        while not self._server.started and not self._work.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Refuse connections from now on."""
        server, work, self._server, self._work = self._server, self._work, None, None
        if server is not None and work is not None:
            server.should_exit = True
            await work
        self.listener.close()


Tick = Callable[[], None]
# Makes an application that may stop and start the servers.
MakeSwitch = Callable[[Mapping[str, TwinServer]], ASGIApp]


class TwinServers:
    """All twins of a grid, and what happens among them each `tick_s` seconds."""

    def __init__(
        self,
        apps: Mapping[str, ASGIApp],
        *,
        first_port: int,
        tick: Tick,
        tick_s: float,
        make_switch: MakeSwitch | None = None,
    ) -> None:
        self.twins = {
            name: TwinServer(name, app, taken(first_port and first_port + place))
            for place, (name, app) in enumerate(apps.items())
        }
        self.switch: TwinServer | None = None
        if make_switch is not None:
            listener = taken(first_port and first_port + len(apps))
            self.switch = TwinServer("switch", make_switch(self.twins), listener)
        self._tick = tick
        self._tick_s = tick_s
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="practice grid", daemon=True)

    def start(self) -> None:
        """Serve all of them; returns when they answer, and raises SetupError when they do not."""
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT_S) or not self._thread.is_alive():
            raise SetupError("the practice grid did not start; the log says why")

    def stop(self) -> None:
        """Stop all of them and the thread; the last tick has been when this returns."""
        if not self._thread.is_alive():
            self._close()
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_START_TIMEOUT_S)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._close()

    def _close(self) -> None:
        for server in [*self.twins.values(), *([self.switch] if self.switch else [])]:
            server.listener.close()
        self._loop.close()

    async def _serve(self) -> None:
        servers = [*self.twins.values(), *([self.switch] if self.switch else [])]
        await _all([server.start for server in servers])
        self._ready.set()
        while not self._stopping.is_set():
            self._tick()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._tick_s):
                    await self._stopping.wait()
        await _all([server.stop for server in servers])
        self._tick()


async def _all(calls: list[Callable[[], Awaitable[None]]]) -> None:
    for call in calls:
        await call()


def taken(port: int) -> socket.socket:
    """Return a socket that holds the port on loopback, or a free one if it is 0 or in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.bind((HOST, 0))
    return listener
