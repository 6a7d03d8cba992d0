import datetime as dt

import pytest
from sqlalchemy import func, inspect, select

from gateway.domain.names import DatasetName, ScriptPath, TaskName, parse_task_name
from gateway.domain.physics_key import PhysicsKey
from gateway.errors import InputError
from gateway.practice.generate import Generated, generate
from gateway.practice.made_up.surroundings import user_names
from gateway.store.attempts import Attempt
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.people import IdentityLink, Person
from gateway.store.remembered import remember
from gateway.store.requests import Request, RequestGeometry, StatusChange, Step, StepDataset
from gateway.store.seeds import SeedRange, SeedSpace
from gateway.store.sources import Source
from gateway.store.tasks import Task, TaskJobCount
from gateway.sync.adopt_attempts import Adoption, adopt_attempts
from gateway.sync.derive_names import attempt_of_dataset, attempt_of_task
from gateway.sync.records import SECTIONS
from tests.imports.snapshots import AT, LATER, fetch
from tests.support.databases import opened

SEED = 20250417
LISTINGS = [section for group in SECTIONS.values() for section in group]


async def made(database, scale=1, *, seed=SEED):
    return await generate(database, scale, seed=seed, at=AT)


async def count(database, model, *conditions):
    ((number,),) = await fetch(database, select(func.count()).select_from(model).where(*conditions))
    return number


async def test_one_unit_has_the_size_of_a_year(database):
    assert await made(database) == Generated(requests=13, tasks=55, datasets=500)

    sizes = {
        model: await count(database, model) for model in (Request, Step, Task, Attempt, Dataset, SeedRange)
    }
    assert sizes == {Request: 13, Step: 26, Task: 55, Attempt: 52, Dataset: 500, SeedRange: 13}
    assert await count(database, RequestGeometry) == 7 * 6 + 6 * 8
    assert await count(database, StepDataset) == 26 * 4
    assert await count(database, Rule) == await count(database, Replica) == 500 + 26
    assert await count(database, Person) == 7


async def test_forty_units_have_forty_times_as_much(database):
    assert await made(database, 40) == Generated(requests=520, tasks=2200, datasets=20_000)

    assert await count(database, Task) == 2200
    assert await count(database, Dataset) == 20_000
    assert await count(database, SeedSpace) == 40 * 5


async def test_the_same_seed_gives_the_same_world(database_maker, migrated_template):
    models = (Request, StatusChange, SeedRange, Attempt, Task, TaskJobCount, Dataset, Rule, Replica, Person)

    async def world(seed):
        async with opened(database_maker.copy_of(migrated_template)) as database:
            await made(database, seed=seed)
            return {
                model: sorted(map(repr, await fetch(database, select(*inspect(model).local_table.columns))))
                for model in models
            }

    first, again, other = await world(1), await world(1), await world(2)

    assert first == again
    assert first[Task] != other[Task]


async def test_later_listings_with_the_same_content_change_nothing(database):
    await made(database)

    for section in LISTINGS:
        columns = inspect(section.model).local_table.columns
        content = [column for column in columns if column.name not in section.model.bookkeeping]
        records = await fetch(database, select(*content))
        rows = [section.model(**record._mapping) for record in records]
        async with database.transaction() as session:
            outcome = await remember(session, rows, source=section.source, at=LATER)
        assert (section.name, outcome.seen, outcome.changed) == (section.name, len(records), 0)
        assert records


async def test_names_follow_the_grammar_and_their_columns_say_the_same(database):
    await made(database)

    attempt = (Task.request_name, Task.step_kind, Task.attempt_number, Task.attempt_key)
    tasks = await fetch(database, select(Task.name, *attempt))
    assert sum(isinstance(parse_task_name(name), TaskName) for name, *_ in tasks) == 52
    for name, *columns in tasks:
        read = attempt_of_task(name)
        assert columns == [read.request_name, read.step_kind, read.attempt_number, read.attempt_key]

    attempt = (Dataset.request_name, Dataset.step_kind, Dataset.attempt_number, Dataset.attempt_key)
    datasets = await fetch(
        database, select(Dataset.did, Dataset.scope, Dataset.name, Dataset.data_type, *attempt)
    )
    assert sum(request is not None for _, _, _, _, request, *_ in datasets) == 208
    for did, scope, name, data_type, *columns in datasets:
        read, type_read = attempt_of_dataset(did)
        assert columns == [read.request_name, read.step_kind, read.attempt_number, read.attempt_key]
        assert (f"{scope}:{name}", data_type) == (did, type_read)
        if data_type:
            assert DatasetName.parse(did).scope == scope

    for (script,) in await fetch(database, select(Step.script)):
        assert str(ScriptPath.parse(script)) == script


