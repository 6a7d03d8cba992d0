"""Submitting more than fits anywhere is said before, and stops nothing."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from gateway.store.database import Database
from gateway.store.storages import StorageUsage
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
