"""Submitting: steps become attempts with exactly what will be sent, in one transaction; a worker sends them.

Nothing leaves here. The answer can be given at once, and the same wish asked for twice is one submission.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from gateway.auth.permissions import Right
from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange, format_seeds
from gateway.domain.states import Intent, check_transition
from gateway.domain.submission import MIN_FRACTION, AttemptState, ChainMode
from gateway.errors import ChangeRefusedError, StaleEditError
from gateway.resolvers.changes.budget import budget_warnings
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.definitions import StoredRequest, locked_request
from gateway.resolvers.changes.step_plans import (
    PlannedStep,
    StepPlan,
    plan_steps,
    refuse_taken,
    remembered_names,
)
from gateway.resolvers.changes.write_attempt import PlannedAttempt, write_attempt
from gateway.store.attempts import Attempt, Submission
from gateway.store.base import JsonValue
from gateway.store.outbox import Held, move
from gateway.store.requests import Request, StatusChange

_Parent = aliased(Attempt)
# The way from a draft to what is sent, as far as somebody who may approve can go in one step.
_WAY: Final = (Intent.DRAFT, Intent.READY, Intent.APPROVED, Intent.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants sent: these steps of a request, or all that were never sent.

    `seeds` restricts it to some seeds; `expected_version` is the request that the person has seen. It is sent
    while the person has the right it `needs`.
    """

    request: str
    expected_version: int | None = None
    kinds: tuple[StepKind, ...] = ()
    mode: ChainMode = ChainMode.GATED
    min_fraction: float = MIN_FRACTION
    seeds: tuple[SeedRange, ...] | None = None
    needs: Right = Right.SUBMIT


async def submit_steps(
    change: Change, wish: Wish, *, looked_up: frozenset[str], taken: frozenset[str]
) -> Mapping[str, JsonValue]:
    """Plan the attempts; return the `request` and the keys of its new `attempts`, with `warnings`.

    `looked_up` are the names that Rucio was asked for and `taken` those that it has. Raises StaleEditError
    when the request is another by now, and what `plan_steps` raises.
    """
    stored = await locked_request(change, wish.request)
    if wish.expected_version is not None and stored.version != wish.expected_version:
        raise StaleEditError(
            f"{stored.name} is at version {stored.version}, not {wish.expected_version}: look at it again.",
            key=stored.name,
            version=stored.version,
        )
    plan = await plan_steps(change.rows, stored, wish.kinds, now=change.now, seeds=wish.seeds)
    if looked_up and not set(plan.outputs) <= looked_up:
        raise ChangeRefusedError(f"{stored.name} was submitted by somebody else meanwhile: look at it again.")
    refuse_taken(taken | await remembered_names(change.rows, plan.outputs))
    await move_intent(change, stored)
    for step in plan.steps:
        await _write(change, step, wish, plan)
    again = await plan_again(change, stored, {step.step_key: step.key for step in plan.steps}, wish)
    change.tell_request(stored.name)
    # Of some seeds only, which are redone, there is no history.
    kinds = [] if wish.seeds is not None else [step.task.step for step in plan.steps]
    budget = await budget_warnings(change.rows, stored.facts, kinds)
    return {
        "request": stored.name,
        "attempts": [step.key for step in (*plan.steps, *again)],
        "warnings": [*plan.warnings, *budget],
    }


async def plan_again(
    change: Change, stored: StoredRequest, new: Mapping[str, str], wish: Wish
) -> tuple[PlannedStep, ...]:
    """Plan anew what waits for an older attempt at a step that got a new one: it is to read that as well.

    `new` are the keys of the new attempts by their steps'.
    """
    waiting = await change.session.execute(
        select(Attempt.key, Attempt.step_key, Attempt.sends, Attempt.owner)
        .join(Submission, Submission.attempt_key == Attempt.key)
        .join(_Parent, _Parent.key == Submission.parent_attempt_key)
        .where(
            Attempt.state == AttemptState.WAITING.value,
            _Parent.step_key.in_(list(new)),
            Attempt.key.not_in(list(new.values())),
            Attempt.step_key.startswith(f"{stored.name}."),
        )
        .order_by(Attempt.key)
    )
    planned: list[PlannedStep] = []
    for row in waiting.all():
        held = Held(row.key, AttemptState.WAITING, row.sends, row.owner)
        reason = "planned anew, to read the new attempt before it as well"
        if await move(
            change.session, held, AttemptState.CANCELLED, at=change.now, by=change.by, reason=reason
        ):
            kind = StepKind(row.step_key.rpartition(".")[2])
            again = await plan_steps(change.rows, stored, [kind], now=change.now)
            refuse_taken(await remembered_names(change.rows, again.outputs))
            for step in again.steps:
                await _write(change, step, replace(wish, seeds=None), again)
                planned.append(step)
    return tuple(planned)


async def _write(change: Change, step: PlannedStep, wish: Wish, plan: StepPlan) -> None:
    await write_attempt(
        change,
        PlannedAttempt(
            step_key=step.step_key,
            number=step.number,
            task_name=step.task.name,
            outputs=step.outputs,
            parent=step.parent,
            mode=wish.mode,
            min_fraction=wish.min_fraction,
            needs=wish.needs,
            parameters=step.parameters,
            reason=None if wish.seeds is None else f"seeds {format_seeds(wish.seeds)}",
            trail={"seeds": format_seeds(step.task.seeds), "request version": plan.request.version},
        ),
    )


async def move_intent(change: Change, stored: StoredRequest) -> None:
    """Take the request to SUBMITTED; what somebody who may approve skips is written down as done by them.

    Raises TransitionError where its state does not allow it.
    """
    if stored.intent is Intent.SUBMITTED:
        return
    steps = [Intent.SUBMITTED]
    if stored.intent in _WAY and change.asked.viewer.may(Right.APPROVE):
        steps = list(_WAY[_WAY.index(stored.intent) + 1 :])
    before: Intent = stored.intent
    for after in steps:
        check_transition(before, after, held_from=stored.held_from)
        change.session.add(
            StatusChange(
                request_name=stored.name,
                from_intent=before.value,
                to_intent=after.value,
                changed_at=change.now,
                changed_by=change.by,
                reason="by submitting it",
            )
        )
        before = after
    await change.session.execute(
        update(Request)
        .where(Request.name == stored.name)
        .values(intent=before.value, updated_at=change.now, version=Request.version + 1)
    )
    await change.record(
        "Request", stored.name, before={"intent": stored.intent.value}, after={"intent": before.value}
    )
