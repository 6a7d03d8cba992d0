"""Fresh databases for tests: migrated once per kind, then copied, so that each test starts clean at once."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlalchemy import event, text

from gateway.store.database import Database, parse_database_url
from gateway.store.migrate import upgrade
from gateway.store.plain import SENT
from tests.support.postgres import create_database

KINDS = ("sqlite", "postgresql")


@dataclass
class DatabaseMaker:
    """Makes databases of one kind, each a copy of a migrated template."""

    kind: str
    folder: Path
    postgres_url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def empty_url(self) -> str:
        """Return the URL of a new database without any table."""
        number = next(self._numbers)
        if self.kind == "sqlite":
            return f"sqlite+aiosqlite:///{self.folder}/empty{number}.db"
        return create_database(self.postgres_url, f"empty_{number}")

    def copy_of(self, template_url: str) -> str:
        """Return the URL of a new database with the template's content; nobody may be connected to that."""
        number = next(self._numbers)
        if self.kind == "sqlite":
            source = parse_database_url(template_url).database
            assert source is not None
            target = self.folder / f"copy{number}.db"
            shutil.copyfile(source, target)
            return f"sqlite+aiosqlite:///{target}"
        template = parse_database_url(template_url).database
        return create_database(self.postgres_url, f"copy_{number}", template=template)

    @cached_property
    def migrated_template(self) -> str:
        """The URL of a database with this code's schema, made when it is first asked for."""
        url = self.empty_url()
        upgrade(parse_database_url(url))
        return url


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Open a database and close it afterwards."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def counted_statements(database: Database) -> Iterator[list[str]]:
    """Collect the SQL statements sent meanwhile (not BEGIN, COMMIT or ROLLBACK)."""
    statements: list[str] = []

    def on_execute(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET LOCAL statement_timeout")):
            statements.append(statement)

    SENT.append(statements.append)
    event.listen(database.engine.sync_engine, "before_cursor_execute", on_execute)
    try:
        yield statements
    finally:
        SENT.remove(statements.append)
        event.remove(database.engine.sync_engine, "before_cursor_execute", on_execute)


async def waiting_for_locks(database: Database, connections: int) -> None:
    """Return when so many connections to this PostgreSQL database wait for another one."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(60):
        while True:
            async with database.snapshot() as session:
                if (await session.scalar(text(waiting)) or 0) >= connections:
                    return
            await asyncio.sleep(0.05)
