"""What a database holds, counted: two copies of it are compared by this, a backup with where it came from."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import InputError
from gateway.store.audit import ChainState, follow_chain
from gateway.store.base import Base
from gateway.store.database import SQLITE


@dataclass(frozen=True, slots=True)
class Inventory:
    """The schema's revision, the rows of each table by its name, and how the trail is."""

    revision: str
    rows: Sequence[tuple[str, int]]
    trail: ChainState


async def take_inventory(session: AsyncSession) -> Inventory:
    """Count everything at the moment of this snapshot, and follow the trail; it reads whole tables."""
    revision = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
    rows = [
        (name, (await session.execute(select(func.count()).select_from(table))).scalar_one())
        for name, table in sorted(Base.metadata.tables.items())
    ]
    return Inventory(str(revision), rows, await follow_chain(session))


def back_up_sqlite(url: URL, target: Path) -> None:
    """Copy a SQLite database as it is at one moment into a new file, while others read and write it.

    Raises InputError for PostgreSQL, which has programs of its own for it, and when the file is there.
    """
    if url.drivername != SQLITE or url.database is None:
        raise InputError("a backup of PostgreSQL is made by pg_dump: see docs/operations.md")
    if target.exists():
        raise InputError(f"{target} is there already: a backup never overwrites another")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        with (
            closing(sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            # All pages in one step: a copy in parts begins anew whenever somebody writes.
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise InputError(f"the backup {target} was not made: {error}") from error
