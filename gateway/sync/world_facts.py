"""What the checks look at across all requests: for each question one pass that returns only what may matter.

The statements leave out what certainly breaks nothing, so that half a million datasets need not be held; the
checks decide.
"""

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement, and_, distinct, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.checks.datasets import EXPIRES_SOON
from gateway.domain.checks.one_by_one import HISTORY_COMPARED
from gateway.domain.facts import DatasetFacts, PersonFacts, RequestFacts, StepFacts, TaskFacts
from gateway.domain.forecast import TaskUse
from gateway.domain.names import SIM, StepKind
from gateway.domain.panda_names import Known, Namesakes
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.states import EXECUTION_OF_STATE, FINAL_EXECUTIONS, Execution
from gateway.resolvers.stages import Stages
from gateway.store.attempts import Attempt
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.people import IdentityLink, Person
from gateway.store.requests import Request, Step, StepDataset
from gateway.store.tasks import Task
from gateway.sync.link_identities import PANDA, RUCIO
from gateway.sync.request_outlines import Outline

_OVER: Final = sorted(
    state
    for state, execution in EXECUTION_OF_STATE.items()
    if execution in {Execution.COMPLETE, Execution.PARTIAL}
)

History = Mapping[tuple[PhysicsKey, StepKind], Sequence[TaskUse]]


async def read_history(session: AsyncSession, outlines: Mapping[str, Outline]) -> History:
    """Return what the newest ended tasks of each physics key and step used, oldest first."""
    uses: defaultdict[tuple[PhysicsKey, StepKind], deque[TaskUse]] = defaultdict(
        lambda: deque(maxlen=HISTORY_COMPARED)
    )
    keys = {name: outline.facts.physics_key for name, outline in outlines.items()}
    for name, kind, task_id, jobs, output_bytes in await session.execute(
        select(Step.request_name, Step.kind, Task.jedi_task_id, Task.jobs_finished, Task.output_bytes)
        .join(Attempt, Attempt.step_key == Step.key)
        .join(Task, Task.jedi_task_id == Attempt.jedi_task_id)
        .where(
            Task.gone_at.is_(None),
            Task.status.in_(_OVER),
            Task.jobs_finished > 0,
            Task.output_bytes.is_not(None),
        )
        .order_by(Task.jedi_task_id)
    ):
        uses[keys[name], StepKind(kind)].append(TaskUse(task_id, jobs or 0, output_bytes or 0))
    return {key: tuple(newest) for key, newest in uses.items()}


async def read_shared_outputs(
    session: AsyncSession, outlines: Mapping[str, Outline]
) -> Sequence[RequestFacts]:
    """Return the requests that write a dataset another one writes too, with those outputs only."""
    written = select(StepDataset.did).join(Step, Step.key == StepDataset.step_key)
    written = written.where(StepDataset.role == "output")
    shared = written.group_by(StepDataset.did).having(func.count(distinct(Step.request_name)) > 1)
    outputs: defaultdict[str, list[str]] = defaultdict(list)
    for did, name in await session.execute(
        written.add_columns(Step.request_name)
        .where(StepDataset.did.in_(shared))
        .order_by(Step.request_name, StepDataset.did)
    ):
        outputs[name].append(did)
    return [
        replace(outlines[name].facts, steps=(StepFacts(kind=SIM, outputs=tuple(dids)),))
        for name, dids in outputs.items()
    ]


async def read_unclaimed_tasks(session: AsyncSession) -> Sequence[TaskFacts]:
    """Return the production tasks that no attempt and no known request claims."""
    result = await session.execute(
        select(Task.jedi_task_id, Task.name, Task.status, Task.user_name, Task.request_name)
        .outerjoin(Attempt, Attempt.jedi_task_id == Task.jedi_task_id)
        .outerjoin(Request, Request.name == Task.request_name)
        .where(
            Task.gone_at.is_(None),
            Task.name.startswith("PROD"),
            Attempt.key.is_(None),
            Request.name.is_(None),
        )
        .order_by(Task.jedi_task_id)
    )
    return [
        TaskFacts(
            jedi_task_id=row.jedi_task_id,
            name=row.name,
            status=row.status,
            user_name=row.user_name,
            request_name=row.request_name,
        )
        for row in result
    ]


