"""Notices and their deliveries: what happened, written with the change itself, and who is to be told of it.

A notice is spread once into one delivery for each target that wants it. A delivery is sent by whoever holds
its lease, again and again until the target has taken it or it is dead. The target knows a notice by its id.
"""

import datetime as dt
import enum
from collections.abc import Sequence
from typing import cast

from sqlalchemy import BigInteger, ForeignKey, String, Table, UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.domain.notices import Notice
from gateway.store.base import Base, Json, JsonValue, Long, RowId, UtcDateTime, Word
from gateway.store.upsert import insert_missing


class TargetKind(enum.StrEnum):
    """Where notices go: to a program's address, or to a person's mailbox."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class DeliveryState(enum.StrEnum):
    """How far a delivery is: DEAD is given up after the last try, DROPPED when nobody wants it any more."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    DROPPED = "dropped"


class NoticeRow(Base, kw_only=True):
    """One thing that happened; `is_spread` once its deliveries were written."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_key: Mapped[str] = mapped_column(String(300))
    request_name: Mapped[str | None] = mapped_column(String(64), default=None)
    actor: Mapped[str | None] = mapped_column(String(200), default=None)
    message: Mapped[Long]
    data: Mapped[JsonValue] = mapped_column(Json)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    is_spread: Mapped[bool] = mapped_column(index=True)


class Webhook(Base, kw_only=True):
    """A program's address that is told of the `kinds` it chose, words separated by spaces."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    url: Mapped[str] = mapped_column(String(500), unique=True)
    name: Mapped[Word]
    kinds: Mapped[str] = mapped_column(String(500))
    sealed_secret: Mapped[Long] = mapped_column(repr=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(200))
    last_ok_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    error: Mapped[Long | None] = mapped_column(default=None)


class MailSetting(Base, kw_only=True):
    """What one person wants by e-mail; nothing is sent to an address before its owner named the code.

    The address is sealed: nobody but its owner is shown it, and it is opened to send only.
    """

    __tablename__ = "mail_settings"

    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    username: Mapped[str] = mapped_column(String(255))
    sealed_address: Mapped[Long] = mapped_column(repr=False)
    kinds: Mapped[str] = mapped_column(String(500))
    only_own: Mapped[bool]
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    code_hash: Mapped[str | None] = mapped_column(String(64), default=None, repr=False)
    code_tries: Mapped[int] = mapped_column(BigInteger, default=0)
    code_sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class Delivery(Base, kw_only=True):
    """One notice on its way to one target: the webhook's id, or the person's subject.

    `sealed_text` is what is sent instead of the notice's words, where those are a secret.
    """

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("notice_id", "target_kind", "target_key"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"))
    target_kind: Mapped[str] = mapped_column(String(16))
    target_key: Mapped[str] = mapped_column(String(255), index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    tries: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    error: Mapped[Long | None] = mapped_column(default=None)
    sealed_text: Mapped[Long | None] = mapped_column(default=None, repr=False)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)


async def announce(session: AsyncSession, notices: Sequence[Notice]) -> None:
    """Have notices told when, and only when, this transaction commits; what is there already is not again."""
    await insert_missing(
        session,
        cast("Table", NoticeRow.__table__),
        [
            {
                "id": notice.id,
                "kind": notice.kind.value,
                "subject_kind": notice.subject_kind,
                "subject_key": notice.subject_key,
                "request_name": notice.request_name,
                "actor": notice.actor,
                "message": notice.message,
                "data": dict(notice.data),
                "at": notice.at,
                "is_spread": False,
            }
            for notice in notices
        ],
        unique=["id"],
    )
