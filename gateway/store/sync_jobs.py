"""The background jobs: what each has read so far, how it is doing, and which process works on it now."""

import datetime as dt

from sqlalchemy import BigInteger, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, Long, UtcDateTime, Word


class SyncJob(Base, kw_only=True):
    """One reading of one source, for example "rucio.rules".

    `watermark` is the upstream's clock up to which changes are read. `missing` holds, by section, the keys
    that the last complete listing lacked: what it lacks again is gone. A process that works on the job holds
    a lease; `lease_number` grows with each lease and every write of the job is checked against it, so that a
    process that was paused beyond its lease cannot write any more.
    """

    __tablename__ = "sync_jobs"

    name: Mapped[Word] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(16), index=True)
    stale_after_s: Mapped[float] = mapped_column(Float)
    watermark: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    missing: Mapped[JsonValue] = mapped_column(Json, default=None)
    last_attempt_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    last_ok_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    last_full_ok_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    due_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    wanted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    fails: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[Long | None] = mapped_column(default=None)
    hold_reason: Mapped[Long | None] = mapped_column(default=None)
    lease_owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_number: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