async def read_unclaimed_datasets(
    session: AsyncSession, stages: Stages
) -> tuple[Sequence[DatasetFacts], frozenset[str]]:
    """Return the datasets in production scopes that no known request claims, and those scopes."""
    known = await session.scalars(select(Dataset.scope).distinct())
    scopes = frozenset(scope for scope in known if stages.is_production_scope(scope))
    result = await session.execute(
        select(Dataset.did, Dataset.account, _owner())
        .outerjoin(Attempt, Attempt.jedi_task_id == Dataset.jedi_task_id)
        .outerjoin(Step, Step.key == Attempt.step_key)
        .outerjoin(Request, Request.name == _owner())
        .where(Dataset.gone_at.is_(None), Dataset.scope.in_(scopes), Request.name.is_(None))
        .order_by(Dataset.did)
    )
    return [
        DatasetFacts(did=did, account=account, request_name=owner) for did, account, owner in result
    ], scopes


async def read_a_dataset_of_each_owner(session: AsyncSession) -> Sequence[DatasetFacts]:
    """Return one present dataset of every request that has any, and one without an owner if there is any."""
    result = await session.execute(
        select(func.min(Dataset.did), _owner())
        .outerjoin(Attempt, Attempt.jedi_task_id == Dataset.jedi_task_id)
        .outerjoin(Step, Step.key == Attempt.step_key)
        .where(Dataset.gone_at.is_(None))
        .group_by(_owner())
    )
    return [DatasetFacts(did=did, request_name=owner) for did, owner in result]


def _owner() -> ColumnElement[str | None]:
    """The request of a dataset, by our record of its task, else by its name."""
    return func.coalesce(Step.request_name, Dataset.request_name)


async def read_endangered_datasets(session: AsyncSession, *, at: dt.datetime) -> Sequence[DatasetFacts]:
    """Return the datasets without a rule or a replica, and those that end soon.

    A dataset ends when Rucio says so, or with the last of its rules.
    """
    rules = (
        select(
            Rule.did,
            func.count().label("rules"),
            func.count(Rule.expires_at).label("ending"),
            func.max(Rule.expires_at).label("last_end"),
        )
        .where(Rule.gone_at.is_(None))
        .group_by(Rule.did)
        .subquery()
    )
    replicas = (
        select(Replica.did, func.count().label("replicas"))
        .where(Replica.gone_at.is_(None))
        .group_by(Replica.did)
        .subquery()
    )
    soon = at + EXPIRES_SOON
    result = await session.execute(
        select(
            Dataset.did,
            Dataset.file_count,
            Dataset.expires_at,
            Dataset.account,
            Dataset.request_name,
            rules.c.rules,
            rules.c.ending,
            rules.c.last_end,
            replicas.c.replicas,
        )
        .outerjoin(rules, rules.c.did == Dataset.did)
        .outerjoin(replicas, replicas.c.did == Dataset.did)
        .where(
            Dataset.gone_at.is_(None),
            or_(
                rules.c.did.is_(None),
                replicas.c.did.is_(None),
                Dataset.expires_at <= soon,
                and_(rules.c.ending == rules.c.rules, rules.c.last_end <= soon),
            ),
        )
        .order_by(Dataset.did)
    )
    return [
        DatasetFacts(
            did=row.did,
            files=row.file_count,
            rule_count=row.rules or 0,
            replica_count=row.replicas or 0,
            expires_at=_first_end(row.expires_at, row.last_end if row.ending == row.rules else None),
            account=row.account,
            request_name=row.request_name,
        )
        for row in result
    ]


def _first_end(*ends: dt.datetime | None) -> dt.datetime | None:
    return min((end for end in ends if end is not None), default=None)


