"""What a person defines of a request, apart from its name and state: compared, checked, written as JSON."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Final

from gateway.domain.facts import RequestFacts, StepFacts
from gateway.domain.names import SIM, ScriptPath, StepKind, energy_token, step_kind
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import SeedRange, format_seeds, jobs_for
from gateway.domain.states import Intent
from gateway.errors import GatewayError, InputError, NamingError

# Bounds of the columns; a description is for people to read.
TAG_LIMIT: Final = 200
WORD_LIMIT: Final = 64
VERSION_LIMIT: Final = 32
STAGE_LIMIT: Final = 8
SCRIPT_LIMIT: Final = 500
DESCRIPTION_LIMIT: Final = 20_000
STEPS_LIMIT: Final = 12
GEOMETRY_LIMIT: Final = 30
INT64_MAX: Final = 2**63 - 1

_COLLISION = re.compile(r"[A-Za-z]{1,8}")
_POLARIZATION = re.compile(r"[ULT]{2}")
_WHOLE = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDefinition:
    """One step; `reads` is the step whose output it takes: SIM of the same request, or PROD2025-012.SIM."""

    kind: StepKind
    script: str | None = None
    reads: str | None = None
    description: str | None = None

    @property
    def script_parts(self) -> tuple[str | None, str | None]:
        """Version and variant of the script, such as V02 and D0sig; None where the path does not say."""
        try:
            path = ScriptPath.parse(self.script or "")
        except NamingError:
            return None, None
        return f"V{path.version:02d}", path.variant

    def __str__(self) -> str:
        reads = f" reads {self.reads}" if self.reads else ""
        return f"{self.kind}{reads}: {self.script or 'no script'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Everything of a request that people choose; seeds are ascending ranges, steps are in their order."""

    stage: str
    software_project: str
    software_version: str
    collision_type: str
    energy_gev: Decimal
    polarization: str
    tag: str
    events: int
    events_per_file: int
    campaign: str | None = None
    geometry: tuple[str, ...] = ()
    priority: int | None = None
    description: str | None = None
    is_test: bool = False
    seeds: tuple[SeedRange, ...] = ()
    steps: tuple[StepDefinition, ...] = ()

    @property
    def jobs(self) -> int:
        """How many jobs, files and seeds each step takes."""
        return jobs_for(self.events, self.events_per_file)

    @property
    def physics_key(self) -> PhysicsKey:
        """What decides whether its seeds may be those of another; the simulation's script counts."""
        simulation = next((step for step in self.steps if step.kind == SIM), None)
        chosen = simulation or next(iter(self.steps), None)
        return PhysicsKey.of(
            software_project=self.software_project,
            software_version=self.software_version,
            tag=self.tag,
            collision_type=self.collision_type,
            energy_gev=self.energy_gev,
            polarization=self.polarization,
            stage=self.stage,
            geometry=self.geometry,
            script=chosen.script if chosen else None,
        )

    def facts(
        self,
        name: str,
        intent: Intent,
        *,
        intended_repeats: Iterable[str] = (),
        requested_by: str | None = None,
    ) -> RequestFacts:
        """The request as the checks see it, before anything of it was submitted."""
        return RequestFacts(
            name=name,
            campaign=self.campaign,
            stage=self.stage,
            software_project=self.software_project,
            software_version=self.software_version,
            tag=self.tag,
            collision_type=self.collision_type,
            energy_gev=self.energy_gev,
            polarization=self.polarization,
            events=self.events,
            events_per_file=self.events_per_file,
            seeds=self.seeds[0] if self.seeds else SeedRange(1, self.jobs),
            geometry=frozenset(self.geometry),
            intent=intent,
            is_test=self.is_test,
            intended_repeats=frozenset(intended_repeats),
            requested_by=requested_by,
            steps=tuple(
                StepFacts(
                    kind=step.kind,
                    script=step.script,
                    reads_from=_other_request(step.reads),
                    reads_kind=StepKind(step.reads.rpartition(".")[2]) if step.reads else None,
                )
                for step in self.steps
            ),
        )


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A field that cannot be as it was given, by its name in the schema's Python spelling."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that differs, both values as text; None where there is none."""

    field: str
    before: str | None
    after: str | None


def problems_of(definition: Definition) -> tuple[FieldProblem, ...]:
    """What cannot be stored at all, whatever the state; physics and names are the checks' business."""
    return tuple(FieldProblem(field, message) for field, message in _problems(definition))


