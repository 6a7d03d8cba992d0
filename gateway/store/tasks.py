"""PanDA tasks and their job counts, as remembered."""

import datetime as dt

from sqlalchemy import BigInteger, Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Long, Remembered, UtcDateTime, Word


class Task(Remembered, Base, kw_only=True):
    """A PanDA task (JediTaskSpec, panda-server 1.0.4).

    `request_name`, `step_kind`, `attempt_number` and `attempt_key` ("<request>.<step>.<number>") are read
    from the name by `domain.names`; they are null for names that do not follow the production grammar. Job
    numbers are null while PanDA has not said them.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_request", "request_name", "step_kind", "attempt_number"),
        Index("ix_tasks_name", "name"),
    )

    jedi_task_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(256))
    status: Mapped[str] = mapped_column(String(64), index=True)
    user_name: Mapped[str | None] = mapped_column(String(128), index=True, default=None)
    working_group: Mapped[Word | None] = mapped_column(default=None)
    task_type: Mapped[Word | None] = mapped_column(default=None)
    parent_task_id: Mapped[int | None] = mapped_column(BigInteger, index=True, default=None)
    created_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    started_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    modified_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    priority: Mapped[int | None] = mapped_column(BigInteger, default=None)
    core_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    error_dialog: Mapped[Long | None] = mapped_column(default=None)
    jobs_expected: Mapped[int | None] = mapped_column(BigInteger, default=None)
    jobs_finished: Mapped[int | None] = mapped_column(BigInteger, default=None)
    jobs_failed: Mapped[int | None] = mapped_column(BigInteger, default=None)
    events_reported: Mapped[int | None] = mapped_column(BigInteger, default=None)
    events_per_job: Mapped[int | None] = mapped_column(BigInteger, default=None)
    output_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    log_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    walltime_reported: Mapped[float | None] = mapped_column(Float, default=None)
    core_seconds: Mapped[int | None] = mapped_column(BigInteger, default=None)
    seed_first: Mapped[int | None] = mapped_column(BigInteger, default=None)
    seed_last: Mapped[int | None] = mapped_column(BigInteger, default=None)
    missing_seeds: Mapped[Long | None] = mapped_column(default=None)
    submission_key: Mapped[Word | None] = mapped_column(index=True, default=None)
    request_name: Mapped[Word | None] = mapped_column(default=None)
    step_kind: Mapped[str | None] = mapped_column(String(16), default=None)
    attempt_number: Mapped[int | None] = mapped_column(BigInteger, default=None)
    attempt_key: Mapped[str | None] = mapped_column(String(120), index=True, default=None)


class TaskJobCount(Remembered, Base, kw_only=True):
    """How many jobs of a task are in one state at one PanDA queue."""

    __tablename__ = "task_job_counts"

    jedi_task_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    queue_name: Mapped[Word] = mapped_column(primary_key=True, index=True)
    job_state: Mapped[str] = mapped_column(String(32), primary_key=True)
    jobs: Mapped[int] = mapped_column(BigInteger)