async def read_people(session: AsyncSession) -> Sequence[PersonFacts]:
    """Return the people IAM knows, then the names in PanDA and Rucio that stand for none of them.

    One name each in PanDA and Rucio is given, the first by letter.
    """
    result = await session.execute(
        select(Person.subject, Person.username, Person.is_active, Person.display_name)
        .where(Person.gone_at.is_(None))
        .order_by(Person.username)
    )
    people = result.all()
    namesakes = Namesakes.of(Known(username, display) for _, username, _, display in people)
    linked = {
        (system, name): subject
        for system, name, subject in await session.execute(
            select(IdentityLink.system, IdentityLink.name, IdentityLink.subject)
            .join(Person, Person.subject == IdentityLink.subject)
            .where(Person.gone_at.is_(None))
        )
    }
    names: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (system, name), subject in sorted(linked.items()):
        names[system, subject].append(name)
    known = [
        PersonFacts(
            user_name=username,
            iam_subject=subject,
            panda_name=next(iter(names[PANDA, subject]), None),
            rucio_account=next(iter(names[RUCIO, subject]), None),
            is_active=is_active,
            namesakes=tuple(
                (name, other)
                for name in names[PANDA, subject]
                for other in namesakes.of_name(name)
                if other != username
            ),
        )
        for subject, username, is_active, _ in people
    ]
    return [*known, *await _strangers(session, linked, namesakes)]


async def _strangers(
    session: AsyncSession, linked: Mapping[tuple[str, str], str], namesakes: Namesakes
) -> Sequence[PersonFacts]:
    users = await session.scalars(select(Task.user_name).where(Task.gone_at.is_(None)).distinct())
    accounts = await session.scalars(
        union(
            select(Dataset.account).where(Dataset.gone_at.is_(None)),
            select(Rule.account).where(Rule.gone_at.is_(None)),
        )
    )
    in_panda = {name for name in users if name and (PANDA, name) not in linked}
    in_rucio = {name for name in accounts if name and (RUCIO, name) not in linked}
    return [
        PersonFacts(
            user_name=name,
            panda_name=name if name in in_panda else None,
            rucio_account=name if name in in_rucio else None,
            may_be=namesakes.of_name(name) if name in in_panda else (),
        )
        for name in sorted(in_panda | in_rucio)
    ]


async def read_property_of_disabled(
    session: AsyncSession,
) -> tuple[Mapping[str, Sequence[TaskFacts]], Mapping[str, Sequence[DatasetFacts]]]:
    """Return the unended tasks and the kept datasets of people whom IAM has disabled, by their subject."""
    ended = [state for state, execution in EXECUTION_OF_STATE.items() if execution in FINAL_EXECUTIONS]
    disabled = and_(Person.is_active.is_(False), Person.gone_at.is_(None))
    tasks: defaultdict[str, list[TaskFacts]] = defaultdict(list)
    for subject, task_id, name, status in await session.execute(
        select(Person.subject, Task.jedi_task_id, Task.name, Task.status)
        .join(IdentityLink, and_(IdentityLink.subject == Person.subject, IdentityLink.system == PANDA))
        .join(Task, Task.user_name == IdentityLink.name)
        .where(disabled, Task.gone_at.is_(None), Task.status.not_in(ended))
        .order_by(Task.jedi_task_id)
    ):
        tasks[subject].append(TaskFacts(jedi_task_id=task_id, name=name, status=status))
    datasets: defaultdict[str, list[DatasetFacts]] = defaultdict(list)
    for subject, did, rules in await session.execute(
        select(Person.subject, Dataset.did, func.count())
        .join(IdentityLink, and_(IdentityLink.subject == Person.subject, IdentityLink.system == RUCIO))
        .join(Dataset, Dataset.account == IdentityLink.name)
        .join(Rule, and_(Rule.did == Dataset.did, Rule.gone_at.is_(None)))
        .where(disabled, Dataset.gone_at.is_(None))
        .group_by(Person.subject, Dataset.did)
        .order_by(Dataset.did)
    ):
        datasets[subject].append(DatasetFacts(did=did, rule_count=rules))
    return tasks, datasets