def _problems(definition: Definition) -> Iterator[tuple[str, str]]:
    for field, limit in _TEXT_LIMITS.items():
        text = getattr(definition, field)
        if text is not None and len(text) > limit:
            yield field, f"has {len(text)} characters; at most {limit} are kept."
        if field in _NEEDED and not (text and text.strip()):
            yield field, "is needed."
    if definition.collision_type and not _COLLISION.fullmatch(definition.collision_type):
        yield "collision_type", "is a word of letters, such as pp or dd."
    if not _POLARIZATION.fullmatch(definition.polarization):
        yield "polarization", "is two of U, L, T, such as UU."
    try:
        energy_token(definition.energy_gev)
    except NamingError as error:
        yield "energy_gev", error.message
    for field in ("events", "events_per_file"):
        number = getattr(definition, field)
        if not 0 < number <= INT64_MAX:
            yield field, "is a whole number above 0."
    if len(definition.geometry) > GEOMETRY_LIMIT:
        yield "geometry", f"lists more than {GEOMETRY_LIMIT} components."
    if len(set(definition.geometry)) != len(definition.geometry):
        yield "geometry", "lists a component twice."
    if definition.events > 0 and definition.events_per_file > 0 and definition.seeds:
        count = sum(held.count for held in definition.seeds)
        if count != definition.jobs:
            yield (
                "seeds",
                f"are {count}, but {definition.events} events in files of {definition.events_per_file} "
                f"need {definition.jobs}.",
            )
    yield from _step_problems(definition.steps)


_TEXT_LIMITS: Final[Mapping[str, int]] = {
    "stage": STAGE_LIMIT,
    "software_project": WORD_LIMIT,
    "software_version": VERSION_LIMIT,
    "collision_type": STAGE_LIMIT,
    "tag": TAG_LIMIT,
    "campaign": WORD_LIMIT,
    "description": DESCRIPTION_LIMIT,
}
_NEEDED: Final = frozenset({"stage", "software_project", "software_version", "collision_type", "tag"})


def _step_problems(steps: tuple[StepDefinition, ...]) -> Iterator[tuple[str, str]]:
    kinds = [step.kind for step in steps]
    if len(steps) > STEPS_LIMIT:
        yield "steps", f"are more than {STEPS_LIMIT}."
    for kind in dict.fromkeys(kind for kind in kinds if kinds.count(kind) > 1):
        yield "steps", f"name {kind} twice; a request has one step of each kind."
    for position, step in enumerate(steps):
        if step.script is not None and len(step.script) > SCRIPT_LIMIT:
            yield "steps", f"give {step.kind} a script of more than {SCRIPT_LIMIT} characters."
        if step.reads is None or _other_request(step.reads) is not None:
            continue
        # Parents stand before their children, so that a list of steps is also an order to run them in and
        # cannot hold a circle.
        if step.reads not in kinds[:position]:
            yield "steps", f"let {step.kind} read {step.reads}, which is no step before it."


def _other_request(reads: str | None) -> str | None:
    """The other request whose step is read; None for a step of the same request."""
    name, dot, _ = (reads or "").rpartition(".")
    return name if dot else None


def differences(before: Definition | None, after: Definition) -> tuple[FieldDifference, ...]:
    """What the two say differently, field by field, each value as text."""
    old = {} if before is None else field_texts(before)
    new = field_texts(after)
    return tuple(
        FieldDifference(field, old.get(field), new.get(field))
        for field in new
        if old.get(field) != new.get(field)
    )


def field_texts(definition: Definition) -> dict[str, str | None]:
    """Every field as a person reads it; None for one that says nothing."""
    texts: dict[str, str | None] = {}
    for each in fields(Definition):
        value = getattr(definition, each.name)
        match value:
            case None | ():
                texts[each.name] = None
            case Decimal():
                texts[each.name] = f"{value.normalize():f}"
            case tuple():
                texts[each.name] = (
                    format_seeds(value) if each.name == "seeds" else "; ".join(str(part) for part in value)
                )
            case _:
                texts[each.name] = str(value)
    return texts


JsonField = None | bool | int | float | str | list["JsonField"] | dict[str, "JsonField"]


