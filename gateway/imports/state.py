"""A request as an import can see and change it: drafts are laid over it, and two of them can be compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeVar

from gateway.domain.names import SIM, ScriptPath, StepKind
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import SeedRange, format_seeds
from gateway.domain.states import Intent
from gateway.errors import NamingError
from gateway.imports.drafts import RequestDraft, StepDraft
from gateway.imports.report import Difference

T = TypeVar("T")

# What is obsolete does not count, and what was cancelled never ran.
EXEMPT: Final = frozenset({Intent.OBSOLETE, Intent.CANCELLED})
# What can still be given other seeds without losing anything.
OPEN: Final = frozenset({Intent.DRAFT, Intent.READY, Intent.APPROVED})
# The order in which steps follow one another; what is not listed comes behind, by name.
STEP_ORDER: Final = ("GEN", "SIM", "DIGI", "RECO", "ANAL")


@dataclass(frozen=True, slots=True)
class StepState:
    """A step of a request; the parent is the step before it and therefore not kept here."""

    kind: StepKind
    script: str | None = None
    dataset_pattern: str | None = None
    description: str | None = None
    inputs: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()

    @property
    def script_parts(self) -> tuple[str | None, str | None]:
        """Version and variant of the script, such as V02 and D0sig; None where the path does not say."""
        try:
            path = ScriptPath.parse(self.script or "")
        except NamingError:
            return None, None
        return f"V{path.version:02d}", path.variant


@dataclass(frozen=True, slots=True)
class RequestState:
    """Everything of a request that an import reads or writes; geometry and steps are in their order.

    `repeats` are the requests whose seeds it may share on purpose, whichever of the two says so. It has
    attempts when a task of it was planned, sent or found in PanDA.
    """

    name: str
    campaign: str | None
    stage: str
    software_project: str
    software_version: str
    collision_type: str
    energy_gev: Decimal
    polarization: str
    tag: str
    events: int
    events_per_file: int
    seeds: tuple[SeedRange, ...]
    geometry: tuple[str, ...]
    intent: Intent
    is_test: bool
    steps: tuple[StepState, ...]
    description: str | None
    priority: int | None
    requested_by: str | None
    origin: str
    legacy_id: int | None
    extends: frozenset[str]
    unplaced: tuple[tuple[str, str], ...]
    version: int
    repeats: frozenset[str] = frozenset()
    held_from: Intent | None = None
    has_attempts: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still to run, and can be given other seeds without losing anything."""
        return (self.held_from if self.intent is Intent.ON_HOLD else self.intent) in OPEN

    @property
    def physics_key(self) -> str:
        """The canonical text of the physics key, with the script of the simulation step."""
        scripts = {step.kind: step.script for step in self.steps}
        return str(
            PhysicsKey.of(
                software_project=self.software_project,
                software_version=self.software_version,
                tag=self.tag,
                collision_type=self.collision_type,
                energy_gev=self.energy_gev,
                polarization=self.polarization,
                stage=self.stage,
                geometry=self.geometry,
                script=scripts.get(SIM),
            )
        )

    @property
    def exempt_reason(self) -> str | None:
        """Why its seeds may be used again: it is a test, obsolete or cancelled (invariant 1)."""
        if self.is_test:
            return "the request is a test"
        return f"the request is {self.intent.lower()}" if self.intent in EXEMPT else None


def with_request(draft: RequestDraft, before: RequestState | None) -> RequestState:
    """The request after the draft: what the draft does not say stays as it was, no step is ever removed."""
    fresh = RequestState(
        name=draft.name,
        campaign=draft.campaign,
        stage=draft.stage,
        software_project=draft.software_project,
        software_version=draft.software_version,
        collision_type=draft.collision_type,
        energy_gev=draft.energy_gev,
        polarization=draft.polarization,
        tag=draft.tag,
        events=draft.events,
        events_per_file=draft.events_per_file,
        seeds=(draft.seeds,),
        geometry=draft.geometry,
        intent=draft.intent or Intent.DRAFT,
        is_test=False,
        steps=_in_order(StepState(kind) for kind in draft.steps),
        description=draft.description,
        priority=draft.priority,
        requested_by=draft.requested_by,
        origin=draft.origin,
        legacy_id=draft.legacy_id,
        extends=draft.extends,
        unplaced=_items(draft.unplaced or {}),
        version=1,
        # Who takes it off hold goes through all decisions anew.
        held_from=Intent.DRAFT if draft.intent is Intent.ON_HOLD else None,
    )
    return fresh if before is None else _keeping(fresh, before, draft.intent or before.intent)


