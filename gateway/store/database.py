"""One database and the two ways into it: a snapshot to read from, a transaction to write in.

A snapshot is one read-only transaction (SQLite: a deferred WAL read; PostgreSQL: repeatable read, read only),
so everything one GraphQL operation reads comes from one moment. Writes on SQLite begin IMMEDIATE and queue
behind a fair lock in this process, because SQLite's own waiting can starve a writer for seconds.
"""

import asyncio
import contextlib
import fcntl
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from gateway.errors import DatabaseBusyError, SeedOverlapError, SettingError
from gateway.store.audit import write_recorded
from gateway.store.events import write_told
from gateway.store.lively import LIVELY
from gateway.store.row_changes import Cutting
from gateway.store.version_watch import VersionWatch
from gateway.store.versions import WRITTEN, move_versions, note_read, note_written
from gateway.tracing import note_statement

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+psycopg"
SUPPORTED = (SQLITE, POSTGRESQL)

# What both databases say when seeds of one physics key would be held twice (the first migration).
SEED_CONSTRAINT = "ex_seed_ranges_no_overlap"

# A reader waits this long for a writer's checkpoint before it gives up with "database is locked".
SQLITE_BUSY_TIMEOUT_MS = 5000
# Pages of 4 KiB kept in memory per connection: 8 MiB.
SQLITE_CACHE_KIB = 8192


def parse_database_url(text: str) -> URL:
    """Return the URL, or raise SettingError naming the two forms that work."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SettingError(
            f"GATEWAY_DATABASE_URL is not a database URL: write {SQLITE}:///path/to/file.db "
            f"or {POSTGRESQL}://user@host/name"
        ) from error
    if url.drivername not in SUPPORTED:
        raise SettingError(
            f"GATEWAY_DATABASE_URL uses the driver {url.drivername!r}: "
            f"only {SQLITE} and {POSTGRESQL} are supported"
        )
    if url.drivername == SQLITE and not url.database:
        raise SettingError(
            f"GATEWAY_DATABASE_URL names no file: a database in memory would be lost, write {SQLITE}:///file.db"
        )
    return url


# A statement of a reader that runs longer would keep its connection, and in the end everybody else, waiting.
READ_TIMEOUT_S = 20.0
# SQLite asks whether to go on after so many steps of its machine: some milliseconds.
SQLITE_STEPS_BETWEEN_LOOKS = 50_000


class Database:
    """An engine with its snapshots and write transactions; nothing else in the program opens connections."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = parse_database_url(url)
        self.is_sqlite = self.url.drivername == SQLITE
        self.engine = _create_engine(self.url, pool_size)
        self._read_sessions = async_sessionmaker(self._reading(), expire_on_commit=False, autoflush=False)
        self._write_sessions = async_sessionmaker(self._writing(), expire_on_commit=False)
        self._write_turn = asyncio.Lock()
        self._told: set[Callable[[], None]] = set()
        self.versions = VersionWatch(self.url, is_sqlite=self.is_sqlite)
        self._cutting = Cutting()

    def _reading(self) -> AsyncEngine:
        if self.is_sqlite:
            return self.engine
        return self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _writing(self) -> AsyncEngine:
        return self.engine.execution_options(begin_immediate=True) if self.is_sqlite else self.engine

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """Give a session that sees one moment and cannot keep anything it changes.

        Closing rolls back; an explicit rollback would first mark every row that was read as expired.
        """
        async with self._read_sessions() as session:
            yield session

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Give a session whose work is committed as a whole at the end, or not at all.

        What was told in it (`store.events`) and recorded (`store.audit`) is committed with it, and so is that
        its tables were written (`store.versions`); then those who listen are called.
        Raises SeedOverlapError when the database refuses seeds because somebody has them (invariant 1).
        """
        async with contextlib.AsyncExitStack() as stack:
            if self.is_sqlite:
                await stack.enter_async_context(self._write_turn)
            stack.enter_context(_seeds_refused_in_words())
            session = await stack.enter_async_context(self._write_sessions.begin())
            yield session
            await write_recorded(session)
            has_told = await write_told(session)
            # Whoever undid their work within has written nothing.
            if session.in_transaction():
                await self._cutting.cut(session)
                await move_versions(session)
        if has_told:
            for call in tuple(self._told):
                call()

    @contextlib.contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Call this after each commit of this object that told something; it must not wait or fail."""
        self._told.add(call)
        try:
            yield
        finally:
            self._told.discard(call)

    async def close(self) -> None:
        """Close every connection."""
        await self.versions.close()
        await self.engine.dispose()


