"""What a record does not say at all is kept: another source of the same row may have said it.

PanDA's API has no sizes and no missing seeds, its monitor has; a reading of the one must not wipe what a
snapshot of the other brought. Where a site's centre is not listed, its cores are not known to be none. A
field that a record states as null is stated, and does wipe.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import Remembered
from gateway.store.keys import key_in
from gateway.store.remembered import BATCH_ROWS
from gateway.sync.records import Section

# A row, and the fields that its record did not have.
Unsaid = tuple[Remembered, frozenset[str]]


async def keep_unsaid(session: AsyncSession, section: Section, unsaid: Iterable[Unsaid]) -> None:
    """Give each row what is stored for the fields its record lacks.

    One statement per 1000 rows that lack the same fields, which are all rows of a page as a rule.
    """
    rows_lacking: defaultdict[frozenset[str], list[Remembered]] = defaultdict(list)
    for row, fields in unsaid:
        rows_lacking[fields].append(row)
    keys = [getattr(section.model, name) for name in section.key_fields]
    for fields, rows in rows_lacking.items():
        names = sorted(fields)
        columns = [getattr(section.model, name) for name in names]
        for start in range(0, len(rows), BATCH_ROWS):
            batch = {
                tuple(getattr(row, name) for name in section.key_fields): row
                for row in rows[start : start + BATCH_ROWS]
            }
            found = await session.execute(select(*keys, *columns).where(key_in(keys, list(batch))))
            for stored in found:
                row = batch[tuple(stored[: len(keys)])]
                for name, value in zip(names, stored[len(keys) :], strict=True):
                    setattr(row, name, value)
