"""What one operation reads through: one snapshot, one statement at a time, and the freshness of sources.

The session is not handed out: resolvers run side by side, and two statements at once on one session fail, or
worse, pass by luck. Everything goes through `rows`, which waits its turn.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from aiodataloader import DataLoader
from sqlalchemy import Executable, select
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from gateway.domain.freshness import Freshness, freshness_of
from gateway.errors import GatewayError, InputError, LimitError
from gateway.store.database import READ_TIMEOUT_S, was_stopped
from gateway.store.execution import moments
from gateway.store.past_tables import at_moment, moment_parameter
from gateway.store.plain import fetch, plain_of
from gateway.store.sources import Source, SourceName
from gateway.store.version_watch import Seen, VersionWatch
from gateway.store.versions import note_table, unnoticed

Result = TypeVar("Result")


class Reading:
    """The reading side of one operation; it lives as long as the operation and is never shared.

    `now` is the moment all ages are counted from. `touched` collects the sources whose copies were read.
    `is_of_the_moment` says that something was worked out from `now`; `good_until` is the moment until which
    everything else stays true while the rows do, None if no moment ends it. `seen` are the versions that the
    snapshot sees, and `look` the order of the look that told them, if it was begun with one.
    """

    def __init__(self, session: AsyncSession, now: dt.datetime) -> None:
        self._session = session
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._sources: Mapping[str, Source] | None = None
        self._is_over = False
        self._now = now
        self._as_of: dt.datetime | None = None
        self.is_of_the_moment = False
        self.good_until: dt.datetime | None = None
        self.seen: Seen | None = None
        self.look = 0
        self.touched: set[SourceName] = set()
        self.loaders: dict[object, DataLoader[Any, Any]] = {}

    async def rows(
        self, statement: Executable, *, sources: Collection[SourceName] = ()
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return all rows of one statement; `sources` says whose copies it reads, to join and filter too."""
        return await unbroken(self._rows(statement, sources))

    @property
    def now(self) -> dt.datetime:
        """The moment of the operation; whoever asks for it gives an answer that is of this moment only."""
        self.is_of_the_moment = True
        return self._now

    def is_past(self, moment: dt.datetime) -> bool:
        """Return whether a moment is not after the operation's own: the same until that moment comes."""
        if moment <= self._now:
            return True
        self.ends(moment)
        return False

    @property
    def as_of(self) -> dt.datetime | None:
        """The past moment that everything is read of, None for the present."""
        return self._as_of

    def go_back(self, moment: dt.datetime) -> None:
        """Read everything as it was at a past moment; raises InputError for one that is to come."""
        if moment > self._now:
            raise InputError(f"asOf {moment.isoformat()} is still to come: give a moment of the past")
        self._as_of = moment

    @property
    def is_postgresql(self) -> bool:
        """Whether a statement may use what only PostgreSQL has."""
        return self._session.get_bind().dialect.name == "postgresql"

    async def rows_for(
        self, statement: Executable, keys: Sequence[object], *, sources: Collection[SourceName] = ()
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return all rows of one statement with a parameter `keys`; whoever calls it is never cancelled."""
        return await self._rows(statement, sources, {"keys": keys}, is_flat=True)

    @property
    def _may_be_plain(self) -> bool:
        return self.is_postgresql and self._as_of is None

    def forget(self) -> None:
        """Begin again as if nothing had been read, in the same snapshot."""
        self.touched.clear()
        self.loaders.clear()

    async def begin(self, watch: VersionWatch) -> Seen:
        """Begin the snapshot by looking at what it sees, and return that; nothing may have been read yet."""
        return await unbroken(self._begin(watch))

    @property
    def known_sources(self) -> Mapping[str, Source] | None:
        """The sources by name, as far as the snapshot was asked for them."""
        return self._sources

    def know_sources(self, sources: Mapping[str, Source]) -> None:
        """Take the sources from somebody who knows that they are the same in this snapshot."""
        self._sources = sources

    async def touch(self, sources: Collection[SourceName]) -> None:
        """Count sources as read whose copies somebody has read for us."""
        if sources:
            await self.sources_unnoticed()
            self.touched.update(sources)

    def ends(self, moment: dt.datetime | None) -> None:
        """Take note that what was read stays true until a moment at most."""
        if moment is not None:
            self.good_until = moment if self.good_until is None else min(self.good_until, moment)

    async def sources_unnoticed(self) -> Mapping[str, Source]:
        """Return the sources by name, for what is said beside the answer."""
        return await unbroken(self._sources_in_turn())

    async def sources(self) -> Mapping[str, Source]:
        """Return the sources by name, read once per operation."""
        note_table(Source.__tablename__)
        return await self.sources_unnoticed()

    async def end(self) -> None:
        """Wait for the statement under way and let none follow it: the session is about to be closed.

        Fields that execution gave up may have more of them waiting. Run later, they would open the session
        again and keep a connection that nobody gives back.
        """
        self._is_over = True
        async with self._turn:
            pass

    async def renewed(self) -> "Reading":
        """End this reading, and return one at the same moment that sees what is committed by now."""
        await self.end()
        # Rows that were given out stay as they are: a rollback would mark those of the session as expired.
        self._session.expunge_all()
        await self._session.rollback()
        reading = Reading(self._session, self._now)
        reading.touched = self.touched
        return reading

    async def _begin(self, watch: VersionWatch) -> Seen:
        async with self._turn:
            self._refuse_if_over()
            self._connection = await self._session.connection()
            self.seen, self.look = await watch.now_in(self._connection)
            return self.seen

    async def _rows(
        self,
        statement: Executable,
        sources: Collection[SourceName],
        parameters: Mapping[str, object] = MappingProxyType({}),
        *,
        is_flat: bool = False,
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        async with self._turn:
            if sources:
                await self._load_sources()
                self.touched.update(sources)
            self._refuse_if_over()
            given = {**moments(self._as_of or self._now), **parameters}
            if self._as_of is not None:
                statement = at_moment(statement, is_postgresql=self.is_postgresql)
                given |= moment_parameter(self._as_of)
            try:
                if not is_flat:
                    return (await self._session.execute(statement, given)).all()
                # Plain columns need nothing of what a session does for objects.
                if self._connection is None:
                    self._connection = await self._session.connection()
                plain = plain_of(statement, self._connection.dialect) if self._may_be_plain else None
                if plain is not None:
                    return await fetch(self._connection, plain, given)
                return (await self._connection.execute(statement, given)).all()
            except DBAPIError as error:
                if not was_stopped(error):
                    raise
                raise LimitError(
                    "TIME",
                    f"the question took the database longer than {READ_TIMEOUT_S:.0f} s: ask for less",
                    found=None,
                    limit=round(READ_TIMEOUT_S),
                ) from error

    async def _sources_in_turn(self) -> Mapping[str, Source]:
        async with self._turn:
            return await self._load_sources()

    async def _load_sources(self) -> Mapping[str, Source]:
        if self._sources is None:
            self._refuse_if_over()
            # Every answer says how fresh it is: that is no part of what it says.
            with unnoticed():
                found = (await self._session.execute(select(Source))).scalars()
            self._sources = {row.name: row for row in found}
        return self._sources

    def _refuse_if_over(self) -> None:
        if self._is_over:
            raise GatewayError("the operation is over: nothing more is read for it")

    def freshness(self, source: SourceName) -> Freshness:
        """Return how fresh the rows of a source are that `rows` has read, at this moment."""
        note_table(Source.__tablename__)
        self.is_of_the_moment = True
        return freshness_in(self._sources or {}, source, self._now)

    def is_stale(self, source: SourceName) -> bool:
        """Return whether the rows of a source are stale."""
        note_table(Source.__tablename__)
        fresh = freshness_in(self._sources or {}, source, self._now)
        row = (self._sources or {}).get(source.value)
        if not fresh.is_stale and row is not None and row.last_ok_at is not None:
            self.is_past(row.last_ok_at + dt.timedelta(seconds=row.stale_after_s))
        return fresh.is_stale

    def complete_at(self, source: SourceName) -> dt.datetime | None:
        """Return when a source was last listed completely."""
        note_table(Source.__tablename__)
        row = (self._sources or {}).get(source.value)
        return None if row is None else row.last_full_ok_at

    def known_from(self, source: SourceName) -> dt.datetime | None:
        """Return when a source was first listed completely: of before, nobody knows what it did not have."""
        note_table(Source.__tablename__)
        row = (self._sources or {}).get(source.value)
        return None if row is None else row.first_full_ok_at

    def freshness_said(self) -> Mapping[SourceName, Freshness]:
        """Return how fresh the touched sources are, to be said beside an answer and not in it."""
        return {name: freshness_in(self._sources or {}, name, self._now) for name in self.touched}


def freshness_in(sources: Mapping[str, Source], name: SourceName, now: dt.datetime) -> Freshness:
    """Return how fresh the copy of one of these sources is at a moment."""
    row = sources.get(name.value)
    if row is None:
        return freshness_of(now=now, last_ok_at=None, last_full_ok_at=None, stale_after_s=0)
    return freshness_of(
        now=now,
        last_ok_at=row.last_ok_at,
        last_full_ok_at=row.last_full_ok_at,
        stale_after_s=row.stale_after_s,
        hold_reason=row.hold_reason,
        error=row.error,
    )


async def unbroken(work: Awaitable[Result]) -> Result:
    """Wait for work that goes on when the wait for it is given up; how it ends then concerns nobody.

    Execution cancels the fields beside one that failed. A statement that is broken off takes its connection
    with it, and a value that fields share would be lost to those that are still wanted.
    """
    future = asyncio.ensure_future(work)
    future.add_done_callback(_take_note)
    return await asyncio.shield(future)


def _take_note(future: asyncio.Future[Any]) -> None:
    """Read how it ended: asyncio logs failures that nobody has read."""
    if not future.cancelled():
        future.exception()
