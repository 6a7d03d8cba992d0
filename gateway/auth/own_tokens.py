"""Tokens that people make for themselves to read with: for a dashboard, a spreadsheet, a cron job.

They read and never change anything, end by themselves, and have no more than their owner has at the moment.
Only a hash of each is kept, so it is shown once.
"""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select, update

from gateway.auth.permissions import LOOK, RIGHTS, Right, Role, rights_of
from gateway.auth.roles import RoleRules
from gateway.auth.sessions import hash_of
from gateway.auth.standing import DOUBT, standing_of
from gateway.auth.viewer import Viewer
from gateway.errors import InputError, RefusedError, UnauthenticatedError
from gateway.store.audit import AuditEntry, record
from gateway.store.database import Database
from gateway.store.logins import AccessTokenRow

# By this a token is known at sight: by us, and by programs that look for leaked secrets.
PREFIX: Final = "spdgw_"
# What such a token can carry at most.
SCOPE: Final = frozenset({Right.READ, Right.READ_FILES, Right.READ_QUOTAS, Right.INTROSPECT})
# With this alone a token lists files and reads nothing else: for a batch job on somebody else's machine.
_FILES_ONLY: Final = frozenset({Right.READ_FILES})
MAX_DAYS: Final = 366
MAX_TOKENS: Final = 20
MAX_NAME_CHARS: Final = 64
# Being used is written down so often at most.
_TOUCHED_EVERY: Final = dt.timedelta(hours=1)
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Created:
    """A token that was made; `secret` is shown now and never again."""

    row: AccessTokenRow
    secret: str = field(repr=False)


async def create(
    database: Database, viewer: Viewer, *, name: str, days: int, rights: frozenset[Right], now: dt.datetime
) -> Created:
    """Make a token with some of the viewer's own rights.

    Raises InputError for what cannot be made, RefusedError when our copy of IAM does not know the viewer.
    """
    wanted = _FILES_ONLY if rights == _FILES_ONLY else frozenset(rights) | {Right.READ}
    label = name.strip()
    if not label or len(label) > MAX_NAME_CHARS or not label.isprintable():
        raise InputError(
            f"a token needs a name of 1 to {MAX_NAME_CHARS} characters, which says what it is for"
        )
    if not 1 <= days <= MAX_DAYS:
        raise InputError(f"a token lives 1 to {MAX_DAYS} days, not {days}")
    if not wanted <= SCOPE:
        raise InputError(f"a token may {', '.join(sorted(SCOPE))} and nothing else")
    if not wanted <= viewer.rights:
        raise InputError("a token cannot have a right that you do not have")
    subject = viewer.subject or ""
    secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    async with database.transaction() as session:
        if await standing_of(session, subject) is None:
            raise RefusedError("IAM's copy here does not know you, so a token of yours could not be checked")
        live = await session.scalar(
            select(func.count())
            .select_from(AccessTokenRow)
            .where(
                AccessTokenRow.subject == subject,
                AccessTokenRow.revoked_at.is_(None),
                AccessTokenRow.ends_at > now,
            )
        )
        if (live or 0) >= MAX_TOKENS:
            raise InputError(f"you have {live} tokens, and {MAX_TOKENS} are the most; revoke one")
        row = AccessTokenRow(
            subject=subject,
            name=label,
            secret_hash=hash_of(secret),
            rights=" ".join(sorted(wanted)),
            created_at=now,
            ends_at=now + dt.timedelta(days=days),
        )
        session.add(row)
        await session.flush()
        await record(session, _entry(viewer, "createAccessToken", row, now))
    return Created(row, secret)


async def revoke(database: Database, viewer: Viewer, token_id: int, *, now: dt.datetime) -> bool:
    """End a token of the viewer's own; false when they have none of this number, or it was revoked before."""
    async with database.transaction() as session:
        row = await session.get(AccessTokenRow, token_id)
        if row is None or row.subject != viewer.subject or row.revoked_at is not None:
            return False
        row.revoked_at = now
        await record(session, _entry(viewer, "revokeAccessToken", row, now))
        return True


async def viewer_of_secret(
    database: Database, rules: RoleRules, secret: str, clock: Callable[[], dt.datetime]
) -> Viewer:
    """Return who reads with this token; raise UnauthenticatedError when it is none, or its owner is gone."""
    now = clock()
    async with database.snapshot() as session:
        row = await session.scalar(
            select(AccessTokenRow).where(AccessTokenRow.secret_hash == hash_of(secret))
        )
        standing = None if row is None else await standing_of(session, row.subject)
    if row is None or row.revoked_at is not None:
        raise UnauthenticatedError("the access token is refused: it is not one of ours, or was revoked")
    if row.ends_at <= now:
        raise UnauthenticatedError("the access token is refused: it has expired")
    if standing is None or not standing.may_log_in:
        raise UnauthenticatedError("the access token is refused: its owner is not in IAM any more")
    roles = rules.of_person(standing.groups)
    owned = rights_of(roles) | RIGHTS[Role.VIEWER] if roles else frozenset()
    if not roles and rules.of_person(tuple(standing.doubtful)):
        owned = LOOK
    scope = frozenset(Right(word) for word in row.rights.split() if word in SCOPE)
    if row.last_used_at is None or now - row.last_used_at >= _TOUCHED_EVERY:
        async with database.transaction() as session:
            await session.execute(
                update(AccessTokenRow).where(AccessTokenRow.id == row.id).values(last_used_at=now)
            )
    return Viewer(
        name=standing.display_name or standing.username,
        rights=owned & scope,
        roles=roles,
        subject=row.subject,
        username=standing.username,
        groups=standing.groups,
        jti=f"{PREFIX}{row.id}",
        until=row.ends_at,
        own_token=row.id,
        doubt=DOUBT if standing.doubtful else None,
    )


def _entry(viewer: Viewer, action: str, row: AccessTokenRow, now: dt.datetime) -> AuditEntry:
    return AuditEntry(
        actor=viewer.actor,
        action=action,
        object_kind="AccessToken",
        object_key=str(row.id),
        after={"name": row.name, "rights": row.rights, "endsAt": row.ends_at.isoformat()},
        jti=viewer.jti,
        at=now,
    )
