"""Which tasks have their jobs counted next: all have their turn, however few a reading gets through."""

import datetime as dt

from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task, TaskJobCount
from gateway.sync.known_tasks import tasks_to_count

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


async def keep(database: Database, row: Task | TaskJobCount, minutes: int = 0) -> None:
    async with database.transaction() as session:
        await remember(session, [row], source=SourceName.PANDA, at=AT + dt.timedelta(minutes=minutes))


def task(number: int, status: str = "running") -> Task:
    return Task(jedi_task_id=number, name=f"T{number}", status=status)


def count(number: int) -> TaskJobCount:
    return TaskJobCount(jedi_task_id=number, queue_name="JINR_SPD", job_state="finished", jobs=1)


async def test_those_never_counted_come_first_then_those_counted_longest_ago(database: Database) -> None:
    for number in (1, 2, 3, 4):
        await keep(database, task(number))
    await keep(database, count(4), minutes=1)
    await keep(database, count(2), minutes=2)

    assert list(await tasks_to_count(database)()) == [3, 1, 4, 2]


async def test_a_final_task_is_counted_once_more_after_its_last_change(database: Database) -> None:
    for number in (1, 2):
        await keep(database, task(number))
        await keep(database, count(number), minutes=1)
    await keep(database, task(1, "done"), minutes=2)
    await keep(database, task(2, "done"), minutes=2)
    await keep(database, count(2), minutes=3)

    assert list(await tasks_to_count(database)()) == [1]
