"""The database holds invariant 11: one live attempt per step, unique live task names, no number twice."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.attempts import Attempt
from gateway.store.database import Database
from tests.store.factories import add_request, attempt


async def with_attempts(database: Database, *attempts: Attempt) -> None:
    async with database.transaction() as session:
        await add_request(session)
        await add_request(session, "PROD2025-014")
        session.add_all(attempts)


async def add(database: Database, one: Attempt) -> None:
    async with database.transaction() as session:
        session.add(one)


async def count(database: Database) -> int:
    async with database.snapshot() as session:
        return await session.scalar(select(func.count()).select_from(Attempt)) or 0


async def test_a_step_has_one_live_attempt(database: Database) -> None:
    await with_attempts(database, attempt(1))

    with pytest.raises(IntegrityError, match=r"uq_attempts_live_step|attempts\.step_key"):
        await add(database, attempt(2))

    assert await count(database) == 1


async def test_an_ended_attempt_cannot_come_to_life_beside_a_live_one(database: Database) -> None:
    await with_attempts(database, attempt(1, is_live=False), attempt(2))

    with pytest.raises(IntegrityError, match=r"uq_attempts_live_step|attempts\.step_key"):
        async with database.transaction() as session:
            await session.execute(update(Attempt).where(Attempt.number == 1).values(is_live=True))


async def test_ended_attempts_make_room_for_the_next(database: Database) -> None:
    await with_attempts(database, attempt(1, is_live=False), attempt(2, is_live=False))

    await add(database, attempt(3))

    assert await count(database) == 3


async def test_two_live_attempts_cannot_share_a_task_name(database: Database) -> None:
    await with_attempts(database, attempt(1))
    other = attempt(1, key="PROD2025-014.SIM.1", step_key="PROD2025-014.SIM", task_name="PROD2025-013.SIM.1")

    with pytest.raises(IntegrityError, match=r"uq_attempts_live_task_name|attempts\.task_name"):
        await add(database, other)

    assert await count(database) == 1


async def test_a_task_name_is_free_again_after_its_attempt_ended(database: Database) -> None:
    await with_attempts(database, attempt(1, is_live=False))

    await add(
        database,
        attempt(1, key="PROD2025-014.SIM.1", step_key="PROD2025-014.SIM", task_name="PROD2025-013.SIM.1"),
    )

    assert await count(database) == 2


async def test_a_number_is_not_given_twice_within_a_step(database: Database) -> None:
    await with_attempts(database, attempt(1, is_live=False))

    with pytest.raises(IntegrityError, match=r"uq_attempts_step_key_number|attempts\.step_key"):
        await add(database, attempt(1, key="another key", task_name="another name"))

    assert await count(database) == 1


async def test_one_task_serves_one_attempt(database: Database) -> None:
    await with_attempts(database, attempt(1, is_live=False, jedi_task_id=361))

    with pytest.raises(IntegrityError, match="jedi_task_id"):
        await add(database, attempt(2, jedi_task_id=361))

    assert await count(database) == 1


async def test_attempts_without_a_task_yet_do_not_stand_in_each_others_way(database: Database) -> None:
    await with_attempts(database, attempt(1, is_live=False, jedi_task_id=None))

    await add(database, attempt(2, jedi_task_id=None))

    assert await count(database) == 2


async def test_an_attempt_belongs_to_a_step(database: Database) -> None:
    await with_attempts(database)

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await add(database, attempt(1, step_key="PROD2025-099.SIM"))

    assert await count(database) == 0
