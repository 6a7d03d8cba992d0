import datetime as dt

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from gateway.store.bulk import MOST_NOTED_ROWS, bulk_insert, gather_statistics, roomy
from gateway.store.history import PastVersion
from gateway.store.people import Person
from gateway.store.registries import Geometry, Stage
from gateway.store.row_changes import RowChange
from gateway.store.versions import DataVersion
from tests.support.databases import counted_statements

AT = dt.datetime(2026, 1, 15, 9, 30, 0, 123456, tzinfo=dt.UTC)


def person(number: int) -> dict[str, object]:
    return {
        "subject": f"subject-{number}",
        "username": f"user\t\\N{number}",
        "display_name": None,
        "is_active": number % 2 == 0,
        "is_service": False,
        "membership_ends_at": AT,
        "source": "iam",
        "first_seen_at": AT,
        "last_seen_at": AT.astimezone(dt.timezone(dt.timedelta(hours=3))),
        "changed_at": AT,
        "content_hash": "0",
        "gone_at": None,
    }


async def test_values_of_every_kind_come_back_as_they_went_in(database):
    async with database.transaction() as session:
        await bulk_insert(session, Person.__table__, [person(1), person(2)])

    async with database.snapshot() as session:
        columns = (Person.username, Person.display_name, Person.is_active, Person.last_seen_at)
        rows = (await session.execute(select(*columns).order_by(Person.subject))).all()
    assert rows == [("user\t\\N1", None, False, AT), ("user\t\\N2", None, True, AT)]


async def test_json_comes_back_as_it_went_in(database):
    content = {"a": [1, None, 'quote " and \n line'], "b": {"c": 1.5}}
    row = {"table_name": "tasks", "row_key": "1", "valid_from": AT, "valid_to": AT, "content": content}

    async with database.transaction() as session:
        await bulk_insert(session, PastVersion.__table__, [row])

    async with database.snapshot() as session:
        assert (await session.scalars(select(PastVersion.content))).all() == [content]


async def test_rows_are_part_of_the_transaction(database):
    async with database.transaction() as session:
        await bulk_insert(session, Geometry.__table__, [{"name": "TOF"}])
        await session.rollback()

    async with database.snapshot() as session:
        assert (await session.scalars(select(Geometry.name))).all() == []


async def test_constraints_hold(database):
    async def insert_twice():
        async with database.transaction() as session:
            await bulk_insert(session, Geometry.__table__, [{"name": "TOF"}, {"name": "TOF"}])

    with pytest.raises(IntegrityError):
        await insert_twice()


async def noted(database):
    """Return what the log of changed rows says, and how often geometries were written."""
    async with database.snapshot() as session:
        points = (await session.scalars(select(RowChange.points).order_by(RowChange.id))).all()
        version = await session.scalar(
            select(DataVersion.version).where(DataVersion.table_name == "geometries")
        )
    return points, version


async def test_many_rows_are_noted_as_one_and_rows_after_them_by_themselves_again(database):
    many = [{"name": f"G{number}"} for number in range(MOST_NOTED_ROWS + 1)]

    async with database.transaction() as session:
        await bulk_insert(session, Geometry.__table__, many)
    after_many = await noted(database)
    async with database.transaction() as session:
        await bulk_insert(session, Geometry.__table__, [{"name": "TOF"}])
    after_one = await noted(database)

    assert after_many == ([None], 1)
    assert after_one == ([None, '["TOF"]'], 2)


async def test_rows_are_noted_after_many_that_were_refused(database):
    async with database.transaction() as session:
        try:
            async with session.begin_nested():
                await bulk_insert(session, Geometry.__table__, [{"name": "TOF"}] * (MOST_NOTED_ROWS + 1))
        except IntegrityError:
            session.add(Geometry(name="TPC"))

    points, _version = await noted(database)
    assert points[-1] == '["TPC"]'


async def test_no_rows_are_no_statement(database):
    async with database.transaction() as session:
        await bulk_insert(session, Stage.__table__, [])

    async with database.snapshot() as session:
        assert (await session.scalars(select(Stage.name))).all() == []


async def test_sqlite_gets_more_memory_and_gives_it_back(database):
    seen = []
    async with database.transaction() as session:
        with counted_statements(database) as statements:
            async with roomy(session):
                if database.is_sqlite:
                    seen.append(await session.scalar(text("PRAGMA cache_size")))
        if database.is_sqlite:
            seen.append(await session.scalar(text("PRAGMA cache_size")))

    assert seen == ([-65_536, -8192] if database.is_sqlite else [])
    assert statements == []


async def test_statistics_can_be_gathered(database):
    async with database.transaction() as session:
        await gather_statistics(session)
