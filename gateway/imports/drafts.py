"""What a row of somebody's list says once it is understood, and how the reading went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange
from gateway.domain.states import Intent


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """A request as a list gives it; None (and an empty tuple) means that the list does not say.

    `tag` keeps the author's text, flags included. `unplaced` holds the cells of columns we do not know.
    """

    name: str
    stage: str
    software_project: str
    software_version: str
    collision_type: str
    energy_gev: Decimal
    polarization: str
    tag: str
    events: int
    events_per_file: int
    seeds: SeedRange
    geometry: tuple[str, ...]
    intent: Intent | None
    steps: tuple[StepKind, ...] = ()
    campaign: str | None = None
    description: str | None = None
    priority: int | None = None
    requested_by: str | None = None
    extends: frozenset[str] = frozenset()
    origin: str = "spreadsheet"
    legacy_id: int | None = None
    unplaced: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class StepDraft:
    """One processing step of a request that is listed elsewhere; None and empty sets mean "not said"."""

    request_name: str
    kind: StepKind
    script: str | None = None
    dataset_pattern: str | None = None
    description: str | None = None
    inputs: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    extends: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Echo:
    """A cell whose text was read as something that is written differently."""

    column: str
    written: str
    understood: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot go in; the column is None when no single one is to blame."""

    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One row as it was and as it was understood; `draft` is None when there are problems.

    `columns` are what the file calls the column of each field, by our name of the field.
    """

    number: int
    cells: Mapping[str, str]
    subject: str | None
    draft: RequestDraft | StepDraft | None
    echoes: tuple[Echo, ...] = ()
    problems: tuple[Problem, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
