"""Idempotency keys: a change asked for twice under one key is made once, and answered twice the same.

Only changes that were made are kept; a refused one wrote nothing, so asking again is judged anew.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Final, cast

from sqlalchemy import String, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.errors import InputError, KeyReusedError
from gateway.store.base import Base, Json, JsonValue, UtcDateTime, Word
from gateway.store.upsert import insert_new

# Stripe prunes after a day; ours are long enough for a campaign's scripts to be run again.
KEPT_FOR: Final = dt.timedelta(days=90)
KEY_LIMIT: Final = 200
# Old keys forgotten with each new one: more than one, so that they become fewer.
_FORGOTTEN_AT_ONCE: Final = 10


class IdempotencyKey(Base, kw_only=True):
    """A change that was made: by whom, under which key, with which arguments and answer."""

    __tablename__ = "idempotency_keys"

    actor: Mapped[Word] = mapped_column(primary_key=True)
    action: Mapped[Word] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_LIMIT), primary_key=True)
    arguments_hash: Mapped[str] = mapped_column(String(32))
    answer: Mapped[JsonValue] = mapped_column(Json, default=None)
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


def hash_of(arguments: JsonValue) -> str:
    """Return 32 characters that are the same for the same arguments, whatever their order."""
    text = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


async def claim_key(
    session: AsyncSession, *, actor: str, action: str, key: str, arguments: JsonValue, at: dt.datetime
) -> Mapping[str, JsonValue] | None:
    """Take the key for this transaction, or return the answer that was given under it.

    Somebody who holds the same key at this moment is waited for. Raises InputError for a key that cannot be
    kept, KeyReusedError when the arguments were others.
    """
    if not 1 <= len(key) <= KEY_LIMIT or not key.isprintable():
        raise InputError(f"an idempotency key has 1 to {KEY_LIMIT} printable characters, for example a UUID")
    digest = hash_of(arguments)
    row = {"actor": actor, "action": action, "key": key, "arguments_hash": digest, "made_at": at}
    if await insert_new(session, cast("Table", IdempotencyKey.__table__), row):
        await _forget_old(session, at)
        return None
    known = (
        await session.execute(
            select(IdempotencyKey.arguments_hash, IdempotencyKey.answer).where(
                IdempotencyKey.actor == actor, IdempotencyKey.action == action, IdempotencyKey.key == key
            )
        )
    ).one()
    if known.arguments_hash != digest:
        raise KeyReusedError(
            f"the idempotency key {key[:40]!r} was used for {action} with other arguments: "
            "use a new key for a new change"
        )
    return known.answer if isinstance(known.answer, dict) else {}


async def keep_answer(
    session: AsyncSession, *, actor: str, action: str, key: str, answer: Mapping[str, JsonValue]
) -> None:
    """Keep what the change answered, to be given again."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.actor == actor, IdempotencyKey.action == action, IdempotencyKey.key == key)
        .values(answer=dict(answer))
        .execution_options(synchronize_session=False)
    )


async def _forget_old(session: AsyncSession, at: dt.datetime) -> None:
    table = IdempotencyKey
    old = (
        await session.execute(
            select(table.actor, table.action, table.key)
            .where(table.made_at < at - KEPT_FOR)
            .order_by(table.made_at)
            .limit(_FORGOTTEN_AT_ONCE)
        )
    ).all()
    for actor, action, key in old:
        await session.execute(
            delete(table)
            .where(table.actor == actor, table.action == action, table.key == key)
            .execution_options(synchronize_session=False)
        )
