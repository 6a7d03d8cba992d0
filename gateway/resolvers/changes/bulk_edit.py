"""Editing many requests at once, all or none, and taking the whole back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gateway.domain.definitions import Definition, FieldDifference, differences
from gateway.errors import (
    ChangeRefusedError,
    InputError,
    InvalidChangeError,
    MissingError,
    StaleEditError,
)
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.create_request import why_not_storable
from gateway.resolvers.changes.definitions import (
    StoredRequest,
    locked_requests,
    read_requests,
    read_versions,
)
from gateway.resolvers.changes.update_request import (
    Patch,
    check_not_stale,
    edited,
    without_old_seeds,
    write_edit,
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
    planned: dict[str, PlannedEdit] = {}
    afters: dict[str, Definition] = {}
    for name in wanted:
        stored = found.get(name)
        if stored is None:
            planned[name] = PlannedEdit(name, None, (), f"There is no request {name[:64]!r}.")
            continue
        try:
            afters[name] = edited(stored, patch)
        except (ChangeRefusedError, InputError) as error:
            planned[name] = PlannedEdit(name, stored.version, (), error.message)
    errors = await why_not_storable(
        rows, [without_old_seeds(found[name].definition, after) for name, after in afters.items()]
    )
    for (name, after), problem in zip(afters.items(), errors, strict=True):
        changed = () if problem else differences(found[name].definition, after)
        planned[name] = PlannedEdit(
            name, found[name].version, changed, None if problem is None else problem.message
        )
    return [planned[name] for name in wanted]


async def bulk_edit(change: Change, edits: Sequence[EditOf], patch: Patch) -> Mapping[str, JsonValue]:
    """Apply the patch to every request, or to none; returns `edit`, by which it is undone, and `requests`.

    Raises what `update_request` raises, for the first request by name that cannot be edited.
    """
    names = _checked_names([edit.name for edit in edits])
    found = await locked_requests(change, names)
    for edit in edits:
        await check_not_stale(change, found[edit.name], edit.expected_version, patch)
    versions = await _edit_each(change, [(found[name], patch) for name in names])
    steps: list[JsonValue] = [
        {"name": name, "before": found[name].version, "after": versions[name]} for name in names
    ]
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
    steps = _steps(made.steps)
    moved = [step for step in steps if step.before != step.after]
    found = await locked_requests(change, [step.name for step in moved])
    olds = await read_versions(change.rows, [(step.name, step.before) for step in moved])
    undone = []
    for step in moved:
        present = found[step.name]
        if step.name not in olds:
            raise ChangeRefusedError(f"What {step.name} was at version {step.before} was not kept.")
        if present.version != step.after:
            raise StaleEditError(
                f"{step.name} was changed again after the bulk edit: it is at version {present.version}.",
                key=step.name,
                version=present.version,
            )
        old = olds[step.name]
        changed = {each.field: getattr(old, each.field) for each in differences(present.definition, old)}
        undone.append((present, Patch(changed)))
    await _edit_each(change, undone)
    made.undone_at, made.undone_by = change.now, change.by
    return {"edit": edit_id, "requests": list[JsonValue](sorted(step.name for step in steps))}


async def _edit_each(change: Change, edits: Sequence[tuple[StoredRequest, Patch]]) -> Mapping[str, int]:
    """Apply to each locked request its patch; returns their versions then, by name.

    What is wrong is said of the first by the order given: the message alone would name a field only.
    """
    afters = [edited(before, patch) for before, patch in edits]
    errors = await why_not_storable(
        change.rows,
        [
            without_old_seeds(before.definition, after)
            for (before, _), after in zip(edits, afters, strict=True)
        ],
    )
    versions: dict[str, int] = {}
    for (before, patch), after, error in zip(edits, afters, errors, strict=True):
        if after == before.definition:
            versions[before.name] = before.version
        elif error is not None:
            raise _named(before.name, error)
        else:
            try:
                versions[before.name] = await write_edit(change, before, after, patch)
            except InvalidChangeError as refused:
                raise _named(before.name, refused) from refused
    return versions


def _named(name: str, error: InvalidChangeError) -> InvalidChangeError:
    return InvalidChangeError(f"{name}: {error.message}", problems=error.problems, findings=error.findings)


def _checked_names(names: Sequence[str]) -> list[str]:
    if not 1 <= len(names) <= MOST_EDITED:
        raise InputError(f"Between 1 and {MOST_EDITED} requests are edited at once.")
    if len(set(names)) < len(names):
        raise InputError("A request is named twice.")
    return sorted(names)


@dataclass(frozen=True, slots=True)
class _Step:
    """One request's part of an edit: its versions before and after it."""

    name: str
    before: int
    after: int


def _steps(kept: JsonValue) -> Sequence[_Step]:
    steps = []
    for step in kept if isinstance(kept, list) else []:
        match step:
            case {"name": str(name), "before": int(before), "after": int(after)}:
                steps.append(_Step(name, before, after))
            case _:
                raise TypeError(f"no step of a bulk edit: {step!r}")
    return steps
