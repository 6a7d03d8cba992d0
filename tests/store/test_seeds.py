"""The database itself refuses to give a seed of one physics key twice (invariant 1), whoever asks."""

import asyncio

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.errors import SeedOverlapError
from gateway.store.database import Database
from gateway.store.seeds import SeedRange, lock_spaces
from tests.store.factories import add_seed_space, seeds


async def space_with(database: Database, *ranges: tuple[int, int], exempt: str | None = None) -> int:
    async with database.transaction() as session:
        space_id = await add_seed_space(session)
        session.add_all(seeds(space_id, first, last, exempt=exempt) for first, last in ranges)
    return space_id


async def add(database: Database, space_id: int, first: int, last: int, *, exempt: str | None = None) -> None:
    async with database.transaction() as session:
        session.add(seeds(space_id, first, last, exempt=exempt))


async def held(database: Database) -> list[tuple[int, int]]:
    async with database.snapshot() as session:
        statement = select(SeedRange.seed_first, SeedRange.seed_last).order_by("seed_first", "seed_last")
        return [(first, last) for first, last in await session.execute(statement)]


@pytest.mark.parametrize(
    ("first", "last"),
    [(1001, 2000), (1, 1001), (2000, 3000), (1500, 1500), (1, 3000)],
    ids=["the same", "its first seed", "its last seed", "one within", "all around"],
)
async def test_seeds_that_are_taken_are_refused(database: Database, first: int, last: int) -> None:
    space_id = await space_with(database, (1001, 2000))

    with pytest.raises(SeedOverlapError, match="seeds that another production of the same physics holds"):
        await add(database, space_id, first, last)

    assert await held(database) == [(1001, 2000)]


async def test_one_statement_cannot_add_two_ranges_that_overlap(database: Database) -> None:
    space_id = await space_with(database)

    with pytest.raises(SeedOverlapError, match="seeds that another production of the same physics holds"):
        async with database.transaction() as session:
            session.add_all([seeds(space_id, 1, 10), seeds(space_id, 10, 20)])

    assert await held(database) == []


@pytest.mark.parametrize(("first", "last"), [(1, 1000), (2001, 3000)])
async def test_seeds_beside_taken_ones_are_free(database: Database, first: int, last: int) -> None:
    space_id = await space_with(database, (1001, 2000))

    await add(database, space_id, first, last)

    assert await held(database) == sorted([(1001, 2000), (first, last)])


async def test_another_physics_key_has_seeds_of_its_own(database: Database) -> None:
    await space_with(database, (1001, 2000))
    async with database.transaction() as session:
        other = await add_seed_space(session, "open charm")

    await add(database, other, 1001, 2000)

    assert await held(database) == [(1001, 2000), (1001, 2000)]


async def test_exempt_seeds_may_be_taken_again_and_take_none(database: Database) -> None:
    space_id = await space_with(database, (1001, 2000), exempt="the request is a test")

    await add(database, space_id, 1500, 2500)
    await add(database, space_id, 1, 3000, exempt="repeats PROD2025-001")

    assert await held(database) == [(1, 3000), (1001, 2000), (1500, 2500)]


@pytest.mark.parametrize("column", ["seed_first", "is_exempt", "seed_space_id"])
async def test_taken_seeds_cannot_be_reached_by_a_change(database: Database, column: str) -> None:
    space_id = await space_with(database, (1001, 2000))
    async with database.transaction() as session:
        other_id = await add_seed_space(session, "open charm")
        session.add_all(
            [
                seeds(space_id, 2001, 3000),
                seeds(space_id, 1500, 1600, exempt="the request is a test"),
                seeds(other_id, 1001, 1001),
            ]
        )
    change = {
        "seed_first": update(SeedRange).where(SeedRange.seed_first == 2001).values(seed_first=2000),
        "is_exempt": update(SeedRange)
        .where(SeedRange.seed_first == 1500)
        .values(is_exempt=False, exempt_reason=None),
        "seed_space_id": update(SeedRange)
        .where(SeedRange.seed_space_id == other_id)
        .values(seed_space_id=space_id),
    }[column]

    with pytest.raises(SeedOverlapError, match="seeds that another production of the same physics holds"):
        async with database.transaction() as session:
            await session.execute(change)

    assert await held(database) == [(1001, 1001), (1001, 2000), (1500, 1600), (2001, 3000)]


async def test_a_range_may_be_changed_within_its_own_seeds(database: Database) -> None:
    await space_with(database, (1001, 2000))

    async with database.transaction() as session:
        await session.execute(update(SeedRange).values(seed_last=1500))

    assert await held(database) == [(1001, 1500)]


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [(0, 10, "ck_seed_ranges_first_positive"), (10, 9, "ck_seed_ranges_ordered|range lower bound")],
)
async def test_what_is_no_range_is_refused(database: Database, first: int, last: int, refusal: str) -> None:
    space_id = await space_with(database)

    with pytest.raises(DBAPIError, match=refusal):
        await add(database, space_id, first, last)

    assert await held(database) == []


async def test_an_exempt_range_must_say_why(database: Database) -> None:
    space_id = await space_with(database)
    silent = seeds(space_id, 1, 10, exempt="the request is a test")
    silent.exempt_reason = None

    with pytest.raises(IntegrityError, match="ck_seed_ranges_exempt_says_why"):
        async with database.transaction() as session:
            session.add(silent)

    assert await held(database) == []


@pytest.mark.parametrize("queue", [True, False], ids=["in a queue", "all at once"])
async def test_of_two_who_ask_at_once_one_gets_the_seeds(database: Database, queue: bool) -> None:
    space_id = await space_with(database)
    both_began = asyncio.Barrier(2)

    async def ask(first: int, last: int) -> None:
        if database.is_sqlite:  # where writers queue, so that both cannot have begun
            await add(database, space_id, first, last)
            return
        async with database.transaction() as session:
            await session.scalar(select(func.count()).select_from(SeedRange))
            await both_began.wait()
            if queue:
                await lock_spaces(session, ["minimum bias"])
            session.add(seeds(space_id, first, last))

    results = await asyncio.gather(ask(1, 100), ask(100, 200), return_exceptions=True)

    (refused,) = [result for result in results if result is not None]
    # Without the queue PostgreSQL may let each wait for the other's range, and end one of them as a deadlock.
    assert isinstance(refused, SeedOverlapError) or (not queue and "deadlock detected" in str(refused))
    assert await held(database) in ([(1, 100)], [(100, 200)])


async def test_spaces_are_made_once_and_keep_their_number(database: Database) -> None:
    async with database.transaction() as session:
        first = await lock_spaces(session, ["open charm", "minimum bias"])
    async with database.transaction() as session:
        second = await lock_spaces(session, {"minimum bias", "dimuon"})

    assert first.keys() == {"open charm", "minimum bias"}
    assert second["minimum bias"] == first["minimum bias"]
    assert len({*first.values(), *second.values()}) == 3


async def test_those_who_ask_at_once_for_different_seeds_all_get_them(database: Database) -> None:
    space_id = await space_with(database)

    await asyncio.gather(
        *(add(database, space_id, first, first + 9) for first in range(1, 101, 10)), return_exceptions=False
    )

    assert await held(database) == [(first, first + 9) for first in range(1, 101, 10)]
