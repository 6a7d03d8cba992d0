"""Answers that are given again while nothing they were read from has changed.

An answer is kept with the versions that its tables had in the snapshot it was read from, and with its parts
that are watched row by row. It is given again only to who has the same rights, and only while those versions
are the same, and the parts alive, at the moment of the question. What depends on the moment itself, on who
somebody is, or on another service is not kept; ages are counted anew each time.
"""

import asyncio
import datetime as dt
import hashlib
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson
import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from gateway.auth.viewer import Viewer
from gateway.domain.freshness import Freshness
from gateway.resolvers.reading import freshness_in
from gateway.schema.answers import Answer, PartOf, executed_from_json
from gateway.schema.compiled.parts import KeptParts
from gateway.schema.context import Clock, Context, freshness_extension
from gateway.schema.execution import OperationContext, OperationRequest, Read
from gateway.store.database import Database
from gateway.store.sources import Source, SourceName
from gateway.store.version_watch import Seen
from gateway.store.versions import Looked, looking

log = structlog.get_logger()

# An answer is not kept if it alone would take more than this part of the room.
LARGEST_PART = 1 / 4
# What an entry takes beside its JSON, bytes: keys, tables, Python's own.
ENTRY_BYTES = 2_000

# Questions remembered as nobody else's affair.
MAX_OWN_AFFAIRS = 1_000

SOURCES = Source.__tablename__
# How long an answer stays as it is that no age is said beside.
NEVER = dt.timedelta(days=1)


@dataclass(slots=True)
class Entry:
    """The data of an answer, and what has to be the same for it to be given again.

    `tables` are those that it was read from, but for what its parts were read from.
    """

    data_json: bytes
    extensions: Mapping[str, object]
    seen: Seen
    seen_at_s: float
    tables: frozenset[str]
    touched: frozenset[SourceName]
    good_until: dt.datetime | None
    parts: Sequence[PartOf]
    sources: Mapping[str, Source] | None = None
    body: Answer | None = None
    body_until: dt.datetime | None = None

    def is_true(self, seen: Seen) -> bool:
        """Whether it would be read again as it is."""
        return seen.is_same(self.seen, self.tables) and all(part.is_alive for part in self.parts)


