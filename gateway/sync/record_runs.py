"""Writing down each contact with a source: how fresh it is now, and what the run did."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.events import EventKind, tell
from gateway.store.remembered import Outcome
from gateway.store.sources import Source, SourceName, SyncRun

# The age that is promised for each source; older data is said to be stale.
STALE_AFTER_S: Final[Mapping[SourceName, float]] = {
    SourceName.PANDA: 120,
    SourceName.RUCIO: 600,
    SourceName.CRIC: 7200,
    SourceName.IAM: 3600,
}


@unique
class RunVerdict(StrEnum):
    """How a run ended; HELD means that removals wait for a person."""

    OK = "OK"
    HELD = "HELD"


@dataclass(frozen=True, slots=True)
class Contact:
    """One good contact with a source: when its data was true, and what was done with it.

    `data_from` is None when the contact says nothing of how fresh the copy is.
    """

    source: SourceName
    job: str
    outcome: Outcome
    quarantined: int
    is_full: bool
    hold_reason: str | None
    data_from: dt.datetime | None


async def record_contact(session: AsyncSession, contact: Contact, *, at: dt.datetime) -> None:
    """Add the run and move the source's marks; the full listing's mark only moves when nothing is held."""
    row = await session.get(Source, contact.source.value)
    if row is None:
        row = Source(name=contact.source.value, stale_after_s=STALE_AFTER_S[contact.source])
        session.add(row)
    row.last_attempt_at = at
    if contact.data_from is not None:
        row.last_ok_at = contact.data_from
    if contact.is_full and contact.hold_reason is None:
        row.last_full_ok_at = contact.data_from
        row.first_full_ok_at = row.first_full_ok_at or contact.data_from
    row.error = None
    row.hold_reason = contact.hold_reason
    tell(session, EventKind.SYNC, contact.source.value, at=at)
    session.add(
        SyncRun(
            source=contact.source.value,
            job=contact.job,
            is_full=contact.is_full,
            started_at=at,
            ended_at=at,
            verdict=(RunVerdict.HELD if contact.hold_reason else RunVerdict.OK).value,
            error=contact.hold_reason,
            rows_seen=contact.outcome.seen,
            rows_changed=contact.outcome.changed,
            rows_gone=contact.outcome.gone,
            rows_quarantined=contact.quarantined,
        )
    )
