"""How complete steps, requests and tasks are: gathered from their latest attempts, tasks and outputs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.completeness import UNKNOWN, Amount, Completeness, Output, Work, completeness_of
from gateway.domain.seeds import jobs_for
from gateway.domain.states import JUDGED_INTENTS, Intent
from gateway.errors import GatewayError
from gateway.resolvers.loading import load_many, load_one
from gateway.resolvers.reading import Reading
from gateway.resolvers.relations import (
    ATTEMPTS_BY_STEP,
    DATASETS_BY_ATTEMPT,
    DATASETS_BY_TASK,
    REQUEST_BY_STEP,
    REQUEST_BY_TASK,
    STEPS_BY_REQUEST,
    TASK_BY_ATTEMPT,
)
from gateway.store.datasets import Dataset
from gateway.store.requests import Request, Step
from gateway.store.sources import SourceName
from gateway.store.tasks import Task

LOG = "log"


@dataclass(frozen=True, slots=True)
class StepCompleteness:
    """How complete something is, the step it was counted for, and the seeds that are missing, if known."""

    step_key: str | None
    completeness: Completeness
    missing_seeds: str | None = None


async def step_completeness(reading: Reading, step: Step) -> StepCompleteness:
    """Return how complete a step is, by its latest attempt."""
    request = await load_one(reading, REQUEST_BY_STEP, step)
    if request is None:
        raise GatewayError(f"step {step.key} has no request, which a foreign key should hold")
    attempts = await load_many(reading, ATTEMPTS_BY_STEP, step)
    latest = max(attempts, key=lambda attempt: attempt.number, default=None)
    if latest is None:
        return StepCompleteness(step.key, _compare(request, None))
    task = await load_one(reading, TASK_BY_ATTEMPT, latest)
    datasets = await load_many(reading, DATASETS_BY_ATTEMPT, latest)
    work = await _work(reading, latest.state, task, datasets)
    return StepCompleteness(step.key, _compare(request, work), task.missing_seeds if task else None)


async def request_completeness(reading: Reading, request: Request) -> StepCompleteness:
    """Return how complete a request is: as its least complete step, one of which nothing is known before all.

    Among equals the last step counts, whose output is what was asked for.
    """
    steps = await load_many(reading, STEPS_BY_REQUEST, request)
    found = await asyncio.gather(*(step_completeness(reading, step) for step in steps))
    if not found:
        expected = Amount(jobs_for(request.events, request.events_per_file), request.events)
        nothing = Completeness(expected, UNKNOWN, UNKNOWN, None, "no step of it is recorded")
        return StepCompleteness(None, nothing)
    return min(reversed(found), key=_fraction)


async def task_completeness(reading: Reading, task: Task) -> StepCompleteness | None:
    """Return how complete the request's step is by this task; None for a task of no request we know."""
    request = await load_one(reading, REQUEST_BY_TASK, task)
    if request is None:
        return None
    work = await _work(reading, None, task, await load_many(reading, DATASETS_BY_TASK, task))
    key = None if task.step_kind is None else f"{request.name}.{task.step_kind}"
    return StepCompleteness(key, _compare(request, work), task.missing_seeds)


def _fraction(found: StepCompleteness) -> float:
    fraction = found.completeness.fraction
    return -1.0 if fraction is None else fraction


def _compare(request: Request, work: Work | None) -> Completeness:
    return completeness_of(
        request.events, request.events_per_file, work, was_judged=Intent(request.intent) in JUDGED_INTENTS
    )


async def _work(reading: Reading, state: str | None, task: Task | None, datasets: Sequence[Dataset]) -> Work:
    await reading.sources()
    is_listed = reading.complete_at(SourceName.RUCIO) is not None
    outputs = [
        Output(dataset.file_count, dataset.event_count) for dataset in datasets if dataset.data_type != LOG
    ]
    return Work(
        state=state,
        has_task=task is not None,
        jobs_finished=None if task is None else task.jobs_finished,
        outputs=outputs if outputs or is_listed else None,
    )