@dataclass(slots=True)
class Turn:
    """Those who have the same question: one of them reads, the others wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    begun: int = 0
    ended: int = 0
    answer: Answer | None = None


@dataclass(slots=True)
class Counts:
    """How many answers were given again, read, and of those not kept, by reason."""

    again: int = 0
    read: int = 0
    not_kept: Counter[str] = field(default_factory=Counter)


class KeptAnswers:
    """Answers of one process, at most `max_bytes` of them; those not asked for longest are dropped first.

    Parts of answers take `max_parts_bytes` at most beside them; with 0 there are none. With no room for
    answers each is read, from what parts there are.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        max_bytes: int,
        max_parts_bytes: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._watch = database.versions
        self._clock = clock
        self._monotonic = monotonic
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._turns: dict[Hashable, Turn] = {}
        # Questions that have no answer in common; they need not wait for each other.
        self._own_affairs: OrderedDict[Hashable, None] = OrderedDict()
        self._sources: Mapping[str, Source] = {}
        self._sources_seen: Seen | None = None
        self.bytes = 0
        self.parts: KeptParts | None = None
        if max_parts_bytes:
            self.parts = KeptParts(self._watch, max_bytes=max_parts_bytes, keeps_pages=max_bytes > 0)
        self.counts = Counts()

    def __len__(self) -> int:
        return len(self._entries)

    async def answer(self, request: OperationRequest, viewer: Viewer, read: Read) -> Answer:
        """Return the answer to a query that passed all checks: a kept one, or what `read` gives."""
        key = _key(request, viewer)
        if key is None:
            answer, _context = await read(_begin_as_it_is)
            return answer
        if not self._max_bytes:
            return await self._read(key, read)
        found = self._taken_as_it_is(key, request.max_age_s) or await self._again(key)
        if found is None and key in self._own_affairs:
            return await self._read(key, read)
        if found is None:
            found = await self._in_turn(key, read)
        return found

    async def _in_turn(self, key: Hashable, read: Read) -> Answer:
        """Read, unless somebody reads the same: then wait, and share what is read next with all who wait.

        What is shared was read after everybody who gets it had asked, so it is as new as they may expect,
        even when its rows have changed again meanwhile.
        """
        turn = self._turns.setdefault(key, Turn())
        turn.users += 1
        begun = turn.begun
        try:
            async with turn.lock:
                if turn.ended > begun and turn.answer is not None:
                    self.counts.again += 1
                    return replace(turn.answer)
                found = await self._again(key) if turn.ended else None
                if found is not None:
                    return found
                turn.begun += 1
                number = turn.begun
                answer = await self._read(key, read)
                turn.answer = None if key in self._own_affairs or answer.problems else answer
                turn.ended = number
                return replace(answer)
        finally:
            turn.users -= 1
            if not turn.users:
                self._turns.pop(key, None)

    async def _read(self, key: Hashable, read: Read) -> Answer:
        self.counts.read += 1
        began_s = self._monotonic()
        seen: Seen | None = None

        async def begin(context: OperationContext) -> None:
            nonlocal seen
            if isinstance(context, Context):
                try:
                    seen = await context.reading.begin(self._watch)
                except (DBAPIError, TimeoutError) as error:
                    # Nobody knows how new the answer is, so it is not kept; it is given all the same.
                    log.warning(
                        "versions cannot be read", action="versions.unread", error=type(error).__name__
                    )
                    await context.renew()
                    return
                if self._sources_seen is not None and seen.is_same(self._sources_seen, frozenset({SOURCES})):
                    context.reading.know_sources(self._sources)

        with looking() as looked:
            answer, context = await read(begin)
        if seen is not None and isinstance(context, Context):
            if context.reading.seen is seen and context.reading.known_sources is not None:
                self._sources, self._sources_seen = context.reading.known_sources, seen
            why_not = self._keep(key, seen, began_s, answer, context, looked)
            if why_not is not None:
                self.counts.not_kept[why_not] += 1
            answer.version = seen.number
        return answer

    def _taken_as_it_is(self, key: Hashable, max_age_s: float) -> Answer | None:
        """Return a kept answer that was looked after not longer ago than its asker minds."""
        entry = self._entries.get(key) if max_age_s > 0 else None
        if entry is None or (entry.touched and entry.sources is None):
            return None
        age_s = self._monotonic() - entry.seen_at_s
        now = self._clock()
        if age_s > max_age_s or _is_over(entry, now):
            return None
        self.counts.again += 1
        return replace(self._body(entry, now), age_s=age_s)

    async def _again(self, key: Hashable) -> Answer | None:
        """Return a kept answer that is what would be read now."""
        if key not in self._entries:
            return None
        began_s = self._monotonic()
        seen = await self._watch.now()
        entry = self._entries.get(key)
        if entry is None or seen is None:
            return None
        now = self._clock()
        if _is_over(entry, now) or not entry.is_true(seen):
            # It stays until it is read anew, for those who take an older one.
            return None
        if entry.touched and not await self._knows_sources(entry, seen):
            return None
        entry.seen, entry.seen_at_s = seen, began_s
        if key in self._entries:
            self._entries.move_to_end(key)
        self.counts.again += 1
        return replace(self._body(entry, now))

    def _body(self, entry: Entry, now: dt.datetime) -> Answer:
        """Return the answer with its ages as they are now; made anew when one of them changes."""
        body = entry.body
        if body is None or entry.body_until is None or now >= entry.body_until:
            sources = entry.sources or {}
            fresh = {name: freshness_in(sources, name, now) for name in entry.touched}
            extensions = {**entry.extensions, **freshness_extension(fresh)}
            body = entry.body = executed_from_json(entry.data_json, extensions)
            lasting = (_until_other(each, sources.get(name.value)) for name, each in fresh.items())
            entry.body_until = now + min(lasting, default=NEVER)
        body.version = entry.seen.number
        return body

    async def _knows_sources(self, entry: Entry, seen: Seen) -> bool:
        """Whether the sources are known as they were when the entry's tables were as they are."""
        if self._sources_seen is not None and seen.is_same(self._sources_seen, frozenset({SOURCES})):
            _let_know(entry, self._sources)
            return True
        async with self._database.snapshot() as session:
            rows = (await session.execute(select(Source))).scalars().all()
        after = await self._watch.now()
        if after is None or not after.is_same(seen, frozenset({SOURCES})) or not entry.is_true(after):
            return False
        self._sources, self._sources_seen = {row.name: row for row in rows}, seen
        _let_know(entry, self._sources)
        return True

    def _keep(
        self,
        key: Hashable,
        seen: Seen,
        began_s: float,
        answer: Answer,
        context: OperationContext,
        looked: Looked,
    ) -> str | None:
        """Keep an answer, or return why not."""
        if not isinstance(context, Context) or context.is_own_affair:
            self._own_affairs[key] = None
            if len(self._own_affairs) > MAX_OWN_AFFAIRS:
                self._own_affairs.popitem(last=False)
            return "it depends on who asks, or on another service"
        if answer.problems or answer.data_json is None:
            return "it has errors"
        if context.reading.is_of_the_moment or looked.asks_moment:
            return "it depends on the moment"
        if ENTRY_BYTES + len(answer.data_json) > self._max_bytes * LARGEST_PART:
            return "it is too large"
        self._drop(key)
        self._entries[key] = Entry(
            answer.data_json,
            answer.extensions,
            seen,
            began_s,
            frozenset(looked.tables),
            frozenset(context.reading.touched),
            context.reading.good_until,
            answer.parts,
            context.reading.known_sources,
        )
        self.bytes += ENTRY_BYTES + len(answer.data_json)
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))
        return None

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= ENTRY_BYTES + len(entry.data_json)


async def _begin_as_it_is(_context: OperationContext) -> None:
    """Let be read without a look."""


def _is_over(entry: Entry, now: dt.datetime) -> bool:
    return entry.good_until is not None and now >= entry.good_until


def _let_know(entry: Entry, sources: Mapping[str, Source]) -> None:
    if entry.sources is not sources:
        entry.sources, entry.body = sources, None


def _until_other(fresh: Freshness, source: Source | None) -> dt.timedelta:
    """Return for how long what is said of a source stays as it is: its age in whole seconds, being stale."""
    if fresh.age_s is None or source is None:
        return NEVER
    # Rounded to the even one in the middle, an age may change at each half second, or right after it.
    past = fresh.age_s % 0.5
    lasts_s = 0.5 - past if past else 0.0
    left_s = source.stale_after_s - fresh.age_s
    return dt.timedelta(seconds=min(lasts_s, left_s) if left_s >= 0 else lasts_s)


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
