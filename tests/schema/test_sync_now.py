"""Asking for a source to be read at once: by right only, once a minute, and nothing else is touched."""

import datetime as dt

import pytest
from sqlalchemy import select

from gateway.auth.viewer import Right, Viewer
from gateway.store.database import Database
from gateway.store.sync_jobs import SyncJob
from tests.support.asking import Asker

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
WISH = """
mutation { syncNow(source: RUCIO) { ... on SyncEnqueued { jobs } ... on TooSoon { message until } } }
"""


@pytest.fixture
async def asker(database: Database) -> Asker:
    async with database.transaction() as session:
        for name, source in (("rucio.rules", "rucio"), ("rucio.datasets", "rucio"), ("iam.people", "iam")):
            session.add(SyncJob(name=name, source=source, stale_after_s=600))
    return Asker(database, NOW)


async def wanted(database: Database) -> dict[str, dt.datetime | None]:
    async with database.snapshot() as session:
        return {row.name: row.wanted_at for row in await session.scalars(select(SyncJob))}


async def test_all_jobs_of_the_source_are_wanted(asker: Asker) -> None:
    answer = await asker(WISH)

    assert answer == {"syncNow": {"jobs": ["rucio.datasets", "rucio.rules"]}}
    assert await wanted(asker.database) == {
        "rucio.rules": NOW,
        "rucio.datasets": NOW,
        "iam.people": None,
    }


async def test_a_second_wish_within_a_minute_is_too_soon_and_changes_nothing(asker: Asker) -> None:
    await asker(WISH)
    asker.now += dt.timedelta(seconds=59)

    answer = await asker(WISH)

    assert answer["syncNow"] == {
        "message": "RUCIO was read or asked for less than a minute ago.",
        "until": "2026-03-01T12:01:00+00:00",
    }
    assert (await wanted(asker.database))["rucio.rules"] == NOW


async def test_after_a_minute_it_may_be_asked_for_again(asker: Asker) -> None:
    await asker(WISH)
    asker.now += dt.timedelta(seconds=60)

    await asker(WISH)

    assert (await wanted(asker.database))["rucio.rules"] == asker.now


async def test_without_the_right_nothing_is_wanted(asker: Asker) -> None:
    asker.viewer = Viewer("reader", frozenset(Right) - {Right.OPERATE})

    answer = await asker.answer(WISH)

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert set((await wanted(asker.database)).values()) == {None}


async def test_a_source_without_jobs_has_nothing_to_read(asker: Asker) -> None:
    answer = await asker("mutation { syncNow(source: PANDA) { ... on SyncEnqueued { jobs } } }")

    assert answer == {"syncNow": {"jobs": []}}
