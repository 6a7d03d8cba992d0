"""Datasets that people gave to a request, whatever their names say, and how that outlives each reading.

Whose a dataset is follows from its name each time that it is read. An adoption stands above the name: it is
put into each row before the row is compared, so that no reading undoes it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import String, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Key, Long, Remembered, UtcDateTime, Word
from gateway.store.datasets import Dataset
from gateway.store.remembered import amend
from gateway.store.sources import SourceName


class AdoptedDataset(Base, kw_only=True):
    """A dataset that somebody gave to a step of a request: an output of it, and of no attempt."""

    __tablename__ = "adopted_datasets"

    did: Mapped[Key] = mapped_column(primary_key=True)
    request_name: Mapped[Word] = mapped_column(index=True)
    step_kind: Mapped[str] = mapped_column(String(16))
    adopted_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    adopted_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[Long]


# The request and the kind of step, by DID; there are few, so they are read as a whole.
Adoptions = Mapping[str, tuple[str, str]]


async def read_adoptions(session: AsyncSession, model: type[Remembered]) -> Adoptions:
    """Return all adoptions of rows of this table; one statement for datasets, none for anything else."""
    if model is not Dataset:
        return {}
    found = await session.execute(
        select(AdoptedDataset.did, AdoptedDataset.request_name, AdoptedDataset.step_kind)
    )
    return {row.did: (row.request_name, row.step_kind) for row in found}


def with_adoptions(rows: Iterable[Remembered], adoptions: Adoptions) -> Iterator[Remembered]:
    """Yield the rows, each adopted dataset as one of its request."""
    for row in rows:
        if isinstance(row, Dataset) and row.did in adoptions:
            row.request_name, row.step_kind = adoptions[row.did]
            row.attempt_number, row.attempt_key = None, None
        yield row


async def apply_adoptions(session: AsyncSession, *, at: dt.datetime) -> int:
    """Bring the datasets that are stored in line with the adoptions; return how many were not."""
    found = await session.scalars(
        select(Dataset)
        .join(AdoptedDataset, AdoptedDataset.did == Dataset.did)
        .where(
            Dataset.gone_at.is_(None),
            or_(
                Dataset.request_name.is_distinct_from(AdoptedDataset.request_name),
                Dataset.step_kind.is_distinct_from(AdoptedDataset.step_kind),
                Dataset.attempt_key.is_not(None),
            ),
        )
        .order_by(Dataset.did)
        # Whole rows are written back: what a reading of Rucio says meanwhile must not be undone.
        .with_for_update(of=Dataset)
    )
    datasets = found.all()
    for dataset in datasets:
        session.expunge(dataset)
    rows = list(with_adoptions(datasets, await read_adoptions(session, Dataset) if datasets else {}))
    await amend(session, rows, source=SourceName.RUCIO, at=at)
    return len(rows)