def _create_engine(url: URL, pool_size: int) -> AsyncEngine:
    """Make the engine; `hide_parameters`, because failures are logged and values are people's."""
    if url.drivername == POSTGRESQL:
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=dict(LIVELY),
        )
        _prepare_postgresql(engine.sync_engine)
        _note_tables(engine.sync_engine)
        return engine
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, hide_parameters=True)
    _prepare_sqlite(engine.sync_engine)
    _note_tables(engine.sync_engine)
    return engine


def _note_tables(engine: Engine) -> None:
    """Note which tables are read, for whoever wants to know, and which a transaction writes."""

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.info.pop(WRITTEN, None)

    @event.listens_for(engine, "before_cursor_execute")
    def on_execute(
        connection: Connection, _cursor: object, statement: str, _given: object, context: Any, _many: object
    ) -> None:
        note_statement()
        note_read(statement, getattr(context, "compiled", None))
        note_written(statement, connection.info)


def _prepare_postgresql(engine: Engine) -> None:
    """Count in UTC, as SQLite does: else the month of a moment is that of wherever the server is set to.

    Readers are stopped by the server when a statement takes too long.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET TIME ZONE 'UTC'")
        # Once for each connection: readers, who are many, need not say it again.
        cursor.execute(f"SET statement_timeout = {READ_TIMEOUT_S * 1000:.0f}")
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("postgresql_readonly", False):
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _prepare_sqlite(engine: Engine) -> None:
    begin_sqlite_ourselves(engine)

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
            f"cache_size=-{SQLITE_CACHE_KIB}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function("lower", 1, _lower, deterministic=True)
        ends = record.info["statement_ends"] = [math.inf]
        connection.run_async(
            lambda driver: driver.set_progress_handler(
                lambda: time.monotonic() > ends[0], SQLITE_STEPS_BETWEEN_LOOKS
            )
        )

    @event.listens_for(engine, "before_cursor_execute")
    def on_execute(connection: Connection, *_: object) -> None:
        may_write = connection.get_execution_options().get("begin_immediate", False)
        connection.info["statement_ends"][0] = math.inf if may_write else time.monotonic() + READ_TIMEOUT_S


def _lower(text: str | None) -> str | None:
    """SQLite's own `lower` knows the letters of English only; PostgreSQL and we know all."""
    return None if text is None else text.lower()


def begin_sqlite_ourselves(engine: Engine) -> None:
    """Take transactions out of the driver's hands: its own mode opens none for a SELECT or a CREATE TABLE.

    Only connections with the execution option `begin_immediate` can write.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        may_write = connection.get_execution_options().get("begin_immediate", False)
        # Told only when it changes: every statement costs a change of threads.
        if connection.info.get("may_write") is not may_write:
            connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if may_write else 'ON'}")
            connection.info["may_write"] = may_write
        connection.exec_driver_sql("BEGIN IMMEDIATE" if may_write else "BEGIN")


@contextlib.contextmanager
def _seeds_refused_in_words() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if SEED_CONSTRAINT not in str(error.orig):
            raise
        raise SeedOverlapError(
            "the database refused seeds that another production of the same physics holds already. "
            "Look at the seeds that are taken, and choose others."
        ) from error


def was_stopped(error: DBAPIError) -> bool:
    """Whether a statement failed because it took longer than READ_TIMEOUT_S."""
    return getattr(error.orig, "sqlstate", None) == "57014" or str(error.orig) == "interrupted"


@contextlib.contextmanager
def owned_by_this_process(url: URL) -> Iterator[None]:
    """Hold the SQLite file for one serving process; PostgreSQL needs no such thing.

    Raises DatabaseBusyError when another process holds it, SettingError when the folder cannot be written.
    """
    if url.drivername != SQLITE or url.database is None:
        yield
        return
    lock_path = Path(f"{url.database}.lock")
    try:
        lock_path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingError(
            f"cannot write beside the database file in {lock_path.parent}: {error.strerror}. "
            "Make the folder writable or set GATEWAY_DATABASE_URL to another place"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise DatabaseBusyError(
            f"another gateway process serves {url.database}: stop it, or use PostgreSQL for several processes"
        ) from error
    try:
        yield
    finally:
        os.close(handle)
