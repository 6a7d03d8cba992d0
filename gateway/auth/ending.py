"""Ending all that somebody has here, at once: logins, what acts for them, and tokens of their own."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.auth.viewer import Viewer
from gateway.store.audit import AuditEntry, record
from gateway.store.base import Base
from gateway.store.database import Database
from gateway.store.logins import AccessTokenRow, BrowserSession, Grant
from gateway.store.people import Person


@dataclass(frozen=True, slots=True)
class LoginsEnded:
    """How much of each there was."""

    sessions: int
    grants: int
    tokens: int


async def end_logins(
    database: Database, viewer: Viewer, username: str, *, now: dt.datetime
) -> LoginsEnded | None:
    """End everything of a person, whom IAM may know or not any more; None when nobody was ever called so.

    IAM is not told: there the account can be disabled, which ends it here as well.
    """
    async with database.transaction() as session:
        # Whoever logged in before our copy of IAM had them is known by their session only.
        named = select(Person.subject).where(Person.username == username)
        seen = select(BrowserSession.subject).where(BrowserSession.username == username)
        subjects = (await session.scalars(named.union(seen))).all()
        if not subjects:
            return None
        live = (AccessTokenRow.subject.in_(subjects), AccessTokenRow.revoked_at.is_(None))
        ended = LoginsEnded(
            await _count(session, BrowserSession, BrowserSession.subject.in_(subjects)),
            await _count(session, Grant, Grant.subject.in_(subjects)),
            await _count(session, AccessTokenRow, *live),
        )
        await session.execute(delete(BrowserSession).where(BrowserSession.subject.in_(subjects)))
        await session.execute(delete(Grant).where(Grant.subject.in_(subjects)))
        await session.execute(update(AccessTokenRow).where(*live).values(revoked_at=now))
        await record(
            session,
            AuditEntry(
                actor=viewer.actor,
                action="endLogins",
                object_kind="Person",
                object_key=username,
                after={"sessions": ended.sessions, "grants": ended.grants, "tokens": ended.tokens},
                jti=viewer.jti,
                at=now,
            ),
        )
    return ended


async def _count(session: AsyncSession, model: type[Base], *conditions: object) -> int:
    statement = select(func.count()).select_from(model).where(*conditions)  # type: ignore[arg-type]
    return await session.scalar(statement) or 0
