"""The seed ledger: which seeds of which physics key are taken, and by which request.

Overlaps are refused by the database itself (invariant 1): PostgreSQL by an exclusion constraint, SQLite by
triggers; both are made by the migration. Rows marked exempt (test, obsolete, intended repeat, history that
was imported as it was) do not take part, and say why.
"""

import datetime as dt
from collections.abc import Collection
from typing import Final, cast

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Long, RowId, UtcDateTime, Word
from gateway.store.upsert import insert_missing

# Keys in one IN list.
_BATCH: Final = 1000


class SeedSpace(Base, kw_only=True):
    """The seeds of one physics key; `physics_key` is the canonical text of `domain.physics_key`."""

    __tablename__ = "seed_spaces"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    physics_key: Mapped[str] = mapped_column(String(600), unique=True)


class SeedRange(Base, kw_only=True):
    """A closed range of seeds that a request holds; `request_name` is null for a range set aside by hand."""

    __tablename__ = "seed_ranges"
    __table_args__ = (
        CheckConstraint("seed_first >= 1", name="first_positive"),
        CheckConstraint("seed_last >= seed_first", name="ordered"),
        CheckConstraint("is_exempt = (exempt_reason IS NOT NULL)", name="exempt_says_why"),
        Index("ix_seed_ranges_seed_space_id_seed_last", "seed_space_id", "seed_last"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    seed_space_id: Mapped[int] = mapped_column(ForeignKey("seed_spaces.id"), index=True)
    request_name: Mapped[Word | None] = mapped_column(ForeignKey("requests.name"), index=True)
    seed_first: Mapped[int] = mapped_column(BigInteger)
    seed_last: Mapped[int] = mapped_column(BigInteger)
    is_exempt: Mapped[bool] = mapped_column(default=False)
    exempt_reason: Mapped[Long | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


async def lock_spaces(session: AsyncSession, physics_keys: Collection[str]) -> dict[str, int]:
    """Return the id of each physics key's space, made where there is none, held against other writers.

    Call it in the transaction that gives seeds, before looking which are free: others who ask for seeds of
    the same physics wait here for its end, instead of meeting in the constraint and ending as a deadlock.
    Keys are taken in their order, so that two who need several never wait for each other.
    """
    ids: dict[str, int] = {}
    keys = sorted(physics_keys)
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        await insert_missing(
            session,
            cast("Table", SeedSpace.__table__),
            [{"physics_key": key} for key in batch],
            unique=("physics_key",),
        )
        result = await session.execute(
            select(SeedSpace.physics_key, SeedSpace.id)
            .where(SeedSpace.physics_key.in_(batch))
            .order_by(SeedSpace.physics_key)
            .with_for_update()
        )
        ids |= dict(result.all())
    return ids
