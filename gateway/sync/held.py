"""Rows whose loss was not believed: kept by job and section until a person, or the source, settles it."""

import datetime as dt
from collections.abc import Mapping
from typing import cast

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import JsonValue
from gateway.store.sync_jobs import EXAMPLES, HeldRemoval
from gateway.sync.removals import Removal


async def released_keys(session: AsyncSession, job: str) -> Mapping[str, frozenset[str]]:
    """Return the rows, by section, that a person has said may go."""
    found = await session.execute(
        select(HeldRemoval.section, HeldRemoval.row_keys).where(
            HeldRemoval.job == job, HeldRemoval.released_at.is_not(None)
        )
    )
    return {section: frozenset(cast("list[str]", keys)) for section, keys in found}


async def keep_held(
    session: AsyncSession, job: str, removals: Mapping[str, Removal], *, at: dt.datetime
) -> None:
    """Bring what is held to what this complete reading held back.

    What a person released is done with, whether the rows went or came back; a word is for one reading only.
    """
    stored = {
        row.section: row for row in await session.scalars(select(HeldRemoval).where(HeldRemoval.job == job))
    }
    settled = [section for section in stored if not removals.get(section, Removal()).held]
    if settled:
        await session.execute(
            delete(HeldRemoval).where(HeldRemoval.job == job, HeldRemoval.section.in_(settled))
        )
    for section, removal in removals.items():
        if not removal.held:
            continue
        keys = sorted(removal.held)
        row = stored.get(section)
        if row is None:
            row = HeldRemoval(job=job, section=section, held_at=at)
            session.add(row)
        row.rows, row.known_rows = len(keys), removal.present
        row.examples = cast("JsonValue", keys[:EXAMPLES])
        row.row_keys = cast("JsonValue", keys)
        row.released_at = row.released_by = None