async def test_seed_spaces_are_the_physics_keys_of_their_requests(database):
    await made(database)

    rows = await fetch(
        database,
        select(
            SeedSpace.physics_key,
            Request.software_project,
            Request.software_version,
            Request.tag,
            Request.collision_type,
            Request.polarization,
            Request.stage_name,
            Step.script,
        )
        .join(SeedRange, SeedRange.seed_space_id == SeedSpace.id)
        .join(Request, Request.name == SeedRange.request_name)
        .join(Step, Step.key == Request.name + ".SIM"),
    )
    assert len(rows) == 13
    for text, project, version, tag, collision, polarization, stage, script in rows:
        key = PhysicsKey.parse(text)
        assert key == PhysicsKey.of(
            software_project=project,
            software_version=version,
            tag=tag,
            collision_type=collision,
            energy_gev=key.energy_gev,
            polarization=polarization,
            stage=stage,
            geometry=key.geometry,
            script=script,
        )


async def test_only_obsolete_requests_have_exempt_seeds(database):
    await made(database, 10)

    exempt = await fetch(database, select(SeedRange.request_name).where(SeedRange.is_exempt))
    obsolete = await fetch(database, select(Request.name).where(Request.intent == "OBSOLETE"))
    assert sorted(exempt) == sorted(obsolete)
    assert 0 < len(obsolete) < 30


async def test_seeds_are_as_many_as_jobs(database):
    await made(database)

    rows = await fetch(
        database,
        select(SeedRange.seed_last - SeedRange.seed_first + 1, Request.events / Request.events_per_file).join(
            Request, Request.name == SeedRange.request_name
        ),
    )
    assert len(rows) == 13
    assert all(seeds == jobs for seeds, jobs in rows)


async def test_job_counts_add_up_to_the_expected_jobs(database):
    await made(database)

    rows = await fetch(
        database,
        select(Task.jobs_expected, func.sum(TaskJobCount.jobs))
        .join(TaskJobCount, TaskJobCount.jedi_task_id == Task.jedi_task_id)
        .group_by(Task.jedi_task_id, Task.jobs_expected),
    )
    assert len(rows) == 52
    assert all(expected == counted for expected, counted in rows)


async def test_every_production_task_has_its_attempt(database):
    await made(database, 3)

    async with database.transaction() as session:
        assert await adopt_attempts(session, at=LATER) == Adoption(0, ())
    running = await count(database, Task, Task.status == "running")
    assert await count(database, Attempt, Attempt.is_live) == running > 0


async def test_people_are_linked_to_their_accounts(database):
    await made(database)

    links = await fetch(database, select(IdentityLink.system, IdentityLink.name))
    assert sorted(name for system, name in links if system == "rucio") == sorted(user_names(1))
    assert sorted(name for system, name in links if system == "panda") == ["prodman", "voadmin"]


async def test_every_source_is_fresh_and_complete(database):
    await made(database)

    sources = await fetch(database, select(Source.name, Source.last_ok_at, Source.last_full_ok_at))
    assert sorted(sources) == [(name, AT, AT) for name in ("cric", "iam", "panda", "rucio")]


async def test_a_large_world_spreads_over_ten_years(database):
    await made(database, 10)

    ((first, last),) = await fetch(
        database, select(func.min(Request.created_at), func.max(Request.created_at))
    )
    assert AT - last < dt.timedelta(days=60)
    assert dt.timedelta(days=3600) < last - first < dt.timedelta(days=3700)


async def test_a_database_with_requests_is_refused(database):
    await made(database)
    before = await count(database, Dataset)

    with pytest.raises(InputError, match="holds requests already"):
        await made(database, seed=2)

    assert await count(database, Dataset) == before


@pytest.mark.parametrize("scale", [0, -1])
async def test_no_world_is_smaller_than_one(database, scale):
    with pytest.raises(InputError, match="cannot be made"):
        await made(database, scale)

    assert await count(database, Source) == 0
