"""Attempts: each submission of a step to PanDA, ours to record whatever PanDA answered.

An attempt of ours has a submission beside it, which says what is sent and for whom; how far it has come is
said by the attempt alone, and each step it takes is kept.
"""

import datetime as dt

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, Long, RowId, UtcDateTime, Word


class Attempt(Base, kw_only=True):
    """One submission of a step; `key` is "<request>.<step kind>.<number>".

    `state` is ours (`domain.submission.AttemptState`); what became of the task is read from the remembered
    task. At most one attempt of a step is live, and live task names are unique (invariant 11).

    `sends` counts how often a worker has begun to send it. Whoever changes the state names the state, the
    number of sends and the owner that it believes in, and changes nothing if one of them is another by now
    (`store.outbox.move`). `not_before` is when it may be sent or looked for again, `settles_at` from when on
    PanDA's not having it can be believed.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_state", "state"),
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
    sends: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    settles_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    not_before: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)


class Submission(Base, kw_only=True):
    """What is sent for an attempt, never changed once it is planned.

    `submission_key` stands in the task's parameters, by which the task is found again whatever PanDA calls
    it. `credential` refers to the person in whose name it is sent and is no secret, `jti` to the token or the
    browser session that they asked with, `needs` is the right (`auth.permissions`) that the person must still
    have when it is sent. `outputs` are the DIDs that it will write; `parent_attempt_key` is the attempt whose
    outputs it reads, `mode` says when it is sent (`domain.submission.ChainMode`).
    """

    __tablename__ = "submissions"

    attempt_key: Mapped[str] = mapped_column(ForeignKey("attempts.key"), primary_key=True)
    submission_key: Mapped[Word] = mapped_column(unique=True)
    parameters: Mapped[JsonValue] = mapped_column(Json)
    parameters_hash: Mapped[str] = mapped_column(String(64))
    outputs: Mapped[JsonValue] = mapped_column(Json)
    parent_attempt_key: Mapped[str | None] = mapped_column(
        ForeignKey("attempts.key"), index=True, default=None
    )
    mode: Mapped[str | None] = mapped_column(String(8), default=None)
    min_fraction: Mapped[float] = mapped_column(Float)
    credential: Mapped[str | None] = mapped_column(String(200), default=None)
    jti: Mapped[str | None] = mapped_column(String(255), default=None)
    needs: Mapped[str] = mapped_column(String(32), default="submit", server_default="submit")
    planned_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class AttemptChange(Base, kw_only=True):
    """One step in the life of a submission. Rows are only ever added (held by a trigger)."""

    __tablename__ = "attempt_changes"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    attempt_key: Mapped[str] = mapped_column(ForeignKey("attempts.key"), index=True)
    from_state: Mapped[str | None] = mapped_column(String(16), default=None)
    to_state: Mapped[str] = mapped_column(String(16))
    sends: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[Long | None] = mapped_column(default=None)


class TaskCommand(Base, kw_only=True):
    """Something that was asked of PanDA for a task, in somebody's name, and what became of it.

    `state` is ours (`domain.steering.CommandState`); `seen_at` is when the task itself showed that it was
    done. `status_before` is the task's state when it was asked.
    """

    __tablename__ = "task_commands"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    jedi_task_id: Mapped[int] = mapped_column(BigInteger, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    arguments: Mapped[JsonValue] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16), index=True)
    status_before: Mapped[str] = mapped_column(String(64))
    message: Mapped[Long | None] = mapped_column(default=None)
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    seen_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
