"""The next batch like the last: as many clones as wanted, with names and seeds of their own, at once."""

from collections.abc import Mapping
from typing import Final

from gateway.domain.cloning import clone_of, clone_of_step
from gateway.domain.definitions import Definition
from gateway.domain.names import RequestName, StepKind
from gateway.errors import InputError, NamingError
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.change_intent import locked_at
from gateway.resolvers.changes.create_request import check_definition_storable, insert_new, year_of
from gateway.resolvers.changes.definitions import locked_request
from gateway.resolvers.changes.relate_requests import EXTENDS, REPEATS, relate_new
from gateway.resolvers.changes.update_request import Patch
from gateway.store.base import JsonValue
from gateway.store.request_names import allocate_names

# More at once than a year's productions is a slip of the finger.
MOST_CLONES: Final = 50


def planned_clone(source: Definition, changes: Patch) -> Definition:
    """The definition of each clone; raises InvalidChangeError for changes that cannot be."""
    return changes.applied_to(clone_of(source))


def check_times(times: int) -> None:
    """Return if so many clones may be made at once; raise InputError otherwise."""
    if not 1 <= times <= MOST_CLONES:
        raise InputError(f"`times` is between 1 and {MOST_CLONES}.")


def year_of_clone(name: str, otherwise: int) -> int:
    """Clones are numbered in the year of their source; another name than the grammar's says none."""
    try:
        return RequestName.parse(name).year
    except NamingError:
        return otherwise


async def clone_request(
    change: Change,
    name: str,
    times: int,
    changes: Patch,
    *,
    expected_version: int | None = None,
) -> Mapping[str, JsonValue]:
    """Make clones of the request, each a draft that extends it; returns their names as `requests`.

    All or none are made. Their seeds follow one another without a gap. Raises what `create_request` raises,
    and StaleEditError when the source is not at the version that was looked at.
    """
    check_times(times)
    source = (
        await locked_request(change, name)
        if expected_version is None
        else await locked_at(change, name, expected_version)
    )
    definition = planned_clone(source.definition, changes)
    if definition.seeds and times > 1:
        raise InputError("Several clones cannot all have the seeds given. Leave the seeds out.")
    await check_definition_storable(change.rows, definition)
    year = year_of_clone(name, year_of(definition, change.now))
    names = [str(each) for each in await allocate_names(change.session, year, times)]
    await insert_new(change, names, definition, reuse_reason=None, reason=f"cloned from {name}")
    await relate_new(change, names, EXTENDS, name, note="cloned")
    return {"requests": list(names)}


async def clone_step(
    change: Change, name: str, kind: StepKind, changes: Patch, *, expected_version: int | None = None
) -> Mapping[str, JsonValue]:
    """Make a draft that makes one step of the request anew from what it read; returns its `requests`."""
    source = (
        await locked_request(change, name)
        if expected_version is None
        else await locked_at(change, name, expected_version)
    )
    definition = changes.applied_to(clone_of_step(name, source.definition, kind))
    await check_definition_storable(change.rows, definition)
    year = year_of_clone(name, year_of(definition, change.now))
    [clone] = [str(each) for each in await allocate_names(change.session, year, 1)]
    reason = f"reads the events of {name}"
    await insert_new(change, [clone], definition, reuse_reason=reason, reason=f"cloned from {name} {kind}")
    await relate_new(change, [clone], REPEATS, name, note=f"{kind} made anew")
    return {"requests": [clone]}
