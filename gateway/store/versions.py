"""Which state of the data somebody has seen: one number for each table, moved by every committed write.

A transaction moves the numbers of the tables it wrote as the last thing before it commits, so the numbers
and the rows become visible at one instant, to every process. Rows that are changed past
`Database.transaction`, by hand with psql for instance, move nothing.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol, cast

from sqlalchemy import BigInteger, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base

# What a connection's own `info` calls the tables its present transaction has written.
WRITTEN: Final = "written"

# Texts of statements whose tables are remembered; most statements come again.
_REMEMBERED_TEXTS: Final = 2000

# Parameters of statements that stand for a moment counted from now; `store.execution` gives them.
MOMENTS: Final = frozenset({"pending_before"})

_WRITES: Final = re.compile(r'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)')
# What follows a dot is a column, what follows AS is a name of our own.
_WORD: Final = re.compile(r'(?<!\.)(?<!\.")(?<!AS )(?<!AS ")\b\w+')


class DataVersion(Base, kw_only=True):
    """How often a table was written; a table without a row was not written since there are versions."""

    __tablename__ = "data_versions"

    table_name: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class Looked:
    """The tables that somebody has read, collected while `looking` is in force.

    `asks_moment` says that a statement was about the present moment too.
    """

    __slots__ = ("asks_moment", "tables")

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.asks_moment = False


class _Compiled(Protocol):
    @property
    def binds(self) -> Mapping[str, object]: ...


_looked: ContextVar[Looked | None] = ContextVar("looked", default=None)
_tables_of_text: dict[str, frozenset[str]] = {}


@contextmanager
def looking() -> Iterator[Looked]:
    """Collect the tables of every statement sent meanwhile, by tasks too that were begun meanwhile."""
    looked = Looked()
    token = _looked.set(looked)
    try:
        yield looked
    finally:
        _looked.reset(token)


def note_looked(looked: Looked) -> None:
    """Note for whoever else wants to know what somebody has collected for themselves."""
    outer = _looked.get()
    if outer is not None:
        outer.tables |= looked.tables
        outer.asks_moment |= looked.asks_moment


@contextmanager
def unnoticed() -> Iterator[None]:
    """Let statements be sent that are not collected."""
    token = _looked.set(None)
    try:
        yield
    finally:
        _looked.reset(token)


def note_table(name: str) -> None:
    """Note that a table was read, if anybody wants to know."""
    looked = _looked.get()
    if looked is not None:
        looked.tables.add(name)


def note_read(statement: str, compiled: _Compiled | None) -> None:
    """Note the tables that a statement reads, if anybody wants to know."""
    looked = _looked.get()
    if looked is not None:
        looked.tables |= tables_in(statement)
        looked.asks_moment |= compiled is not None and not MOMENTS.isdisjoint(compiled.binds)


def note_written(statement: str, info: dict[object, object]) -> None:
    """Note in a connection's `info` the tables that a statement writes."""
    found = _WRITES.findall(statement)
    if found:
        cast("set[str]", info.setdefault(WRITTEN, set())).update(found)


def tables_in(statement: str) -> frozenset[str]:
    """Return every table whose name stands in a statement: all that it reads, and perhaps some more.

    A column that stands alone may be called like a table. One table too many costs a kept answer; one too few
    would be a lie.
    """
    known = _tables_of_text.get(statement)
    if known is None:
        known = frozenset(_WORD.findall(statement)) & Base.metadata.tables.keys()
        if len(_tables_of_text) >= _REMEMBERED_TEXTS:
            _tables_of_text.clear()
        _tables_of_text[statement] = known
    return known


async def move_versions(session: AsyncSession) -> None:
    """Move the versions of the tables that this transaction wrote; at most one statement.

    Only `Database.transaction` calls it, as the last thing before the commit: on PostgreSQL others that wrote
    the same tables wait from here until this one ends. Rows are taken in the order of their names, so that
    nobody waits in a circle.
    """
    await session.flush()
    written = cast("set[str]", (await session.connection()).info.pop(WRITTEN, set()))
    if not written:
        return
    table = cast("Table", DataVersion.__table__)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = (postgresql.insert if is_postgresql else sqlite.insert)(table).values(
        [{"table_name": name, "version": 1} for name in sorted(written)]
    )
    moved = {"version": table.c.version + 1}
    await session.execute(statement.on_conflict_do_update(index_elements=["table_name"], set_=moved))
    (await session.connection()).info.pop(WRITTEN, None)


Versions = Mapping[str, int]
