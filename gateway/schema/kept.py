"""Answers that are given again while nothing they were read from has changed.

An answer is kept with the versions its tables had before and after it was read; it is given again only to who
has the same rights, and only while those versions are the same at the moment of the question. What depends on
the moment itself, on who somebody is, or on another service is not kept; ages are counted anew each time.
"""

import asyncio
import datetime as dt
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field

import orjson
from sqlalchemy import select

from gateway.auth.viewer import Viewer
from gateway.resolvers.reading import freshness_in
from gateway.schema.answers import Answer, executed_from_json
from gateway.schema.context import Clock, Context, freshness_extension
from gateway.schema.execution import OperationContext, OperationRequest
from gateway.store.database import Database
from gateway.store.sources import Source, SourceName
from gateway.store.version_watch import Seen
from gateway.store.versions import Looked, looking

# An answer is not kept if it alone would take more than this part of the room.
LARGEST_PART = 1 / 4
# What an entry takes beside its JSON, bytes: keys, tables, Python's own.
ENTRY_BYTES = 2_000

SOURCES = Source.__tablename__


@dataclass(slots=True)
class Entry:
    """The data of an answer, and what has to be the same for it to be given again."""

    data_json: bytes
    extensions: Mapping[str, object]
    seen: Seen
    tables: frozenset[str]
    touched: frozenset[SourceName]
    good_until: dt.datetime | None


@dataclass(slots=True)
class Counts:
    """How many answers were given again, read, and of those not kept, by reason."""

    again: int = 0
    read: int = 0
    not_kept: Counter[str] = field(default_factory=Counter)


class KeptAnswers:
    """Answers of one process, at most `max_bytes` of them; those not asked for longest are dropped first."""

    def __init__(self, database: Database, clock: Clock, *, max_bytes: int) -> None:
        self._database = database
        self._watch = database.versions
        self._clock = clock
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._under_way: dict[Hashable, asyncio.Event] = {}
        self._sources: Mapping[str, Source] = {}
        self._sources_seen: Seen | None = None
        self.bytes = 0
        self.counts = Counts()

    def __len__(self) -> int:
        return len(self._entries)

    async def answer(
        self,
        request: OperationRequest,
        viewer: Viewer,
        read: Callable[[], Awaitable[tuple[Answer, OperationContext]]],
    ) -> Answer:
        """Return the answer to a query that passed all checks: a kept one, or what `read` gives."""
        key = _key(request, viewer)
        if key is None:
            answer, _context = await read()
            return answer
        seen = await self._watch.now()
        found = await self._again(key, seen)
        if found is None and (ended := self._under_way.get(key)) is not None:
            # Somebody is reading the same; what they find may be new enough for us too.
            await ended.wait()
            seen = await self._watch.now()
            found = await self._again(key, seen)
        if found is not None:
            self.counts.again += 1
            return found
        self.counts.read += 1
        return await self._read(key, seen, read)

    async def _read(
        self,
        key: Hashable,
        seen: Seen | None,
        read: Callable[[], Awaitable[tuple[Answer, OperationContext]]],
    ) -> Answer:
        if seen is None:
            answer, _context = await read()
            return answer
        ended = asyncio.Event()
        self._under_way.setdefault(key, ended)
        try:
            with looking() as looked:
                answer, context = await read()
            why_not = await self._keep(key, seen, answer, context, looked)
        finally:
            if self._under_way.get(key) is ended:
                del self._under_way[key]
            ended.set()
        if why_not is not None:
            self.counts.not_kept[why_not] += 1
        answer.version = seen.number
        return answer

    async def _again(self, key: Hashable, seen: Seen | None) -> Answer | None:
        entry = self._entries.get(key)
        if entry is None or seen is None:
            return None
        now = self._clock()
        is_over = entry.good_until is not None and now >= entry.good_until
        if is_over or not seen.is_same(entry.seen, entry.tables):
            self._drop(key)
            return None
        if entry.touched and not await self._knows_sources(entry, seen):
            return None
        entry.seen = seen
        if key in self._entries:
            self._entries.move_to_end(key)
        fresh = {name: freshness_in(self._sources, name, now) for name in entry.touched}
        extensions = {**entry.extensions, **freshness_extension(fresh)}
        answer = executed_from_json(entry.data_json, extensions)
        answer.version = seen.number
        return answer

    async def _knows_sources(self, entry: Entry, seen: Seen) -> bool:
        """Whether the sources are known as they were when the entry's tables were as they are."""
        if self._sources_seen is not None and seen.is_same(self._sources_seen, frozenset({SOURCES})):
            return True
        async with self._database.snapshot() as session:
            rows = (await session.execute(select(Source))).scalars().all()
        after = await self._watch.now()
        if after is None or not after.is_same(seen, entry.tables | {SOURCES}):
            return False
        self._sources, self._sources_seen = {row.name: row for row in rows}, seen
        return True

    async def _keep(
        self, key: Hashable, seen: Seen, answer: Answer, context: OperationContext, looked: Looked
    ) -> str | None:
        """Keep an answer, or return why not."""
        if not isinstance(context, Context) or context.is_own_affair:
            return "it depends on who asks, or on another service"
        if answer.problems or answer.data_json is None:
            return "it has errors"
        if context.reading.is_of_the_moment or looked.asks_moment:
            return "it depends on the moment"
        if ENTRY_BYTES + len(answer.data_json) > self._max_bytes * LARGEST_PART:
            return "it is too large"
        tables = frozenset(looked.tables)
        after = await self._watch.now()
        if after is None or not after.is_same(seen, tables):
            return "its tables were written meanwhile"
        self._drop(key)
        self._entries[key] = Entry(
            answer.data_json,
            answer.extensions,
            after,
            tables,
            frozenset(context.reading.touched),
            context.reading.good_until,
        )
        self.bytes += ENTRY_BYTES + len(answer.data_json)
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))
        return None

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= ENTRY_BYTES + len(entry.data_json)


def _key(request: OperationRequest, viewer: Viewer) -> Hashable | None:
    """Return what two questions must share to have one answer: their text, values, and the asker's rights.

    None for values that JSON cannot say.
    """
    try:
        values = orjson.dumps([request.variables, request.extensions], option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return None
    text = hashlib.blake2b(request.query.encode(), digest_size=16).digest()
    return text, request.operation_name, values, viewer.rights