def as_json(definition: Definition) -> dict[str, JsonField]:
    """The definition as plain JSON values; `of_json` reads it back to the same definition."""
    return {
        "campaign": definition.campaign,
        "stage": definition.stage,
        "software_project": definition.software_project,
        "software_version": definition.software_version,
        "collision_type": definition.collision_type,
        "energy_gev": _number(definition.energy_gev),
        "polarization": definition.polarization,
        "tag": definition.tag,
        "events": definition.events,
        "events_per_file": definition.events_per_file,
        "seeds": [f"{held.first}-{held.last}" for held in definition.seeds],
        "geometry": list(definition.geometry),
        "priority": definition.priority,
        "is_test": definition.is_test,
        "description": definition.description,
        "steps": [
            {
                key: value
                for key, value in (
                    ("kind", str(step.kind)),
                    ("script", step.script),
                    ("reads", step.reads),
                    ("description", step.description),
                )
                if value is not None
            }
            for step in definition.steps
        ],
    }


def of_json(content: Mapping[str, object]) -> Definition:
    """Read what `as_json` wrote, or a person in its place.

    Raises InputError naming the field that cannot be read, or that nobody knows.
    """
    unknown = sorted(set(content) - {each.name for each in fields(Definition)})
    if unknown:
        raise InputError(f"{', '.join(unknown)}: no field of a request is called so.")
    read = _Fields(content)
    return Definition(
        campaign=read.text("campaign"),
        stage=read.needed_text("stage"),
        software_project=read.needed_text("software_project"),
        software_version=read.needed_text("software_version"),
        collision_type=read.needed_text("collision_type"),
        energy_gev=read.decimal("energy_gev"),
        polarization=read.needed_text("polarization"),
        tag=read.needed_text("tag"),
        events=read.whole("events"),
        events_per_file=read.whole("events_per_file"),
        seeds=tuple(_seeds(text) for text in read.texts("seeds")),
        geometry=tuple(read.texts("geometry")),
        priority=None if content.get("priority") is None else read.whole("priority"),
        is_test=read.flag("is_test"),
        description=read.text("description"),
        steps=tuple(_step(given) for given in read.items("steps")),
    )


class _Fields:
    """The fields of a mapping that somebody wrote, each read as what it should be."""

    def __init__(self, content: Mapping[str, object]) -> None:
        self._content = content

    def text(self, field: str) -> str | None:
        value = self._content.get(field)
        if value is not None and not isinstance(value, str):
            # YAML reads 4.1 as a number; what was written cannot be told any more, so it is not guessed.
            raise InputError(f"{field}: {value!r} is no text. Put it in quotes.")
        return value

    def needed_text(self, field: str) -> str:
        value = self.text(field)
        if value is None:
            raise InputError(f"{field}: is needed.")
        return value

    def texts(self, field: str) -> list[str]:
        values = self.items(field)
        if not all(isinstance(value, str) for value in values):
            raise InputError(f"{field}: is a list of texts.")
        return [str(value) for value in values]

    def items(self, field: str) -> list[object]:
        value = self._content.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            raise InputError(f"{field}: is a list.")
        return value

    def whole(self, field: str) -> int:
        value = self._content.get(field)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InputError(f"{field}: {value!r} is no whole number.")
        return value

    def decimal(self, field: str) -> Decimal:
        value = self._content.get(field)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InputError(f"{field}: {value!r} is no number.")
        try:
            return Decimal(str(value))
        except InvalidOperation as error:
            raise InputError(f"{field}: {value!r} is no number.") from error

    def flag(self, field: str) -> bool:
        value = self._content.get(field, False)
        if not isinstance(value, bool):
            raise InputError(f"{field}: is true or false.")
        return value


def _step(given: object) -> StepDefinition:
    if not isinstance(given, Mapping):
        raise InputError("steps: each has a kind, and may have script, reads and description.")
    unknown = sorted(str(key) for key in set(given) - {"kind", "script", "reads", "description"})
    if unknown:
        raise InputError(f"steps: {', '.join(unknown)}: no field of a step is called so.")
    read = _Fields(given)
    return StepDefinition(
        kind=step_kind(read.needed_text("kind")),
        script=read.text("script"),
        reads=read.text("reads"),
        description=read.text("description"),
    )


def _seeds(text: str) -> SeedRange:
    first, dash, last = text.partition("-")
    if not dash or not (_WHOLE.fullmatch(first) and _WHOLE.fullmatch(last)) or len(text) > 40:
        raise InputError(f"seeds: {text[:40]!r} is no range. Write it like 10001-20000.")
    try:
        return SeedRange(int(first), int(last))
    except GatewayError as error:
        raise InputError(f"seeds: {error.message}") from error


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
