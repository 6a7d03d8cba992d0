"""What a reading does not say at all is kept: another source of the same row may have said it.

PanDA's API has no sizes and no missing seeds, its monitor has; a reading of the one must not wipe what a
snapshot of the other brought. A field that a record states as null is stated, and does wipe.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import Remembered
from gateway.store.keys import key_in
from gateway.store.remembered import BATCH_ROWS
from gateway.sync.records import Section


async def keep_unsaid(
    session: AsyncSession, section: Section, rows: Sequence[Remembered], records: Sequence[object]
) -> None:
    """Give the rows what is stored for the fields that no record of the page has; one statement per 1000."""
    said = frozenset().union(*(record.keys() for record in records if isinstance(record, Mapping)))
    unsaid = sorted(section.fields - said)
    if not unsaid or not rows:
        return
    keys = [getattr(section.model, name) for name in section.key_fields]
    columns = [getattr(section.model, name) for name in unsaid]
    for start in range(0, len(rows), BATCH_ROWS):
        batch = {
            tuple(getattr(row, name) for name in section.key_fields): row
            for row in rows[start : start + BATCH_ROWS]
        }
        found = await session.execute(select(*keys, *columns).where(key_in(keys, list(batch))))
        for stored in found:
            row = batch[tuple(stored[: len(keys)])]
            for name, value in zip(unsaid, stored[len(keys) :], strict=True):
                setattr(row, name, value)
