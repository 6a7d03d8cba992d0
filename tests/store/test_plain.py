"""Statements sent past SQLAlchemy give the same rows, and fail in the same way."""

import datetime as dt
import gc
import weakref

import pytest
from sqlalchemy import Select, bindparam, insert, literal, select
from sqlalchemy.exc import DBAPIError

from gateway.store.database import Database
from gateway.store.plain import fetch, plain_of
from gateway.store.sources import Source
from gateway.store.versions import looking
from tests.support.databases import counted_statements

AT = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
SOURCES = select(
    literal(0).label("matched_key"), Source.name, Source.last_ok_at, Source.stale_after_s, Source.error
).where(Source.name == bindparam("wanted", "panda"))


@pytest.fixture
async def postgresql(database: Database) -> Database:
    """A database with one source, of the kind that statements are sent to past SQLAlchemy."""
    if database.is_sqlite:
        pytest.skip("SQLite's driver costs less than what is saved")
    async with database.transaction() as session:
        await session.execute(insert(Source).values(name="panda", last_ok_at=AT, stale_after_s=600))
    return database


async def rows_of(
    database: Database, statement: Select[*tuple[object, ...]], **given: object
) -> list[object]:
    plain = plain_of(statement, database.engine.dialect)
    assert plain is not None
    async with database.snapshot() as session:
        return list(await fetch(await session.connection(), plain, given))


async def test_rows_have_the_same_values_by_place_and_by_name(postgresql: Database) -> None:
    async with postgresql.snapshot() as session:
        expected = [tuple(row) for row in await session.execute(SOURCES)]
    [row] = found = await rows_of(postgresql, SOURCES)

    assert found == expected == [(0, "panda", AT, 600, None)]
    assert (row.name, row.last_ok_at.tzinfo) == ("panda", dt.UTC)  # type: ignore[attr-defined]
    assert await rows_of(postgresql, SOURCES, wanted="rucio") == []


async def test_they_are_counted_and_their_tables_noted_as_any_others(postgresql: Database) -> None:
    with looking() as looked, counted_statements(postgresql) as statements:
        await rows_of(postgresql, SOURCES)

    assert looked.tables == {"sources"}
    assert len(statements) == 1


async def test_a_statement_that_fails_says_so_as_sqlalchemy_does(postgresql: Database) -> None:
    with pytest.raises(DBAPIError, match="division by zero"):
        await rows_of(postgresql, select(literal(1) / literal(0)))


def test_a_list_whose_length_is_part_of_the_text_is_left_to_sqlalchemy(database: Database) -> None:
    statement = select(Source.name).where(Source.name.in_(["panda", "rucio"]))

    assert plain_of(statement, database.engine.dialect) is None


async def test_a_statement_that_nobody_holds_any_more_is_forgotten(postgresql: Database) -> None:
    statement = select(Source.name).where(Source.name == bindparam("wanted", "panda"))
    await rows_of(postgresql, statement)
    held = weakref.ref(statement)

    del statement
    gc.collect()

    assert held() is None
