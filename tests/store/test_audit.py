"""The trail of who did what: written with the change or not at all, and no entry can be altered unseen."""

import asyncio
import contextlib

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from gateway.store.audit import BEGINNING, AuditEntry, AuditOutcome, AuditRow, follow_chain, record
from gateway.store.database import Database
from tests.store.factories import AT

ENTRY = AuditEntry(
    actor="prodman",
    action="approveRequest",
    object_kind="Request",
    object_key="PROD2025-013",
    before={"intent": "READY"},
    after={"intent": "APPROVED", "share": 0.1},
    jti="00000000-0000-4000-8000-0000000000aa",
    reason="reviewed – и одобрено",
    at=AT,
)


async def write(database: Database, *entries: AuditEntry) -> None:
    async with database.transaction() as session:
        for entry in entries:
            await record(session, entry)


async def unguard(database: Database) -> None:
    """Take the guards away, as somebody with every right on the database could."""
    async with database.transaction() as session:
        if database.is_sqlite:
            await session.execute(text("DROP TRIGGER audit_entries_no_update"))
            await session.execute(text("DROP TRIGGER audit_entries_no_delete"))
            await session.execute(text("DROP TRIGGER audit_entries_no_replacement"))
        else:
            await session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER ALL"))


async def chain(database: Database) -> tuple[int, int | None]:
    async with database.snapshot() as session:
        state = await follow_chain(session)
    return state.entries, state.broken_at


REPLACE = {
    True: "INSERT OR REPLACE INTO audit_entries SELECT {columns} FROM audit_entries",
    False: "INSERT INTO audit_entries SELECT {columns} FROM audit_entries "
    "ON CONFLICT (number) DO UPDATE SET actor = excluded.actor",
}


async def test_an_entry_cannot_be_written_over_by_another_of_its_number(database: Database) -> None:
    await write(database, ENTRY, ENTRY)
    names = [column.name for column in AuditRow.__table__.columns]
    columns = ", ".join("'somebody'" if name == "actor" else f'"{name}"' for name in names)

    with pytest.raises(DBAPIError, match="rows of audit_entries are only ever added"):
        async with database.transaction() as session:
            await session.execute(text(REPLACE[database.is_sqlite].format(columns=columns)))

    assert await chain(database) == (2, None)


async def test_an_entry_is_read_as_it_was_recorded(database: Database) -> None:
    await write(database, ENTRY)

    async with database.snapshot() as session:
        row = (await session.scalars(select(AuditRow))).one()
    assert (row.number, row.at, row.actor, row.action, row.object_key) == (
        1,
        AT,
        "prodman",
        "approveRequest",
        "PROD2025-013",
    )
    assert row.after == '{"intent":"APPROVED","share":0.1}'
    assert (row.outcome, row.previous_hash) == (AuditOutcome.DONE.value, BEGINNING)


async def test_nothing_is_recorded_of_what_was_rolled_back(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with database.transaction() as session:
            await record(session, ENTRY)
            _failure = 1 / 0

    assert await chain(database) == (0, None)


async def test_each_entry_is_bound_to_the_one_before(database: Database) -> None:
    await write(database, ENTRY, ENTRY)
    await write(database, ENTRY)

    async with database.snapshot() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.number))).all()
    assert [row.previous_hash for row in rows] == [BEGINNING, rows[0].hash, rows[1].hash]
    assert await chain(database) == (3, None)


@pytest.mark.parametrize(
    "column", [column.key for column in AuditRow.__table__.columns if column.key != "number"]
)
async def test_an_entry_that_was_altered_is_found(database: Database, column: str) -> None:
    await write(database, ENTRY, ENTRY, ENTRY)
    await unguard(database)
    value = AT.replace(year=2020) if column == "at" else "x"

    async with database.transaction() as session:
        await session.execute(update(AuditRow).where(AuditRow.number == 2).values({column: value}))

    assert await chain(database) == (1, 2)


async def test_an_entry_that_was_taken_out_is_found(database: Database) -> None:
    await write(database, ENTRY, ENTRY, ENTRY)
    await unguard(database)

    async with database.transaction() as session:
        await session.execute(delete(AuditRow).where(AuditRow.number == 2))

    assert await chain(database) == (1, 3)


async def test_entries_of_many_at_once_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(write(database, ENTRY, ENTRY) for _ in range(20)))

    assert await chain(database) == (40, None)


async def test_the_trail_cannot_be_emptied_at_once(database: Database) -> None:
    await write(database, ENTRY)

    if not database.is_sqlite:
        with pytest.raises(Exception, match="rows of audit_entries are only ever added"):
            async with database.transaction() as session:
                await session.execute(text("TRUNCATE audit_entries"))

    async with database.snapshot() as session:
        assert await session.scalar(select(func.count()).select_from(AuditRow)) == 1
