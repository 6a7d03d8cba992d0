"""Attempts: each submission of a step to PanDA, ours to record whatever PanDA answered."""

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Long, UtcDateTime, Word


class Attempt(Base, kw_only=True):
    """One submission of a step; `key` is "<request>.<step kind>.<number>".

    `state` is ours (PLANNED, SENDING, SUBMITTED, AMBIGUOUS, REJECTED, CANCELLED); what became of the task is
    read from the remembered task. At most one attempt of a step is live, and live task names are unique
    (invariant 11).
    """

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("step_key", "number"),
        Index(
            "uq_attempts_live_step",
            "step_key",
            unique=True,
            sqlite_where=text("is_live"),
            postgresql_where=text("is_live"),
        ),
        Index(
            "uq_attempts_live_task_name",
            "task_name",
            unique=True,
            sqlite_where=text("is_live"),
            postgresql_where=text("is_live"),
        ),
    )

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    step_key: Mapped[str] = mapped_column(ForeignKey("steps.key"))
    number: Mapped[int] = mapped_column(BigInteger)
    task_name: Mapped[str] = mapped_column(String(256), index=True)
    state: Mapped[str] = mapped_column(String(16))
    is_live: Mapped[bool]
    jedi_task_id: Mapped[int | None] = mapped_column(BigInteger, unique=True, default=None)
    origin: Mapped[str] = mapped_column(String(16))
    reason: Mapped[Long | None] = mapped_column(default=None)
    submitted_by: Mapped[Word | None] = mapped_column(default=None)
    submitted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
