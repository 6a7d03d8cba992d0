"""Where a planted secret could be seen: lines that are logged, rows, processes that are started."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import select

from gateway.logs import quiet_libraries
from gateway.store.base import Base
from gateway.store.database import Database


@contextmanager
def lines_logged() -> Iterator[list[str]]:
    """Collect every line that is logged meanwhile, at the most talkative level of the root."""
    quiet_libraries()
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Keep()
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    configured = structlog.get_config()
    structlog.configure(processors=[lambda _logger, _name, event: lines.append(repr(event)) or repr(event)])
    try:
        yield lines
    finally:
        structlog.configure(**configured)
        root.removeHandler(handler)
        root.setLevel(level)


async def everything(database: Database) -> list[str]:
    """Return every row of every table as text."""
    async with database.snapshot() as session:
        return [
            repr(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in await session.execute(select(table))
        ]


_STARTS = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"})
_listening: list[list[str]] = []


def _heard(event: str, arguments: tuple[object, ...]) -> None:
    if event in _STARTS:
        for commands in _listening:
            commands.append(repr(arguments))


# An audit hook stays for as long as the process; it hears nothing while nobody listens.
sys.addaudithook(_heard)


@contextmanager
def processes_started() -> Iterator[list[str]]:
    """Collect what every process that is started meanwhile is called with, arguments and environment."""
    commands: list[str] = []
    _listening.append(commands)
    try:
        yield commands
    finally:
        _listening.remove(commands)
