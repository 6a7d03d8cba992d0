"""Making a task again exactly as it was sent, as the next attempt at its step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import select

from gateway.domain.names import StepKind
from gateway.domain.submission import ChainMode
from gateway.domain.task_cloning import ClonedTask, TaskChanges, clone_of_task
from gateway.domain.task_parameters import Json
from gateway.errors import ChangeRefusedError, MissingError, StaleEditError
from gateway.resolvers.changes.budget import budget_warnings
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.definitions import locked_request
from gateway.resolvers.changes.step_plans import (
    downtime_warnings,
    next_number,
    refuse_taken,
    remembered_names,
)
from gateway.resolvers.changes.submit_steps import Wish, move_intent, plan_again
from gateway.resolvers.changes.write_attempt import PlannedAttempt, write_attempt
from gateway.store.attempts import Attempt, Submission
from gateway.store.base import JsonValue
from gateway.store.requests import Step
from gateway.store.rows import Rows
from gateway.store.tasks import Task


@dataclass(frozen=True, slots=True)
class TaskClone:
    """A task that would be made again; `source` is the attempt that it was."""

    request: str
    source: str
    attempt: PlannedAttempt
    task: ClonedTask
    sent: Mapping[str, Json]


async def plan_task_clone(rows: Rows, jedi_task_id: int, changes: TaskChanges) -> TaskClone:
    """Plan the next attempt at the task's step, from what was sent for the task.

    Raises MissingError for a task that there is not, ChangeRefusedError for one that was not sent from here
    or whose step is under way, and what `clone_of_task` raises.
    """
    found = await rows(
        select(
            Attempt.key,
            Attempt.step_key,
            Step.request_name,
            Submission.parameters,
            Submission.outputs,
            Submission.parent_attempt_key,
            Submission.mode,
            Submission.min_fraction,
        )
        .join(Submission, Submission.attempt_key == Attempt.key)
        .join(Step, Step.key == Attempt.step_key)
        .where(Attempt.jedi_task_id == jedi_task_id)
    )
    if not found:
        if not await rows(select(Task.jedi_task_id).where(Task.jedi_task_id == jedi_task_id)):
            raise MissingError(f"There is no task {jedi_task_id}.")
        raise ChangeRefusedError(
            f"Task {jedi_task_id} was not sent from here, so nobody here knows what was sent for it. Submit "
            "its step instead."
        )
    source = found[0]
    number = await next_number(rows, source.step_key)
    sent = cast("Mapping[str, Json]", source.parameters)
    task = clone_of_task(sent, [str(did) for did in source.outputs], number, changes)
    return TaskClone(
        source.request_name,
        source.key,
        PlannedAttempt(
            step_key=source.step_key,
            number=number,
            task_name=task.name,
            outputs=task.outputs,
            parent=source.parent_attempt_key,
            mode=ChainMode(source.mode or ChainMode.GATED),
            min_fraction=source.min_fraction,
            parameters=task.with_key,
            reason=f"task {jedi_task_id} ({source.key}) made again",
            trail={"clonedFrom": source.key},
        ),
        task,
        sent,
    )


async def clone_task(
    change: Change,
    jedi_task_id: int,
    changes: TaskChanges,
    *,
    expected_version: int | None = None,
    looked_up: frozenset[str],
    taken: frozenset[str],
) -> Mapping[str, JsonValue]:
    """Write the attempt; returns the `request` and its new `attempts`, with `warnings`, as submitting does.

    Raises what `plan_task_clone` raises, StaleEditError when the request is another by now, TransitionError
    where its state allows no submission.
    """
    name = (await plan_task_clone(change.rows, jedi_task_id, changes)).request
    stored = await locked_request(change, name)
    if expected_version is not None and stored.version != expected_version:
        raise StaleEditError(
            f"{name} is at version {stored.version}, not {expected_version}: look at it again.",
            key=name,
            version=stored.version,
        )
    # Once more: whoever had the request until now may have submitted the same step.
    clone = await plan_task_clone(change.rows, jedi_task_id, changes)
    if looked_up and not set(clone.attempt.outputs) <= looked_up:
        raise ChangeRefusedError(f"{name} was submitted by somebody else meanwhile: look at it again.")
    refuse_taken(taken | await remembered_names(change.rows, clone.attempt.outputs))
    await move_intent(change, stored)
    await write_attempt(change, clone.attempt)
    again = await plan_again(change, stored, {clone.attempt.step_key: clone.attempt.key}, Wish(name))
    change.tell_request(name)
    # Of some seeds only, which are redone, there is no history.
    is_whole = clone.sent.get("nEvents") in {None, stored.definition.events}
    kinds = [StepKind(clone.attempt.step_key.rpartition(".")[2])] if is_whole else []
    return {
        "request": name,
        "attempts": [clone.attempt.key, *(step.key for step in again)],
        "warnings": [
            *await downtime_warnings(change.rows, change.now),
            *await budget_warnings(change.rows, stored.facts, kinds),
        ],
    }
