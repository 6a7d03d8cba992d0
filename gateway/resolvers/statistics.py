"""Statistics over tasks and over stored data, as rows of plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.seeds import INT64_MAX
from gateway.errors import FilterError
from gateway.resolvers.entities import REPLICA, TASK
from gateway.resolvers.entity import sources_of
from gateway.resolvers.reading import Reading
from gateway.store.filtering import Condition, to_sql
from gateway.store.sources import SourceName
from gateway.store.statistics import (
    ProductionDimension,
    StorageDimension,
    production_statement,
    storage_statement,
)

# Groups in one answer; finer questions are lists, not statistics.
MAX_GROUPS = 10_000


@dataclass(frozen=True, slots=True)
class Total:
    """A sum with the number of rows that had a value: no value known is None, not 0."""

    value: int | None
    known: int


@dataclass(frozen=True, slots=True)
class ProductionGroup:
    """What the tasks of one group add up to; `keys` gives the group's value by dimension, None for none."""

    keys: Mapping[ProductionDimension, str | None]
    tasks: int
    requests: int
    jobs_finished: Total
    events: Total
    output_bytes: Total
    core_seconds: Total


@dataclass(frozen=True, slots=True)
class StorageGroup:
    """What the replicas of one group add up to; `keys` as above."""

    keys: Mapping[StorageDimension, str | None]
    datasets: int
    replicas: int
    size_bytes: Total
    file_count: Total


async def production_groups(
    reading: Reading, dimensions: Sequence[ProductionDimension], condition: Condition
) -> list[ProductionGroup]:
    """Return the sums over tasks by group, in the groups' order: one statement."""
    _check_dimensions(dimensions)
    statement = production_statement(dimensions, to_sql(condition, TASK)).limit(MAX_GROUPS + 1)
    sources = TASK.sources | sources_of(condition, TASK)
    if ProductionDimension.SITE in dimensions:
        sources |= {SourceName.CRIC}
    rows = await reading.rows(statement, sources=sources)
    _check_groups(len(rows))
    return [
        ProductionGroup(
            keys={dimension: _key(dimension, row[i]) for i, dimension in enumerate(dimensions)},
            tasks=row.tasks,
            requests=row.requests,
            jobs_finished=_total(row.jobs_finished, row.jobs_known),
            events=_total(row.events, row.events_known),
            output_bytes=_total(row.output_bytes, row.bytes_known),
            core_seconds=_total(row.core_seconds, row.core_seconds_known),
        )
        for row in rows
    ]


async def storage_groups(
    reading: Reading, dimensions: Sequence[StorageDimension], condition: Condition
) -> list[StorageGroup]:
    """Return the sums over replicas by group, in the groups' order: one statement."""
    _check_dimensions(dimensions)
    statement = storage_statement(dimensions, to_sql(condition, REPLICA)).limit(MAX_GROUPS + 1)
    sources = REPLICA.sources | sources_of(condition, REPLICA)
    if StorageDimension.SITE in dimensions:
        sources |= {SourceName.CRIC}
    rows = await reading.rows(statement, sources=sources)
    _check_groups(len(rows))
    return [
        StorageGroup(
            keys={
                dimension: None if row[i] is None else str(row[i]) for i, dimension in enumerate(dimensions)
            },
            datasets=row.datasets,
            replicas=row.replicas,
            size_bytes=_total(row.size_bytes, row.size_known),
            file_count=_total(row.file_count, row.files_known),
        )
        for row in rows
    ]


def _check_dimensions(dimensions: Sequence[object]) -> None:
    if len(set(dimensions)) != len(dimensions):
        raise FilterError("`groupBy` names a dimension twice: name each once")


def _check_groups(groups: int) -> None:
    if groups > MAX_GROUPS:
        raise FilterError(f"more than {MAX_GROUPS} groups: filter, or group by less")


def _key(dimension: ProductionDimension, value: object) -> str | None:
    if value is None:
        return None
    if dimension is ProductionDimension.MONTH:
        year, month = divmod(int(str(value)), 100)
        return f"{year:04d}-{month:02d}"
    return str(value)


def _total(value: int | float | Decimal | None, known: int) -> Total:
    return Total(None if value is None else min(int(value), INT64_MAX), known)
