"""What was known of a remembered row at a past moment."""

import datetime as dt

import pytest

from gateway.store.as_of import Version, content_as_of, contents_as_of
from gateway.store.base import Remembered
from gateway.store.database import Database
from gateway.store.datasets import Replica
from gateway.store.remembered import mark_gone, remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.store.factories import AT, LATER, LATEST, replica, task
from tests.support.databases import counted_statements

MOMENT = dt.timedelta(microseconds=1)
BACK = LATEST + dt.timedelta(days=1)


async def read(database: Database, *rows: Remembered, at: dt.datetime) -> None:
    async with database.transaction() as session:
        await remember(session, rows, source=SourceName.PANDA, at=at)


async def gone(database: Database, at: dt.datetime) -> None:
    async with database.transaction() as session:
        await mark_gone(session, Task, [(361,)], at=at)


async def known(database: Database, moment: dt.datetime) -> Version | None:
    async with database.snapshot() as session:
        return await content_as_of(session, Task, (361,), moment)


async def finished(database: Database, moment: dt.datetime) -> tuple[object, ...] | None:
    """The number of finished jobs known then, with the interval in which it was."""
    version = await known(database, moment)
    if version is None:
        return None
    return version.content["jobs_finished"], version.valid_from, version.valid_to, version.is_gone


async def test_a_row_that_never_changed_is_known_from_when_it_was_first_read(database: Database) -> None:
    await read(database, task(361, jobs_finished=10), at=AT)

    assert await finished(database, AT - MOMENT) is None
    assert await finished(database, AT) == (10, AT, None, False)
    assert await finished(database, LATEST) == (10, AT, None, False)


async def test_of_a_row_that_changed_twice_each_version_ends_where_the_next_begins(
    database: Database,
) -> None:
    for at, count in ((AT, 10), (LATER, 11), (LATEST, 12)):
        await read(database, task(361, jobs_finished=count), at=at)

    assert await finished(database, AT - MOMENT) is None
    assert await finished(database, AT) == (10, AT, LATER, False)
    assert await finished(database, LATER - MOMENT) == (10, AT, LATER, False)
    assert await finished(database, LATER) == (11, LATER, LATEST, False)
    assert await finished(database, LATEST - MOMENT) == (11, LATER, LATEST, False)
    assert await finished(database, LATEST) == (12, LATEST, None, False)


async def test_a_row_that_is_gone_is_told_from_one_not_yet_known(database: Database) -> None:
    await read(database, task(361, jobs_finished=10), at=AT)
    await gone(database, LATER)

    assert await finished(database, AT - MOMENT) is None
    assert await finished(database, LATER - MOMENT) == (10, AT, LATER, False)
    assert await finished(database, LATER) == (10, LATER, None, True)


@pytest.mark.parametrize("count", [10, 12], ids=["as it was", "changed"])
async def test_a_row_that_came_back_was_gone_in_between(database: Database, count: int) -> None:
    await read(database, task(361, jobs_finished=10), at=AT)
    await gone(database, LATER)
    await read(database, task(361, jobs_finished=count), at=LATEST)
    await read(database, task(361, jobs_finished=13), at=BACK)

    assert await finished(database, LATER - MOMENT) == (10, AT, LATER, False)
    assert await finished(database, LATER) == (10, LATER, LATEST, True)
    assert await finished(database, LATEST - MOMENT) == (10, LATER, LATEST, True)
    assert await finished(database, LATEST) == (count, LATEST, BACK, False)
    assert await finished(database, BACK) == (13, BACK, None, False)


async def test_a_row_gone_until_now_and_back_just_then_says_since_when(database: Database) -> None:
    await read(database, task(361, jobs_finished=10), at=AT)
    await gone(database, LATER)
    await read(database, task(361, jobs_finished=10), at=LATEST)

    assert await finished(database, LATER) == (10, LATER, LATEST, True)


async def test_what_a_row_said_for_no_time_at_all_is_never_given(database: Database) -> None:
    await read(database, task(361, jobs_finished=10), at=AT)
    await read(database, task(361, jobs_finished=11), at=LATER)
    await read(database, task(361, jobs_finished=12), at=LATER)

    assert await finished(database, LATER - MOMENT) == (10, AT, LATER, False)
    assert await finished(database, LATER) == (12, LATER, None, False)


async def test_past_and_present_contents_have_the_same_types(database: Database) -> None:
    created = dt.datetime(2025, 6, 1, 12, 30, 15, 250_000, tzinfo=dt.UTC)
    first, second = task(361, jobs_finished=10), task(361, jobs_finished=11)
    first.created_at = second.created_at = created
    await read(database, first, at=AT)
    present = await known(database, AT)
    await read(database, second, at=LATER)

    past = await known(database, AT)

    assert present is not None
    assert past is not None
    assert past.content == present.content
    assert past.content["created_at"] == created
    assert past.content.keys() == {
        column.name for column in Task.__table__.columns if column.name not in Remembered.bookkeeping
    }


async def test_keys_of_several_columns_are_told_apart(database: Database) -> None:
    one, other = replica("MC2025_S1:a", "JINR"), replica("MC2025_S1:a", "PNPI")
    await read(database, one, other, at=AT)

    async with database.snapshot() as session:
        found = await contents_as_of(
            session,
            Replica,
            [("MC2025_S1:a", "PNPI"), ("MC2025_S1:a", "JINR"), ("MC2025_S1:b", "JINR")],
            AT,
        )

    assert {key: version.content["rse_name"] for key, version in found.items()} == {
        ("MC2025_S1:a", "PNPI"): "PNPI",
        ("MC2025_S1:a", "JINR"): "JINR",
    }


async def test_statements_do_not_grow_with_rows_or_with_their_past(database: Database) -> None:
    many = [*range(1, 301)]
    for at, count in ((AT, 10), (LATER, 11), (LATEST, 12)):
        await read(database, *(task(number, jobs_finished=count) for number in many), at=at)

    async with database.snapshot() as session:
        with counted_statements(database) as statements:
            found = await contents_as_of(session, Task, [(number,) for number in many], LATER)

    assert {version.content["jobs_finished"] for version in found.values()} == {11}
    assert len(found) == 300
    assert len(statements) == 2
