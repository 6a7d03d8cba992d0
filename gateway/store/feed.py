"""Events handed out to the readers of this process as they are committed, by whichever process.

One task reads the table for all readers while there are any; it wakes for commits of this process, for
notices of others, and every few seconds for whatever was not heard. Each reader has a bounded queue.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import EventsError
from gateway.store.database import Database
from gateway.store.events import Change, EventKind, changes_after, extent
from gateway.store.listening import listen

log = structlog.get_logger()

# Readers of one process; each holds a connection to its client and up to `QUEUED` events.
MAX_READERS: Final = 100
# Of those, of one viewer: a panel open in many tabs has one or two each, and nobody fills a process alone.
MAX_READERS_OF_ONE: Final = 20
# Different things that may wait for one reader; a page of a background job changes about a thousand.
QUEUED: Final = 5000
# Events read from the table at a time.
BATCH: Final = 500
POLL_S: Final = 5.0


class Reader:
    """The changes that one reader follows, one after another.

    A thing that changes again while it waits is given once, with its newest number.
    """

    def __init__(self, kind: EventKind, key: str | None, queued: int) -> None:
        self._kind = kind
        self._key = key
        self._queued = queued
        self._waiting: dict[str, Change] = {}
        self._bell = asyncio.Event()
        self._end: EventsError | None = None
        self._is_over = False

    def put(self, change: Change) -> None:
        """Take a change if the reader follows it; too many that wait end the reading."""
        if change.kind is not self._kind or self._key not in {None, change.key} or self._end is not None:
            return
        # Out and in again: the numbers a reader gets only grow.
        self._waiting.pop(change.key, None)
        if len(self._waiting) >= self._queued:
            self._waiting.clear()
            self.end(
                EventsError(
                    f"more than {self._queued} changes were waiting for you: read anew what you need, "
                    "and subscribe again without Last-Event-ID",
                    code="TOO_SLOW",
                )
            )
            return
        self._waiting[change.key] = change
        self._bell.set()

    def end(self, error: EventsError | None = None) -> None:
        """End the reading after what waits: with an error, or as if nothing more will happen."""
        self._end, self._is_over = error, True
        self._bell.set()

    async def next(self) -> Change | None:
        """Return the next change, None at the end; raises EventsError when the reader was too slow."""
        while not self._waiting:
            if self._end is not None:
                raise self._end
            if self._is_over:
                return None
            self._bell.clear()
            await self._bell.wait()
        return self._waiting.pop(next(iter(self._waiting)))


class Feed:
    """Hands out the events of a database; it works only while somebody reads."""

    def __init__(
        self, database: Database, *, readers: int = MAX_READERS, queued: int = QUEUED, poll_s: float = POLL_S
    ) -> None:
        self._database = database
        self._max_readers = readers
        self._queued = queued
        self._poll_s = poll_s
        self._seats: Counter[str] = Counter()
        self._readers: set[Reader] = set()
        self._position = 0
        self._bell = asyncio.Event()
        self._starting = asyncio.Lock()
        self._work: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def readers(self) -> int:
        """How many read now."""
        return len(self._readers)

    @property
    def is_working(self) -> bool:
        """Whether the table is being watched."""
        return self._work is not None

    @contextlib.contextmanager
    def seat(self, who: str | None = None) -> Iterator[None]:
        """Hold one of the places for readers; raises EventsError when all are taken, or all of one viewer.

        `who` is the same for all that one viewer follows, None for those of whom nobody knows who they are.
        """
        taken = self._seats.total()
        if self._is_closed or taken >= self._max_readers:
            raise EventsError(
                f"this process serves {taken} subscriptions and takes no more: try again later, or ask "
                "with a query now and then",
                code="TOO_MANY_SUBSCRIPTIONS",
            )
        name = who or ""
        if name and self._seats[name] >= MAX_READERS_OF_ONE:
            raise EventsError(
                f"you follow {self._seats[name]} subscriptions here and can follow no more: end one, or ask "
                "with a query now and then",
                code="TOO_MANY_SUBSCRIPTIONS",
            )
        self._seats[name] += 1
        try:
            yield
        finally:
            self._seats[name] -= 1
            if not self._seats[name]:
                del self._seats[name]

    @contextlib.asynccontextmanager
    async def reading(
        self, kind: EventKind, key: str | None = None, *, after: int | None = None
    ) -> AsyncIterator[AsyncIterator[Change]]:
        """Give the changes of one kind, and of one key if one is given, from now on or after a number.

        Raises EventsError when what follows the number is forgotten, later when the reader is too slow. The
        changes end when the feed is closed.
        """
        reader = Reader(kind, key, self._queued)
        # Whoever comes first starts the work, others wait for it.
        async with self._starting:
            if self._work is None:
                await self._start()
            self._readers.add(reader)
            joined_at = self._position
        if self._is_closed:
            reader.end()
        try:
            if after is not None:
                async with self._database.snapshot() as session:
                    await _refuse_forgotten(session, after)
            async with contextlib.aclosing(self._changes(reader, kind, key, after, joined_at)) as changes:
                yield changes
        finally:
            self._readers.discard(reader)
            if not self._readers:
                await self._stop()

    def close(self) -> None:
        """End all reading, and let no more begin: the process is about to stop."""
        self._is_closed = True
        for reader in self._readers:
            reader.end()

    async def _changes(
        self, reader: Reader, kind: EventKind, key: str | None, after: int | None, joined_at: int
    ) -> AsyncGenerator[Change, None]:
        """Give what was missed between `after` and joining from the table, and then what comes."""
        has_missed = after is not None and after < joined_at
        while after is not None and has_missed:
            async with self._database.snapshot() as session:
                await _refuse_forgotten(session, after)
                missed = await changes_after(session, after, BATCH, kind=kind, key=key)
            for change in missed:
                if change.number <= joined_at:
                    after = change.number
                    yield change
            has_missed = len(missed) == BATCH and missed[-1].number <= joined_at
        while (change_now := await reader.next()) is not None:
            if after is None or change_now.number > after:
                yield change_now

    async def _start(self) -> None:
        async with self._database.snapshot() as session:
            self._position = (await extent(session)).newest
        self._bell.clear()
        self._work = asyncio.create_task(self._watch(), name="events")
        self._work.add_done_callback(self._worked)

    def _worked(self, work: asyncio.Task[None]) -> None:
        """End the readers when the work failed: they would wait for ever."""
        if work.cancelled() or (error := work.exception()) is None:
            return
        log.error("events are no longer read", action="events.failed", error=type(error).__name__)
        for reader in self._readers:
            reader.end(EventsError("changes cannot be followed now: subscribe again", code="EVENTS_FAILED"))

    async def _stop(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            await asyncio.wait([work])

    async def _watch(self) -> None:
        listening = asyncio.create_task(listen(self._database, self._bell.set), name="events.listen")
        try:
            with self._database.calling(self._bell.set):
                while True:
                    await self._hand_out()
                    # Not `wait_for`: Python 3.11's does not end if it is cancelled as the bell rings.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._poll_s):
                            await self._bell.wait()
                    self._bell.clear()
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _hand_out(self) -> None:
        """Read what is new and put it into the queues; a database that does not answer is asked later."""
        try:
            while True:
                async with self._database.snapshot() as session:
                    found = await changes_after(session, self._position, BATCH)
                if not found:
                    return
                # Without a pause in between: who joins sees a position that fits what was handed out.
                for change in found:
                    for reader in self._readers:
                        reader.put(change)
                self._position = found[-1].number
        except (SQLAlchemyError, OSError) as error:
            log.warning("new events cannot be read now", action="events.unread", error=type(error).__name__)


async def _refuse_forgotten(session: AsyncSession, after: int) -> None:
    known = await extent(session)
    if not known.remembers(after):
        raise EventsError(
            f"what followed event {after} is no longer known: read anew what you need, and subscribe again "
            "without Last-Event-ID",
            code="EVENTS_FORGOTTEN",
        )
