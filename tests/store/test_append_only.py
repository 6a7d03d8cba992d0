"""What people decided and what was imported is only ever added to."""

import pytest
from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.exc import DBAPIError

from gateway.store.audit import AuditEntry, AuditRow, record
from gateway.store.base import Base
from gateway.store.database import Database
from gateway.store.imports import ImportedFile, ImportedRow
from gateway.store.requests import Comment, StatusChange
from tests.store.factories import AT, add_request

APPEND_ONLY = [AuditRow.__table__, StatusChange.__table__, ImportedRow.__table__]


@pytest.fixture
async def records(database: Database) -> Database:
    """A database with one row in each such table, and one in a table that may change."""
    async with database.transaction() as session:
        await record(session, AuditEntry(actor="prodman", action="approve", at=AT))
        await add_request(session)
        session.add(StatusChange(request_name="PROD2025-013", to_intent="READY", changed_at=AT))
        session.add(Comment(request_name="PROD2025-013", author="prodman", body="fine", created_at=AT))
        file = ImportedFile(file_name="list.csv", sha256="0" * 64, imported_at=AT)
        session.add(file)
        await session.flush()
        session.add(ImportedRow(file_id=file.id, row_number=1, verdict="ADDED", cells={}))
    return database


async def rows(database: Database, table: Table) -> int:
    async with database.snapshot() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("table", APPEND_ONLY, ids=str)
async def test_a_record_cannot_be_changed(records: Database, table: Table) -> None:
    column = next(column for column in table.columns if column.name in {"to_intent", "verdict", "outcome"})

    with pytest.raises(DBAPIError, match=f"rows of {table.name} are only ever added"):
        async with records.transaction() as session:
            await session.execute(update(table).values({column: "OTHER"}))

    async with records.snapshot() as session:
        assert await session.scalar(select(column)) in {"READY", "ADDED", "done"}


@pytest.mark.parametrize("table", APPEND_ONLY, ids=str)
async def test_a_record_cannot_be_removed(records: Database, table: Table) -> None:
    with pytest.raises(DBAPIError, match=f"rows of {table.name} are only ever added"):
        async with records.transaction() as session:
            await session.execute(delete(table))

    assert await rows(records, table) == 1


async def test_other_tables_may_be_changed_and_emptied(records: Database) -> None:
    table = Base.metadata.tables["comments"]

    async with records.transaction() as session:
        await session.execute(update(table).values(body="better"))
        await session.execute(delete(table))

    assert await rows(records, table) == 0
