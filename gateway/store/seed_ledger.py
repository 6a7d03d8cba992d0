"""Reserving seeds: the row of a physics key is the lock, the database's constraint is the backstop.

Reading the highest seed and inserting behind it is only safe for one at a time; without the lock twenty
writers gave most seeds twice, and with the constraint alone they ended in deadlocks.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from sqlalchemy import Table, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import SeedRange, next_free
from gateway.errors import NamingError, SeedOverlapError
from gateway.store.rows import Rows, rows_of
from gateway.store.seeds import SeedRange as SeedRangeRow
from gateway.store.seeds import SeedSpace
from gateway.store.upsert import insert_missing

# Bound of the column that holds a physics key.
PHYSICS_KEY_LIMIT: Final = 600
# Holders named in the refusal of a range that is taken.
_HOLDERS_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class HeldSeeds:
    """A range of the ledger with who holds it; None for one that was set aside by hand."""

    seeds: SeedRange
    request_name: str | None
    is_exempt: bool
    exempt_reason: str | None
    is_same_script: bool


async def held_seeds(rows: Rows, key: PhysicsKey) -> Sequence[HeldSeeds]:
    """Return what is held under this key, ascending; also where only the script was not recorded.

    An unrecorded script may be any script, so its seeds may be the same events.
    """
    return (await held_seeds_of(rows, [key]))[key]


async def held_seeds_of(rows: Rows, keys: Collection[PhysicsKey]) -> Mapping[PhysicsKey, Sequence[HeldSeeds]]:
    """Return what is held under each of the keys, as `held_seeds` does, in two statements."""
    spaces = await _related_spaces(rows, keys)
    found = await rows(
        select(
            SeedRangeRow.seed_space_id,
            SeedRangeRow.seed_first,
            SeedRangeRow.seed_last,
            SeedRangeRow.request_name,
            SeedRangeRow.is_exempt,
            SeedRangeRow.exempt_reason,
        )
        .where(SeedRangeRow.seed_space_id.in_([space.id for space in spaces]))
        .order_by(SeedRangeRow.seed_first, SeedRangeRow.seed_last)
    )
    text_of = {space.id: space.physics_key for space in spaces}
    return {
        key: [
            HeldSeeds(
                SeedRange(row.seed_first, row.seed_last),
                row.request_name,
                row.is_exempt,
                row.exempt_reason,
                is_same_script=text_of[row.seed_space_id] == str(key),
            )
            for row in found
            if _is_related(text_of[row.seed_space_id], key)
        ]
        for key in set(keys)
    }


async def next_free_seeds(rows: Rows, key: PhysicsKey, count: int) -> SeedRange:
    """Return the range that `reserve_next` would take now, without taking it."""
    spaces = await _related_spaces(rows, [key])
    found = await rows(
        select(func.max(SeedRangeRow.seed_last).label("last")).where(
            SeedRangeRow.seed_space_id.in_([space.id for space in spaces])
        )
    )
    last: int = found[0].last or 0
    return next_free(count, [SeedRange(1, last)] if last else [])


async def reserve_next(
    session: AsyncSession,
    key: PhysicsKey,
    count: int,
    *,
    request_name: str | None,
    at: dt.datetime,
    exempt_reason: str | None = None,
) -> SeedRange:
    """Take the first `count` seeds in one piece behind everything taken; others wait until this commits."""
    [seeds] = await reserve_next_for_each(
        session, key, count, request_names=[request_name], at=at, exempt_reason=exempt_reason
    )
    return seeds


async def reserve_next_for_each(
    session: AsyncSession,
    key: PhysicsKey,
    count: int,
    *,
    request_names: Sequence[str | None],
    at: dt.datetime,
    exempt_reason: str | None = None,
) -> Sequence[SeedRange]:
    """Take `count` seeds for each request, one range behind the other, behind everything taken."""
    space_id = await _lock_spaces(session, key)
    free = await next_free_seeds(rows_of(session), key, count * len(request_names))
    ranges = [SeedRange(first, first + count - 1) for first in range(free.first, free.last + 1, count)]
    for name, seeds in zip(request_names, ranges, strict=True):
        _add(session, space_id, seeds, name, exempt_reason, at)
    await session.flush()
    return ranges


async def reserve(
    session: AsyncSession,
    key: PhysicsKey,
    seeds: SeedRange,
    *,
    request_name: str | None,
    at: dt.datetime,
    exempt_reason: str | None = None,
) -> None:
    """Take exactly these seeds; a reason makes them exempt: they may be taken already, and take none.

    Raises SeedOverlapError naming who holds some of them.
    """
    space_id = await _lock_spaces(session, key)
    if exempt_reason is None:
        holders = [
            held
            for held in await held_seeds(rows_of(session), key)
            if held.is_same_script and not held.is_exempt and held.seeds.overlap(seeds)
        ]
        if holders:
            named = ", ".join(
                f"{held.request_name or 'a range set aside'} ({held.seeds})"
                for held in holders[:_HOLDERS_NAMED]
            )
            raise SeedOverlapError(
                f"Of the seeds {seeds} some are taken by {named}. Leave the seeds out to get free ones, or "
                "say why they are to be used again."
            )
    _add(session, space_id, seeds, request_name, exempt_reason, at)
    await session.flush()


async def release(session: AsyncSession, request_name: str, *, reason: str) -> None:
    """Give up the seeds of a request that were never sent anywhere.

    A range behind which nothing was taken becomes free again. Another stays in the ledger, exempt for this
    reason: a gap is never filled, so nobody has to ask whether it was used.
    """
    for row in (
        await session.scalars(
            select(SeedRangeRow).where(SeedRangeRow.request_name == request_name).with_for_update()
        )
    ).all():
        later = await session.scalar(
            select(func.count())
            .select_from(SeedRangeRow)
            .where(SeedRangeRow.seed_space_id == row.seed_space_id, SeedRangeRow.seed_last > row.seed_last)
        )
        if later:
            row.is_exempt, row.exempt_reason = True, reason
        else:
            await session.delete(row)
    await session.flush()


async def drop(session: AsyncSession, request_name: str) -> None:
    """Remove the ranges of a request that is about to get others within the same transaction."""
    await session.execute(
        delete(SeedRangeRow)
        .where(SeedRangeRow.request_name == request_name)
        .execution_options(synchronize_session=False)
    )


async def exempt(session: AsyncSession, request_name: str, *, reason: str) -> None:
    """Let the seeds of a request be taken by others, for this reason; ranges already exempt keep theirs."""
    await session.execute(
        update(SeedRangeRow)
        .where(SeedRangeRow.request_name == request_name, SeedRangeRow.is_exempt.is_(False))
        .values(is_exempt=True, exempt_reason=reason)
        .execution_options(synchronize_session=False)
    )


def _add(
    session: AsyncSession,
    space_id: int,
    seeds: SeedRange,
    request_name: str | None,
    exempt_reason: str | None,
    at: dt.datetime,
) -> None:
    session.add(
        SeedRangeRow(
            seed_space_id=space_id,
            request_name=request_name,
            seed_first=seeds.first,
            seed_last=seeds.last,
            is_exempt=exempt_reason is not None,
            exempt_reason=exempt_reason,
            created_at=at,
        )
    )


@dataclass(frozen=True, slots=True)
class _Space:
    id: int
    physics_key: str


def _is_related(text: str, key: PhysicsKey) -> bool:
    """Whether seeds under the key of this text may be the same events as those under the other."""
    any_script = str(replace(key, script=None))
    return text.startswith(any_script) if key.script is None else text in {any_script, str(key)}


async def _related_spaces(
    rows: Rows, keys: Collection[PhysicsKey], *, lock: bool = False
) -> Sequence[_Space]:
    """The spaces of these keys and, where a script was not recorded, of any script; by key."""
    texts = sorted({text for key in keys for text in (str(key), str(replace(key, script=None)))})
    wanted = select(SeedSpace.id, SeedSpace.physics_key).order_by(SeedSpace.physics_key)
    wanted = wanted.where(
        or_(
            SeedSpace.physics_key.in_(texts),
            *(
                SeedSpace.physics_key.startswith(str(key), autoescape=True)
                for key in sorted(set(keys), key=str)
                if key.script is None
            ),
        )
    )
    found = await rows(wanted.with_for_update() if lock else wanted)
    return [_Space(row.id, row.physics_key) for row in found]


async def _lock_spaces(session: AsyncSession, key: PhysicsKey) -> int:
    """Make the space of the key if there is none, lock it and its relatives, and return its id.

    Always in the order of keys, as `store.seeds.lock_spaces` does, so that two never wait for each other.
    """
    text = str(key)
    if len(text) > PHYSICS_KEY_LIMIT:
        raise NamingError("Tag, geometry and script together are too long to be compared. Shorten them.")
    await insert_missing(
        session, cast("Table", SeedSpace.__table__), [{"physics_key": text}], unique=("physics_key",)
    )
    spaces = await _related_spaces(rows_of(session), [key], lock=True)
    return next(space.id for space in spaces if space.physics_key == text)
