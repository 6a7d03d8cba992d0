"""What a clone of a request keeps, what it gets anew, and what it must never inherit, as data."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from gateway.domain.definitions import Definition, StepDefinition
from gateway.domain.names import StepKind, split_flags
from gateway.errors import InputError


@unique
class Inherited(StrEnum):
    """What becomes of a field in a clone."""

    KEPT = "KEPT"
    ANEW = "ANEW"
    NEVER = "NEVER"


# Every field of a definition. A test holds that none is forgotten.
FIELDS: Final[Mapping[str, Inherited]] = MappingProxyType(
    {
        "stage": Inherited.KEPT,
        "software_project": Inherited.KEPT,
        "software_version": Inherited.KEPT,
        "collision_type": Inherited.KEPT,
        "energy_gev": Inherited.KEPT,
        "polarization": Inherited.KEPT,
        "events": Inherited.KEPT,
        "events_per_file": Inherited.KEPT,
        "campaign": Inherited.KEPT,
        "geometry": Inherited.KEPT,
        "priority": Inherited.KEPT,
        "steps": Inherited.KEPT,
        # Without flags that leaked into it (" test"), which say something of the source only.
        "tag": Inherited.ANEW,
        "seeds": Inherited.ANEW,
        # Old descriptions hold file lists, states and relations of the source.
        "description": Inherited.NEVER,
        # A clone is meant to be used, and its seeds to be its own, unless somebody says otherwise.
        "is_test": Inherited.NEVER,
    }
)

# Every field of a step.
STEP_FIELDS: Final[Mapping[str, Inherited]] = MappingProxyType(
    {
        "kind": Inherited.KEPT,
        "script": Inherited.KEPT,
        "reads": Inherited.KEPT,
        "description": Inherited.NEVER,
    }
)

# Every other column of a request and of its steps: what happened to the source did not happen to the clone.
ROW_FIELDS: Final[Mapping[str, Inherited]] = MappingProxyType(
    {
        "name": Inherited.ANEW,
        "intent": Inherited.ANEW,
        "requested_by": Inherited.ANEW,
        "origin": Inherited.ANEW,
        "created_at": Inherited.ANEW,
        "updated_at": Inherited.ANEW,
        "version": Inherited.ANEW,
        "intent_before_hold": Inherited.NEVER,
        "accepted_by": Inherited.NEVER,
        "accepted_completeness": Inherited.NEVER,
        "legacy_id": Inherited.NEVER,
        "unplaced": Inherited.NEVER,
        "dataset_pattern": Inherited.NEVER,
    }
)


def clone_of(source: Definition) -> Definition:
    """The definition of a clone, its seeds still to be given."""
    return replace(
        source,
        tag=split_flags(source.tag)[0],
        seeds=(),
        description=None,
        is_test=False,
        steps=tuple(replace(step, description=None) for step in source.steps),
    )


def clone_of_step(name: str, source: Definition, kind: StepKind) -> Definition:
    """The definition of a request that makes one step anew, from what the source's step before it wrote.

    Its seeds are the source's: it makes no new events of them. Raises InputError for a step that the request
    does not have, or that reads nothing: a first step is made anew by a clone with seeds of its own.
    """
    step = next((each for each in source.steps if each.kind == kind), None)
    if step is None:
        kinds = ", ".join(each.kind for each in source.steps) or "none"
        raise InputError(f"{name} has no step {kind[:16]}. Its steps: {kinds}.")
    if step.reads is None:
        raise InputError(f"{name} {kind} reads nothing. Clone the request: its clone gets seeds of its own.")
    reads = step.reads if "." in step.reads else f"{name}.{step.reads}"
    return replace(
        clone_of(source),
        seeds=source.seeds,
        steps=(StepDefinition(kind=kind, script=step.script, reads=reads),),
    )
