"""Filling an empty database with a world of any size in seconds, to measure and to try things on.

Remembered rows get the fingerprints that `store.remembered` would give them, so that a later snapshot with
the same content changes nothing.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import InputError
from gateway.imports.write import STAGE_LIMITS
from gateway.practice.made_up.build import build_units
from gateway.practice.made_up.shape import Row, UnitRows, patterns
from gateway.practice.made_up.surroundings import surroundings, user_names
from gateway.practice.made_up.unit import World
from gateway.store.attempts import Attempt
from gateway.store.base import Base, Remembered
from gateway.store.bulk import bulk_insert, gather_statistics, roomy
from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.registries import Campaign, Geometry, SoftwareRelease, Stage
from gateway.store.remembered import Outcome, content_hash
from gateway.store.requests import Request, RequestGeometry, StatusChange, Step, StepDataset
from gateway.store.seeds import SeedRange, SeedSpace
from gateway.store.sources import SourceName
from gateway.store.tasks import Task, TaskJobCount
from gateway.store.upsert import insert_rows
from gateway.sync.link_identities import link_identities
from gateway.sync.record_runs import Contact, record_contact

# Units made and written at a time: some 60,000 rows, which bounds memory.
_UNITS_AT_A_TIME: Final = 30


@dataclass(frozen=True, slots=True)
class Generated:
    """How much was made."""

    requests: int
    tasks: int
    datasets: int


async def generate(database: Database, scale: int, *, seed: int, at: dt.datetime) -> Generated:
    """Fill an empty migrated database with `scale` times 13 requests, 55 tasks and 500 datasets.

    The same seed and moment give the same rows. Raises InputError when there is a request already, or for a
    scale below one. Written in pieces: a failure half-way leaves a part behind.
    """
    if scale < 1:
        raise InputError(f"a world of scale {scale} cannot be made. Give a whole number from 1.")
    users = user_names(scale)
    world = World(scale, seed=seed, at=at, users=users)
    seen = dict.fromkeys(SourceName, 0)
    spaces: dict[str, int] = {}
    requests = datasets = tasks = 0
    async with database.transaction() as session:
        await _refuse_full(session)
        await _registries(session, world)
        for model, (source, contents) in surroundings(users, at=at).items():
            seen[source] += await _remembered(session, model, source, contents, at)
    for first in range(0, scale, _UNITS_AT_A_TIME):
        rows = build_units(world, first, min(first + _UNITS_AT_A_TIME, scale))
        async with database.transaction() as session, roomy(session):
            await _owned(session, rows, spaces)
            for model, source, contents in _mirrored(rows):
                seen[source] += await _remembered(session, model, source, contents, at)
        requests, tasks, datasets = (
            requests + len(rows.requests),
            tasks + len(rows.tasks),
            datasets + len(rows.datasets),
        )
    async with database.transaction() as session:
        await link_identities(session, at=at)
        for source, count in seen.items():
            await record_contact(session, _contact(source, count, at), at=at)
        await gather_statistics(session)
    return Generated(requests, tasks, datasets)


async def _refuse_full(session: AsyncSession) -> None:
    if (await session.scalar(select(Request.name).limit(1))) is not None:
        raise InputError("the database holds requests already. Give an empty one.")


async def _registries(session: AsyncSession, world: World) -> None:
    drafts = [pattern.draft for pattern in patterns()]
    await bulk_insert(session, _table(Campaign), [{"name": f"SPD MC {year}"} for year in world.years()])
    await bulk_insert(
        session, _table(Geometry), _distinct({"name": name} for one in drafts for name in one.geometry)
    )
    await bulk_insert(
        session,
        _table(SoftwareRelease),
        _distinct({"project": one.software_project, "version": one.software_version} for one in drafts),
    )
    await bulk_insert(
        session,
        _table(Stage),
        [
            {"name": name, "energy_max_mev": energy, "required_geometry": geometry}
            for name, (energy, geometry) in STAGE_LIMITS.items()
        ],
    )


async def _owned(session: AsyncSession, rows: UnitRows, spaces: dict[str, int]) -> None:
    await bulk_insert(session, _table(Request), rows.requests)
    await bulk_insert(session, _table(RequestGeometry), rows.geometries)
    await bulk_insert(session, _table(Step), rows.steps)
    await bulk_insert(session, _table(StatusChange), rows.status_changes)
    await bulk_insert(session, _table(StepDataset), rows.step_datasets)
    await bulk_insert(session, _table(Attempt), rows.attempts)
    new = sorted({key for key, _ in rows.seeds} - spaces.keys())
    await insert_rows(session, _table(SeedSpace), [{"physics_key": key} for key in new])
    if new:
        result = await session.execute(
            select(SeedSpace.physics_key, SeedSpace.id).where(SeedSpace.physics_key.in_(new))
        )
        spaces |= dict(result.all())
    await bulk_insert(
        session, _table(SeedRange), [row | {"seed_space_id": spaces[key]} for key, row in rows.seeds]
    )


def _mirrored(rows: UnitRows) -> Iterator[tuple[type[Remembered], SourceName, Sequence[Row]]]:
    yield Task, SourceName.PANDA, rows.tasks
    yield TaskJobCount, SourceName.PANDA, rows.job_counts
    yield Dataset, SourceName.RUCIO, rows.datasets
    yield Rule, SourceName.RUCIO, rows.rules
    yield Replica, SourceName.RUCIO, rows.replicas


async def _remembered(
    session: AsyncSession,
    model: type[Remembered],
    source: SourceName,
    contents: Sequence[Row],
    at: dt.datetime,
) -> int:
    """Write rows as `store.remembered.remember` would have, and return how many."""
    table = _table(model)
    blank: Row = dict.fromkeys(
        column.name for column in table.columns if column.name not in Remembered.bookkeeping
    )
    moments = dict.fromkeys(("first_seen_at", "last_seen_at", "changed_at"), at)
    marks = {"source": source.value, "gone_at": None, **moments}
    rows = [{**row, **marks, "content_hash": content_hash(row)} for row in (blank | row for row in contents)]
    # In the order of the primary key an index is written page by page instead of all over.
    key_of = itemgetter(*(column.name for column in table.primary_key.columns))
    await bulk_insert(session, table, sorted(rows, key=key_of))
    return len(contents)


def _contact(source: SourceName, count: int, at: dt.datetime) -> Contact:
    return Contact(
        source=source,
        job="practice",
        outcome=Outcome(seen=count, new=count, changed=count),
        quarantined=0,
        is_full=True,
        hold_reason=None,
        data_from=at,
    )


def _distinct(rows: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return [dict(items) for items in dict.fromkeys(tuple(row.items()) for row in rows)]


def _table(model: type[Base] | type[Remembered]) -> Table:
    return cast("Table", cast("type[Base]", model).__table__)
