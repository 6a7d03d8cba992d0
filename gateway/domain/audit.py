"""All checks that need nothing but remembered facts, run over all of them at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
from gateway.domain.checks.datasets import (
    dataset_does_not_expire_soon,
    dataset_has_a_replica,
    dataset_has_a_rule,
    rucio_agrees_with_panda,
)
from gateway.domain.checks.intent import intent_fits_execution
from gateway.domain.checks.names import (
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
    person_is_known_everywhere,
    widows,
)
from gateway.domain.checks.physics import (
    reconstruction_reads_latest_simulation,
    stage_fits,
    tag_fits_collision,
)
from gateway.domain.checks.seeds import panda_used_declared_seeds, seed_overlaps, seeds_fit_events
from gateway.domain.facts import DatasetFacts, PersonFacts, RequestFacts, StageRule, TaskFacts
from gateway.domain.findings import Finding
from gateway.domain.forecast import TaskUse
from gateway.domain.names import RECO, SIM, StepKind
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.states import Execution, execution_of

# The newest tasks of a physics key say what is usual; comparing each with all would cost the square.
HISTORY_COMPARED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything remembered at one moment. Without stage rules, nothing is said about stages or scopes."""

    requests: tuple[RequestFacts, ...]
    now: dt.datetime
    tasks: tuple[TaskFacts, ...] = ()
    datasets: tuple[DatasetFacts, ...] = ()
    people: tuple[PersonFacts, ...] = ()
    stage_rules: Mapping[str, StageRule] = field(default_factory=lambda: MappingProxyType({}))


def audit(world: World) -> tuple[Finding, ...]:
    """What every check finds, sorted by invariant and subject, in time that grows with the facts only.

    Left out are the checks of a single change: invariants 10 and 19, and the derivation of new names.
    """
    findings = [
        *seed_overlaps(world.requests),
        *outputs_are_unique(world.requests),
        *live_task_names_are_unique(world.requests),
        *_of_requests(world),
        *_of_tasks(world),
        *_of_datasets(world),
        *_of_people(world),
    ]
    return tuple(sorted(findings, key=lambda found: (found.invariant, found.subject, found.code)))


def _of_requests(world: World) -> Iterable[Finding]:
    by_name = {request.name: request for request in world.requests}
    for request in world.requests:
        yield from seeds_fit_events(request)
        yield from version_agrees(request)
        yield from tag_is_safe(request)
        yield from outputs_fit_rucio(request)
        yield from outputs_match_pattern(request)
        yield from scripts_fit(request)
        yield from tag_fits_collision(request)
        yield from reconstruction_reads_latest_simulation(request, by_name)
        yield from one_live_attempt(request)
        yield from attempt_numbers_grow(request)
        yield from intent_fits_execution(request)
        if world.stage_rules:
            rule = world.stage_rules.get(request.stage)
            yield from stage_fits(request, rule)
            yield from outputs_in_stage_scope(request, rule) if rule else ()


def _of_tasks(world: World) -> Iterable[Finding]:
    tasks = {task.jedi_task_id: task for task in world.tasks}
    history = task_uses(world.requests, tasks)
    datasets: defaultdict[int | None, list[DatasetFacts]] = defaultdict(list)
    for dataset in world.datasets:
        datasets[dataset.jedi_task_id].append(dataset)
    for request in world.requests:
        latest: dict[StepKind, TaskFacts] = {}
        key = request.physics_key
        for kind, task in _tasks_of(request, tasks):
            latest[kind] = task
            written = datasets[task.jedi_task_id]
            yield from nothing_is_lost(request, task)
            yield from outputs_have_equal_counts(request, task, written)
            yield from rucio_agrees_with_panda(task, written)
            yield from output_per_job_is_usual(task, history.get((key, kind), ())[-HISTORY_COMPARED:])
            if kind == SIM:
                yield from events_match_jobs(task)
                yield from panda_used_declared_seeds(request, task)
        if SIM in latest and RECO in latest:
            yield from reconstructed_seeds_were_simulated(request, latest[SIM], latest[RECO])
    yield from orphan_tasks(world.tasks, world.requests)


def task_uses(
    requests: Iterable[RequestFacts], tasks: Mapping[int, TaskFacts]
) -> Mapping[tuple[PhysicsKey, StepKind], tuple[TaskUse, ...]]:
    """What ended tasks used, by physics key and step, oldest first: for forecasts and invariant 12."""
    uses: defaultdict[tuple[PhysicsKey, StepKind], list[TaskUse]] = defaultdict(list)
    for request in requests:
        physics_key = request.physics_key
        for kind, task in _tasks_of(request, tasks):
            is_over = execution_of(task.status) in {Execution.COMPLETE, Execution.PARTIAL}
            if is_over and task.jobs_finished and task.output_bytes is not None:
                uses[physics_key, kind].append(
                    TaskUse(
                        task.jedi_task_id,
                        task.jobs_finished,
                        task.output_bytes,
                        task.core_seconds,
                        task.wall_seconds,
                    )
                )
    in_order = {key: sorted(members, key=lambda use: use.jedi_task_id) for key, members in uses.items()}
    return MappingProxyType({key: tuple(members) for key, members in in_order.items()})


def _tasks_of(request: RequestFacts, tasks: Mapping[int, TaskFacts]) -> Iterable[tuple[StepKind, TaskFacts]]:
    for step in request.steps:
        for attempt in sorted(step.attempts, key=lambda each: each.number):
            task = tasks.get(attempt.jedi_task_id) if attempt.jedi_task_id is not None else None
            if task is not None:
                yield step.kind, task


def _of_datasets(world: World) -> Iterable[Finding]:
    for dataset in world.datasets:
        yield from dataset_has_a_rule(dataset)
        yield from dataset_has_a_replica(dataset)
        yield from dataset_does_not_expire_soon(dataset, now=world.now)
    scopes = frozenset(rule.scope for rule in world.stage_rules.values())
    yield from orphan_datasets(world.datasets, world.requests, scopes)
    yield from widows(world.requests, world.datasets)


def _of_people(world: World) -> Iterable[Finding]:
    tasks: defaultdict[str | None, list[TaskFacts]] = defaultdict(list)
    datasets: defaultdict[str | None, list[DatasetFacts]] = defaultdict(list)
    for task in world.tasks:
        tasks[task.user_name].append(task)
    for dataset in world.datasets:
        datasets[dataset.account].append(dataset)
    for person in world.people:
        yield from person_is_known_everywhere(person)
        own_tasks = tasks[person.panda_name] if person.panda_name else []
        own_datasets = datasets[person.rucio_account] if person.rucio_account else []
        yield from disabled_person_owns_nothing_live(person, own_tasks, own_datasets)
    yield from identities_are_unique(world.people)
