"""What became of requests, one batch at a time: attempts, tasks and datasets, in few statements each."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.facts import AttemptFacts, DatasetFacts, RequestFacts, TaskFacts
from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange, parse_seeds
from gateway.domain.states import EXECUTION_OF_SUBMISSION, Execution, execution_of
from gateway.errors import NumberError
from gateway.store.attempts import Attempt
from gateway.store.datasets import Dataset
from gateway.store.requests import Step, StepDataset
from gateway.store.tasks import Task
from gateway.sync.request_outlines import Outline


@dataclass(frozen=True, slots=True)
class Details:
    """A request with everything that belongs to it; tasks and datasets are by jediTaskID."""

    outline: Outline
    facts: RequestFacts
    tasks: Mapping[int, TaskFacts]
    datasets: Mapping[int, Sequence[DatasetFacts]]

    def tasks_in_order(self) -> Iterator[tuple[StepKind, TaskFacts]]:
        """The known tasks of each step by attempt number, with the step's kind."""
        for step in self.facts.steps:
            for attempt in sorted(step.attempts, key=lambda each: each.number):
                task = self.tasks.get(attempt.jedi_task_id) if attempt.jedi_task_id is not None else None
                if task is not None:
                    yield step.kind, task


async def read_details(
    session: AsyncSession, outlines: Mapping[str, Outline], names: Sequence[str], *, at: dt.datetime
) -> dict[str, Details]:
    """Return the details of the named requests, and of those whose simulation they reconstruct."""
    sources = {step.reads_from for name in names for step in outlines[name].facts.steps if step.reads_from}
    wanted = list(dict.fromkeys([*names, *sorted(sources & outlines.keys())]))
    dids = await _step_datasets(session, wanted)
    attempts, tasks = await _attempts(session, wanted, at)
    datasets = await _datasets(session, wanted)
    details = {}
    for name in wanted:
        steps = tuple(
            replace(
                step,
                inputs=_dids(dids, name, step.kind, "input"),
                outputs=_dids(dids, name, step.kind, "output"),
                attempts=tuple(attempts[name, step.kind]),
            )
            for step in outlines[name].facts.steps
        )
        own = {task.jedi_task_id: task for task in tasks[name]}
        details[name] = Details(
            outline=outlines[name],
            facts=replace(outlines[name].facts, steps=steps),
            tasks=own,
            datasets={task_id: datasets[task_id] for task_id in own},
        )
    return details


_Dids = Mapping[tuple[str, str], Mapping[str, Sequence[str]]]


async def _step_datasets(session: AsyncSession, names: Sequence[str]) -> _Dids:
    """The DIDs by request and kind of step, then by role."""
    found: defaultdict[tuple[str, str], defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, kind, role, did in await session.execute(
        select(Step.request_name, Step.kind, StepDataset.role, StepDataset.did)
        .join(StepDataset, StepDataset.step_key == Step.key)
        .where(Step.request_name.in_(names))
        .order_by(StepDataset.did)
    ):
        found[name, kind][role].append(did)
    return found


def _dids(found: _Dids, name: str, kind: StepKind, role: str) -> tuple[str, ...] | None:
    """None where nothing was written down."""
    dids = found[name, kind].get(role) if (name, kind) in found else None
    return tuple(dids) if dids else None


async def _attempts(
    session: AsyncSession, names: Sequence[str], at: dt.datetime
) -> tuple[Mapping[tuple[str, str], list[AttemptFacts]], Mapping[str, list[TaskFacts]]]:
    """The attempts by request and kind of step; their tasks, where PanDA still has them, by request."""
    attempts: defaultdict[tuple[str, str], list[AttemptFacts]] = defaultdict(list)
    tasks: defaultdict[str, list[TaskFacts]] = defaultdict(list)
    for name, kind, attempt, task in await session.execute(
        select(Step.request_name, Step.kind, Attempt, Task)
        .join(Attempt, Attempt.step_key == Step.key)
        .outerjoin(Task, (Task.jedi_task_id == Attempt.jedi_task_id) & Task.gone_at.is_(None))
        .where(Step.request_name.in_(names))
        .order_by(Attempt.step_key, Attempt.number)
    ):
        attempts[name, kind].append(_attempt(attempt, task, at))
        if task is not None:
            tasks[name].append(_task(task, name))
    session.expunge_all()
    return attempts, tasks


def _attempt(attempt: Attempt, task: Task | None, at: dt.datetime) -> AttemptFacts:
    if task is None:
        execution = EXECUTION_OF_SUBMISSION.get(attempt.state, Execution.UNKNOWN)
    else:
        since = task.modified_at or task.created_at
        execution = execution_of(task.status, pending_for=at - since if since else None)
    return AttemptFacts(
        number=attempt.number,
        jedi_task_id=attempt.jedi_task_id,
        task_name=attempt.task_name,
        is_live=attempt.is_live,
        execution=execution,
    )


def _task(task: Task, request_name: str) -> TaskFacts:
    return TaskFacts(
        jedi_task_id=task.jedi_task_id,
        name=task.name,
        status=task.status,
        user_name=task.user_name,
        request_name=request_name,
        jobs_expected=task.jobs_expected,
        jobs_finished=task.jobs_finished,
        jobs_failed=task.jobs_failed,
        events_reported=task.events_reported,
        events_per_job=task.events_per_job,
        output_bytes=task.output_bytes,
        log_bytes=task.log_bytes,
        parent_task_id=task.parent_task_id,
        seeds=_seeds(task.seed_first, task.seed_last),
        missing_seeds=_missing(task.missing_seeds),
    )


def _seeds(first: int | None, last: int | None) -> SeedRange | None:
    """The range, or None for what is none: what makes no sense is not known."""
    if first is None or last is None:
        return None
    try:
        return SeedRange(first, last)
    except NumberError:
        return None


def _missing(text: str | None) -> tuple[SeedRange, ...] | None:
    if text is None:
        return None
    try:
        return parse_seeds(text)
    except NumberError:
        return None


async def _datasets(session: AsyncSession, names: Sequence[str]) -> Mapping[int, list[DatasetFacts]]:
    """The present datasets by task; the name says whose a dataset is where Rucio does not."""
    columns = (
        Step.request_name,
        Attempt.jedi_task_id,
        Dataset.did,
        Dataset.size_bytes,
        Dataset.file_count,
        Dataset.is_open,
    )
    attempts = select(*columns).join(Attempt, Attempt.step_key == Step.key)
    asked = (Step.request_name.in_(names), Attempt.jedi_task_id.is_not(None), Dataset.gone_at.is_(None))
    by_task = attempts.join(Dataset, Dataset.jedi_task_id == Attempt.jedi_task_id).where(*asked)
    by_name = attempts.join(
        Dataset, (Dataset.attempt_key == Attempt.key) & Dataset.jedi_task_id.is_(None)
    ).where(*asked)
    datasets: defaultdict[int, list[DatasetFacts]] = defaultdict(list)
    for row in await session.execute(union_all(by_task, by_name)):
        datasets[row.jedi_task_id].append(
            DatasetFacts(
                did=row.did,
                size_bytes=row.size_bytes,
                files=row.file_count,
                is_open=row.is_open,
                request_name=row.request_name,
                jedi_task_id=row.jedi_task_id,
            )
        )
    return datasets
