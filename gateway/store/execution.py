"""What attempts, steps and requests are doing, as SQL to filter by: the same rules as `domain.states`.

Nothing of it is stored, so it cannot drift; a test compares every answer with the rules themselves.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
)

from gateway.domain.states import (
    EXECUTION_OF_STATE,
    EXECUTION_OF_SUBMISSION,
    FINAL_EXECUTIONS,
    JUDGED_INTENTS,
    PENDING_LIMIT,
    RANK_OF_EXECUTION,
    Execution,
)
from gateway.store.attempts import Attempt
from gateway.store.base import UtcDateTime
from gateway.store.requests import Request, Step
from gateway.store.tasks import Task

# A task that has been pending since before this moment needs attention.
_PENDING_BEFORE: Final = bindparam("pending_before", type_=UtcDateTime())


def moments(now: dt.datetime) -> Mapping[str, object]:
    """Return the values that statements with these conditions are executed with."""
    return {"pending_before": now - PENDING_LIMIT}


def task_is(executions: Sequence[object]) -> ColumnElement[bool]:
    """Return "the task is doing one of these" as SQL about the tasks table."""
    return _of_task(_table(Task)).in_(executions)


def attempt_is(executions: Sequence[object]) -> ColumnElement[bool]:
    """Return "the attempt is doing one of these" as SQL about the attempts table."""
    return _of_attempt(_table(Attempt)).in_(executions)


def step_is(executions: Sequence[object]) -> ColumnElement[bool]:
    """Return "the step is doing one of these" as SQL about the steps table."""
    return _table(Step).c.key.in_(select(_STEPS.c.key).where(_STEPS.c.execution.in_(executions)))


def request_is(executions: Sequence[object]) -> ColumnElement[bool]:
    """Return "the request is doing one of these" as SQL about the requests table."""
    chosen = select(_REQUESTS.c.name).where(_REQUESTS.c.execution.in_(executions))
    return _table(Request).c.name.in_(chosen)


def _table(model: type[Any]) -> Table:
    return cast("Table", model.__table__)


def _of_task(task: FromClause) -> ColumnElement[Any]:
    status = func.lower(func.trim(task.c.status))
    since = func.coalesce(task.c.modified_at, task.c.created_at)
    return case(
        (and_(status == "pending", since < _PENDING_BEFORE), Execution.ATTENTION.value),
        *((status == state, execution.value) for state, execution in EXECUTION_OF_STATE.items()),
        else_=Execution.UNKNOWN.value,
    )


def _of_attempt(attempt: FromClause) -> ColumnElement[Any]:
    """What the attempt's task is doing, or our own state while our copy of PanDA has no such task."""
    task = _table(Task).alias("its_task")
    of_task = (
        select(_of_task(task))
        .where(task.c.jedi_task_id == attempt.c.jedi_task_id)
        .correlate(attempt)
        .scalar_subquery()
    )
    of_state = case(
        {state: execution.value for state, execution in EXECUTION_OF_SUBMISSION.items()},
        value=attempt.c.state,
        else_=Execution.UNKNOWN.value,
    )
    return func.coalesce(of_task, of_state)


def _own_executions() -> FromClause:
    """Each step with what its latest attempt is doing; null for a step without attempts."""
    step, attempt, newest = (
        table.alias(name)
        for table, name in (
            (_table(Step), "any_step"),
            (_table(Attempt), "latest_attempt"),
            (_table(Attempt), "newest_attempt"),
        )
    )
    highest = (
        select(func.max(newest.c.number))
        .where(newest.c.step_key == step.c.key)
        .correlate(step)
        .scalar_subquery()
    )
    return (
        select(
            step.c.key,
            step.c.request_name,
            step.c.parent_step_key,
            case((attempt.c.key.is_(None), null()), else_=_of_attempt(attempt)).label("execution"),
        )
        .select_from(
            step.outerjoin(attempt, and_(attempt.c.step_key == step.c.key, attempt.c.number == highest))
        )
        .cte("own_executions")
    )


def _step_executions() -> FromClause:
    """Each step with what it is doing: a step without attempts waits for the first above it that has one."""
    own = _own_executions()
    climb = select(
        own.c.key, own.c.execution, own.c.parent_step_key, literal(0, Integer).label("climbed")
    ).cte("climb", recursive=True)
    above = own.alias("step_above")
    # UNION, not UNION ALL: steps that wait for each other in a circle must come to an end.
    climb = climb.union(
        select(climb.c.key, above.c.execution, above.c.parent_step_key, literal(1, Integer))
        .join_from(climb, above, above.c.key == climb.c.parent_step_key)
        .where(climb.c.execution.is_(None))
    )
    at_rest = [execution.value for execution in (*FINAL_EXECUTIONS, Execution.NOT_SUBMITTED)]
    waiting = case(
        (climb.c.climbed == 0, climb.c.execution),
        (climb.c.execution.in_(at_rest), Execution.NOT_SUBMITTED.value),
        else_=Execution.BLOCKED.value,
    )
    is_told = climb.c.execution.is_not(None)
    found = select(climb.c.key, waiting.label("execution")).where(is_told).subquery("found")
    return (
        select(
            own.c.key,
            own.c.request_name,
            func.coalesce(found.c.execution, Execution.NOT_SUBMITTED.value).label("execution"),
        )
        .select_from(own.outerjoin(found, found.c.key == own.c.key))
        .cte("step_executions")
    )


def _request_executions(steps: FromClause) -> FromClause:
    """Each request with the most telling of its steps."""
    request = _table(Request).alias("any_request")
    ranks = {execution.value: rank for execution, rank in RANK_OF_EXECUTION.items()}
    is_there = steps.c.execution.in_([Execution.COMPLETE.value, Execution.PARTIAL.value])
    folded = (
        select(
            steps.c.request_name,
            func.min(case(ranks, value=steps.c.execution)).label("rank"),
            func.max(case((is_there, 1), else_=0)).label("has_part"),
        )
        .group_by(steps.c.request_name)
        .subquery("folded")
    )
    unsubmitted = or_(folded.c.rank.is_(None), folded.c.rank == RANK_OF_EXECUTION[Execution.NOT_SUBMITTED])
    judged = request.c.intent.in_([intent.value for intent in JUDGED_INTENTS])
    execution = case(
        (and_(unsubmitted, folded.c.has_part == 1), Execution.PARTIAL.value),
        (and_(unsubmitted, judged), Execution.UNKNOWN.value),
        (unsubmitted, Execution.NOT_SUBMITTED.value),
        *((folded.c.rank == rank, execution.value) for execution, rank in RANK_OF_EXECUTION.items()),
    )
    return (
        select(request.c.name, execution.label("execution"))
        .select_from(request.outerjoin(folded, folded.c.request_name == request.c.name))
        .cte("request_executions")
    )


# Declared once, so that a statement that asks twice holds each of them once.
_STEPS: Final = _step_executions()
_REQUESTS: Final = _request_executions(_STEPS)
