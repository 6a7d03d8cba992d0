"""Insert or update many rows in one statement: the only module that knows which database it speaks to."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

# SQLite allows 32,766 bound values in a statement, PostgreSQL 65,535; rows are cut to fit the smaller.
MAX_BOUND_VALUES = 30_000


async def insert_rows(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows that are known to be new; all rows name the same columns."""
    if rows:
        await session.execute(table.insert(), list(rows))


async def insert_missing(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, object]], *, unique: Sequence[str]
) -> None:
    """Insert the rows whose values of the `unique` columns are not there yet; all name the same columns."""
    if not rows:
        return
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    per_statement = max(1, MAX_BOUND_VALUES // len(rows[0]))
    for start in range(0, len(rows), per_statement):
        statement = (postgresql.insert if is_postgresql else sqlite.insert)(table)
        chunk = list(rows[start : start + per_statement])
        await session.execute(statement.values(chunk).on_conflict_do_nothing(index_elements=unique))


async def insert_new(session: AsyncSession, table: Table, row: Mapping[str, object]) -> bool:
    """Insert a row unless one of the same unique values is there; return whether it was inserted.

    Somebody who is inserting the same at this moment is waited for.
    """
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = (postgresql.insert if is_postgresql else sqlite.insert)(table).values(row)
    key = next(iter(table.primary_key.columns))
    inserted = await session.execute(statement.on_conflict_do_nothing().returning(key))
    return inserted.first() is not None


async def upsert_rows(
    session: AsyncSession,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    *,
    keep: frozenset[str] = frozenset(),
) -> None:
    """Insert the rows, or bring existing ones (same primary key) to the same content.

    Columns in `keep` are written on insert only. All rows name the same columns. Repeating the call changes
    nothing.
    """
    if not rows:
        return
    key = [column.name for column in table.primary_key.columns]
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    per_statement = max(1, MAX_BOUND_VALUES // len(rows[0]))
    for start in range(0, len(rows), per_statement):
        chunk = list(rows[start : start + per_statement])
        statement = (postgresql.insert if is_postgresql else sqlite.insert)(table).values(chunk)
        updates = {name: statement.excluded[name] for name in rows[0] if name not in key and name not in keep}
        conflict = (
            statement.on_conflict_do_update(index_elements=key, set_=updates)
            if updates
            else statement.on_conflict_do_nothing(index_elements=key)
        )
        await session.execute(conflict)
