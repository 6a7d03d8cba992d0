"""The owned rows of a made-up request: itself, its geometry, steps, seeds and history."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from gateway.domain.names import RECO, SIM, StepKind
from gateway.domain.seeds import SeedRange
from gateway.practice.made_up.shape import Physics
from gateway.practice.made_up.unit import Unit

STEPS: Final = (SIM, RECO)
_INTENTS: Final = {"ACCEPTED": 85, "SUBMITTED": 10, "OBSOLETE": 5}
_PATHS: Final = {
    "SUBMITTED": ("READY", "APPROVED", "SUBMITTED"),
    "ACCEPTED": ("READY", "APPROVED", "SUBMITTED", "ACCEPTED"),
    "OBSOLETE": ("READY", "APPROVED", "SUBMITTED", "ACCEPTED", "OBSOLETE"),
}


@dataclass(frozen=True, slots=True)
class MadeRequest:
    """What tasks and datasets need to know of the request they serve."""

    name: str
    physics: Physics
    seeds: SeedRange
    created_at: dt.datetime
    is_running: bool

    def step_key(self, kind: StepKind) -> str:
        """The key of one of its steps."""
        return f"{self.name}.{kind}"


def add_request(unit: Unit, index: int, physics: Physics) -> MadeRequest:
    """Add the unit's n-th request, made from the pattern, with everything the gateway owns of it."""
    created = unit.created_at(index)
    name = unit.world.next_name(created.year)
    intent = unit.chance.choices(list(_INTENTS), list(_INTENTS.values()))[0]
    _add_itself(unit, name, physics, intent, created)
    unit.rows.geometries += [
        {"request_name": name, "geometry_name": component, "position": position}
        for position, component in enumerate(physics.draft.geometry, start=1)
    ]
    unit.rows.status_changes += [
        {
            "request_name": name,
            "from_intent": before,
            "to_intent": after,
            "changed_at": created + dt.timedelta(days=day),
            "changed_by": "prodman",
        }
        for day, (before, after) in enumerate(zip((None, *_PATHS[intent]), _PATHS[intent], strict=False))
    ]
    seeds = _add_seeds(unit, name, physics, created, is_obsolete=intent == "OBSOLETE")
    request = MadeRequest(name, physics, seeds, created, is_running=intent == "SUBMITTED")
    parent = None
    for position, kind in enumerate(STEPS, start=1):
        unit.rows.steps.append(
            {
                "key": request.step_key(kind),
                "request_name": name,
                "kind": kind,
                "position": position,
                "parent_step_key": parent,
                "script": physics.script(kind, unit.script_version),
                "script_version": unit.script_version,
            }
        )
        parent = request.step_key(kind)
    return request


def _add_itself(unit: Unit, name: str, physics: Physics, intent: str, created: dt.datetime) -> None:
    draft = physics.draft
    requester = unit.chance.choice(unit.world.users)
    is_accepted = intent == "ACCEPTED"
    unit.rows.requests.append(
        {
            "name": name,
            "campaign_name": f"SPD MC {created.year}",
            "stage_name": draft.stage,
            "software_project": draft.software_project,
            "software_version": draft.software_version,
            "collision_type": draft.collision_type,
            "beam_energy_mev": int(draft.energy_gev * 1000),
            "polarization": draft.polarization,
            "tag": draft.tag,
            "events": draft.events,
            "events_per_file": draft.events_per_file,
            "priority": unit.chance.randrange(1, 10) * 100,
            "description": f"{physics.tag} at {physics.beam}, asked for by {requester}",
            "intent": intent,
            "is_test": False,
            "requested_by": requester,
            "accepted_by": "prodman" if is_accepted else None,
            "accepted_completeness": 0.999 if is_accepted else None,
            "origin": "practice",
            "created_at": created,
            "updated_at": created + dt.timedelta(days=len(_PATHS[intent]) - 1),
            "version": 1,
        }
    )


def _add_seeds(
    unit: Unit, name: str, physics: Physics, created: dt.datetime, *, is_obsolete: bool
) -> SeedRange:
    key = physics.key(unit.script_version)
    seeds = unit.world.next_seeds(key, physics.jobs)
    row = {
        "request_name": name,
        "seed_first": seeds.first,
        "seed_last": seeds.last,
        "is_exempt": is_obsolete,
        "exempt_reason": "the request is obsolete" if is_obsolete else None,
        "created_at": created,
    }
    unit.rows.seeds.append((key, row))
    return seeds
