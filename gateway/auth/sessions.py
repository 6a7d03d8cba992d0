"""Browser sessions on our side: the browser holds an opaque id, and nothing else of a login.

A session ends when it was not used for a while, when it is a working day old, at the logout, or when IAM says
that the person is gone.
"""

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, update

from gateway.auth.recognise import Login
from gateway.store.database import Database
from gateway.store.logins import BrowserSession

# 256 bits, as RFC 10017 wants of what cannot be guessed.
_SECRET_BYTES: Final = 32
# Being used is written down so often at most: each request would be a write otherwise.
TOUCHED_EVERY: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a session that is over leaves to be cleared away."""

    grant_id: int | None
    subject: str
    username: str


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], dt.datetime],
        *,
        idle: dt.timedelta,
        absolute: dt.timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self.absolute = absolute

    async def begin(self, login: Login, grant_id: int | None) -> str:
        """Return the secret of a new session; each login has a new one. Old ones are cleared away with it."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        now = self._clock()
        async with self._database.transaction() as session:
            await session.execute(
                delete(BrowserSession).where(
                    (BrowserSession.ends_at <= now) | (BrowserSession.last_seen_at <= now - self._idle)
                )
            )
            session.add(
                BrowserSession(
                    id_hash=hash_of(secret),
                    subject=login.subject,
                    username=login.username,
                    name=login.name,
                    groups=json.dumps(login.groups),
                    created_at=now,
                    last_seen_at=now,
                    ends_at=now + self.absolute,
                    grant_id=grant_id,
                )
            )
        return secret

    async def find(self, secret: str) -> Login | None:
        """Return who logged in with this session, None when there is none such or it is over."""
        now = self._clock()
        async with self._database.snapshot() as session:
            row = await session.get(BrowserSession, hash_of(secret))
        if row is None or row.ends_at <= now or row.last_seen_at <= now - self._idle:
            return None
        if now - row.last_seen_at >= TOUCHED_EVERY:
            async with self._database.transaction() as session:
                await session.execute(
                    update(BrowserSession)
                    .where(BrowserSession.id_hash == row.id_hash, BrowserSession.last_seen_at < now)
                    .values(last_seen_at=now)
                )
        return Login(
            row.subject,
            row.username,
            row.name,
            tuple(json.loads(row.groups)),
            row.created_at,
            until=row.ends_at,
            session=row.id_hash,
        )

    async def end(self, secret: str) -> Ended | None:
        """End a session; None when there was none."""
        async with self._database.transaction() as session:
            row = await session.get(BrowserSession, hash_of(secret))
            if row is None:
                return None
            ended = Ended(row.grant_id, row.subject, row.username)
            await session.delete(row)
            return ended


def hash_of(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits; one with less would need a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
