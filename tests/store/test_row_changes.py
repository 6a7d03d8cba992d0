"""The log of changed rows: every committed change once, in any order of transactions, and nothing else."""

import asyncio
import random
from collections import Counter

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from gateway.store.database import Database
from gateway.store.registries import Stage
from gateway.store.row_changes import KEPT_S, Cutting, RowChange
from gateway.store.tasks import Task
from gateway.store.version_watch import MOST_CHANGES, Change, Changes

Told = list[Changes]
# More than the triggers note one by one of a statement.
MANY = 201


def task(number: int, **values: object) -> dict[str, object]:
    return {
        "jedi_task_id": number,
        "name": f"task {number}",
        "status": "running",
        "source": "panda",
        "content_hash": "",
        **dict.fromkeys(("first_seen_at", "last_seen_at", "changed_at"), func.now()),
        **values,
    }


@pytest.fixture
async def told(database: Database) -> Told:
    """What followers are told, look after look; the first look, which knows nothing, is over."""
    found: Told = []
    # The first connection turns the journal of SQLite's file over, and nobody can look meanwhile.
    await written(database)
    await database.versions.now()
    database.versions.follow(found.append)
    return found


async def written(database: Database, *statements: object) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(statement)  # type: ignore[call-overload]


async def changes_of(database: Database, told: Told, *statements: object) -> list[Change]:
    told.clear()
    await written(database, *statements)
    await database.versions.now()
    return [change for each in told for change in each or ()]


async def test_a_row_is_noted_by_what_it_was_and_is_found_by(database: Database, told: Told) -> None:
    new = await changes_of(
        database, told, insert(Task).values(task(7, request_name='odd "[name]\n', parent_task_id=5))
    )
    changed = await changes_of(database, told, update(Task).values(jobs_finished=3))
    moved = await changes_of(database, told, update(Task).values(parent_task_id=6))
    gone = await changes_of(database, told, delete(Task))

    before, after = [7, 'odd "[name]\n', 5], [7, 'odd "[name]\n', 6]
    assert (new, changed, gone) == ([("tasks", before)], [("tasks", before)], [("tasks", after)])
    assert sorted(moved, key=repr) == [("tasks", before), ("tasks", after)]


async def test_whoever_writes_the_row_it_is_noted(database: Database, told: Told) -> None:
    async def past_everything() -> None:
        async with database.engine.execution_options(begin_immediate=True).begin() as connection:
            await connection.exec_driver_sql("INSERT INTO stages (name) VALUES ('S8')")

    await past_everything()
    await database.versions.now()
    upserted = (
        "INSERT INTO stages (name) VALUES ('S8'), ('S9') ON CONFLICT (name) DO UPDATE SET description = 'x'"
    )
    again = await changes_of(database, told, text(upserted))

    assert sorted(map(repr, again)) == ["('stages', ['S8'])", "('stages', ['S9'])"]


async def test_what_was_undone_is_never_told(database: Database, told: Told) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await session.execute(insert(Stage).values(name="S8"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await database.versions.now()

    assert told == []


async def test_a_statement_over_many_rows_is_noted_as_any_row(database: Database, told: Told) -> None:
    found = await changes_of(database, told, insert(Task).values([task(each) for each in range(MANY)]))

    if database.is_sqlite:
        assert len(found) == MANY
    else:
        assert found == [("tasks", None)]


async def test_more_changes_than_are_told_one_by_one_may_be_any(database: Database, told: Told) -> None:
    one = insert(RowChange).values(table_name="stages", points='["S8"]', number=0)
    if not database.is_sqlite:
        one = one.values(number=text("pg_current_xact_id()::text::bigint"))
    async with database.transaction() as session:
        for _ in range(MOST_CHANGES + 1):
            await session.execute(one)
    await database.versions.now()

    assert told == [None]


async def test_transactions_that_overlap_are_each_told_once(database: Database, told: Told) -> None:
    """Whatever began before what, whatever was looked at meanwhile, in snapshots and beside them."""
    chance = random.Random(2025)
    expected = Counter(f"W{number}" for number in range(40))

    async def write(number: int) -> None:
        async with database.transaction() as session:
            await session.execute(insert(Stage).values(name=f"W{number}"))
            await asyncio.sleep(chance.random() / 20)

    async def look() -> None:
        while not all(each.done() for each in writing):
            if chance.random() < 0.5:
                async with database.snapshot() as session:
                    connection = await session.connection()
                    await database.versions.now_in(connection)
                    rows = (await session.execute(select(Stage.name))).scalars().all()
                    told_of = {
                        str(name) for each in told for _, points in each or () for name in points or ()
                    }
                    assert told_of == {name for name in rows if name.startswith("W")}
            else:
                await database.versions.now()
            await asyncio.sleep(0.002)

    writing = [asyncio.create_task(write(number)) for number in range(40)]
    await look()
    await asyncio.gather(*writing)
    await database.versions.now()

    assert Counter(points[0] for each in told for _, points in each or () if points) == expected
    assert None not in told


async def test_who_is_behind_what_was_cut_off_is_told_that_anything_may_have_changed(
    database: Database, told: Told
) -> None:
    now_s = [0.0]
    cutting = Cutting(lambda: now_s[0])

    async def cut() -> int:
        now_s[0] += KEPT_S
        async with database.transaction() as session:
            return await cutting.cut(session)

    await written(database, insert(Stage).values(name="S8"))
    assert await cut() == 0
    assert await cut() == 1
    await database.versions.now()
    assert told == [None]

    told.clear()
    await written(database, insert(Stage).values(name="S9"))
    await database.versions.now()
    await cut()
    await database.versions.now()
    assert [change for each in told for change in each or ()] == [("stages", ["S9"])]
    assert None not in told


async def test_entries_of_the_server_that_a_backup_came_from_do_no_lasting_harm(
    database: Database, told: Told
) -> None:
    """Its transactions had numbers that ours reach in months, and its log was cut off up to such a one."""
    if database.is_sqlite:
        pytest.skip("SQLite's ids belong to the file")
    foreign = 10**12
    entries = [
        {"id": 0, "table_name": "", "number": foreign},
        {"id": 10**9, "table_name": "stages", "points": '["S7"]', "number": foreign},
    ]
    await written(database, *(insert(RowChange).values(entry) for entry in entries))
    await database.versions.now()
    await database.versions.now()
    # What it says cannot be told from new: anything may have changed, each time.
    assert told == [None, None]
    now_s = [0.0]
    cutting = Cutting(lambda: now_s[0])

    now_s[0] += KEPT_S
    async with database.transaction() as session:
        await cutting.cut(session)

    await database.versions.now()
    assert await changes_of(database, told, insert(Stage).values(name="S8")) == [("stages", ["S8"])]
    assert None not in told


async def test_a_transaction_that_stays_open_is_told_when_it_ends_and_others_meanwhile(
    database: Database, told: Told
) -> None:
    if database.is_sqlite:
        pytest.skip("one at a time writes to SQLite")
    async with database.transaction() as slow:
        await slow.execute(insert(Stage).values(name="S7"))
        first = await changes_of(database, told, insert(Stage).values(name="S8"))
        second = await changes_of(database, told, insert(Stage).values(name="S9"))

    third = await changes_of(database, told)

    assert (first, second, third) == ([("stages", ["S8"])], [("stages", ["S9"])], [("stages", ["S7"])])


async def test_who_was_not_told_for_a_while_misses_nothing(database: Database, told: Told) -> None:
    """The control: a log that is cut off without saying so."""
    await written(database, insert(Stage).values(name="S8"))
    await written(database, delete(RowChange))
    await database.versions.now()

    assert told == []
