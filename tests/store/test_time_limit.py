"""A reader's statement that takes too long is stopped, and the next one is answered."""

import datetime as dt
from collections.abc import AsyncIterator

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.app import create_executor
from gateway.errors import LimitError
from gateway.resolvers.reading import Reading
from gateway.schema.execution import OperationRequest
from gateway.store import database as database_module
from gateway.store.database import Database, was_stopped
from tests.support.asking import ALL_RIGHTS
from tests.support.databases import DatabaseMaker, opened

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
# Counts to a number that no machine reaches in seconds; the same words on both databases.
ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) "
    "SELECT count(*) FROM n"
)


@pytest.fixture
async def hasty(
    database_maker: DatabaseMaker, migrated_template: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """A database whose readers have a fifth of a second, and one connection."""
    monkeypatch.setattr(database_module, "READ_TIMEOUT_S", 0.2)
    async with opened(database_maker.copy_of(migrated_template)) as database:
        yield database


async def test_a_statement_that_takes_too_long_is_refused_in_words(hasty: Database) -> None:
    async with hasty.snapshot() as session:
        with pytest.raises(LimitError) as refused:
            await Reading(session, NOW).rows(ENDLESS)

    assert refused.value.code == "LIMIT_TIME"
    assert "took the database longer than" in refused.value.message


async def test_the_connection_can_be_used_again(hasty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for _time in range(7):
        async with hasty.snapshot() as session:
            with pytest.raises(DBAPIError) as stopped:
                await session.execute(ENDLESS)
        assert was_stopped(stopped.value)

    monkeypatch.setattr(database_module, "READ_TIMEOUT_S", 60.0)
    async with hasty.snapshot() as session:
        assert await session.scalar(text("SELECT 1")) == 1


async def test_a_writer_may_take_its_time(hasty: Database) -> None:
    steps = ENDLESS.text.replace("2000000000", "2000000")

    async with hasty.transaction() as session:
        counted = await session.scalar(text(steps))

    assert counted == 2_000_000


@pytest.mark.parametrize("compiled_reads", [True, False])
async def test_a_query_that_takes_too_long_is_refused_in_words_however_it_is_answered(
    hasty: Database, compiled_reads: bool
) -> None:
    if hasty.is_sqlite:
        pytest.skip("SQLite has no lock that readers wait for")
    executor = create_executor(hasty, clock=lambda: NOW, compiled_reads=compiled_reads)

    async with hasty.transaction() as session:
        await session.execute(text("LOCK TABLE datasets"))
        answer = await executor.execute(
            OperationRequest("{ datasets(first: 1) { nodes { did } } }"), ALL_RIGHTS
        )

    [error] = orjson.loads(answer.body)["errors"]
    assert error["extensions"]["code"] == "LIMIT_TIME"
