"""What attempts, steps and requests are doing: read from their tasks and never stored, so it cannot drift."""

import asyncio
import datetime as dt

from gateway.domain import states
from gateway.domain.states import Execution, Intent
from gateway.resolvers.loading import load_many, load_one
from gateway.resolvers.reading import Reading
from gateway.resolvers.relations import ATTEMPTS_BY_STEP, PARENT_BY_STEP, STEPS_BY_REQUEST, TASK_BY_ATTEMPT
from gateway.store.attempts import Attempt
from gateway.store.requests import Request, Step
from gateway.store.tasks import Task


async def attempt_execution(reading: Reading, attempt: Attempt) -> Execution:
    """Return what one attempt is doing: our state while PanDA has no task of it, then the task's."""
    task = await load_one(reading, TASK_BY_ATTEMPT, attempt)
    if task is None:
        return states.EXECUTION_OF_SUBMISSION.get(attempt.state, Execution.UNKNOWN)
    return task_execution(reading, task)


def task_execution(reading: Reading, task: Task) -> Execution:
    """Return what a task is doing, by its PanDA status and, while it is pending, by how long already."""
    since = task.modified_at or task.created_at
    if since is None or not states.is_pending(task.status):
        return states.execution_of(task.status)
    limit = states.PENDING_LIMIT
    # A moment more than the limit is too long; moments are counted in microseconds.
    is_too_long = reading.is_past(since + limit + dt.timedelta(microseconds=1))
    return states.execution_of(task.status, pending_for=limit * 2 if is_too_long else limit)


async def step_execution(reading: Reading, step: Step) -> Execution:
    """Return what the latest attempt of a step is doing; BLOCKED while a step without attempts waits."""
    attempts = await load_many(reading, ATTEMPTS_BY_STEP, step)
    latest = states.latest(attempts)
    if latest is None:
        parent = await load_one(reading, PARENT_BY_STEP, step)
        return Execution.NOT_SUBMITTED if parent is None else await _waiting_for(reading, parent)
    return await attempt_execution(reading, latest)


async def request_execution(reading: Reading, request: Request) -> Execution:
    """Return what a request is doing: the most telling of its steps."""
    steps = await load_many(reading, STEPS_BY_REQUEST, request)
    executions = await asyncio.gather(*(step_execution(reading, step) for step in steps))
    return states.request_execution(executions, intent=Intent(request.intent))


async def _waiting_for(reading: Reading, parent: Step) -> Execution:
    """A step that nobody submitted is blocked while its parent is under way, else simply not submitted."""
    state = await step_execution(reading, parent)
    waiting = state not in states.FINAL_EXECUTIONS and state is not Execution.NOT_SUBMITTED
    return Execution.BLOCKED if waiting else Execution.NOT_SUBMITTED
