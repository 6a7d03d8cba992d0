"""What remembered rows said at a past moment, put together from the present rows and their past versions."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Row, Table, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import Base, Remembered, UtcDateTime
from gateway.store.history import PastVersion
from gateway.store.keys import RowKey, key_in, key_text

# Keys in one IN list.
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Version:
    """What was known of a row from `valid_from` until just before `valid_to`, which is None to this day.

    When `is_gone` its owner did not have it any more, and the content is what it had said last. Columns that
    were added since are None in it, and columns given up since are left out.
    """

    content: Mapping[str, object]
    valid_from: dt.datetime
    valid_to: dt.datetime | None
    is_gone: bool


async def content_as_of(
    session: AsyncSession, model: type[Remembered], key: RowKey, moment: dt.datetime
) -> Version | None:
    """Return what was known of one row at the moment, as `contents_as_of`; None when not yet known."""
    return (await contents_as_of(session, model, [key], moment)).get(key)


async def contents_as_of(
    session: AsyncSession, model: type[Remembered], keys: Collection[RowKey], moment: dt.datetime
) -> dict[RowKey, Version]:
    """Return what was known of the rows with these primary keys at the moment, without those not yet known.

    Values have the types of the table's columns. Two statements for a thousand keys, however long their past.
    """
    table = cast("Table", inspect(cast("type[Base]", model)).local_table)
    wanted = list(dict.fromkeys(keys))
    found: dict[RowKey, Version] = {}
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        present = await _present(session, table, batch)
        versions = {
            key: _of_present(table, row, moment) for key, row in present.items() if row.changed_at <= moment
        }
        earlier = [key for key in batch if key not in versions]
        versions |= await _past(session, table, earlier, present, moment)
        found |= {key: versions[key] for key in batch if key in versions}
    return found


async def _present(session: AsyncSession, table: Table, keys: Sequence[RowKey]) -> dict[RowKey, Row[Any]]:
    names = [column.name for column in table.primary_key.columns]
    result = await session.execute(select(table).where(key_in(table.primary_key.columns.values(), keys)))
    return {tuple(row._mapping[name] for name in names): row for row in result}


def _of_present(table: Table, row: Row[Any], moment: dt.datetime) -> Version:
    """The present content, which stays when its row is marked as gone."""
    content = {name: row._mapping[name] for name in _content_names(table)}
    if row.gone_at is not None and row.gone_at <= moment:
        return Version(content, row.gone_at, None, is_gone=True)
    return Version(content, row.changed_at, row.gone_at, is_gone=False)


async def _past(
    session: AsyncSession,
    table: Table,
    keys: Sequence[RowKey],
    present: Mapping[RowKey, Row[Any]],
    moment: dt.datetime,
) -> dict[RowKey, Version]:
    """The last version of each row that began by the moment, if there is one."""
    if not keys:
        return {}
    by_text = {key_text(key): key for key in keys}
    # The one after it, if any, says until when a row that had gone stayed away.
    following = func.lead(PastVersion.valid_from, type_=UtcDateTime()).over(
        partition_by=PastVersion.row_key, order_by=(PastVersion.valid_from, PastVersion.id)
    )
    # A row that changed twice at one moment never was what it said in between.
    lasting = (
        select(
            PastVersion.row_key,
            PastVersion.valid_from,
            PastVersion.valid_to,
            PastVersion.content,
            following.label("next_from"),
        )
        .where(
            PastVersion.table_name == table.name,
            PastVersion.row_key.in_(by_text),
            PastVersion.valid_to > PastVersion.valid_from,
        )
        .subquery()
    )
    result = await session.execute(
        select(lasting).where(
            lasting.c.valid_from <= moment,
            (lasting.c.next_from > moment) | lasting.c.next_from.is_(None),
        )
    )
    versions = {}
    for row in result:
        key = by_text[row.row_key]
        content = _typed(table, row.content)
        if row.valid_to > moment:
            versions[key] = Version(content, row.valid_from, row.valid_to, is_gone=False)
            continue
        returned_at = row.next_from or (present[key].changed_at if key in present else None)
        versions[key] = Version(content, row.valid_to, returned_at, is_gone=True)
    return versions


def _typed(table: Table, stored: object) -> Mapping[str, object]:
    """A past content, which was kept as JSON, with the types of the columns."""
    content = cast("Mapping[str, Any]", stored)
    return {
        name: dt.datetime.fromisoformat(value)
        if (value := content.get(name)) is not None and isinstance(table.c[name].type, UtcDateTime)
        else value
        for name in _content_names(table)
    }


def _content_names(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name not in Remembered.bookkeeping]
