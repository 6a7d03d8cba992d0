"""All facts of a database at once, joined row by row in Python: what the reconciler must agree with."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.audit import World
from gateway.domain.facts import (
    AttemptFacts,
    DatasetFacts,
    PersonFacts,
    RequestFacts,
    StageRule,
    StepFacts,
    TaskFacts,
)
from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange, merge, parse_seeds
from gateway.domain.states import Intent, execution_of
from gateway.store.attempts import Attempt
from gateway.store.base import Base, Remembered
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.people import IdentityLink, Person
from gateway.store.requests import Request, RequestGeometry, Step, StepDataset
from gateway.store.seeds import SeedRange as SeedRangeRow
from gateway.store.tasks import Task

T = TypeVar("T", bound=Base)


class Tables:
    """Whole tables, without what is gone."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self, model: type[T]) -> list[T]:
        statement = select(model)
        if issubclass(model, Remembered):
            statement = statement.where(model.gone_at.is_(None))
        return list(await self._session.scalars(statement))


async def world(session: AsyncSession, *, now: dt.datetime) -> World:
    """The world of requests with one range of seeds each, in stages S1 and S2 of one year."""
    tables = Tables(session)
    tasks = {task.jedi_task_id: task for task in await tables.all(Task)}
    requests = [await request_facts(tables, request, tasks) for request in await tables.all(Request)]
    year = requests[0].name[4:8]
    return World(
        requests=tuple(sorted(requests, key=lambda request: request.name)),
        now=now,
        tasks=tuple(task_facts(task) for task in tasks.values()),
        datasets=tuple(await dataset_facts(tables)),
        people=tuple(await person_facts(tables)),
        stage_rules={
            stage: StageRule(
                name=stage,
                scope=f"MC{year}_{stage}",
                energy_max_gev=Decimal(energy),
                required_geometry=frozenset({own}),
                forbidden_geometry=frozenset({other}),
            )
            for stage, energy, own, other in (
                ("S1", 10, "Micromegas", "DSSD"),
                ("S2", 27, "DSSD", "Micromegas"),
            )
        },
    )


async def request_facts(tables: Tables, request: Request, tasks: dict[int, Task]) -> RequestFacts:
    rows = [row for row in await tables.all(SeedRangeRow) if row.request_name == request.name]
    [seeds] = merge(SeedRange(row.seed_first, row.seed_last) for row in rows)
    geometries = [row for row in await tables.all(RequestGeometry) if row.request_name == request.name]
    steps = [row for row in await tables.all(Step) if row.request_name == request.name]
    return RequestFacts(
        name=request.name,
        stage=request.stage_name,
        software_project=request.software_project,
        software_version=request.software_version,
        tag=request.tag,
        collision_type=request.collision_type,
        energy_gev=Decimal(request.beam_energy_mev) / 1000,
        polarization=request.polarization,
        events=request.events,
        events_per_file=request.events_per_file,
        seeds=seeds,
        geometry=frozenset(row.geometry_name for row in geometries),
        intent=Intent(request.intent),
        is_test=request.is_test,
        accepted_completeness=request.accepted_completeness,
        steps=tuple(
            [await step_facts(tables, step, tasks) for step in sorted(steps, key=lambda step: step.position)]
        ),
    )


async def step_facts(tables: Tables, step: Step, tasks: dict[int, Task]) -> StepFacts:
    datasets = sorted(
        (row.role, row.did) for row in await tables.all(StepDataset) if row.step_key == step.key
    )
    attempts = [row for row in await tables.all(Attempt) if row.step_key == step.key]
    return StepFacts(
        kind=StepKind(step.kind),
        script=step.script,
        pattern=step.dataset_pattern,
        inputs=tuple(did for role, did in datasets if role == "input") or None,
        outputs=tuple(did for role, did in datasets if role == "output") or None,
        attempts=tuple(
            AttemptFacts(
                number=attempt.number,
                jedi_task_id=attempt.jedi_task_id,
                task_name=attempt.task_name,
                is_live=attempt.is_live,
                execution=execution_of(tasks[attempt.jedi_task_id].status if attempt.jedi_task_id else None),
            )
            for attempt in attempts
        ),
    )


def task_facts(task: Task) -> TaskFacts:
    has_seeds = task.seed_first is not None and task.seed_last is not None
    return TaskFacts(
        jedi_task_id=task.jedi_task_id,
        name=task.name,
        status=task.status,
        user_name=task.user_name,
        request_name=task.request_name,
        jobs_expected=task.jobs_expected,
        jobs_finished=task.jobs_finished,
        jobs_failed=task.jobs_failed,
        events_reported=task.events_reported,
        events_per_job=task.events_per_job,
        output_bytes=task.output_bytes,
        log_bytes=task.log_bytes,
        seeds=SeedRange(task.seed_first or 0, task.seed_last or 0) if has_seeds else None,
        missing_seeds=None if task.missing_seeds is None else parse_seeds(task.missing_seeds),
    )


async def dataset_facts(tables: Tables) -> list[DatasetFacts]:
    rules = Counter(rule.did for rule in await tables.all(Rule))
    replicas = Counter(replica.did for replica in await tables.all(Replica))
    return [
        DatasetFacts(
            did=dataset.did,
            size_bytes=dataset.size_bytes,
            files=dataset.file_count,
            is_open=dataset.is_open,
            rule_count=rules[dataset.did],
            replica_count=replicas[dataset.did],
            expires_at=dataset.expires_at,
            account=dataset.account,
            request_name=dataset.request_name,
            jedi_task_id=dataset.jedi_task_id,
        )
        for dataset in await tables.all(Dataset)
    ]


async def person_facts(tables: Tables) -> list[PersonFacts]:
    names = {(link.subject, link.system): link.name for link in await tables.all(IdentityLink)}
    return [
        PersonFacts(
            user_name=person.username,
            iam_subject=person.subject,
            panda_name=names.get((person.subject, "panda")),
            rucio_account=names.get((person.subject, "rucio")),
            is_active=person.is_active,
        )
        for person in await tables.all(Person)
    ]
