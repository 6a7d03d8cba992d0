"""Asking what was written since the last time, so cheaply that every request can: one look for all who ask.

A look tells the versions of all tables and the rows that changed, both of one moment. Those who ask while a
look is under way share the next one, so what anybody is told was read after they asked. A look can also be
the first statement of somebody's snapshot; then it tells what that snapshot sees.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import orjson
import psycopg
import structlog
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.lively import LIVELY
from gateway.store.row_changes import CUT_ID
from gateway.store.versions import Versions, unnoticed

log = structlog.get_logger()

# A look takes a millisecond; one that takes this long is given up, and the question is answered without.
LOOK_TIMEOUT_S: Final = 2.0
# Changes that are told one by one; if there were more since the last look, any row may have changed.
MOST_CHANGES: Final = 2000

# A table, and the values that `row_changes.NOTED` names of one of its rows; None for any row of it.
Change = tuple[str, Sequence[object] | None]
# What changed between two looks; None when that is not known: then anything may have.
Changes = Sequence[Change] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The versions at one moment. `number` is their sum: it grows with every commit that wrote anything."""

    number: int
    versions: Versions
    # Which server said so, since when it runs: another one may give the same numbers to other rows.
    server: str = ""

    def is_same(self, other: "Seen", tables: frozenset[str]) -> bool:
        """Whether none of the tables was written between the two."""
        if self.server != other.server:
            return False
        if self.number == other.number:
            return True
        return all(self.versions.get(name) == other.versions.get(name) for name in tables)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look saw: `position` is where the next one goes on in the log of changes."""

    seen: Seen
    position: str
    changes: Changes


class _Look(Protocol):
    """How a kind of database is looked at. `question` is one statement, so that its parts fit together."""

    question: str

    def parameters(self, last: Sight | None) -> Sequence[str]: ...

    def sight(self, rows: Sequence[Sequence[object]], last: Sight | None) -> Sight: ...

    async def __call__(self, last: Sight | None) -> Sight: ...

    async def close(self) -> None: ...


class VersionWatch:
    """Tells what a database holds as it is when it is asked for, whichever process wrote it.

    Looks follow one another, so each sees what the one before saw and perhaps more.
    """

    def __init__(self, url: URL, *, is_sqlite: bool) -> None:
        self._look: _Look = _SqliteLook(url) if is_sqlite else _PostgresLook(url)
        self._turn = asyncio.Lock()
        self._begun = 0
        self._ended = 0
        self._failed = 0
        self._last: Sight | None = None
        self._taken = 0
        self._followers: list[Callable[[Changes], None]] = []

    def follow(self, take: Callable[[Changes], None]) -> None:
        """Call this with what changed, whenever that is seen, before anybody is told the new versions."""
        self._followers.append(take)

    @property
    def latest(self) -> Seen | None:
        """What the newest look saw; None before the first, and when the database did not say."""
        return None if self._last is None else self._last.seen

    async def now(self) -> Seen | None:
        """Return what the versions are after this call began; None when the database does not say."""
        begun = self._begun
        async with self._turn:
            if self._ended > begun:
                return self.latest
            self._begun += 1
            number = self._begun
            try:
                async with asyncio.timeout(LOOK_TIMEOUT_S):
                    self._take(await self._look(self._last))
            except (psycopg.Error, sqlite3.Error, OSError, TimeoutError) as error:
                self._take(None)
                # The error's own words may hold the address, and with it a password.
                log.warning("versions cannot be read", action="versions.unread", error=type(error).__name__)
                await self._look.close()
            self._ended = number
            return self.latest

    @property
    def order(self) -> int:
        """The number of the newest look: it grows with each, also with those that failed."""
        return self._taken

    async def now_in(self, connection: AsyncConnection) -> tuple[Seen, int]:
        """Begin a snapshot with a look; return the versions that the snapshot sees, and the look's order.

        Nothing may have been read on the connection yet: its snapshot must not be older than the last look.
        Raises DBAPIError or TimeoutError when the database does not say; the connection is then of no use.
        """
        begun = self._begun
        async with self._turn:
            if self._failed > begun:
                # Each would wait as long as the one before, and hold a connection meanwhile.
                raise TimeoutError("the database did not say its versions to somebody who asked after us")
            self._begun += 1
            number = self._begun
            try:
                with unnoticed():
                    async with asyncio.timeout(LOOK_TIMEOUT_S):
                        found = await connection.exec_driver_sql(
                            self._look.question, tuple(self._look.parameters(self._last))
                        )
                sight = self._look.sight(found.all(), self._last)
            except (DBAPIError, TimeoutError):
                # Whoever answers next may be another server, which knows nothing of our position.
                self._take(None)
                self._failed = number
                raise
            self._take(sight)
            self._ended = number
            return sight.seen, self._taken

    @property
    def looks(self) -> int:
        """How often the database was asked."""
        return self._begun

    async def close(self) -> None:
        """Close the connection; another question opens it again."""
        async with self._turn:
            await self._look.close()

    def _take(self, sight: Sight | None) -> None:
        changes = None if sight is None or self._last is None else sight.changes
        self._last = sight
        self._taken += 1
        if changes is None or changes:
            for take in self._followers:
                take(changes)


class _PostgresLook:
    """Changes are those of transactions that the snapshot of the last look did not see, and this one sees.

    That holds for transactions of any length, whatever order they began and ended in: a snapshot does not see
    those from its xmax on, and those that it lists as open. Each of the two is found by the index, so one
    transaction that stays open does not make looks slower.
    """

    question = f"""
        WITH last AS (SELECT nullif(%s, '')::pg_snapshot AS seen), now AS (
            SELECT coalesce(sum(version), 0)::text AS number,
                string_agg(table_name || '=' || version, ',') AS versions,
                extract(epoch FROM pg_postmaster_start_time())::text AS server
            FROM data_versions
        )
        SELECT pg_current_snapshot()::text, server, number,
            CASE WHEN number <> %s OR server <> %s THEN versions END,
            (
                SELECT number <= pg_snapshot_xmin(seen)::text::bigint FROM row_changes, last
                WHERE id = {CUT_ID}
            ),
            (
                SELECT string_agg(table_name || coalesce(points, ''), E'\\n') FROM (
                    (
                        SELECT table_name, points FROM row_changes
                        WHERE number >= (SELECT pg_snapshot_xmax(seen)::text::bigint FROM last)
                            AND id <> {CUT_ID}
                        ORDER BY number LIMIT {MOST_CHANGES + 1}
                    ) UNION ALL (
                        SELECT table_name, points FROM row_changes
                        WHERE number = ANY (ARRAY(
                                SELECT open::text::bigint FROM last, pg_snapshot_xip(seen) AS open
                            ))
                            AND id <> {CUT_ID}
                        LIMIT {MOST_CHANGES + 1}
                    )
                ) AS changed
            )
        FROM now
    """  # noqa: S608 - numbers of ours

    def __init__(self, url: URL) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None

    def parameters(self, last: Sight | None) -> Sequence[str]:
        return ("", "", "") if last is None else (last.position, str(last.seen.number), last.seen.server)

    def sight(self, rows: Sequence[Sequence[object]], last: Sight | None) -> Sight:
        [(position, server, number, versions, is_whole, changed)] = rows
        is_same_server = last is not None and server == last.seen.server
        if last is not None and is_same_server and int(str(number)) == last.seen.number:
            seen = last.seen
        else:
            pairs = (pair.rpartition("=") for pair in str(versions or "").split(",") if pair)
            held = {name: int(version) for name, _, version in pairs}
            seen = Seen(int(str(number)), held, str(server))
        lines = str(changed).split("\n") if changed is not None else []
        is_known = is_same_server and is_whole is not False and len(lines) <= MOST_CHANGES
        return Sight(seen, str(position), [_change(line) for line in lines] if is_known else None)

    async def __call__(self, last: Sight | None) -> Sight:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._address, autocommit=True, prepare_threshold=1, **LIVELY
            )
        cursor = await self._connection.execute(self.question, self.parameters(last))
        return self.sight(await cursor.fetchall(), last)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


class _SqliteLook:
    """Looks from the event loop itself: a few microseconds, less than a change of threads.

    Transactions that write follow one another, so the ids of the log are in the order of the commits.
    """

    question = f"""
        SELECT 0, '', seq FROM sqlite_sequence WHERE name = 'row_changes'
        UNION ALL SELECT 1, '', number FROM row_changes WHERE id = {CUT_ID}
        UNION ALL SELECT 2, table_name, version FROM data_versions
        UNION ALL SELECT * FROM (
            SELECT 3, table_name, points FROM row_changes WHERE id > ? AND id <> {CUT_ID}
            ORDER BY id LIMIT {MOST_CHANGES + 1}
        )
    """  # noqa: S608 - numbers of ours

    def __init__(self, url: URL) -> None:
        self._path = url.database or ""
        self._connection: sqlite3.Connection | None = None
        self._last_change: int | None = None

    def parameters(self, last: Sight | None) -> Sequence[str]:
        # Compared as a number: the column is one. Without a last look nothing is told one by one.
        return ("9223372036854775807",) if last is None else (last.position,)

    def sight(self, rows: Sequence[Sequence[object]], last: Sight | None) -> Sight:
        position, cut = 0, 0
        versions: dict[str, int] = {}
        changes: list[Change] = []
        for kind, name, value in rows:
            match kind:
                case 0:
                    position = int(str(value))
                case 1:
                    cut = int(str(value))
                case 2:
                    versions[str(name)] = int(str(value))
                case _:
                    changes.append(_change(f"{name}{value or ''}"))
        number = sum(versions.values())
        seen = last.seen if last is not None and last.seen.number == number else Seen(number, versions)
        is_known = last is not None and cut <= int(last.position) + 1 and len(changes) <= MOST_CHANGES
        return Sight(seen, str(position), changes if is_known else None)

    async def __call__(self, last: Sight | None) -> Sight:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            self._connection.execute("PRAGMA query_only=ON")
            self._last_change = None
        # It moves when, and only when, another connection has committed something.
        [change] = self._connection.execute("PRAGMA data_version").fetchone()
        if last is not None and change == self._last_change:
            return Sight(last.seen, last.position, ())
        rows = self._connection.execute(self.question, self.parameters(last)).fetchall()
        self._last_change = change
        return self.sight(rows, last)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _change(line: str) -> Change:
    """Return a change from the name of its table and what follows, a JSON array or nothing."""
    name, bracket, rest = line.partition("[")
    return name, orjson.loads(bracket + rest) if bracket else None
