"""What one operation reads through: one snapshot, one statement at a time, and the freshness of sources.

The session is not handed out: resolvers run side by side, and two statements at once on one session fail, or
worse, pass by luck. Everything goes through `rows`, which waits its turn.
"""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any

from aiodataloader import DataLoader
from sqlalchemy import Executable, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.freshness import Freshness, freshness_of
from gateway.store.sources import Source, SourceName


class Reading:
    """The reading side of one operation; it lives as long as the operation and is never shared.

    `now` is the moment all ages are counted from. `touched` collects the sources whose rows were read.
    """

    def __init__(self, session: AsyncSession, now: dt.datetime) -> None:
        self._session = session
        self._turn = asyncio.Lock()
        self._sources: dict[str, Source] | None = None
        self.now = now
        self.touched: set[SourceName] = set()
        self.loaders: dict[object, DataLoader[Any, Any]] = {}

    async def rows(
        self, statement: Executable, *, source: SourceName | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return all rows of one statement; `source` says whose remembered rows they are."""
        async with self._turn:
            if source is not None:
                self.touched.add(source)
                if self._sources is None:
                    await self._load_sources()
            return (await self._session.execute(statement)).all()

    async def _load_sources(self) -> None:
        found = (await self._session.execute(select(Source))).scalars()
        self._sources = {row.name: row for row in found}

    async def sources(self) -> dict[str, Source]:
        """Return the sources by name, read once per operation."""
        async with self._turn:
            if self._sources is None:
                await self._load_sources()
        return self._sources or {}

    def freshness(self, source: SourceName) -> Freshness:
        """Return how fresh the rows of a source are that `rows` has read."""
        row = (self._sources or {}).get(source.value)
        if row is None:
            return freshness_of(now=self.now, last_ok_at=None, last_full_ok_at=None, stale_after_s=0)
        return freshness_of(
            now=self.now,
            last_ok_at=row.last_ok_at,
            last_full_ok_at=row.last_full_ok_at,
            stale_after_s=row.stale_after_s,
            hold_reason=row.hold_reason,
            error=row.error,
        )
