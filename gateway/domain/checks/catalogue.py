"""The table of all invariants: what must hold, where it is held, and which functions look for breaches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from gateway.domain.checks.attempts import (
    attempt_numbers_grow,
    live_task_names_are_unique,
    one_live_attempt,
)
from gateway.domain.checks.completeness import (
    nothing_is_lost,
    outputs_have_equal_counts,
    reconstructed_seeds_were_simulated,
)
from gateway.domain.checks.counts import events_match_jobs, output_per_job_is_usual
from gateway.domain.checks.cvmfs import software_is_there
from gateway.domain.checks.datasets import (
    dataset_does_not_expire_soon,
    dataset_has_a_replica,
    dataset_has_a_rule,
    rucio_agrees_with_panda,
)
from gateway.domain.checks.intent import intent_fits_execution
from gateway.domain.checks.names import (
    names_can_be_derived,
    outputs_are_new,
    outputs_are_unique,
    outputs_fit_rucio,
    outputs_in_stage_scope,
    outputs_match_pattern,
    scripts_fit,
    tag_is_safe,
    version_agrees,
)
from gateway.domain.checks.ownership import (
    disabled_person_owns_nothing_live,
    identities_are_unique,
    orphan_datasets,
    orphan_tasks,
    panda_name_means_one_person,
    person_is_known_everywhere,
    widows,
)
from gateway.domain.checks.physics import (
    reconstruction_reads_latest_simulation,
    stage_fits,
    tag_fits_collision,
)
from gateway.domain.checks.resources import (
    no_downtime_announced,
    quota_has_room,
    requester_has_role,
    storage_has_room,
)
from gateway.domain.checks.seeds import panda_used_declared_seeds, seed_overlaps, seeds_fit_events
from gateway.domain.checks.typed import numbers_are_understood
from gateway.domain.findings import Finding


@unique
class Held(StrEnum):
    """Where an invariant is held."""

    DATABASE = "DATABASE"
    VALIDATION = "VALIDATION"
    RECONCILER = "RECONCILER"


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule of production. `held` says by what; `checks` are the functions that report breaches."""

    number: int
    title: str
    held: frozenset[Held]
    checks: tuple[Callable[..., tuple[Finding, ...]], ...]

    @property
    def enforced_at(self) -> tuple[str, ...]:
        """Where it is enforced, in words, strictest first."""
        return tuple(_WHERE[held] for held in Held if held in self.held)


_WHERE: Final[Mapping[Held, str]] = MappingProxyType(
    {
        Held.DATABASE: "a constraint of the database refuses the breach",
        Held.VALIDATION: "a change that breaks it is not accepted",
        Held.RECONCILER: "a breach is reported after each synchronisation",
    }
)

_D = Held.DATABASE
_V = Held.VALIDATION
_R = Held.RECONCILER

CATALOGUE: Final[tuple[Invariant, ...]] = (
    Invariant(
        1,
        "Seeds of production requests do not overlap within a physics key",
        frozenset({_D, _V}),
        (seed_overlaps,),
    ),
    Invariant(2, "There are as many seeds as jobs", frozenset({_V}), (seeds_fit_events,)),
    Invariant(3, "Software version, tag and scripts agree", frozenset({_V}), (version_agrees,)),
    Invariant(
        4,
        "Tag and derived names fit Rucio's patterns and limits",
        frozenset({_V}),
        (tag_is_safe, names_can_be_derived, outputs_fit_rucio),
    ),
    Invariant(
        5,
        "Outputs lie in the scope of their stage and match their pattern",
        frozenset({_V}),
        (outputs_in_stage_scope, outputs_match_pattern),
    ),
    Invariant(
        6,
        "Output names are new and written by one request",
        frozenset({_V}),
        (outputs_are_new, outputs_are_unique),
    ),
    Invariant(
        7,
        "Scripts fit tag, energy and step, from one directory",
        frozenset({_V}),
        (scripts_fit, software_is_there),
    ),
    Invariant(
        8,
        "Stage, geometry, energy and beams fit each other",
        frozenset({_V}),
        (stage_fits, tag_fits_collision),
    ),
    Invariant(
        9,
        "Reconstruction reads the latest usable simulation",
        frozenset({_V}),
        (reconstruction_reads_latest_simulation,),
    ),
    Invariant(
        10,
        "The requester may, there is room, and no downtime is announced",
        frozenset({_V}),
        (requester_has_role, storage_has_room, quota_has_room, no_downtime_announced),
    ),
    Invariant(
        11,
        "A step has one live attempt, numbers grow, live task names are unique",
        frozenset({_D}),
        (one_live_attempt, attempt_numbers_grow, live_task_names_are_unique),
    ),
    Invariant(
        12,
        "Shown events fit the jobs, and output per job is as usual",
        frozenset({_R}),
        (events_match_jobs, output_per_job_is_usual),
    ),
    Invariant(
        13,
        "A task is done when every seed is processed, and losses are named",
        frozenset({_R}),
        (nothing_is_lost, reconstructed_seeds_were_simulated, outputs_have_equal_counts),
    ),
    Invariant(14, "PanDA used the seeds that were declared", frozenset({_R}), (panda_used_declared_seeds,)),
    Invariant(
        15,
        "Rucio holds what PanDA wrote, with rules and replicas",
        frozenset({_R}),
        (
            rucio_agrees_with_panda,
            dataset_has_a_rule,
            dataset_has_a_replica,
            dataset_does_not_expire_soon,
        ),
    ),
    Invariant(16, "Intent and execution do not contradict", frozenset({_R}), (intent_fits_execution,)),
    Invariant(
        17,
        "Production tasks and datasets have a request, accepted requests have datasets",
        frozenset({_R}),
        (orphan_tasks, orphan_datasets, widows),
    ),
    Invariant(
        18,
        "A person is one person in IAM, PanDA and Rucio",
        frozenset({_R}),
        (
            person_is_known_everywhere,
            panda_name_means_one_person,
            identities_are_unique,
            disabled_person_owns_nothing_live,
        ),
    ),
    Invariant(19, "Typed numbers are understood and said back", frozenset({_V}), (numbers_are_understood,)),
)
