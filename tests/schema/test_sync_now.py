"""Asking for a source to be read at once: by right only, once a minute, and nothing else is touched."""

import datetime as dt

import pytest
from sqlalchemy import select

from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.store.audit import AuditRow
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


async def trail(database: Database) -> list[tuple[str, str, str, str]]:
    async with database.snapshot() as session:
        rows = await session.scalars(select(AuditRow).order_by(AuditRow.number))
        return [(row.actor, row.action, row.object_key, row.outcome) for row in rows]


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


async def test_what_was_read_just_now_does_not_keep_the_rest_from_being_read(asker: Asker) -> None:
    async with asker.database.transaction() as session:
        (await session.get_one(SyncJob, "rucio.rules")).last_attempt_at = NOW - dt.timedelta(seconds=10)

    answer = await asker(WISH)

    assert answer == {"syncNow": {"jobs": ["rucio.datasets"]}}
    assert (await wanted(asker.database))["rucio.rules"] is None


async def test_without_the_right_nothing_is_wanted(asker: Asker) -> None:
    asker.viewer = Viewer("Reader", frozenset(Right) - {Right.OPERATE}, subject="s-1", username="reader")

    answer = await asker.answer(WISH)

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert set((await wanted(asker.database)).values()) == {None}
    assert await trail(asker.database) == [("reader", "syncNow", "rucio", "refused")]


async def test_strangers_cannot_fill_the_trail(asker: Asker) -> None:
    asker.viewer = Viewer("anonymous", frozenset({Right.READ}))

    await asker.answer(WISH)

    assert await trail(asker.database) == []


async def test_a_wish_leaves_an_entry_in_the_trail(asker: Asker) -> None:
    await asker(WISH)

    assert await trail(asker.database) == [("tester", "syncNow", "rucio", "done")]


async def test_a_source_that_is_not_read_says_so_and_nothing_is_wanted(asker: Asker) -> None:
    answer = await asker("mutation { syncNow(source: PANDA) { __typename ... on NotRead { message } } }")

    assert answer["syncNow"] == {
        "__typename": "NotRead",
        "message": "PANDA is not read by this gateway: give its address in the settings.",
    }
    assert set((await wanted(asker.database)).values()) == {None}
