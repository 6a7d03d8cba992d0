"""Writing very many new rows at once, past the ORM and the statement compiler; for empty databases only.

Rows go to the driver as they are: SQLite by one prepared INSERT, PostgreSQL by COPY. Constraints and triggers
hold as always.
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
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import UtcDateTime
from gateway.store.database import SQLITE_CACHE_KIB

Convert = Callable[[Any], object]

# 64 MiB.
_SQLITE_BULK_CACHE_KIB: Final = 65_536
# Different moments kept in their converted form per column.
_MOMENTS: Final = 10_000


async def bulk_insert(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows that are known to be new; all rows name the same columns as the first one.

    Raises sqlalchemy.exc.IntegrityError when a constraint is broken.
    """
    if not rows:
        return
    names = list(rows[0])
    dialect = session.get_bind().dialect
    values = [_converted(rows, name, _converter(table, name, dialect)) for name in names]
    tuples = list(zip(*values, strict=True))
    columns = ", ".join(names)
    if dialect.name == "postgresql":
        await _copy(session, f"COPY {table.name} ({columns}) FROM STDIN", tuples)
        return
    places = ", ".join("?" * len(names))
    connection = await session.connection()
    await connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", tuples)  # noqa: S608


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


async def _copy(session: AsyncSession, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    raw = await (await session.connection()).get_raw_connection()
    driver = cast("Any", raw.driver_connection)
    try:
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)
    except psycopg.IntegrityError as error:
        # COPY goes past SQLAlchemy, which would have raised its own kind.
        raise IntegrityError(statement, None, error) from error
