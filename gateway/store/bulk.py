"""Writing very many new rows at once, past the ORM and the statement compiler; for empty databases only.

Rows go to the driver as they are: SQLite by one prepared INSERT, PostgreSQL by COPY. Constraints hold as
always, and whoever keeps answers is told as always that the tables were written.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, cast

import psycopg
from sqlalchemy import Table, text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from gateway.store.base import UtcDateTime
from gateway.store.database import SQLITE_CACHE_KIB
from gateway.store.versions import note_written

Convert = Callable[[Any], object]

# 64 MiB.
_SQLITE_BULK_CACHE_KIB: Final = 65_536
# A statement that writes more rows than this is noted as a whole, as by the triggers of PostgreSQL.
MOST_NOTED_ROWS: Final = 200
# Different moments kept in their converted form per column.
_MOMENTS: Final = 10_000


async def bulk_insert(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows that are known to be new; all rows name the same columns as the first one.

    Raises sqlalchemy.exc.IntegrityError when a constraint is broken.
    """
    if not rows:
        return
    names = list(rows[0])
    connection = await session.connection()
    dialect = session.get_bind().dialect
    values = [_converted(rows, name, _converter(table, name, dialect)) for name in names]
    tuples = list(zip(*values, strict=True))
    columns = ", ".join(names)
    if dialect.name == "postgresql":
        await _copy(connection, f"COPY {table.name} ({columns}) FROM STDIN", tuples)
        note_written(f"INSERT INTO {table.name}", connection.info)
        return
    places = ", ".join("?" * len(names))
    async with _noted_as_one(connection, table.name, len(rows)):
        await connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({columns}) VALUES ({places})",  # noqa: S608
            tuples,
        )


@contextlib.asynccontextmanager
async def roomy(session: AsyncSession) -> AsyncIterator[None]:
    """Give SQLite more memory meanwhile: indexes that do not fit it are written again and again."""
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    await session.execute(text(f"PRAGMA cache_size=-{_SQLITE_BULK_CACHE_KIB}"))
    yield
    await session.execute(text(f"PRAGMA cache_size=-{SQLITE_CACHE_KIB}"))


async def gather_statistics(session: AsyncSession) -> None:
    """Let the database count what it has now: a plan made for empty tables is a bad one for full ones."""
    await session.execute(text("ANALYZE"))


@contextlib.asynccontextmanager
async def _noted_as_one(connection: AsyncConnection, table: str, rows: int) -> AsyncIterator[None]:
    """Note many new rows on SQLite as "any row of the table", as PostgreSQL's triggers do by themselves.

    The trigger that notes each row by itself is away meanwhile, and costs more than the rows. It comes back
    in the same transaction, with the note: nobody else ever sees the table without it.
    """
    name = f"{table}_noted_insert"
    trigger = await connection.scalar(
        text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}
    )
    if trigger is None or rows <= MOST_NOTED_ROWS:
        yield
        return
    await connection.exec_driver_sql(f"DROP TRIGGER {name}")
    try:
        yield
    finally:
        await connection.exec_driver_sql(
            "INSERT INTO row_changes (table_name, points, number) VALUES (?, NULL, 0)", (table,)
        )
        await connection.exec_driver_sql(trigger)


def _converted(rows: Sequence[Mapping[str, object]], name: str, convert: Convert | None) -> Iterable[object]:
    """One column's values as the driver takes them: by columns is twice as quick as by rows."""
    column = map(itemgetter(name), rows)
    return column if convert is None else map(convert, column)


def _converter(table: Table, name: str, dialect: Dialect) -> Convert | None:
    """What turns a value into what the driver takes; the drivers take texts and numbers as they are."""
    column_type = table.columns[name].type
    convert = cast("Convert | None", column_type.dialect_impl(dialect).bind_processor(dialect))
    # Few moments are told apart in a batch, and turning one into text is the dearest thing done here.
    return lru_cache(_MOMENTS)(convert) if convert and isinstance(column_type, UtcDateTime) else convert


async def _copy(connection: AsyncConnection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    raw = await connection.get_raw_connection()
    driver = cast("Any", raw.driver_connection)
    try:
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)
    except psycopg.IntegrityError as error:
        # COPY goes past SQLAlchemy, which would have raised its own kind.
        raise IntegrityError(statement, None, error) from error
