"""What a database that was restored from a backup must forget before anybody works with it.

Between the backup and the loss more may have happened than the database knows: submissions were sent, logins
and tokens were ended, numbers were given to readers. Whatever would be wrong if it happened again is stopped
here; what was defined meanwhile and is lost is for people to define again.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import CursorResult, Result, Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.auth.viewer import Viewer
from gateway.domain.submission import UNSENT_STATES, AttemptState
from gateway.store.attempts import Attempt
from gateway.store.audit import AuditEntry, record
from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.events import Event, EventKind, extent
from gateway.store.logins import AccessTokenRow, BrowserSession
from gateway.store.outbox import Held, move
from gateway.store.row_changes import RowChange
from gateway.store.versions import DataVersion

# Further than any gateway gets between two backups.
_JUMP: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """How many attempts are looked for before they are sent, and how many logins and tokens were ended."""

    attempts: int
    sessions: int
    tokens: int


async def after_restore(
    database: Database, viewer: Viewer, *, reason: str, now: dt.datetime, settles_at: dt.datetime
) -> Restored:
    """Make a restored database safe to work with, in one transaction; repeating it does little harm.

    What was to be sent is in doubt now: it is looked for at PanDA by its key, and sent only when PanDA, asked
    after `settles_at`, provably does not have it. Logins end, and tokens that people made are revoked, for
    some of both may have been ended after the backup. Numbers of events and of the data go on above all that
    were ever given.
    """
    async with database.transaction() as session:
        restored = Restored(
            await _doubt_unsent(session, viewer.actor, now, settles_at),
            _count(await session.execute(delete(BrowserSession))),
            _count(
                await session.execute(
                    update(AccessTokenRow).where(AccessTokenRow.revoked_at.is_(None)).values(revoked_at=now)
                )
            ),
        )
        await session.execute(update(DataVersion).values(version=DataVersion.version + _JUMP))
        # Its numbers are those of the server that was lost.
        await session.execute(delete(RowChange))
        await _jump_events(session, now)
        done: dict[str, JsonValue] = {
            "attempts": restored.attempts,
            "sessions": restored.sessions,
            "tokens": restored.tokens,
        }
        await record(
            session,
            AuditEntry(actor=viewer.actor, action="restored", after=done, reason=reason, at=now),
        )
    return restored


async def _doubt_unsent(session: AsyncSession, by: str, now: dt.datetime, settles_at: dt.datetime) -> int:
    rows = await session.execute(
        select(Attempt.key, Attempt.state, Attempt.sends, Attempt.owner)
        .where(Attempt.state.in_(sorted(UNSENT_STATES)))
        .order_by(Attempt.key)
    )
    doubted = 0
    for row in rows.all():
        doubted += await move(
            session,
            Held(row.key, AttemptState(row.state), row.sends, row.owner),
            AttemptState.AMBIGUOUS,
            at=now,
            by=by,
            reason="the database was restored: it may have been sent after the backup",
            values={"settles_at": settles_at},
        )
    return doubted


def _count(result: Result[tuple[()]]) -> int:
    return cast("CursorResult[tuple[()]]", result).rowcount


async def _jump_events(session: AsyncSession, now: dt.datetime) -> None:
    """Leave one event whose number is above all others: whoever comes with an older one reads anew."""
    number = (await extent(session)).newest + _JUMP
    table = cast("Table", Event.__table__)
    await session.execute(delete(Event))
    await session.execute(
        insert(table).values(number=number, kind=EventKind.SYNC.value, key="panda", told_at=now)
    )
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.setval(func.pg_get_serial_sequence("events", "number"), number)))
