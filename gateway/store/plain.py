"""Statements of plain columns, sent to PostgreSQL's driver past SQLAlchemy's own execution.

What that does for each statement costs more than the rows of a small page. A statement is compiled once, by
SQLAlchemy; values are bound and read by the same types as there. It knows nothing of transactions.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy import Executable, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.versions import note_read

Convert = Callable[[Any], object]

# What PostgreSQL calls a float; of our types only floats ask for what the column is.
_FLOAT_OID: Final = 701

# Who wants to know of the statements sent here; SQLAlchemy's events do not tell of them.
SENT: Final[list[Callable[[str], None]]] = []


@dataclass(frozen=True, slots=True)
class Bound:
    """The names of a statement's values; the compiled statement itself would hold the statement for ever."""

    binds: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Plain:
    """A compiled statement: the values it comes with, how values are written, and how rows are read."""

    text: str
    bound: Bound
    values: Mapping[str, object]
    binds: Mapping[str, Convert | None]
    make: Callable[[Sequence[object]], Any]
    reads: Sequence[tuple[int, Convert]]

    def parameters(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return the values to send: those given, else those that the statement came with."""
        return {
            name: value if write is None else write(value)
            for name, write in self.binds.items()
            for value in (given[name] if name in given else self.values[name],)
        }

    def rows(self, found: Sequence[Sequence[object]]) -> Sequence[Any]:
        """Return rows whose columns are had by place and by name."""
        if not self.reads:
            return [self.make(row) for row in found]
        rows = []
        for row in found:
            values = list(row)
            for place, read in self.reads:
                values[place] = read(values[place])
            rows.append(self.make(values))
        return rows


_plain: WeakKeyDictionary[Executable, Plain | None] = WeakKeyDictionary()


def plain_of(statement: Executable, dialect: Dialect) -> Plain | None:
    """Return a statement in a form that `fetch` takes; None if only SQLAlchemy can execute it."""
    if statement not in _plain:
        _plain[statement] = _compiled(statement, dialect)
    return _plain[statement]


async def fetch(connection: AsyncConnection, plain: Plain, given: Mapping[str, object]) -> Sequence[Any]:
    """Return all rows of a statement; raises DBAPIError, as SQLAlchemy does."""
    note_read(plain.text, plain.bound)
    for call in SENT:
        call(plain.text)
    driver = (await connection.get_raw_connection()).driver_connection
    try:
        cursor = await driver.execute(plain.text, plain.parameters(given))  # type: ignore[union-attr]
        return plain.rows(await cursor.fetchall())
    except psycopg.Error as error:
        raise DBAPIError(plain.text, None, error, hide_parameters=True) from error


def _compiled(statement: Executable, dialect: Dialect) -> Plain | None:
    if not isinstance(statement, Select):
        return None
    compiled = statement.compile(dialect=dialect)
    if compiled.post_compile_params or compiled.literal_execute_params:
        # Lists whose length is part of the text.
        return None
    columns = list(statement.selected_columns)
    reads = (
        (place, column.type.dialect_impl(dialect).result_processor(dialect, _FLOAT_OID))
        for place, column in enumerate(columns)
    )
    return Plain(
        str(compiled),
        Bound(dict.fromkeys(compiled.bind_names.values())),
        {name: bind.effective_value for bind, name in compiled.bind_names.items()},
        {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        },
        cast("Any", namedtuple("Row", [str(column.key) for column in columns], rename=True))._make,
        [(place, read) for place, read in reads if read is not None],
    )
