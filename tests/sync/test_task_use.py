"""What a task wrote and how long it computed: worked out from what Rucio and PanDA's jobs say."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import select

from gateway.imports.requests import import_requests
from gateway.store.history import PastVersion
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from gateway.sync.derive_outputs import derive_outputs
from gateway.sync.keep_core_time import core_time_keeper
from tests.imports.factories import row, table
from tests.imports.snapshots import AT, LATER, fetch, take_in, task
from tests.support.databases import waiting_for_locks

NAME = "PROD2026-001"
DID = f"MC2026_S2:MC2026_S2.minbias-P8-spdroot4172-dev.27GeV-UU.{NAME}.SIM.1"
LATEST = LATER + dt.timedelta(hours=1)


def dataset(data_type, size_bytes):
    return {"did": f"{DID}.{data_type}", "size_bytes": size_bytes}


async def with_task(database, *datasets, complete=True, **fields):
    await import_requests(
        database, table(row(production=NAME, initial="11-19")), imported_by="prodman", at=AT
    )
    await take_in(database, panda_tasks=[task(7, f"{NAME}.SIM.1", **fields)])
    await take_in(database, complete=complete, rucio_datasets=list(datasets))


async def derive(database, at=LATER):
    async with database.transaction() as session:
        return await derive_outputs(session, at=at)


async def sizes(database):
    return await fetch(database, select(Task.output_bytes, Task.log_bytes))


async def test_a_task_wrote_what_its_datasets_hold_logs_apart(database):
    await with_task(database, dataset("S", 900), dataset("P", 90), dataset("log", 5))

    assert await derive(database) == 1

    assert await sizes(database) == [(990, 5)]
    assert await derive(database) == 0


async def test_a_dataset_that_is_still_open_leaves_the_whole_unknown(database):
    await with_task(database, dataset("S", 900), dataset("P", None))

    assert await derive(database) == 0
    assert await sizes(database) == [(None, None)]


async def test_what_a_task_wrote_stays_when_some_of_it_is_deleted(database):
    await with_task(database, dataset("S", 900), dataset("log", 5))
    await derive(database)
    # A loss is believed when two complete readings agree.
    for at in (LATER, LATEST):
        await take_in(database, at, rucio_datasets=[dataset("S", 900)])

    assert await derive(database, LATEST) == 0
    assert await sizes(database) == [(900, 5)]


async def test_an_old_task_keeps_the_size_that_it_had(database):
    ended = (AT - dt.timedelta(days=31)).isoformat()
    await with_task(database, dataset("S", 900), output_bytes=901, ended_at=ended)

    assert await derive(database) == 0
    assert await sizes(database) == [(901, None)]


async def test_a_size_that_was_worked_out_is_no_word_from_panda_and_leaves_the_past(database):
    await with_task(database, dataset("S", 900))

    await derive(database)

    assert await fetch(database, select(Task.last_seen_at, Task.changed_at)) == [(AT, LATER)]
    assert await fetch(database, select(PastVersion.valid_from, PastVersion.valid_to)) == [(AT, LATER)]


async def test_core_time_is_kept_and_not_forgotten_when_a_job_does_not_say(database):
    await with_task(database)
    keep = core_time_keeper(database, lambda: LATER)

    await keep(7, 7200)
    await keep(7, None)
    await keep(8, 3600)

    assert await fetch(database, select(Task.jedi_task_id, Task.core_seconds)) == [(7, 7200)]


@pytest.mark.parametrize("database_maker", ["postgresql"], indirect=True)
@pytest.mark.parametrize("worked_out", ["outputs", "core time"])
async def test_what_is_worked_out_undoes_nothing_that_panda_says_meanwhile(database, worked_out):
    await with_task(database, dataset("S", 900), status="running")

    async with database.transaction() as session:
        said = Task(jedi_task_id=7, name=f"{NAME}.SIM.1", status="done")
        await remember(session, [said], source=SourceName.PANDA, at=LATER)
        await session.flush()
        working = asyncio.ensure_future(
            derive(database) if worked_out == "outputs" else core_time_keeper(database, lambda: LATER)(7, 60)
        )
        await waiting_for_locks(database, 1)
    await working

    [kept] = await fetch(database, select(Task.status, Task.output_bytes, Task.core_seconds))
    assert tuple(kept) == (("done", 900, None) if worked_out == "outputs" else ("done", None, 60))
