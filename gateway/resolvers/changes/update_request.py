"""Editing a request: only the fields that are given change, and never over somebody else's edit."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from gateway.domain.definitions import (
    Definition,
    FieldProblem,
    as_json,
    differences,
    field_texts,
)
from gateway.domain.editing import editable_fields
from gateway.errors import ChangeRefusedError, InvalidChangeError, StaleEditError
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.create_request import check_definition_storable
from gateway.resolvers.changes.definitions import (
    StoredRequest,
    locked_request,
    read_version,
    write_definition,
)
from gateway.resolvers.changes.seeds import move_seeds
from gateway.store.base import JsonValue

# Fields of a definition that may be null; the others have no "nothing".
_OPTIONAL: Final = frozenset({"campaign", "priority", "description"})
_LISTS: Final = frozenset({"geometry", "seeds", "steps"})


@dataclass(frozen=True, slots=True)
class Patch:
    """What an edit says: a value for each field it names, None where it is to be emptied.

    A field that is not in `values` stays as it is. Empty `seeds` mean: take the next free ones.
    """

    values: Mapping[str, object]

    def __post_init__(self) -> None:
        """Refuse names that are no fields: a mistake of the program."""
        unknown = self.values.keys() - {each.name for each in fields(Definition)}
        if unknown:
            raise TypeError(f"no fields of a definition: {sorted(unknown)}")

    def applied_to(self, definition: Definition) -> Definition:
        """The definition with the patch laid over it; raises InvalidChangeError where None cannot be."""
        values = {
            field: () if value is None and field in _LISTS else value for field, value in self.values.items()
        }
        empty = [field for field, value in values.items() if value is None and field not in _OPTIONAL]
        if empty:
            problems = tuple(FieldProblem(field, "cannot be null.") for field in empty)
            raise InvalidChangeError(f"{', '.join(empty)} cannot be null.", problems=problems)
        return replace(definition, **values)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class EditConflict:
    """A field in a stale edit: what the editor saw, what is there now, what they wanted; as texts.

    `seen` is None too where the version they saw was not kept; `is_yours` says whether the edit names it.
    """

    field: str
    seen: str | None
    present: str | None
    wanted: str | None
    is_yours: bool


async def update_request(
    change: Change, name: str, expected_version: int, patch: Patch, *, reuse_reason: str | None = None
) -> Mapping[str, JsonValue]:
    """Apply the patch to the request as it was at the expected version; returns its `request`.

    An edit that changes nothing leaves the version as it is. Raises MissingError, StaleEditError with the
    differences, ChangeRefusedError for fields that cannot be edited in the present state, InvalidChangeError,
    SeedOverlapError.
    """
    before = await locked_request(change, name)
    await check_not_stale(change, before, expected_version, patch)
    await edit_locked(change, before, patch, reuse_reason=reuse_reason)
    return {"request": name}


async def edit_locked(
    change: Change, before: StoredRequest, patch: Patch, *, reuse_reason: str | None = None
) -> int:
    """Apply the patch to a request that is locked and was compared with what its editor saw.

    Returns the version it is at then; one that nothing changes in stays at its version.
    """
    after = edited(before, patch)
    if after == before.definition and reuse_reason is None:
        return before.version
    await check_definition_storable(change.rows, without_old_seeds(before.definition, after))
    return await write_edit(change, before, after, patch, reuse_reason=reuse_reason)


def edited(before: StoredRequest, patch: Patch) -> Definition:
    """Return what the patch makes of the request; raises ChangeRefusedError for what its state forbids."""
    after = patch.applied_to(before.definition)
    check_editable(before, after, asks_for_seeds="seeds" in patch.values)
    return after


async def write_edit(
    change: Change,
    before: StoredRequest,
    after: Definition,
    patch: Patch,
    *,
    reuse_reason: str | None = None,
) -> int:
    """Write what a patch made of a locked request, which can be stored; returns its new version."""
    seeded = await move_seeds(
        change,
        before.name,
        before.definition,
        after,
        reuse_reason=reuse_reason,
        kept_reason=before.seeds_exempt_reason,
        asks_for_seeds="seeds" in patch.values,
    )
    version = await write_definition(change, before, seeded)
    old, new = as_json(before.definition), as_json(seeded)
    changed = [field for field in new if new[field] != old[field]]
    await change.record(
        "Request",
        before.name,
        before={field: old[field] for field in changed},
        after={field: new[field] for field in changed},
    )
    return version


async def check_not_stale(change: Change, before: StoredRequest, expected_version: int, patch: Patch) -> None:
    """Return if the request is at the version the edit was made from; raise StaleEditError otherwise."""
    if before.version == expected_version:
        return
    seen = await read_version(change.rows, before.name, expected_version)
    conflicts = conflicts_of(seen, before.definition, patch)
    raise StaleEditError(
        f"{before.name} was changed since version {expected_version}; it is at version {before.version} now. "
        "Look at the differences and edit that version.",
        key=before.name,
        version=before.version,
        differences=conflicts,
    )


def conflicts_of(seen: Definition | None, present: Definition, patch: Patch) -> tuple[EditConflict, ...]:
    """The fields that others changed since, and those that the edit would change now."""
    was = {} if seen is None else field_texts(seen)
    is_now = field_texts(present)
    wanted = field_texts(patch.applied_to(present))
    return tuple(
        EditConflict(field, was.get(field), is_now[field], wanted[field], is_yours=field in patch.values)
        for field in is_now
        if (seen is not None and was[field] != is_now[field]) or wanted[field] != is_now[field]
    )


def check_editable(before: StoredRequest, after: Definition, *, asks_for_seeds: bool) -> None:
    """Return if the state allows all that changes; raise ChangeRefusedError naming what it does not."""
    allowed = editable_fields(before.intent, held_from=before.held_from)
    changed = {difference.field for difference in differences(before.definition, after)}
    if asks_for_seeds and not after.seeds:
        changed.add("seeds")
    refused = sorted(changed - allowed)
    if refused:
        raise ChangeRefusedError(
            f"{before.name} is {before.intent}: {', '.join(refused)} cannot be edited any more. "
            f"What can: {', '.join(sorted(allowed))}. Clone the request to have it otherwise."
        )


def without_old_seeds(before: Definition, after: Definition) -> Definition:
    """Seeds that nobody named are moved to fit; only named ones must have the right number by themselves."""
    return replace(after, seeds=()) if after.seeds == before.seeds else after
