"""Editing many requests at once, all or none, and taking the whole back."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gateway.domain.definitions import FieldDifference, differences
from gateway.errors import (
    ChangeRefusedError,
    InputError,
    InvalidChangeError,
    MissingError,
    StaleEditError,
)
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.create_request import check_definition_storable
from gateway.resolvers.changes.definitions import (
    StoredRequest,
    locked_request,
    read_requests,
    read_version,
)
from gateway.resolvers.changes.update_request import (
    Patch,
    check_editable,
    check_not_stale,
    edit_locked,
    without_old_seeds,
)
from gateway.store.base import JsonValue
from gateway.store.bulk_edits import BulkEdit
from gateway.store.rows import Rows

MOST_EDITED: Final = 200


@dataclass(frozen=True, slots=True)
class EditOf:
    """A request to edit, and the version that was looked at."""

    name: str
    expected_version: int


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """What the edit would do to one request; `problem` says why it could not be made."""

    name: str
    version: int | None
    differences: tuple[FieldDifference, ...]
    problem: str | None


async def plan_bulk_edit(rows: Rows, names: Sequence[str], patch: Patch) -> Sequence[PlannedEdit]:
    """Return what the patch would do to each request, in the order of their names; nothing is written.

    Seeds that would be taken anew are not looked up: they depend on the order in which edits are made.
    """
    wanted = _checked_names(names)
    found = await read_requests(rows, wanted)
    return [await _planned(rows, name, found.get(name), patch) for name in wanted]


async def bulk_edit(change: Change, edits: Sequence[EditOf], patch: Patch) -> Mapping[str, JsonValue]:
    """Apply the patch to every request, or to none; returns `edit`, by which it is undone, and `requests`.

    Raises what `update_request` raises, for the first request by name that cannot be edited.
    """
    _checked_names([edit.name for edit in edits])
    steps: list[JsonValue] = []
    for edit in sorted(edits, key=lambda each: each.name):
        before = await locked_request(change, edit.name)
        await check_not_stale(change, before, edit.expected_version, patch)
        await _named(edit.name, edit_locked(change, before, patch))
        after = (await read_requests(change.rows, [edit.name]))[edit.name]
        steps.append({"name": edit.name, "before": before.version, "after": after.version})
    made = BulkEdit(steps=steps, made_at=change.now, made_by=change.by)
    change.session.add(made)
    await change.session.flush()
    return {"edit": made.id, "requests": list[JsonValue](sorted(edit.name for edit in edits))}


async def undo_bulk_edit(change: Change, edit_id: int) -> Mapping[str, JsonValue]:
    """Bring every request of a bulk edit back to what it was before, or none; returns `edit`, `requests`.

    Seeds too: those that somebody else took meanwhile are refused. Raises MissingError, StaleEditError for a
    request that was changed since, ChangeRefusedError for an edit that was undone already.
    """
    made = (
        await change.session.scalars(select(BulkEdit).where(BulkEdit.id == edit_id).with_for_update())
    ).one_or_none()
    if made is None:
        raise MissingError(f"There is no bulk edit {edit_id}.")
    if made.undone_at is not None:
        raise ChangeRefusedError(f"The bulk edit {edit_id} was undone by {made.undone_by} already.")
    names = []
    for name, old_version, new_version in _steps(made.steps):
        names.append(name)
        if old_version == new_version:
            continue
        present = await locked_request(change, name)
        old = await read_version(change.rows, name, old_version)
        if old is None:
            raise ChangeRefusedError(f"What {name} was at version {old_version} was not kept.")
        if present.version != new_version:
            raise StaleEditError(
                f"{name} was changed again after the bulk edit: it is at version {present.version}.",
                key=name,
                version=present.version,
            )
        changed = {each.field: getattr(old, each.field) for each in differences(present.definition, old)}
        await _named(name, edit_locked(change, present, Patch(changed)))
    made.undone_at, made.undone_by = change.now, change.by
    return {"edit": edit_id, "requests": list[JsonValue](sorted(names))}


async def _planned(rows: Rows, name: str, stored: StoredRequest | None, patch: Patch) -> PlannedEdit:
    if stored is None:
        return PlannedEdit(name, None, (), f"There is no request {name[:64]!r}.")
    try:
        after = patch.applied_to(stored.definition)
        check_editable(stored, after, asks_for_seeds="seeds" in patch.values)
        await check_definition_storable(rows, without_old_seeds(stored.definition, after))
    except (ChangeRefusedError, InputError) as error:
        return PlannedEdit(name, stored.version, (), error.message)
    return PlannedEdit(name, stored.version, differences(stored.definition, after), None)


async def _named(name: str, edit: Awaitable[object]) -> None:
    """Say of which request a problem is: the message alone names a field only."""
    try:
        await edit
    except InvalidChangeError as error:
        raise InvalidChangeError(
            f"{name}: {error.message}", problems=error.problems, findings=error.findings
        ) from error


def _checked_names(names: Sequence[str]) -> list[str]:
    if not 1 <= len(names) <= MOST_EDITED:
        raise InputError(f"Between 1 and {MOST_EDITED} requests are edited at once.")
    if len(set(names)) < len(names):
        raise InputError("A request is named twice.")
    return sorted(names)


def _steps(kept: JsonValue) -> list[tuple[str, int, int]]:
    steps = []
    for step in kept if isinstance(kept, list) else []:
        match step:
            case {"name": str(name), "before": int(before), "after": int(after)}:
                steps.append((name, before, after))
            case _:
                raise TypeError(f"no step of a bulk edit: {step!r}")
    return steps
