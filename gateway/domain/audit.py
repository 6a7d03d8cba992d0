"""All checks that need nothing but remembered facts, run over all of them at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.domain.checks.attempts import live_task_names_are_unique, one_live_attempt
from gateway.domain.checks.names import outputs_are_unique
from gateway.domain.checks.one_by_one import (
    check_dataset,
    check_person,
    check_request,
    check_stage,
    check_tasks,
)
from gateway.domain.checks.ownership import identities_are_unique, orphan_datasets, orphan_tasks, widows
from gateway.domain.checks.seeds import seed_overlaps
from gateway.domain.facts import DatasetFacts, PersonFacts, RequestFacts, StageRule, TaskFacts
from gateway.domain.findings import Finding
from gateway.domain.forecast import TaskUse
from gateway.domain.names import StepKind
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.states import Execution, execution_of


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
        yield from check_request(request, by_name)
        yield from one_live_attempt(request)
        if world.stage_rules:
            yield from check_stage(request, world.stage_rules.get(request.stage))


def _of_tasks(world: World) -> Iterable[Finding]:
    tasks = {task.jedi_task_id: task for task in world.tasks}
    history = task_uses(world.requests, tasks)
    datasets: defaultdict[int, list[DatasetFacts]] = defaultdict(list)
    for dataset in world.datasets:
        if dataset.jedi_task_id is not None:
            datasets[dataset.jedi_task_id].append(dataset)
    for request in world.requests:
        yield from check_tasks(request, _tasks_of(request, tasks), datasets, history)
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
    requests = {request.name: request for request in world.requests}
    for dataset in world.datasets:
        yield from check_dataset(dataset, requests.get(dataset.request_name or ""), now=world.now)
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
        own_tasks = tasks[person.panda_name] if person.panda_name else []
        own_datasets = datasets[person.rucio_account] if person.rucio_account else []
        yield from check_person(person, own_tasks, own_datasets)
    yield from identities_are_unique(world.people)
