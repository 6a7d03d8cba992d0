"""Hearing that another process has told something: PostgreSQL's LISTEN, on a connection of its own.

SQLite has no such thing and needs none: one process owns the file, and calls its own readers.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final

import psycopg
import structlog
from psycopg import sql

from gateway.store.database import Database
from gateway.store.events import CHANNEL

log = structlog.get_logger()

# Waiting after a lost connection: doubled each time up to the limit, with full jitter.
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0


async def listen(database: Database, call: Callable[[], None]) -> None:
    """Call for each notice until cancelled, and once after each connection: one may have been missed.

    A lost connection is opened again; meanwhile the caller must look by itself now and then. On SQLite it
    returns at once.
    """
    if database.is_sqlite:
        return
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    fails = 0
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                fails = 0
                call()
                async for _notice in connection.notifies():
                    call()
        except (psycopg.Error, OSError) as error:
            fails += 1
            # The error's own words may hold the address, and with it a password.
            log.warning(
                "not listening to the database", action="events.deaf", error=type(error).__name__, fails=fails
            )
        bound = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(fails, 10))
        await asyncio.sleep(bound * random.random())  # noqa: S311 - spreads requests, hides nothing
