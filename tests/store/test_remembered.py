"""Remembered rows say what their source says now, and keep what it said before."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence

import pytest
from sqlalchemy import func, select

from gateway.store.base import Remembered
from gateway.store.database import Database
from gateway.store.datasets import Replica
from gateway.store.history import PastVersion
from gateway.store.remembered import Outcome, content_hash, mark_gone, present_keys, remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task, TaskJobCount
from tests.store.factories import AT, LATER, LATEST, replica, task
from tests.support.databases import counted_statements

COLUMNS = [column.name for column in Task.__table__.columns]


async def remembered(
    database: Database, *rows: Remembered, at: dt.datetime = AT, source: SourceName = SourceName.PANDA
) -> Outcome:
    return await remembered_from(database, rows, at=at, source=source)


async def remembered_from(
    database: Database,
    rows: Iterable[Remembered],
    *,
    at: dt.datetime,
    source: SourceName = SourceName.PANDA,
) -> Outcome:
    async with database.transaction() as session:
        return await remember(session, rows, source=source, at=at)


async def gone(database: Database, *task_ids: int, at: dt.datetime) -> int:
    async with database.transaction() as session:
        return await mark_gone(session, Task, [(task_id,) for task_id in task_ids], at=at)


async def stored_task(database: Database, task_id: int = 361) -> Task:
    async with database.snapshot() as session:
        row = (await session.scalars(select(Task).where(Task.jedi_task_id == task_id))).one()
        session.expunge_all()
    return row


async def past_versions(database: Database) -> Sequence[PastVersion]:
    async with database.snapshot() as session:
        versions = (await session.scalars(select(PastVersion).order_by(PastVersion.id))).all()
        session.expunge_all()
    return versions


def intervals(versions: Sequence[PastVersion]) -> list[tuple[dt.datetime, dt.datetime, object]]:
    return [
        (version.valid_from, version.valid_to, version.content["jobs_finished"])
        for version in versions
        if isinstance(version.content, dict)
    ]


async def test_a_new_row_says_who_said_it_and_since_when(database: Database) -> None:
    outcome = await remembered(database, task())

    row = await stored_task(database)
    assert outcome == Outcome(seen=1, new=1, changed=1)
    assert (row.source, row.first_seen_at, row.last_seen_at, row.changed_at) == ("panda", AT, AT, AT)
    assert row.gone_at is None
    assert await past_versions(database) == []


async def test_an_unchanged_row_is_only_marked_as_seen(database: Database) -> None:
    await remembered(database, task())

    outcome = await remembered(database, task(), at=LATER)

    row = await stored_task(database)
    assert outcome == Outcome(seen=1)
    assert (row.first_seen_at, row.last_seen_at, row.changed_at) == (AT, LATER, AT)
    assert await past_versions(database) == []


async def test_a_changed_row_leaves_its_former_content_with_the_time_it_was_true(database: Database) -> None:
    await remembered(database, task(created_at=AT))

    outcome = await remembered(database, task(created_at=AT, jobs_finished=11), at=LATER)

    row = await stored_task(database)
    [version] = await past_versions(database)
    assert outcome == Outcome(seen=1, changed=1)
    assert (row.jobs_finished, row.first_seen_at, row.changed_at) == (11, AT, LATER)
    assert (version.table_name, version.row_key) == ("tasks", "361")
    assert (version.valid_from, version.valid_to) == (AT, LATER)
    assert version.content == {name: None for name in COLUMNS if name not in Remembered.bookkeeping} | {
        "jedi_task_id": 361,
        "name": "PROD2025-013.SIM.361",
        "status": "running",
        "jobs_finished": 10,
        "created_at": "2026-01-15T09:30:00Z",
    }


async def test_each_change_adds_one_version_and_the_intervals_touch(database: Database) -> None:
    for at, finished in ((AT, 10), (LATER, 11), (LATEST, 12)):
        await remembered(database, task(jobs_finished=finished), at=at)

    assert intervals(await past_versions(database)) == [(AT, LATER, 10), (LATER, LATEST, 11)]


async def test_a_gone_row_stays_with_the_time_it_went(database: Database) -> None:
    await remembered(database, task(361), task(362))

    marked = await gone(database, 361, at=LATER)

    assert marked == 1
    assert (await stored_task(database, 361)).gone_at == LATER
    assert (await stored_task(database, 362)).gone_at is None
    async with database.snapshot() as session:
        assert await present_keys(session, Task) == {(362,)}


async def test_a_row_that_is_gone_already_keeps_the_first_time(database: Database) -> None:
    await remembered(database, task())
    await gone(database, 361, at=LATER)

    marked = await gone(database, 361, 999, at=LATEST)

    assert marked == 0
    assert (await stored_task(database)).gone_at == LATER


async def test_a_row_that_returns_unchanged_was_true_until_it_went(database: Database) -> None:
    await remembered(database, task())
    await gone(database, 361, at=LATER)

    outcome = await remembered(database, task(), at=LATEST)

    row = await stored_task(database)
    assert outcome == Outcome(seen=1, changed=1, returned=1)
    assert (row.gone_at, row.first_seen_at, row.changed_at) == (None, AT, LATEST)
    assert intervals(await past_versions(database)) == [(AT, LATER, 10)]


async def test_a_row_that_returns_changed_was_true_until_it_went(database: Database) -> None:
    await remembered(database, task())
    await gone(database, 361, at=LATER)

    outcome = await remembered(database, task(jobs_finished=11), at=LATEST)

    assert outcome == Outcome(seen=1, changed=1, returned=1)
    assert intervals(await past_versions(database)) == [(AT, LATER, 10)]


async def test_of_two_rows_with_one_key_the_last_wins(database: Database) -> None:
    outcome = await remembered(database, task(jobs_finished=1), task(jobs_finished=2))

    assert outcome == Outcome(seen=1, new=1, changed=1)
    assert (await stored_task(database)).jobs_finished == 2
    assert await past_versions(database) == []


async def test_every_row_of_a_long_list_is_remembered(database: Database) -> None:
    first = await remembered(database, *(task(number) for number in range(1, 2502)))
    second = await remembered(
        database, *(task(number, jobs_finished=10 + number % 2) for number in range(1, 2502)), at=LATER
    )

    assert first == Outcome(seen=2501, new=2501, changed=2501)
    assert second == Outcome(seen=2501, changed=1251)
    async with database.snapshot() as session:
        assert await session.scalar(select(func.count()).select_from(Task)) == 2501
        assert await session.scalar(select(func.count()).select_from(PastVersion)) == 1251


async def test_more_rows_in_a_batch_take_no_more_statements(database: Database) -> None:
    counts = []
    for start, rows in ((1, 2), (10_000, 700)):
        await remembered(database, *(task(number) for number in range(start, start + rows)))
        with counted_statements(database) as statements:
            await remembered(
                database,
                *(task(number, jobs_finished=10 + number % 2) for number in range(start, start + rows)),
                at=LATER,
            )
        # What the transaction tells at its end is counted where that is tested.
        counts.append(sum(not re.search(r"pg_|(INTO|FROM) events\b", one) for one in statements))

    # Known hashes, former states of tasks, former content, past versions, changed rows, seen rows.
    assert counts == [7, 7]


async def test_rows_with_keys_of_several_columns_are_told_apart(database: Database) -> None:
    at_jinr, at_pnpi = replica(), replica(rse_name="PNPI_EOS")
    await remembered(database, at_jinr, at_pnpi, source=SourceName.RUCIO)

    outcome = await remembered(
        database, replica(file_count=6), replica(rse_name="PNPI_EOS"), source=SourceName.RUCIO, at=LATER
    )
    async with database.transaction() as session:
        marked = await mark_gone(session, Replica, [("MC2025_S2:one", "PNPI_EOS")], at=LATEST)

    [version] = await past_versions(database)
    assert outcome == Outcome(seen=2, changed=1)
    assert version.row_key == "MC2025_S2:one|JINR_EOS"
    assert marked == 1
    async with database.snapshot() as session:
        assert await present_keys(session, Replica) == {("MC2025_S2:one", "JINR_EOS")}


async def test_a_thousand_keys_of_three_columns_fit_one_statement(database: Database) -> None:
    rows = [
        TaskJobCount(jedi_task_id=number, queue_name="JINR", job_state="finished", jobs=1)
        for number in range(1500)
    ]
    await remembered(database, *rows)

    outcome = await remembered(database, *rows, at=LATER)
    async with database.transaction() as session:
        keys = [(number, "JINR", "finished") for number in range(1500)]
        marked = await mark_gone(session, TaskJobCount, keys, at=LATEST)

    assert outcome == Outcome(seen=1500)
    assert marked == 1500


async def test_the_fingerprint_is_the_same_on_every_database(database: Database) -> None:
    await remembered(database, task(created_at=AT, walltime_reported=0.1, error_dialog="brüche € ж"))

    row = await stored_task(database)

    # A change of this would make every remembered row look changed.
    assert row.content_hash == "964e35f63af40a25d6ec41a776267aec"


async def test_what_is_read_back_has_the_fingerprint_it_was_stored_with(database: Database) -> None:
    await remembered(database, task(created_at=AT, walltime_reported=0.1, error_dialog="brüche € ж"))

    row = await stored_task(database)

    columns = [name for name in COLUMNS if name not in Remembered.bookkeeping]
    assert content_hash({name: getattr(row, name) for name in columns}) == row.content_hash


@pytest.mark.parametrize(
    "moment",
    [AT.astimezone(dt.timezone(dt.timedelta(hours=3))), AT.astimezone(dt.timezone(dt.timedelta(hours=-5)))],
)
async def test_the_same_moment_in_another_zone_is_no_change(database: Database, moment: dt.datetime) -> None:
    await remembered(database, task(created_at=AT))

    outcome = await remembered(database, task(created_at=moment), at=LATER)

    assert outcome == Outcome(seen=1)


async def test_no_rows_are_no_work(database: Database) -> None:
    with counted_statements(database) as statements:
        outcome = await remembered(database)

    assert outcome == Outcome()
    assert statements == []


async def test_a_failure_leaves_nothing_half_remembered(database: Database) -> None:
    await remembered(database, task())

    def broken_off() -> Iterator[Remembered]:
        yield from (task(number, jobs_finished=11) for number in range(361, 1861))
        raise ConnectionError("the source broke off")

    with pytest.raises(ConnectionError, match="the source broke off"):
        await remembered_from(database, broken_off(), at=LATER)

    async with database.snapshot() as session:
        assert await present_keys(session, Task) == {(361,)}
    assert (await stored_task(database)).jobs_finished == 10
    assert await past_versions(database) == []
