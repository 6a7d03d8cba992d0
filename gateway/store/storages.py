"""Storages (RSEs), their use and quotas as Rucio says them; their site as CRIC says it."""

import datetime as dt

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Remembered, UtcDateTime, Word


class Storage(Remembered, Base, kw_only=True):
    """A Rucio storage element (RSE).

    `in_` and `out_` count the files that Rucio has asked FTS, or is about to ask, to bring to it and to take
    from it; those that came and failed are of the last six hours. All are null when Rucio does not tell us.
    """

    __tablename__ = "storages"

    name: Mapped[Word] = mapped_column(primary_key=True)
    rse_type: Mapped[str | None] = mapped_column(String(16), default=None)
    is_deterministic: Mapped[bool | None] = mapped_column(default=None)
    is_volatile: Mapped[bool | None] = mapped_column(default=None)
    can_read: Mapped[bool | None] = mapped_column(default=None)
    can_write: Mapped[bool | None] = mapped_column(default=None)
    can_delete: Mapped[bool | None] = mapped_column(default=None)
    in_queued_files: Mapped[int | None] = mapped_column(BigInteger, default=None)
    in_queued_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    in_done_files: Mapped[int | None] = mapped_column(BigInteger, default=None)
    in_failed_files: Mapped[int | None] = mapped_column(BigInteger, default=None)
    out_queued_files: Mapped[int | None] = mapped_column(BigInteger, default=None)
    out_queued_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    out_done_files: Mapped[int | None] = mapped_column(BigInteger, default=None)
    out_failed_files: Mapped[int | None] = mapped_column(BigInteger, default=None)


class StorageUsage(Remembered, Base, kw_only=True):
    """Space on a storage as one accounting kind counts it: "rucio" (logical) or "storage" (physical)."""

    __tablename__ = "storage_usages"

    rse_name: Mapped[Word] = mapped_column(primary_key=True)
    usage_kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    used_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    free_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    total_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    file_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    updated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)


class StorageEndpoint(Remembered, Base, kw_only=True):
    """CRIC's record of a storage (`ddmendpoint`): the only place that says which site an RSE belongs to."""

    __tablename__ = "storage_endpoints"

    rse_name: Mapped[Word] = mapped_column(primary_key=True)
    site_name: Mapped[Word | None] = mapped_column(index=True, default=None)
    state: Mapped[str | None] = mapped_column(String(32), default=None)
    state_comment: Mapped[str | None] = mapped_column(String(1000), default=None)
    is_tape: Mapped[bool | None] = mapped_column(default=None)
    storage_type: Mapped[Word | None] = mapped_column(default=None)


class Quota(Remembered, Base, kw_only=True):
    """How much an account may keep and keeps at a storage; a null limit means Rucio states none.

    `is_unlimited` is Rucio's own "-1" or "Infinity", which is not the same as no limit stated.
    """

    __tablename__ = "quotas"

    account: Mapped[str] = mapped_column(String(25), primary_key=True)
    rse_name: Mapped[Word] = mapped_column(primary_key=True, index=True)
    limit_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    is_unlimited: Mapped[bool] = mapped_column(default=False)
    used_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    used_files: Mapped[int | None] = mapped_column(BigInteger, default=None)
