"""Rucio datasets with their rules and dataset replicas, as remembered."""

import datetime as dt

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Key, Long, Remembered, UtcDateTime, Word


class Dataset(Remembered, Base, kw_only=True):
    """A Rucio dataset or container; `did` is "scope:name".

    `size_bytes` and `file_count` are null while the dataset is open (Rucio 41.5 does not count until close).
    The columns from `request_name` on are read from the name by `domain.names`, null where it does not parse.
    """

    __tablename__ = "datasets"
    __table_args__ = (
        Index("ix_datasets_request", "request_name", "step_kind", "attempt_number"),
        Index("ix_datasets_task", "jedi_task_id"),
    )

    did: Mapped[Key] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(25), index=True)
    name: Mapped[str] = mapped_column(String(250))
    did_type: Mapped[str] = mapped_column(String(16), default="DATASET")
    account: Mapped[str | None] = mapped_column(String(25), index=True, default=None)
    is_open: Mapped[bool | None] = mapped_column(default=None)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger, index=True, default=None)
    file_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    event_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    created_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    updated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    expires_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    jedi_task_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    request_name: Mapped[Word | None] = mapped_column(default=None)
    step_kind: Mapped[str | None] = mapped_column(String(16), default=None)
    attempt_number: Mapped[int | None] = mapped_column(BigInteger, default=None)
    attempt_key: Mapped[str | None] = mapped_column(String(120), index=True, default=None)
    data_type: Mapped[str | None] = mapped_column(String(16), default=None)


class Rule(Remembered, Base, kw_only=True):
    """A Rucio replication rule on a dataset."""

    __tablename__ = "rules"

    rule_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    did: Mapped[Key] = mapped_column(index=True)
    account: Mapped[str] = mapped_column(String(25), index=True)
    rse_expression: Mapped[str] = mapped_column(String(500))
    copies: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(32), index=True)
    locks_ok: Mapped[int | None] = mapped_column(BigInteger, default=None)
    locks_replicating: Mapped[int | None] = mapped_column(BigInteger, default=None)
    locks_stuck: Mapped[int | None] = mapped_column(BigInteger, default=None)
    activity: Mapped[Word | None] = mapped_column(default=None)
    error: Mapped[Long | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    updated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    expires_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True, default=None)


class Replica(Remembered, Base, kw_only=True):
    """What of a dataset is at one storage (RSE)."""

    __tablename__ = "replicas"

    did: Mapped[Key] = mapped_column(primary_key=True)
    rse_name: Mapped[Word] = mapped_column(primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(32))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    file_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    available_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    available_files: Mapped[int | None] = mapped_column(BigInteger, default=None)
    created_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    accessed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
