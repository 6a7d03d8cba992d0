"""Saying how requests belong together: one extends, repeats or supersedes another."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import delete, select

from gateway.errors import ChangeRefusedError, InputError, MissingError
from gateway.resolvers.changes.change import Change
from gateway.store.base import JsonValue
from gateway.store.requests import Request, RequestRelation

EXTENDS: Final = "extends"
REPEATS: Final = "repeats"
SUPERSEDES: Final = "supersedes"
KINDS: Final = (EXTENDS, REPEATS, SUPERSEDES)

_NOTE_LIMIT: Final = 4_000
# A chain of successors is followed this far; a longer one is refused as a circle would be.
_LONGEST_CHAIN: Final = 200


async def relate(
    change: Change, name: str, kind: str, other: str, *, note: str | None
) -> Mapping[str, JsonValue]:
    """Record that the request extends, repeats or supersedes the other; returns its `request`."""
    await _both_there(change, name, other)
    await add_relation(change, name, kind, other, note=note, may_exist=False)
    return {"request": name}


async def unrelate(change: Change, name: str, kind: str, other: str) -> Mapping[str, JsonValue]:
    """Take such a record back; raises MissingError when there is none."""
    await _both_there(change, name, other)
    gone = await change.session.execute(
        delete(RequestRelation)
        .where(
            RequestRelation.request_name == name,
            RequestRelation.kind == kind,
            RequestRelation.other_name == other,
        )
        .returning(RequestRelation.kind)
        .execution_options(synchronize_session=False)
    )
    if gone.first() is None:
        raise MissingError(f"Nobody said that {name} {kind} {other}.")
    _tell(change, name, other)
    await change.record("RequestRelation", f"{name} {kind} {other}", before={"kind": kind, "other": other})
    return {"request": name}


async def add_relation(
    change: Change, name: str, kind: str, other: str, *, note: str | None, may_exist: bool
) -> None:
    """Add the relation between two requests that are there; refuses circles."""
    if note is not None and len(note) > _NOTE_LIMIT:
        raise InputError(f"The note has {len(note)} characters; at most {_NOTE_LIMIT} are kept.")
    if name == other:
        raise InputError(f"{name} cannot be related to itself.")
    known = await change.rows(
        select(RequestRelation.kind).where(
            RequestRelation.request_name == name,
            RequestRelation.kind == kind,
            RequestRelation.other_name == other,
        )
    )
    if known:
        if may_exist:
            return
        raise ChangeRefusedError(f"It is recorded already that {name} {kind} {other}.")
    await _refuse_circle(change, name, kind, other)
    await _add(change, name, kind, other, note)


async def relate_new(change: Change, names: Sequence[str], kind: str, other: str, *, note: str) -> None:
    """Relate requests made in this change to one that was there: they cannot close a circle."""
    for name in names:
        await _add(change, name, kind, other, note)


async def _add(change: Change, name: str, kind: str, other: str, note: str | None) -> None:
    change.session.add(
        RequestRelation(
            request_name=name,
            kind=kind,
            other_name=other,
            note=note,
            created_at=change.now,
            created_by=change.by,
        )
    )
    _tell(change, name, other)
    await change.record(
        "RequestRelation", f"{name} {kind} {other}", after={"kind": kind, "other": other}, reason=note
    )


async def _both_there(change: Change, name: str, other: str) -> None:
    # Locked in the order of names, so that a circle cannot be closed from two sides at once.
    found = await change.rows(
        select(Request.name).where(Request.name.in_([name, other])).order_by(Request.name).with_for_update()
    )
    missing = sorted({name, other} - {row.name for row in found})
    if missing:
        raise MissingError(f"There is no request {missing[0][:64]!r}.")


async def _refuse_circle(change: Change, name: str, kind: str, other: str) -> None:
    """Walk on from the other: a path back to the request would say that it succeeds itself."""
    seen: set[str] = set()
    reached = {other}
    for _ in range(_LONGEST_CHAIN):
        if name in reached:
            raise ChangeRefusedError(f"{other} already {kind} {name}, itself or through others.")
        seen |= reached
        found = await change.rows(
            select(RequestRelation.other_name).where(
                RequestRelation.kind == kind, RequestRelation.request_name.in_(sorted(reached))
            )
        )
        reached = {row.other_name for row in found} - seen
        if not reached:
            return
    raise ChangeRefusedError(f"The chain of requests that {kind} others is too long.")


def _tell(change: Change, *names: str) -> None:
    for name in names:
        change.tell_request(name)