def _keeping(fresh: RequestState, before: RequestState, intent: Intent) -> RequestState:
    """What was stored shows through where the file is silent."""
    steps = {step.kind: step for step in fresh.steps} | {step.kind: step for step in before.steps}
    return replace(
        fresh,
        campaign=_said(fresh.campaign, before.campaign),
        intent=intent,
        is_test=before.is_test,
        steps=_in_order(steps.values()),
        description=_said(fresh.description, before.description),
        priority=_said(fresh.priority, before.priority),
        requested_by=_said(fresh.requested_by, before.requested_by),
        origin=before.origin,
        legacy_id=_said(fresh.legacy_id, before.legacy_id),
        extends=fresh.extends | before.extends,
        unplaced=_items(dict(before.unplaced) | dict(fresh.unplaced)),
        version=before.version,
        repeats=before.repeats,
        held_from=before.held_from if intent is before.intent else _held_from(intent, before),
        has_attempts=before.has_attempts,
    )


def _held_from(intent: Intent, before: RequestState) -> Intent | None:
    return before.intent if intent is Intent.ON_HOLD else None


def with_step(draft: StepDraft, before: RequestState) -> RequestState:
    """The request after the draft of one step; sets of datasets are replaced when the draft names any."""
    kinds = {step.kind: step for step in before.steps}
    old = kinds.get(draft.kind, StepState(draft.kind))
    kinds[draft.kind] = StepState(
        kind=draft.kind,
        script=_said(draft.script, old.script),
        dataset_pattern=_said(draft.dataset_pattern, old.dataset_pattern),
        description=_said(draft.description, old.description),
        inputs=draft.inputs or old.inputs,
        outputs=draft.outputs or old.outputs,
    )
    return replace(before, steps=_in_order(kinds.values()), extends=before.extends | draft.extends)


def differences(before: RequestState | None, after: RequestState) -> tuple[Difference, ...]:
    """What the two say differently, field by field, in the words of a person."""
    old = dict(_fields(before)) if before else {}
    new = dict(_fields(after))
    return tuple(
        Difference(field, old.get(field), new.get(field))
        for field in dict.fromkeys([*new, *old])
        if old.get(field) != new.get(field)
    )


def parents(steps: tuple[StepState, ...]) -> Mapping[StepKind, StepKind | None]:
    """For each step of a request the step whose output it takes."""
    kinds = [step.kind for step in steps]
    return dict(zip(kinds, [None, *kinds], strict=False))


def _fields(state: RequestState) -> Iterator[tuple[str, str]]:
    """Every field that says something, as text."""
    texts: dict[str, str | None] = {
        "campaign": state.campaign,
        "stage": state.stage,
        "software": f"{state.software_project} {state.software_version}",
        "collision type": state.collision_type,
        "energy": f"{state.energy_gev.normalize():f} GeV",
        "polarization": state.polarization,
        "tag": state.tag,
        "events": str(state.events),
        "events per file": str(state.events_per_file),
        "seeds": format_seeds(state.seeds),
        "geometry": ", ".join(state.geometry),
        "intent": state.intent.value,
        "description": state.description,
        "priority": None if state.priority is None else str(state.priority),
        "requested by": state.requested_by,
        "legacy id": None if state.legacy_id is None else str(state.legacy_id),
        "steps": ", ".join(step.kind for step in state.steps),
        "extends": ", ".join(sorted(state.extends)),
    }
    for step in state.steps:
        texts[f"{step.kind} script"] = step.script
        texts[f"{step.kind} dataset pattern"] = step.dataset_pattern
        texts[f"{step.kind} description"] = step.description
        texts[f"{step.kind} inputs"] = ", ".join(sorted(step.inputs))
        texts[f"{step.kind} outputs"] = ", ".join(sorted(step.outputs))
    texts |= {f"unplaced {column!r}": cell for column, cell in state.unplaced}
    return ((field, text) for field, text in texts.items() if text)


def _in_order(steps: Iterable[StepState]) -> tuple[StepState, ...]:
    def place(step: StepState) -> tuple[int, str]:
        known = step.kind in STEP_ORDER
        return (STEP_ORDER.index(step.kind) if known else len(STEP_ORDER), step.kind)

    return tuple(sorted(steps, key=place))


def _said(new: T | None, old: T | None) -> T | None:
    return old if new is None else new


def _items(cells: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(cells.items()))
