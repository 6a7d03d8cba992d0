"""Of runs, what explains what people see today is kept; what only says that all was well is not."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store.database import Database
from gateway.store.sources import SyncRun
from gateway.sync.forget_runs import QUIET_KEPT_FOR, TELLING_KEPT_FOR, forget_runs

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MOMENT = dt.timedelta(seconds=1)


async def kept(
    database: Database, *ages: dt.timedelta, job: str = "panda.tasks", **run: Any
) -> list[dt.timedelta]:
    """Write a run of each age and a newest one, forget, and return the ages of those that are left."""
    values = {"verdict": "OK", "is_full": True, "ended_at": NOW} | run
    async with database.transaction() as session:
        for age in (*ages, dt.timedelta()):
            session.add(SyncRun(source="panda", job=job, started_at=NOW - age, **values))
            await session.flush()
    await forget_runs(database, at=NOW)
    async with database.snapshot() as session:
        found = await session.scalars(select(SyncRun.started_at).where(SyncRun.job == job))
        return sorted((NOW - started_at for started_at in found), reverse=True)[:-1]


async def test_a_quiet_run_is_forgotten_after_a_day(database: Database) -> None:
    assert await kept(database, QUIET_KEPT_FOR + MOMENT, QUIET_KEPT_FOR - MOMENT) == [QUIET_KEPT_FOR - MOMENT]


@pytest.mark.parametrize(
    "run",
    [
        {"rows_changed": 1},
        {"rows_gone": 1},
        {"rows_quarantined": 1},
        {"verdict": "UNREACHABLE"},
        {"verdict": "HELD"},
    ],
    ids=str,
)
async def test_a_run_that_tells_something_is_kept_for_a_season(
    database: Database, run: dict[str, object]
) -> None:
    young, old = TELLING_KEPT_FOR - MOMENT, TELLING_KEPT_FOR + MOMENT

    assert await kept(database, old, young, **run) == [young]


async def test_the_newest_run_of_a_job_and_one_that_has_not_ended_stay(database: Database) -> None:
    async with database.transaction() as session:
        session.add(
            SyncRun(
                source="iam",
                job="iam.people",
                started_at=NOW - 2 * TELLING_KEPT_FOR,
                ended_at=NOW,
                verdict="OK",
                is_full=True,
            )
        )

    assert await kept(database, 2 * TELLING_KEPT_FOR, ended_at=None) == [2 * TELLING_KEPT_FOR]
    async with database.snapshot() as session:
        assert list(await session.scalars(select(SyncRun.job).where(SyncRun.job == "iam.people"))) == [
            "iam.people"
        ]


async def test_several_parts_are_forgotten_one_after_another(database: Database) -> None:
    async with database.transaction() as session:
        for _ in range(12):
            session.add(
                SyncRun(
                    source="panda",
                    job="panda.tasks",
                    started_at=NOW - QUIET_KEPT_FOR - MOMENT,
                    ended_at=NOW,
                    verdict="OK",
                    is_full=True,
                )
            )

    assert await forget_runs(database, at=NOW, at_once=5) == 11
