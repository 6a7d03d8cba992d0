"""How every change is made: once for each idempotency key, in one transaction, told to whoever listens.

    made = await make_change(database, asked, work)

`work` gets a `Change`, does what is asked in its session, and returns what the answer is made of. Whatever it
raises undoes everything, the key included.
"""

import asyncio
import datetime as dt
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.auth.viewer import Viewer
from gateway.store.audit import AuditEntry, record
from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.idempotency import claim_key, keep_answer
from gateway.store.rows import Rows, rows_of

# Bound of the columns that say who did something.
NAME_LIMIT: Final = 64

# PostgreSQL ends one of two transactions that wait for each other (40P01); made again, it goes through.
_TRIES: Final = 4
_MADE_AGAIN: Final = frozenset({"40P01", "40001"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A change somebody asks for: who, when, which, and under which key.

    `arguments` are all that the change depends on: the same key with other arguments is refused.
    """

    viewer: Viewer
    now: dt.datetime
    action: str
    key: str
    arguments: Mapping[str, JsonValue]

    @property
    def by(self) -> str:
        """Who asks, as it is written beside what they did."""
        return self.viewer.actor[:NAME_LIMIT]


@dataclass(frozen=True, slots=True)
class Made:
    """A change that was made, now or (`is_repeated`) when it was first asked for under its key."""

    answer: Mapping[str, JsonValue]
    is_repeated: bool = False

    def text(self, name: str) -> str:
        """One text of the answer."""
        return str(self.answer[name])

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts of the answer."""
        found = self.answer.get(name)
        return tuple(str(item) for item in found) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True)
class Change:
    """The inside of a change: its transaction, its moment and who makes it."""

    session: AsyncSession
    asked: Asked

    @property
    def now(self) -> dt.datetime:
        """The moment of the change."""
        return self.asked.now

    @property
    def by(self) -> str:
        """Who makes it."""
        return self.asked.by

    @property
    def rows(self) -> Rows:
        """What reads within the transaction."""
        return rows_of(self.session)

    def tell_request(self, name: str) -> None:
        """Let those who follow the request know, once this is committed."""
        tell(self.session, EventKind.REQUEST, name, at=self.now)

    async def record(
        self,
        object_kind: str,
        object_key: str,
        *,
        before: Mapping[str, JsonValue] | None = None,
        after: Mapping[str, JsonValue] | None = None,
        reason: str | None = None,
    ) -> None:
        """Write in the trail what was done to one thing, within the transaction.

        `before` and `after` need to say only what changed; None where there was or is nothing.
        """
        await record(
            self.session,
            AuditEntry(
                actor=self.asked.viewer.actor,
                action=self.asked.action,
                object_kind=object_kind,
                object_key=object_key,
                before=None if before is None else dict(before),
                after=None if after is None else dict(after),
                jti=self.asked.viewer.jti,
                reason=reason,
                at=self.now,
            ),
        )


Work = Callable[[Change], Awaitable[Mapping[str, JsonValue]]]


async def make_change(database: Database, asked: Asked, work: Work) -> Made:
    """Make the change, or return what it answered when it was made before under the same key.

    Raises what `work` raises, and KeyReusedError; nothing is written then.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            return await _make(database, asked, work)
        except DBAPIError as error:
            if attempt == _TRIES or getattr(error.orig, "sqlstate", None) not in _MADE_AGAIN:
                raise
            await asyncio.sleep(random.uniform(0, 0.05 * attempt))  # noqa: S311 - spreads writers, hides nothing
    raise AssertionError("the last try returns or raises")


async def _make(database: Database, asked: Asked, work: Work) -> Made:
    async with database.transaction() as session:
        known = await claim_key(
            session,
            actor=asked.by,
            action=asked.action,
            key=asked.key,
            arguments=dict(asked.arguments),
            at=asked.now,
        )
        if known is not None:
            return Made(known, is_repeated=True)
        answer = await work(Change(session, asked))
        await keep_answer(session, actor=asked.by, action=asked.action, key=asked.key, answer=answer)
    return Made(answer)
