"""What changed, numbered in the order of the commits, so that a reader can go on where it stopped.

Whoever changes a row says `tell`; the transaction writes what was told as the last thing before it commits.
So nothing is told that was rolled back, and a number that a reader sees is never followed by a smaller one.
"""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import String, Table, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, RowId, UtcDateTime, Word
from gateway.store.upsert import insert_rows

# Events are kept for readers that come back: the newest so many, and none that is this much older than those.
KEPT: Final = 20_000
KEPT_FOR: Final = dt.timedelta(days=1)
# Old ones are looked for each time the numbers pass a multiple of this.
FORGET_EVERY: Final = 100

# PostgreSQL's name for "there are new events", and the lock that makes numbers follow the order of commits.
CHANNEL: Final = "gateway_events"
_ORDER_LOCK: Final = 0x5350_4445

_TOLD: Final = "told"


class EventKind(enum.StrEnum):
    """What an event is about; its key is the task's id, the request's name, the source's name."""

    TASK = "task"
    REQUEST = "request"
    SYNC = "sync"


class Event(Base, kw_only=True):
    """Something changed at `told_at`; what it is now is read from its own table.

    Numbers are never used twice: a reader's last one would point into another past.
    """

    __tablename__ = "events"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[Word]
    told_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Change:
    """An event as readers get it."""

    number: int
    kind: EventKind
    key: str


@dataclass(frozen=True, slots=True)
class Extent:
    """Which numbers can be read: `oldest` and `newest` are 0 while nothing was ever told."""

    oldest: int
    newest: int

    def remembers(self, number: int) -> bool:
        """Whether everything after this number can still be read."""
        return self.oldest - 1 <= number <= self.newest


def tell(session: AsyncSession, kind: EventKind, key: str, *, at: dt.datetime) -> None:
    """Note that something changed; told twice within one transaction it is one event."""
    session.info.setdefault(_TOLD, {})[(kind, key)] = at


async def write_told(session: AsyncSession) -> bool:
    """Write what was told in this transaction, and return whether there was anything.

    Only `Database.transaction` calls it, right before the commit: on PostgreSQL other transactions that tell
    something wait from here until this one ends, so it must have all its other locks by now.
    """
    told: dict[tuple[EventKind, str], dt.datetime] = session.info.pop(_TOLD, {})
    if not told:
        return False
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_ORDER_LOCK)))
        # Heard by listeners when, and only when, this transaction is committed.
        await session.execute(select(func.pg_notify(CHANNEL, "")))
    await insert_rows(
        session,
        cast("Table", Event.__table__),
        [{"kind": kind.value, "key": key, "told_at": at} for (kind, key), at in told.items()],
    )
    await _forget_old(session, len(told), max(told.values()))
    return True


async def extent(session: AsyncSession) -> Extent:
    """Return which numbers can be read now."""
    row = (await session.execute(select(func.min(Event.number), func.max(Event.number)))).one()
    return Extent(row[0] or 0, row[1] or 0)


async def changes_after(
    session: AsyncSession, number: int, limit: int, *, kind: EventKind | None = None, key: str | None = None
) -> Sequence[Change]:
    """Return at most `limit` events after a number, in order; of one kind and key if these are given."""
    statement = select(Event.number, Event.kind, Event.key).where(Event.number > number)
    if kind is not None:
        statement = statement.where(Event.kind == kind.value)
    if key is not None:
        statement = statement.where(Event.key == key)
    found = await session.execute(statement.order_by(Event.number).limit(limit))
    return [Change(row.number, EventKind(row.kind), row.key) for row in found]


async def _forget_old(session: AsyncSession, written: int, at: dt.datetime) -> None:
    newest: int = (await session.execute(select(func.max(Event.number)))).scalar_one()
    if newest // FORGET_EVERY == (newest - written) // FORGET_EVERY:
        return
    # The newest is kept however old it gets: it says which numbers have been.
    too_old = and_(Event.told_at < at - KEPT_FOR, Event.number < newest)
    await session.execute(
        delete(Event)
        .where(or_(Event.number <= newest - KEPT, too_old))
        .execution_options(synchronize_session=False)
    )
