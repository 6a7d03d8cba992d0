"""What is kept of people who log in: browser sessions, sealed grants of IAM, and access tokens of their own.

Of secrets that come back to us only hashes are kept; what we must use ourselves is sealed.
"""

import datetime as dt
import enum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Long, RowId, UtcDateTime, Word


class GrantKind(enum.StrEnum):
    """What IAM gave: a refresh token that lives for weeks, or an access token for an hour."""

    REFRESH = "refresh"
    ACCESS = "access"


class Grant(Base, kw_only=True):
    """What lets the gateway act for a person; `sealed` is opened by `auth.sealing` alone.

    `busy_until` is taken by whoever refreshes, so that nobody else does meanwhile.
    """

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    subject: Mapped[str] = mapped_column(String(255), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    token_id: Mapped[str | None] = mapped_column(String(255), default=None, index=True)
    sealed: Mapped[Long] = mapped_column(repr=False)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    busy_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)


class BrowserSession(Base, kw_only=True):
    """A login with a browser; `id_hash` is of the cookie's secret, which is nowhere kept.

    `groups` are those that IAM named at the login, as a JSON list.
    """

    __tablename__ = "browser_sessions"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), index=True)
    username: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    groups: Mapped[Long]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    grant_id: Mapped[int | None] = mapped_column(
        ForeignKey("grants.id", ondelete="SET NULL"), index=True, default=None
    )


class AccessTokenRow(Base, kw_only=True):
    """A token that a person made to read with: `rights` are words separated by spaces, never a change."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    subject: Mapped[str] = mapped_column(String(255), index=True)
    name: Mapped[Word]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True, repr=False)
    rights: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
