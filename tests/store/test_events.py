"""What changed is told with the change itself, in order, once, and not for ever."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import delete, func, select

from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.events import (
    FORGET_EVERY,
    KEPT_FOR,
    Change,
    Event,
    EventKind,
    Extent,
    changes_after,
    extent,
    tell,
)
from gateway.store.remembered import mark_gone, remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task, TaskJobCount
from tests.support.databases import counted_statements

AT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def task(id_: int, **changes: object) -> Task:
    content: dict[str, object] = {"name": f"task {id_}", "status": "running"}
    return Task(jedi_task_id=id_, **content | changes)  # type: ignore[arg-type]


async def told(database: Database, after: int = 0) -> list[tuple[str, str]]:
    async with database.snapshot() as session:
        return [(change.kind.value, change.key) for change in await changes_after(session, after, 1000)]


async def tell_requests(database: Database, *names: str, at: dt.datetime = AT) -> None:
    async with database.transaction() as session:
        for name in names:
            tell(session, EventKind.REQUEST, name, at=at)


async def test_new_changed_and_gone_tasks_are_told_with_their_requests(database: Database) -> None:
    first, second = task(1, request_name="PROD2026-001"), task(2)
    async with database.transaction() as session:
        await remember(session, [first, second], source=SourceName.PANDA, at=AT)
    async with database.transaction() as session:
        await remember(session, [task(2, status="done")], source=SourceName.PANDA, at=AT)
    async with database.transaction() as session:
        await mark_gone(session, Task, [(1,)], at=AT)

    assert await told(database) == [
        ("task", "1"),
        ("request", "PROD2026-001"),
        ("task", "2"),
        ("task", "2"),
        ("task", "1"),
        ("request", "PROD2026-001"),
    ]


async def test_what_hangs_on_a_task_is_told_as_a_change_of_it_and_of_its_request(database: Database) -> None:
    did = "MC2026_S1:MC2026_S1.x"
    dataset = Dataset(did=did, scope="MC2026_S1", name="x", jedi_task_id=1, request_name="PROD2026-001")
    rule = Rule(rule_id="1" * 32, did=did, account="prodman", rse_expression="A", copies=1, state="OK")
    replica = Replica(did=did, rse_name="A", state="AVAILABLE")
    count = TaskJobCount(jedi_task_id=1, queue_name="A", job_state="running", jobs=1)
    both = [("task", "1"), ("request", "PROD2026-001")]
    async with database.transaction() as session:
        await remember(session, [task(1, request_name="PROD2026-001")], source=SourceName.PANDA, at=AT)
    after = len(both)

    for row in (dataset, rule, replica, count):
        source = SourceName.PANDA if row is count else SourceName.RUCIO
        async with database.transaction() as session:
            await remember(session, [row], source=source, at=AT)
        async with database.transaction() as session:
            await remember(session, [row], source=source, at=AT)
        assert await told(database, after) == both
        after += len(both)
    async with database.transaction() as session:
        await mark_gone(session, Rule, [("1" * 32,)], at=AT)

    assert await told(database, after) == both


async def test_nobody_is_told_of_a_rule_whose_dataset_is_not_known(database: Database) -> None:
    rule = Rule(rule_id="1" * 32, did="a:b", account="prodman", rse_expression="A", copies=1, state="OK")

    async with database.transaction() as session:
        await remember(session, [rule], source=SourceName.RUCIO, at=AT)

    assert await told(database) == []


async def test_nothing_is_told_of_a_task_that_is_as_it_was(database: Database) -> None:
    async with database.transaction() as session:
        await remember(session, [task(1)], source=SourceName.PANDA, at=AT)
        await mark_gone(session, Task, [(9,)], at=AT)
    async with database.transaction() as session:
        await remember(session, [task(1)], source=SourceName.PANDA, at=AT)

    assert await told(database) == [("task", "1")]


async def test_what_is_rolled_back_was_never_told(database: Database) -> None:
    calls: list[int] = []

    async def tell_and_fail() -> None:
        async with database.transaction() as session:
            tell(session, EventKind.REQUEST, "PROD2026-001", at=AT)
            raise RuntimeError("no")

    with database.calling(lambda: calls.append(1)), pytest.raises(RuntimeError, match="no"):
        await tell_and_fail()

    assert (await told(database), calls) == ([], [])


async def test_listeners_are_called_after_the_commit_and_only_if_something_was_told(
    database: Database,
) -> None:
    calls: list[int] = []
    with database.calling(lambda: calls.append(1)):
        await tell_requests(database)
        await tell_requests(database, "PROD2026-001", "PROD2026-002")
    await tell_requests(database, "PROD2026-003")

    assert len(calls) == 1


async def test_told_twice_in_one_transaction_is_one_event(database: Database) -> None:
    await tell_requests(database, "PROD2026-001", "PROD2026-001")

    assert await told(database) == [("request", "PROD2026-001")]


async def test_numbers_follow_the_order_of_commits(database: Database) -> None:
    seen: list[int] = []

    async def write(name: str) -> None:
        for _ in range(5):
            await tell_requests(database, name)

    async def read() -> None:
        while len(seen) < 15:
            async with database.snapshot() as session:
                seen.extend(
                    change.number
                    for change in await changes_after(session, seen[-1] if seen else 0, limit=100)
                )

    async with asyncio.timeout(60):
        await asyncio.gather(write("a"), write("b"), write("c"), read())

    assert len(seen) == len(set(seen)) == 15
    assert seen == sorted(seen)


async def test_readers_go_on_where_they_stopped_and_may_choose(database: Database) -> None:
    await tell_requests(database, "PROD2026-001", "PROD2026-002", "PROD2026-001")
    await tell_requests(database, "PROD2026-001")

    async with database.snapshot() as session:
        rest = await changes_after(session, 1, 10)
        chosen = await changes_after(session, 1, 10, kind=EventKind.REQUEST, key="PROD2026-001")
        none = await changes_after(session, 0, 10, kind=EventKind.TASK)

    assert rest == [
        Change(2, EventKind.REQUEST, "PROD2026-002"),
        Change(3, EventKind.REQUEST, "PROD2026-001"),
    ]
    assert (chosen, none) == ([Change(3, EventKind.REQUEST, "PROD2026-001")], [])


async def test_old_events_are_forgotten_but_never_the_newest(database: Database) -> None:
    await tell_requests(database, *(f"old {number}" for number in range(FORGET_EVERY - 2)))
    later = AT + KEPT_FOR + dt.timedelta(seconds=1)

    await tell_requests(database, "late", at=later)
    async with database.snapshot() as session:
        before = await extent(session)
    await tell_requests(database, "later", at=later)

    async with database.snapshot() as session:
        after = await extent(session)
    assert before == Extent(1, FORGET_EVERY - 1)
    assert after == Extent(FORGET_EVERY - 1, FORGET_EVERY)


async def test_a_number_is_not_used_again_when_all_rows_are_gone(database: Database) -> None:
    await tell_requests(database, "PROD2026-001", "PROD2026-002")
    async with database.transaction() as session:
        await session.execute(delete(Event))

    await tell_requests(database, "PROD2026-003")

    async with database.snapshot() as session:
        assert await session.scalar(select(func.max(Event.number))) == 3


@pytest.mark.parametrize(
    ("number", "is_remembered"), [(3, False), (4, True), (5, True), (9, True), (10, False)]
)
def test_what_can_be_read_on_from_is_known(number: int, is_remembered: bool) -> None:
    assert Extent(5, 9).remembers(number) is is_remembered


async def test_telling_costs_the_same_few_statements_however_much_is_told(
    database: Database,
) -> None:
    counts = []
    for names in (1, 50):
        with counted_statements(database) as statements:
            await tell_requests(database, *(f"PROD2026-{number:03}" for number in range(names)))
        counts.append(len(statements))

    # The rows and the newest number; on PostgreSQL the lock and the notice too.
    assert counts == ([3, 3] if database.is_sqlite else [5, 5])
