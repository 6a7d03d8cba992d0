"""Submitting more than fits anywhere is said before, and stops nothing."""

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, update

from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.sites import Downtime
from gateway.store.sources import SourceName
from gateway.store.storages import StorageUsage
from tests.conftest import LOADED_AT
from tests.schema.mutations.stage import Stage, stage_on

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

CLONE = """mutation { cloneRequest(name: "PROD2025-016", times: 1, idempotencyKey: "one more") {
  ... on RequestsCloned { requests { name version } } } }"""
SUBMIT = """mutation($name: String!) { submitRequest(name: $name, expectedVersion: 1, idempotencyKey: "go") {
  ... on Submitted { warnings attempts { state } } ... on Refusal { message } } }"""


@pytest.fixture
async def stage(own_world: Database) -> AsyncIterator[Stage]:
    async with stage_on(own_world) as stage:
        yield stage


@pytest.mark.parametrize(
    ("free_tb", "said"),
    [
        (20, ["The outputs are expected to take 36.9 TB, and no storage has so much room"]),
        (40, []),
    ],
)
async def test_outputs_that_fit_nowhere_are_warned_of(stage: Stage, free_tb: int, said: list[str]) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(StorageUsage).values(free_bytes=free_tb * 10**12))
    [clone] = (await stage.ask(CLONE))["cloneRequest"]["requests"]

    submitted = (await stage.ask(SUBMIT, name=clone["name"]))["submitRequest"]

    assert [one["state"] for one in submitted["attempts"]] == ["PLANNED", "WAITING"]
    assert [one.partition(":")[0] for one in submitted["warnings"] if "TB" in one] == said


async def test_downtimes_that_last_or_come_are_warned_of_and_not_those_that_are_over(stage: Stage) -> None:
    def days(of: float) -> dt.datetime:
        return LOADED_AT + dt.timedelta(days=of)

    over = [(number, days(-30), days(-20)) for number in range(12)]
    times = [*over, (20, days(-1), days(0)), (21, days(-1), days(1)), (22, days(5), days(6))]
    async with stage.database.transaction() as session:
        await session.execute(delete(Downtime))
        downtimes = [
            Downtime(downtime_id=number, site_name=f"SITE{number}", starts_at=starts_at, ends_at=ends_at)
            for number, starts_at, ends_at in times
        ]
        await remember(session, downtimes, source=SourceName.CRIC, at=LOADED_AT)
    [clone] = (await stage.ask(CLONE))["cloneRequest"]["requests"]

    submitted = (await stage.ask(SUBMIT, name=clone["name"]))["submitRequest"]

    assert [one for one in submitted["warnings"] if "downtime" in one] == [
        "SITE21 announces a downtime from 2026-02-28 12:00 to 2026-03-02 12:00 UTC.",
        "SITE22 announces a downtime from 2026-03-06 12:00 to 2026-03-07 12:00 UTC.",
    ]
