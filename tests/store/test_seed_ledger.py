"""Reserving seeds: however many ask at once, nobody gets what another one has."""

import asyncio
import os
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import SeedRange
from gateway.errors import NamingError, SeedOverlapError
from gateway.store.database import Database
from gateway.store.rows import rows_of
from gateway.store.seed_ledger import (
    drop,
    exempt,
    held_seeds,
    next_free_seeds,
    release,
    reserve,
    reserve_next,
)
from gateway.store.seeds import SeedRange as SeedRangeRow
from tests.store.factories import AT, add_request

# 10,000 are the goal and take half a minute on a quiet machine; the suite asks for fewer.
RESERVATIONS = int(os.environ.get("GATEWAY_RESERVATIONS", "400"))
AT_ONCE = 20

SCRIPT = "V02"
KEY = PhysicsKey(
    software_project="spdroot-dev",
    software_version="4.1.7.2",
    tag="minbias-P8-spdroot4172-dev",
    collision_type="pp",
    energy_gev=Decimal(27),
    polarization="UU",
    stage="S2",
    geometry=frozenset({"DSSD"}),
    script=SCRIPT,
)
ANY_SCRIPT = replace(KEY, script=None)


async def take(database: Database, count: int, key: PhysicsKey = KEY, name: str | None = None) -> SeedRange:
    async with database.transaction() as session:
        return await reserve_next(session, key, count, request_name=name, at=AT)


async def take_exactly(
    database: Database, first: int, last: int, key: PhysicsKey = KEY, *, reason: str | None = None
) -> None:
    async with database.transaction() as session:
        await reserve(session, key, SeedRange(first, last), request_name=None, at=AT, exempt_reason=reason)


async def held(database: Database, key: PhysicsKey = KEY) -> list[str]:
    async with database.snapshot() as session:
        return [str(each.seeds) for each in await held_seeds(rows_of(session), key)]


async def overlaps(database: Database) -> int:
    """How many ranges that are not exempt begin before one of the same space that began earlier has ended."""
    async with database.snapshot() as session:
        found = await session.execute(
            select(SeedRangeRow.seed_space_id, SeedRangeRow.seed_first, SeedRangeRow.seed_last)
            .where(SeedRangeRow.is_exempt.is_(False))
            .order_by(SeedRangeRow.seed_space_id, SeedRangeRow.seed_first)
        )
        ranges = found.all()
    last: dict[int, int] = {}
    count = 0
    for space, first, end in ranges:
        count += first <= last.get(space, 0)
        last[space] = max(end, last.get(space, 0))
    return count


async def test_seeds_reserved_at_once_never_overlap(database: Database) -> None:
    queue = iter(range(RESERVATIONS))

    async def reserve_some() -> int:
        taken = 0
        for number in queue:
            taken += (await take(database, number % 7 + 1)).count
        return taken

    taken = sum(await asyncio.gather(*(reserve_some() for _ in range(AT_ONCE))))

    ranges = await held(database)
    print(f"{len(ranges)} reservations, {await overlaps(database)} overlaps")
    assert len(ranges) == RESERVATIONS
    assert await overlaps(database) == 0
    # Nothing was skipped either: each began where the one before it ended.
    async with database.snapshot() as session:
        assert (await next_free_seeds(rows_of(session), KEY, 1)).first == taken + 1


async def test_reading_first_and_inserting_then_gives_seeds_twice(database: Database) -> None:
    """The control: without the lock the same run would be refused by the constraint, or overlap."""
    await take(database, 1)

    async def reserve_carelessly() -> bool:
        async with database.snapshot() as session:
            seeds = await next_free_seeds(rows_of(session), KEY, 5)
        await asyncio.sleep(0.01)
        try:
            await take_exactly(database, seeds.first, seeds.last)
        except SeedOverlapError:
            return False
        return True

    outcomes = await asyncio.gather(*(reserve_carelessly() for _ in range(AT_ONCE)))

    assert not all(outcomes)
    assert await overlaps(database) == 0


async def test_an_unrecorded_script_may_be_any_script(database: Database) -> None:
    await take_exactly(database, 1, 100, ANY_SCRIPT)
    await take_exactly(database, 1, 50, replace(KEY, script="V03"))

    assert await take(database, 10) == SeedRange(101, 110)
    assert await take(database, 10, ANY_SCRIPT) == SeedRange(111, 120)
    # Another recorded script is other physics; only what was not recorded counts for it.
    assert await take(database, 10, replace(KEY, script="V03")) == SeedRange(121, 130)
    assert await take(database, 10, replace(KEY, tag="other-P8-spdroot4172-dev")) == SeedRange(1, 10)


async def test_taken_seeds_are_refused_with_who_has_them(database: Database) -> None:
    async with database.transaction() as session:
        await add_request(session, "PROD2025-013")
    await take(database, 100, name="PROD2025-013")

    with pytest.raises(SeedOverlapError, match=r"50-150 .* taken by PROD2025-013 \(1-100\)"):
        await take_exactly(database, 50, 150)

    assert await held(database) == ["1-100"]


async def test_seeds_may_be_taken_again_for_a_reason(database: Database) -> None:
    await take(database, 100)

    await take_exactly(database, 50, 60, reason="a repeat")
    await take_exactly(database, 200, 210)

    assert await held(database) == ["1-100", "50-60", "200-210"]


async def test_released_seeds_at_the_end_are_free_and_others_are_not_filled(database: Database) -> None:
    async with database.transaction() as session:
        for name in ("PROD2025-013", "PROD2025-014"):
            await add_request(session, name)
    await take(database, 10, name="PROD2025-013")
    await take(database, 10, name="PROD2025-014")

    async with database.transaction() as session:
        await release(session, "PROD2025-013", reason="the request is cancelled")
    first = await take(database, 1)
    async with database.transaction() as session:
        await drop(session, "PROD2025-014")

    assert first == SeedRange(21, 21)
    assert await held(database) == ["1-10", "21"]


async def test_exempted_seeds_can_be_taken_by_others(database: Database) -> None:
    async with database.transaction() as session:
        await add_request(session, "PROD2025-013")
    await take(database, 10, name="PROD2025-013")

    async with database.transaction() as session:
        await exempt(session, "PROD2025-013", reason="the request is obsolete")
    await take_exactly(database, 1, 10)

    assert await held(database) == ["1-10", "1-10"]


async def test_a_physics_key_that_cannot_be_kept_is_refused(database: Database) -> None:
    with pytest.raises(NamingError, match="too long to be compared"):
        await take(database, 1, replace(KEY, geometry=frozenset({"x" * 600})))

    assert await held(database) == []
