"""The one way remembered rows are written: compare by content, keep the past, mark what is gone.

Imports of snapshots and background jobs both come through here, so that freshness, history and removal mean
the same whoever brought the data. It decides nothing about when a listing may be trusted: its caller does.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

import orjson
from sqlalchemy import Table, bindparam, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.base import Base, Remembered, UtcDateTime
from gateway.store.history import PastVersion
from gateway.store.keys import RowKey, key_in, key_text
from gateway.store.sources import SourceName
from gateway.store.telling import announce_ends, columns_told, tell_of
from gateway.store.upsert import insert_rows, upsert_rows

# Rows compared at a time: bounds memory and the length of an IN list.
BATCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many rows were seen, and what was done about them; `changed` counts new and returned rows too."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    returned: int = 0
    gone: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        """Sum two outcomes, batch by batch."""
        return Outcome(
            seen=self.seen + other.seen,
            new=self.new + other.new,
            changed=self.changed + other.changed,
            returned=self.returned + other.returned,
            gone=self.gone + other.gone,
        )


async def remember(
    session: AsyncSession, rows: Iterable[Remembered], *, source: SourceName, at: dt.datetime
) -> Outcome:
    """Bring remembered rows to what the source says now.

    Rows are all of one table; the last of two with the same key wins. A row whose content is unchanged is
    only marked as seen; one that changed, or comes back after it was gone, leaves its former content in
    `past_versions`. Works within the caller's transaction, a fixed number of statements per thousand rows.
    """
    total = Outcome()
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH_ROWS)):
        total += await _remember_batch(session, batch, source, at)
    return total


async def mark_seen(
    session: AsyncSession, model: type[Remembered], hashes: Mapping[RowKey, str], *, at: dt.datetime
) -> set[RowKey]:
    """Mark the present rows made of exactly these records as seen, and return their keys."""
    table = _table(model)
    key_columns = list(table.primary_key.columns)
    keys = list(hashes)
    seen: set[RowKey] = set()
    for start in range(0, len(keys), BATCH_ROWS):
        batch = keys[start : start + BATCH_ROWS]
        found = await session.execute(
            select(*key_columns, table.c.record_hash).where(
                key_in(key_columns, batch), table.c.gone_at.is_(None)
            )
        )
        same = [tuple(row[:-1]) for row in found if hashes[tuple(row[:-1])] == row[-1]]
        if same:
            await session.execute(update(table).where(key_in(key_columns, same)).values(last_seen_at=at))
        seen.update(same)
    return seen


async def amend(
    session: AsyncSession, rows: Sequence[Remembered], *, source: SourceName, at: dt.datetime
) -> None:
    """Keep what was worked out about rows that are stored, as `remember` does, but not as a sign of life.

    When the source last spoke of a row stays as it was.
    """
    for start in range(0, len(rows), BATCH_ROWS):
        batch = rows[start : start + BATCH_ROWS]
        await _remember_batch(session, batch, source, at, is_sighting=False)


async def mark_gone(
    session: AsyncSession, model: type[Remembered], keys: Sequence[RowKey], *, at: dt.datetime
) -> int:
    """Mark rows as gone from their source and return how many were newly marked; nothing is deleted."""
    table = _table(model)
    told = columns_told(table)
    marked = 0
    for start in range(0, len(keys), BATCH_ROWS):
        result = await session.execute(
            update(table)
            .where(
                key_in(table.primary_key.columns.values(), keys[start : start + BATCH_ROWS]),
                table.c.gone_at.is_(None),
            )
            .values(gone_at=at)
            .returning(*(table.c[name] for name in told or _key_names(table)))
        )
        rows = [dict(row) for row in result.mappings()]
        marked += len(rows)
        await tell_of(session, table, rows, at)
    return marked


async def present_keys(session: AsyncSession, model: type[Remembered]) -> set[RowKey]:
    """Return the primary keys of the rows that are not gone."""
    table = _table(model)
    result = await session.execute(select(*table.primary_key.columns).where(table.c.gone_at.is_(None)))
    return {tuple(row) for row in result}


def content_hash(content: Mapping[str, object]) -> str:
    """Return a stable fingerprint of a row's content, the same on every machine and database."""
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
    return hashlib.blake2b(text, digest_size=16).hexdigest()


