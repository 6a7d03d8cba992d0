"""What people give to define a request, and how it becomes the definition that the rest works with."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import strawberry

from gateway.domain.definitions import Definition, StepDefinition
from gateway.domain.names import step_kind
from gateway.domain.seeds import SeedRange
from gateway.resolvers.changes.update_request import Patch
from gateway.schema.scalars import BigInt
from gateway.store.base import JsonValue


@strawberry.input(description="A closed range of seeds, both ends taken.")
class SeedsInput:
    """A range of seeds."""

    first: BigInt = strawberry.field(description="The first seed, from 1.")
    last: BigInt = strawberry.field(description="The last seed, included.")


@strawberry.input(description="One processing step of a request.")
class StepInput:
    """A step."""

    kind: str = strawberry.field(description="What it does: SIM, RECO, GEN, DIGI, ...; one of each kind.")
    script: str | None = strawberry.field(
        default=None, description="Path of its script on CVMFS; null while it is not known."
    )
    reads: str | None = strawberry.field(
        default=None,
        description=(
            "The step whose output it takes: the kind of one before it (SIM), or another request's step "
            "(PROD2025-012.SIM). Null for one that reads nothing."
        ),
    )
    description: str | None = strawberry.field(default=None, description="Free text, Markdown.")


@strawberry.input(description="A new request. It begins as a DRAFT; its name is given by the gateway.")
class CreateRequestInput:
    """The fields of a new request."""

    stage_name: str = strawberry.field(description="Stage of the experiment: S1, S2.")
    software_project: str = strawberry.field(description="Software project, for example spdroot-dev.")
    software_version: str = strawberry.field(description="Software version, for example 4.1.7.2.")
    collision_type: str = strawberry.field(description="What collides: pp, dd, pd.")
    energy_gev: float = strawberry.field(description="Beam energy, GeV, in whole MeV.")
    polarization: str = strawberry.field(description="Beam polarizations, two letters of U, L, T.")
    tag: str = strawberry.field(
        description="The tag that dataset names are made from, for example minbias-P8-spdroot4172-dev."
    )
    events: BigInt = strawberry.field(description="Number of events.")
    events_per_file: BigInt = strawberry.field(
        description="Events in each output file; one job, with one seed, makes one file."
    )
    campaign_name: str | None = strawberry.field(default=None, description="The campaign it belongs to.")
    geometries: list[str] = strawberry.field(
        default_factory=list, description="The detector components to simulate, in the order to list them."
    )
    steps: list[StepInput] = strawberry.field(
        default_factory=list, description="Its steps, each after those it reads."
    )
    seeds: SeedsInput | None = strawberry.field(
        default=None,
        description="The seeds it is to have, one for each job; null for the next free ones of its physics.",
    )
    seed_reuse_reason: str | None = strawberry.field(
        default=None,
        description="Why seeds that are taken are to be used again; needs the right APPROVE.",
    )
    priority: BigInt | None = strawberry.field(default=None, description="Priority.")
    description: str | None = strawberry.field(default=None, description="Free text, Markdown.")
    is_test: bool = strawberry.field(
        default=False, description="Whether it is a test, whose seeds keep nobody from theirs."
    )

    def definition(self) -> Definition:
        """The definition that the input says; raises NamingError and NumberError for what is none."""
        return Definition(
            stage=self.stage_name,
            software_project=self.software_project,
            software_version=self.software_version,
            collision_type=self.collision_type,
            energy_gev=_energy(self.energy_gev),
            polarization=self.polarization,
            tag=self.tag,
            events=self.events,
            events_per_file=self.events_per_file,
            campaign=self.campaign_name,
            geometry=tuple(self.geometries),
            priority=self.priority,
            description=self.description,
            is_test=self.is_test,
            seeds=_seeds(self.seeds),
            steps=_steps(self.steps),
        )


@strawberry.input(
    description=(
        "What is to change of a request: a field that is left out stays as it is, null empties it. Lists are "
        "replaced as a whole."
    )
)
class UpdateRequestInput:
    """The fields of an edit."""

    stage_name: str | None = strawberry.field(default=strawberry.UNSET, description="Stage: S1, S2.")
    software_project: str | None = strawberry.field(
        default=strawberry.UNSET, description="Software project, for example spdroot-dev."
    )
    software_version: str | None = strawberry.field(
        default=strawberry.UNSET, description="Software version, for example 4.1.7.2."
    )
    collision_type: str | None = strawberry.field(
        default=strawberry.UNSET, description="What collides: pp, dd, pd."
    )
    energy_gev: float | None = strawberry.field(
        default=strawberry.UNSET, description="Beam energy, GeV, in whole MeV."
    )
    polarization: str | None = strawberry.field(
        default=strawberry.UNSET, description="Beam polarizations, two letters of U, L, T."
    )
    tag: str | None = strawberry.field(default=strawberry.UNSET, description="The tag.")
    events: BigInt | None = strawberry.field(default=strawberry.UNSET, description="Number of events.")
    events_per_file: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description="Events in each output file."
    )
    campaign_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The campaign it belongs to; null for none."
    )
    geometries: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="All detector components; null or empty for none."
    )
    steps: list[StepInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All its steps; null or empty for none."
    )
    seeds: SeedsInput | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The seeds it is to have; null takes the next free ones. Left out, the present ones stay while "
            "they fit, else the next free ones are taken."
        ),
    )
    seed_reuse_reason: str | None = strawberry.field(
        default=None,
        description="Why seeds that are taken are to be used again; needs the right APPROVE.",
    )
    priority: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description="Priority; null for none."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Free text, Markdown; null for none."
    )
    is_test: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether it is a test.")

    def patch(self) -> Patch:
        """The patch that the input says; raises NamingError and NumberError for values that are none."""
        return Patch(
            {
                field: value
                for field, value in {
                    "stage": self.stage_name,
                    "software_project": self.software_project,
                    "software_version": self.software_version,
                    "collision_type": self.collision_type,
                    "energy_gev": _given(self.energy_gev, _energy),
                    "polarization": self.polarization,
                    "tag": self.tag,
                    "events": self.events,
                    "events_per_file": self.events_per_file,
                    "campaign": self.campaign_name,
                    "geometry": _given(self.geometries, tuple),
                    "steps": _given(self.steps, _steps),
                    "seeds": _given(self.seeds, _seeds),
                    "priority": self.priority,
                    "description": self.description,
                    "is_test": self.is_test,
                }.items()
                if value is not strawberry.UNSET
            }
        )


def as_arguments(given: object) -> JsonValue:
    """An input as plain JSON, for comparing two calls; fields that were left out are not in it."""
    match given:
        case None | bool() | int() | float() | str():
            return given
        case list():
            return [as_arguments(item) for item in given]
        case _:
            return {
                name: as_arguments(value)
                for name, value in vars(given).items()
                if value is not strawberry.UNSET
            }


def arguments_of(**given: object) -> Mapping[str, JsonValue]:
    """The arguments of a mutation as plain JSON."""
    return {name: as_arguments(value) for name, value in given.items()}


def _given(value: Any, read: Callable[[Any], object]) -> object:
    """Read a value that was given and is not null."""
    return value if value is None or value is strawberry.UNSET else read(value)


def _energy(value: float) -> Decimal:
    # The shortest decimal that means this number: 13.5, not its nearest binary fraction.
    return Decimal(str(value))


def _seeds(given: SeedsInput | None) -> tuple[SeedRange, ...]:
    return () if given is None else (SeedRange(given.first, given.last),)


def _steps(given: list[StepInput]) -> tuple[StepDefinition, ...]:
    return tuple(
        StepDefinition(
            kind=step_kind(step.kind),
            script=step.script or None,
            reads=step.reads or None,
            description=step.description,
        )
        for step in given
    )
