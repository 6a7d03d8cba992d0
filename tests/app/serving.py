"""The real application on a port of its own, with a database that lives in the server's loop."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Iterator

from starlette.types import Receive, Scope, Send

from gateway.app import create_app
from gateway.settings import Settings
from gateway.store.database import Database
from tests.support.serving import served

CLOSE_TIMEOUT_S = 60


@contextlib.contextmanager
def served_gateway(database_url: str, *, now: dt.datetime, open_access: bool = True) -> Iterator[str]:
    """Serve the application as it would be run; yield its URL, and close its connections at the end."""
    database = Database(database_url)
    app = create_app(Settings.read(open_access=open_access), database, clock=lambda: now)
    loops: list[asyncio.AbstractEventLoop] = []

    async def noticed(scope: Scope, receive: Receive, send: Send) -> None:
        loops.append(asyncio.get_running_loop())
        await app(scope, receive, send)

    with served(noticed) as url:
        yield url
        # Connections belong to the loop that opened them.
        for loop in loops[:1]:
            asyncio.run_coroutine_threadsafe(database.close(), loop).result(CLOSE_TIMEOUT_S)
