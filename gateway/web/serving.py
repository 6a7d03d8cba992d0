"""The HTTP server, which ends event streams before it waits for connections to end."""

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    """Uvicorn that says when it begins to stop.

    Uvicorn 0.54 waits for open responses first and tells the application afterwards: an event stream would
    keep it waiting for ever.
    """

    def __init__(self, config: uvicorn.Config, *, before_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking connections, end what is open, and wait for it."""
        self._before_stop()
        await super().shutdown(sockets)
