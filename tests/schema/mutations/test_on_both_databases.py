"""What rests on locks and constraints holds on SQLite and on PostgreSQL alike."""

import asyncio

import pytest

from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import create, created, rows_of_all_tables, update
from tests.support.asking import Asker


@pytest.fixture
def ask(own_world: Database) -> Asker:
    return Asker(own_world, LOADED_AT)


async def test_asked_ten_times_at_once_under_one_key_it_is_made_once(ask: Asker) -> None:
    answers = await asyncio.gather(*(create(ask, "a key") for _ in range(10)))

    assert {answer["request"]["name"] for answer in answers} == {"PROD2025-018"}
    assert sorted(answer["isRepeated"] for answer in answers) == [False] + [True] * 9


async def test_ten_made_at_once_have_names_and_seeds_of_their_own(ask: Asker) -> None:
    requests = await asyncio.gather(*(created(ask, f"key {number}") for number in range(10)))

    assert {request["name"] for request in requests} == {f"PROD2025-{18 + n:03d}" for n in range(10)}
    assert {request["seedRanges"][0]["seedFirst"] for request in requests} == {
        50_001 + 1_000 * n for n in range(10)
    }


async def test_seeds_that_are_taken_are_refused_by_name(ask: Asker) -> None:
    await created(ask)
    before = await rows_of_all_tables(ask.database)

    answer = await create(ask, "other", seeds={"first": 50_500, "last": 51_499})

    assert (answer["__typename"], answer["code"]) == ("Refused", "SEED_OVERLAP")
    assert "PROD2025-018 (50001-51000)" in answer["message"]
    assert await rows_of_all_tables(ask.database) == before


async def test_of_two_edits_of_one_version_made_at_once_one_is_stale(ask: Asker) -> None:
    name = (await created(ask))["name"]

    answers = await asyncio.gather(
        *(update(ask, name, 1, {"priority": number}, f"edit {number}") for number in (1, 2))
    )

    assert sorted(answer["__typename"] for answer in answers) == ["Conflict", "RequestChanged"]
