"""How fresh each source is: its last good contact, its runs, and the records that did not parse."""

import datetime as dt
import enum

from sqlalchemy import BigInteger, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, Long, RowId, UtcDateTime, Word


class SourceName(enum.StrEnum):
    """The services whose data is remembered."""

    PANDA = "panda"
    RUCIO = "rucio"
    CRIC = "cric"
    IAM = "iam"


class Source(Base, kw_only=True):
    """One service we remember data of.

    `last_ok_at` is the last good contact, `last_full_ok_at` the last complete, trusted listing: only after
    one of those can "not in our copy" mean "does not exist there"; `first_full_ok_at` is the first of them:
    nobody knows what the source did not have before. `stale_after_s` is the age that is promised; whatever is
    older is said to be stale.
    """

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    stale_after_s: Mapped[float] = mapped_column(Float)
    last_attempt_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    last_ok_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    last_full_ok_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    first_full_ok_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    error: Mapped[Long | None] = mapped_column(default=None)
    hold_reason: Mapped[Long | None] = mapped_column(default=None)


class SyncRun(Base, kw_only=True):
    """One attempt to bring remembered rows of a source up to date, and what it did."""

    __tablename__ = "sync_runs"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    source: Mapped[str] = mapped_column(String(16), index=True)
    job: Mapped[Word]
    is_full: Mapped[bool]
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    verdict: Mapped[str] = mapped_column(String(16))
    error: Mapped[Long | None] = mapped_column(default=None)
    rows_seen: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_changed: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_gone: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_quarantined: Mapped[int] = mapped_column(BigInteger, default=0)


class QuarantinedRecord(Base, kw_only=True):
    """A record of a source that could not be understood: kept (cut to 4 KiB), counted, never guessed at."""

    __tablename__ = "quarantined_records"

    source: Mapped[str] = mapped_column(String(16), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[Word]
    error: Mapped[Long]
    content: Mapped[JsonValue] = mapped_column(Json)
    first_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    times_seen: Mapped[int] = mapped_column(BigInteger, default=1)
