"""The background jobs: what each has read so far, how it is doing, and which process works on it now."""

import datetime as dt
from typing import Final

from sqlalchemy import BigInteger, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, Long, UtcDateTime, Word

# What a job that reads no source says in the place of one.
NO_SOURCE: Final = "none"
# Keys of held rows that are shown to the person who decides about them.
EXAMPLES: Final = 10


class SyncJob(Base, kw_only=True):
    """One reading of one source, for example "rucio.rules".

    `watermark` is the upstream's clock up to which changes are read. `missing` holds, by section, the keys
    that the last complete listing lacked: what it lacks again is gone. A process that works on the job holds
    a lease; `lease_number` grows with each lease and every write of the job is checked against it, so that a
    process that was paused beyond its lease cannot write any more. `clock_ahead_s` is how far the source's
    clock was ahead of ours when it was last read; its value is the network's delay when both are right.
    The pace and `manners`, the bounds of its calls, are those of the process that registered it last.
    """

    __tablename__ = "sync_jobs"

    name: Mapped[Word] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(16), index=True)
    stale_after_s: Mapped[float] = mapped_column(Float)
    changes_every_s: Mapped[float | None] = mapped_column(Float, default=None)
    whole_every_s: Mapped[float | None] = mapped_column(Float, default=None)
    deadline_s: Mapped[float | None] = mapped_column(Float, default=None)
    manners: Mapped[JsonValue] = mapped_column(Json, default=None)
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
    clock_ahead_s: Mapped[float | None] = mapped_column(Float, default=None)
    lease_owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_number: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)


class HeldRemoval(Base, kw_only=True):
    """Rows of one section that a complete reading lacked, and whose loss was not believed.

    They stay as they are until the source lists them again, or a person releases them: then they go with the
    next complete reading that lacks them still. `row_keys` is the whole list, which may be long, and is only
    read when it is asked for.
    """

    __tablename__ = "held_removals"

    job: Mapped[Word] = mapped_column(primary_key=True)
    section: Mapped[Word] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    known_rows: Mapped[int] = mapped_column(BigInteger, default=0)
    examples: Mapped[JsonValue] = mapped_column(Json, default=None)
    row_keys: Mapped[JsonValue] = mapped_column(Json, default=None, deferred=True)
    held_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    released_by: Mapped[str | None] = mapped_column(String(200), default=None)