async def _remember_batch(
    session: AsyncSession,
    batch: Sequence[Remembered],
    source: SourceName,
    at: dt.datetime,
    *,
    is_sighting: bool = True,
) -> Outcome:
    table = _table(type(batch[0]))
    columns = [column.name for column in table.columns if column.name not in Remembered.bookkeeping]
    incoming = dict(_contents(table, columns, batch))
    known = await _known_hashes(session, table, list(incoming))
    fingerprints = {key: content_hash(content) for key, content in incoming.items()}
    key_names = _key_names(table)
    records = {tuple(getattr(row, name) for name in key_names): row.record_hash for row in batch}
    unchanged = [
        key for key, (known_hash, _, is_here) in known.items() if is_here and known_hash == fingerprints[key]
    ]
    to_write = incoming.keys() - set(unchanged)

    await announce_ends(
        session, table, {key: incoming[key] for key in incoming if key in to_write}, known, at
    )
    await _keep_past_versions(session, table, columns, [key for key in known if key in to_write], at)
    await upsert_rows(
        session,
        table,
        [
            {
                **incoming[key],
                "source": source.value,
                "first_seen_at": at,
                "last_seen_at": at,
                "changed_at": at,
                "content_hash": fingerprints[key],
                "record_hash": records[key],
                "gone_at": None,
            }
            for key in incoming
            if key in to_write
        ],
        keep=frozenset({"first_seen_at"} if is_sighting else {"first_seen_at", "last_seen_at"}),
    )
    await tell_of(session, table, [incoming[key] for key in incoming if key in to_write], at)
    if unchanged and is_sighting:
        await session.execute(
            update(table).where(key_in(table.primary_key.columns.values(), unchanged)).values(last_seen_at=at)
        )
        said = {key: records[key] for key in unchanged if records[key] not in {None, known[key][1]}}
        await _keep_record_hashes(session, table, said)
    return Outcome(
        seen=len(incoming),
        new=len(incoming.keys() - known.keys()),
        changed=len(to_write),
        returned=sum(1 for *_, is_here in known.values() if not is_here),
    )


async def _known_hashes(
    session: AsyncSession, table: Table, keys: Sequence[RowKey]
) -> dict[RowKey, tuple[str, str | None, bool]]:
    """Return for each stored row its content's hash, its record's, and whether it is present (not gone)."""
    key_columns = list(table.primary_key.columns)
    result = await session.execute(
        select(*key_columns, table.c.content_hash, table.c.record_hash, table.c.gone_at).where(
            key_in(key_columns, keys)
        )
    )
    return {tuple(row[:-3]): (row[-3], row[-2], row[-1] is None) for row in result}


async def _keep_record_hashes(
    session: AsyncSession, table: Table, hashes: Mapping[RowKey, str | None]
) -> None:
    """Write down for rows that stay as they are which record said so now."""
    if not hashes:
        return
    key_columns = list(table.primary_key.columns)
    names = [f"key_{number}" for number in range(len(key_columns))]
    is_row = (column == bindparam(name) for column, name in zip(key_columns, names, strict=True))
    await (await session.connection()).execute(
        update(table).where(*is_row).values(record_hash=bindparam("hash")),
        [dict(zip((*names, "hash"), (*key, value), strict=True)) for key, value in hashes.items()],
    )


async def _keep_past_versions(
    session: AsyncSession, table: Table, columns: Sequence[str], keys: Sequence[RowKey], at: dt.datetime
) -> None:
    """Copy what the rows said until now, or until they were gone, into `past_versions`."""
    if not keys:
        return
    result = await session.execute(select(table).where(key_in(table.primary_key.columns.values(), keys)))
    await insert_rows(
        session,
        cast("Table", PastVersion.__table__),
        [
            {
                "table_name": table.name,
                "row_key": key_text(tuple(row[name] for name in _key_names(table))),
                "valid_from": row["changed_at"],
                "valid_to": row["gone_at"] or at,
                "content": orjson.loads(
                    orjson.dumps({name: row[name] for name in columns}, option=orjson.OPT_UTC_Z)
                ),
            }
            for row in result.mappings()
        ],
    )


def _contents(
    table: Table, columns: Sequence[str], batch: Sequence[Remembered]
) -> Iterator[tuple[RowKey, dict[str, object]]]:
    key_names = _key_names(table)
    moments = [name for name in columns if isinstance(table.c[name].type, UtcDateTime)]
    for row in batch:
        content = {name: getattr(row, name) for name in columns}
        # The same moment said in another zone is no change; a naive one is left for the column to refuse.
        for name in moments:
            if content[name] is not None and content[name].tzinfo is not None:
                content[name] = content[name].astimezone(dt.UTC)
        yield tuple(content[name] for name in key_names), content


def _table(model: type[Remembered]) -> Table:
    return cast("Table", inspect(cast("type[Base]", model)).local_table)


def _key_names(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]
