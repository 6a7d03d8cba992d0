"""What a list may still change of a request that is here: no more than people may, with one addition.

The addition is history: a list may say what nobody had said yet, and may go through several states at once.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.domain.editing import editable_fields
from gateway.domain.seeds import format_seeds
from gateway.domain.states import Intent, transitions_from
from gateway.imports.drafts import Problem, Reading
from gateway.imports.state import RequestState

# The fields of `RequestState` that `domain.editing` has rules for, and our names of the columns.
_COLUMNS: Final[Mapping[str, str]] = {
    "campaign": "campaign",
    "stage": "stage",
    "software_project": "software",
    "software_version": "software",
    "collision_type": "collision",
    "energy_gev": "energy",
    "polarization": "polarization",
    "tag": "tag",
    "events": "events",
    "events_per_file": "events_per_file",
    "seeds": "seeds",
    "geometry": "geometry",
    "priority": "priority",
    "description": "description",
}


def refused_changes(
    reading: Reading, stored: RequestState, before: RequestState, after: RequestState
) -> Iterator[Problem]:
    """What the row would change between `before` and `after` that the request, as stored, does not allow."""
    editable = editable_fields(stored.intent, held_from=stored.held_from, has_attempts=stored.has_attempts)
    why = _why(stored)
    for field, column in _COLUMNS.items():
        old, new = getattr(before, field), getattr(after, field)
        if old != new and old not in {None, ()} and field not in editable:
            yield Problem(
                reading.columns.get(column), f"would change {_shown(old)} to {_shown(new)}, but {why}"
            )
    if "steps" not in editable:
        yield from _refused_steps(reading, stored, before, after, why)
    if after.intent is not before.intent:
        yield from _refused_intent(reading, stored, after.intent)


def _refused_steps(
    reading: Reading, stored: RequestState, before: RequestState, after: RequestState, why: str
) -> Iterator[Problem]:
    old = {step.kind: step for step in before.steps}
    for step in after.steps:
        known = old.get(step.kind)
        if known is None and stored.has_attempts:
            column = reading.columns.get("kind", reading.columns.get("processing"))
            yield Problem(column, f"would add the step {step.kind}, but {why}")
        elif known is not None and known.script not in {None, step.script}:
            yield Problem(
                reading.columns.get("script"),
                f"would change the script of {step.kind} from {known.script} to {step.script}, but {why}",
            )


def _refused_intent(reading: Reading, stored: RequestState, wanted: Intent) -> Iterator[Problem]:
    column = reading.columns.get("status")
    reachable = _reachable(stored)
    if wanted not in reachable:
        choices = ", ".join(sorted(reachable)) or "nothing: this is final"
        yield Problem(
            column,
            f"says {wanted}, but {stored.name} is {stored.intent} and cannot become that. "
            f"Possible are {choices}.",
        )
    elif stored.has_attempts and (
        wanted is Intent.CANCELLED
        or (
            wanted is Intent.OBSOLETE
            and wanted not in transitions_from(stored.intent, held_from=stored.held_from)
        )
    ):
        yield Problem(
            column, f"says {wanted}, but {stored.name} has attempts, whose seeds would be free again."
        )


def _reachable(stored: RequestState) -> frozenset[Intent]:
    """What the request can become in one step or several; not by way of a hold, which leads back."""
    found = set(transitions_from(stored.intent, held_from=stored.held_from))
    ahead = list(found - {Intent.ON_HOLD})
    while ahead:
        onward = transitions_from(ahead.pop()) - found
        found |= onward
        ahead += onward - {Intent.ON_HOLD}
    return frozenset(found - {stored.intent})


def _why(stored: RequestState) -> str:
    attempts = " and has attempts" if stored.has_attempts else ""
    return f"{stored.name} is {stored.intent}{attempts}. Clone the request to have it otherwise."


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return format_seeds(value) if value and not isinstance(value[0], str) else ", ".join(value)
    return "nothing" if value is None else str(value)
