"""Asking for the versions of all tables so cheaply that every request can: a connection of its own, one look.

Those who ask while a look is under way share the next one. So what anybody is told was read after they asked.
"""

import asyncio
import sqlite3
from dataclasses import dataclass
from typing import Final, Protocol

import psycopg
import structlog
from sqlalchemy.engine import URL

from gateway.store.versions import Versions

log = structlog.get_logger()

_SUM: Final = "SELECT coalesce(sum(version), 0) FROM data_versions"
_ALL: Final = "SELECT table_name, version FROM data_versions"

# A look takes a millisecond; one that takes this long is given up, and the question is answered without.
LOOK_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The versions at one moment. `number` is their sum: it grows with every commit that wrote anything."""

    number: int
    versions: Versions

    def is_same(self, other: "Seen", tables: frozenset[str]) -> bool:
        """Whether none of the tables was written between the two."""
        if self.number == other.number:
            return True
        return all(self.versions.get(name) == other.versions.get(name) for name in tables)


class _Look(Protocol):
    async def __call__(self, last: Seen | None) -> Seen: ...

    async def close(self) -> None: ...


class VersionWatch:
    """Tells the versions of a database as they are when they are asked for, whichever process moved them."""

    def __init__(self, url: URL, *, is_sqlite: bool) -> None:
        self._look: _Look = _SqliteLook(url) if is_sqlite else _PostgresLook(url)
        self._turn = asyncio.Lock()
        self._begun = 0
        self._ended = 0
        self._seen: Seen | None = None

    async def now(self) -> Seen | None:
        """Return what the versions are after this call began; None when the database does not say."""
        begun = self._begun
        async with self._turn:
            if self._ended > begun:
                return self._seen
            self._begun += 1
            number = self._begun
            try:
                async with asyncio.timeout(LOOK_TIMEOUT_S):
                    self._seen = await self._look(self._seen)
            except (psycopg.Error, sqlite3.Error, OSError, TimeoutError) as error:
                self._seen = None
                # The error's own words may hold the address, and with it a password.
                log.warning("versions cannot be read", action="versions.unread", error=type(error).__name__)
                await self._look.close()
            self._ended = number
            return self._seen

    @property
    def looks(self) -> int:
        """How often the database was asked."""
        return self._begun

    async def close(self) -> None:
        """Close the connection; another question opens it again."""
        async with self._turn:
            await self._look.close()


class _PostgresLook:
    def __init__(self, url: URL) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None

    async def __call__(self, last: Seen | None) -> Seen:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._address, autocommit=True, prepare_threshold=1
            )
        if last is not None:
            cursor = await self._connection.execute(_SUM)
            row = await cursor.fetchone()
            if row is not None and int(str(row[0])) == last.number:
                return last
        cursor = await self._connection.execute(_ALL)
        return _seen(await cursor.fetchall())

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


class _SqliteLook:
    """Looks from the event loop itself: a few microseconds, less than a change of threads."""

    def __init__(self, url: URL) -> None:
        self._path = url.database or ""
        self._connection: sqlite3.Connection | None = None
        self._last_change: int | None = None

    async def __call__(self, last: Seen | None) -> Seen:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            self._connection.execute("PRAGMA query_only=ON")
            self._last_change = None
        # It moves when, and only when, another connection has committed something.
        [change] = self._connection.execute("PRAGMA data_version").fetchone()
        if last is None or change != self._last_change:
            last = _seen(self._connection.execute(_ALL).fetchall())
            self._last_change = change
        return last

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _seen(rows: list[tuple[object, ...]]) -> Seen:
    versions = {str(name): int(str(version)) for name, version in rows}
    return Seen(sum(versions.values()), versions)
