"""The trail of who did what: entries that are only ever added, each bound to the one before it by a hash.

`record` belongs into the transaction of the change itself, so that neither can be there without the other.
Entries are written as the last thing before the commit, in one order for all processes.
"""

import datetime as dt
import enum
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import String, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, JsonValue, Long, RowId, UtcDateTime, Word

# The hash before the first entry's.
BEGINNING: Final = "0" * 64
# PostgreSQL's lock that makes one chain of what several processes write.
_ORDER_LOCK: Final = 0x5350_4441
_RECORDED: Final = "audit"
# Entries read at once while the chain is followed.
_ROWS: Final = 500


class AuditOutcome(enum.StrEnum):
    """What became of what somebody wanted; another service was ASKED before anybody knows more."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class AuditRow(Base, kw_only=True):
    """One entry as it is stored; `before` and `after` are JSON as text, so that it is hashed as it is."""

    __tablename__ = "audit_entries"

    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(200), index=True)
    action: Mapped[Word] = mapped_column(index=True)
    object_kind: Mapped[Word]
    object_key: Mapped[str] = mapped_column(String(300), index=True)
    before: Mapped[Long | None]
    after: Mapped[Long | None]
    upstream_call: Mapped[Long | None]
    jti: Mapped[str | None] = mapped_column(String(128))
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[Long | None]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What is recorded of one action; no value in it may be a secret.

    `actor` is the IAM user name (`Viewer.actor`), `action` the mutation's name, `object_kind` and
    `object_key` the thing's type and name in the schema. `before` and `after` hold what changed, None where
    there was or is nothing. `upstream_call` says which call was made of whom, in a line. `reason` is why, in
    the words of the person, or of what refused it.
    """

    actor: str
    action: str
    object_kind: str = ""
    object_key: str = ""
    before: JsonValue = None
    after: JsonValue = None
    upstream_call: str | None = None
    jti: str | None = None
    outcome: AuditOutcome = AuditOutcome.DONE
    reason: str | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class ChainState:
    """What following the chain found: how many entries hold, the last hash, and the first that does not."""

    entries: int
    last_hash: str
    broken_at: int | None = None


async def record(session: AsyncSession, entry: AuditEntry) -> None:
    """Add an entry to the trail when, and only when, this transaction of `Database.transaction` commits."""
    session.info.setdefault(_RECORDED, []).append(entry)


async def write_recorded(session: AsyncSession) -> None:
    """Write what was recorded in this transaction.

    Only `Database.transaction` calls it, before the commit: on PostgreSQL other transactions that recorded
    something wait from here until this one ends.
    """
    recorded: list[AuditEntry] = session.info.pop(_RECORDED, [])
    if not recorded:
        return
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_ORDER_LOCK)))
    last = (
        await session.execute(
            select(AuditRow.number, AuditRow.hash).order_by(AuditRow.number.desc()).limit(1)
        )
    ).one_or_none()
    number, previous = (0, BEGINNING) if last is None else (last.number, last.hash)
    rows: list[dict[str, object]] = []
    for entry in recorded:
        number += 1
        row = _row(entry, number, previous)
        previous = str(row["hash"])
        rows.append(row)
    await session.execute(insert(AuditRow), rows)


async def follow_chain(session: AsyncSession) -> ChainState:
    """Compute every hash anew, oldest entry first, and stop at the first entry that does not hold.

    What was cut off at the end cannot be seen here: compare the last hash with one written down elsewhere.
    """
    number, previous = 0, BEGINNING
    async for row in _rows(session):
        number += 1
        holds = row.number == number and row.previous_hash == previous and _hash_of(row) == row.hash
        if not holds:
            return ChainState(number - 1, previous, broken_at=row.number)
        previous = row.hash
    return ChainState(number, previous)


async def is_in_chain(session: AsyncSession, hash_: str) -> bool:
    """Whether an entry with this hash is there; the hash before the first one always is."""
    found = await session.scalar(select(AuditRow.number).where(AuditRow.hash == hash_.strip().lower()))
    return found is not None or hash_ == BEGINNING


async def _rows(session: AsyncSession) -> AsyncIterator[AuditRow]:
    after = 0
    while True:
        found = (
            await session.scalars(
                select(AuditRow).where(AuditRow.number > after).order_by(AuditRow.number).limit(_ROWS)
            )
        ).all()
        if not found:
            return
        for row in found:
            yield row
        after = found[-1].number


def _row(entry: AuditEntry, number: int, previous: str) -> dict[str, object]:
    values: dict[str, object] = {
        "number": number,
        "at": entry.at or dt.datetime.now(dt.UTC),
        "actor": entry.actor[:200],
        "action": entry.action[:64],
        "object_kind": entry.object_kind[:64],
        "object_key": entry.object_key[:300],
        "before": None if entry.before is None else _json(entry.before),
        "after": None if entry.after is None else _json(entry.after),
        "upstream_call": entry.upstream_call,
        "jti": None if entry.jti is None else entry.jti[:128],
        "outcome": entry.outcome.value,
        "reason": entry.reason,
        "previous_hash": previous,
    }
    return {**values, "hash": _digest(values)}


def _hash_of(row: AuditRow) -> str:
    return _digest({name: getattr(row, name) for name in _HASHED})


_HASHED: Final = (
    "number",
    "at",
    "actor",
    "action",
    "object_kind",
    "object_key",
    "before",
    "after",
    "upstream_call",
    "jti",
    "outcome",
    "reason",
    "previous_hash",
)


def _digest(values: dict[str, object]) -> str:
    at = values["at"]
    told = at.astimezone(dt.UTC).isoformat() if isinstance(at, dt.datetime) else at
    text = json.dumps([told if name == "at" else values[name] for name in _HASHED], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _json(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
