"""What people decide about a request: each decision one transition, with who, when and why."""

from collections.abc import Mapping

from sqlalchemy import func, select, update

from gateway.auth.permissions import Right
from gateway.domain.notices import Notice, NoticeKind
from gateway.domain.seeds import jobs_for
from gateway.domain.states import (
    FINAL_EXECUTIONS,
    Execution,
    Intent,
    check_transition,
    execution_of,
)
from gateway.errors import ChangeRefusedError, InputError, MissingError
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.definitions import StoredRequest, keep_version, locked_request
from gateway.resolvers.changes.relate_requests import SUPERSEDES, add_relation
from gateway.resolvers.changes.update_request import Patch, check_not_stale
from gateway.resolvers.checking import check_request, refuse_blockers
from gateway.store.attempts import Attempt
from gateway.store.base import JsonValue
from gateway.store.notices import announce
from gateway.store.requests import Request, StatusChange, Step
from gateway.store.seed_ledger import exempt, release
from gateway.store.tasks import Task

# A reason is a sentence or two, not a file.
REASON_LIMIT = 4_000
_NOTHING_EDITED = Patch({})


async def set_intent(
    change: Change,
    before: StoredRequest,
    to: Intent,
    *,
    reason: str | None,
    is_off_hold: bool = False,
    **columns: object,
) -> None:
    """Take the step in a request that is locked, with its place in the history and in the trail.

    `columns` are further columns of the request that go with it. Raises TransitionError when the state does
    not allow the step, InputError for a reason that is too long, ChangeRefusedError for a request on hold
    that is not being taken off it: deciding something else about it must not do so by the way.
    """
    if reason is not None and len(reason) > REASON_LIMIT:
        raise InputError(f"The reason has {len(reason)} characters; at most {REASON_LIMIT} are kept.")
    if before.intent is Intent.ON_HOLD and not is_off_hold:
        raise ChangeRefusedError(f"{before.name} is on hold. Take it off hold first.")
    check_transition(before.intent, to, held_from=before.held_from)
    held = before.intent.value if to is Intent.ON_HOLD else None
    await change.session.execute(
        update(Request)
        .where(Request.name == before.name)
        .values(
            intent=to.value,
            intent_before_hold=held,
            updated_at=change.now,
            version=before.version + 1,
            **columns,
        )
        .execution_options(synchronize_session=False)
    )
    await keep_version(change, before.name, before.version, before.definition, action="imported")
    await keep_version(change, before.name, before.version + 1, before.definition)
    change.session.add(
        StatusChange(
            request_name=before.name,
            from_intent=before.intent.value,
            to_intent=to.value,
            changed_at=change.now,
            changed_by=change.by,
            reason=reason,
        )
    )
    change.tell_request(before.name)
    await announce(
        change.session,
        [
            Notice(
                kind=NoticeKind.REQUEST_STATE,
                subject_kind="REQUEST",
                subject_key=before.name,
                message=f"{before.name} is {to}, it was {before.intent}{f': {reason}' if reason else ''}",
                at=change.now,
                identity=f"version {before.version + 1}",
                request_name=before.name,
                actor=change.asked.viewer.actor,
                data={"intent": to.value, "intentBefore": before.intent.value},
            )
        ],
    )
    await change.record(
        "Request",
        before.name,
        before={"intent": before.intent.value},
        after={"intent": to.value},
        reason=reason,
    )


async def locked_at(change: Change, name: str, expected_version: int) -> StoredRequest:
    """Return the request, locked; raises StaleEditError when it is not at the version that was looked at."""
    before = await locked_request(change, name)
    await check_not_stale(change, before, expected_version, _NOTHING_EDITED)
    return before


async def make_ready(
    change: Change, name: str, expected_version: int, *, reason: str | None
) -> Mapping[str, JsonValue]:
    """Give a draft to whoever approves; raises InvalidChangeError with the findings that block it."""
    before = await locked_at(change, name, expected_version)
    await set_intent(change, before, Intent.READY, reason=reason)
    refuse_blockers(name, "made ready", await check_request(change.rows, before.facts))
    return {"request": name}


async def approve(
    change: Change, name: str, expected_version: int, *, reason: str | None
) -> Mapping[str, JsonValue]:
    """Say that the request may be submitted; raises InvalidChangeError with the findings that block it."""
    before = await locked_at(change, name, expected_version)
    await set_intent(change, before, Intent.APPROVED, reason=reason)
    refuse_blockers(name, "approved", await check_request(change.rows, before.facts))
    return {"request": name}


async def hold(change: Change, name: str, expected_version: int, *, reason: str) -> Mapping[str, JsonValue]:
    """Stop what comes next; tasks that run go on."""
    before = await locked_at(change, name, expected_version)
    await set_intent(change, before, Intent.ON_HOLD, reason=reason)
    return {"request": name}


async def take_off_hold(
    change: Change, name: str, expected_version: int, *, reason: str | None
) -> Mapping[str, JsonValue]:
    """Put the request back to where it was held."""
    before = await locked_at(change, name, expected_version)
    if before.intent is not Intent.ON_HOLD or before.held_from is None:
        raise ChangeRefusedError(f"{name} is {before.intent} and not held from anywhere.")
    await set_intent(change, before, before.held_from, reason=reason, is_off_hold=True)
    return {"request": name}


async def cancel(change: Change, name: str, expected_version: int, *, reason: str) -> Mapping[str, JsonValue]:
    """Give the request up before it was submitted; its seeds are free again, or never used if others follow.

    People may cancel their own drafts; anything else needs the right APPROVE.
    """
    before = await locked_at(change, name, expected_version)
    is_own_draft = before.intent is Intent.DRAFT and before.requested_by == change.by
    if not is_own_draft:
        change.asked.viewer.require(Right.APPROVE)
    await set_intent(change, before, Intent.CANCELLED, reason=reason)
    await release(change.session, name, reason="the request is cancelled")
    return {"request": name}


async def accept(
    change: Change, name: str, expected_version: int, *, reason: str | None, completeness: float | None
) -> Mapping[str, JsonValue]:
    """Accept what the request produced, and keep who did and how complete it was.

    The completeness is counted from the tasks; where they do not say it must be given. Raises
    ChangeRefusedError while something still runs, and for a partial result without a reason.
    """
    before = await locked_at(change, name, expected_version)
    counted = await count_completeness(change, before)
    complete = counted if counted is not None else completeness
    if complete is None:
        raise InputError(f"How complete {name} is cannot be counted here. Give `completeness`, 0 to 1.")
    if not 0 <= complete <= 1:
        raise InputError("`completeness` is between 0 and 1; 0.9992 is 99.92 %.")
    if complete < 1 and not (reason or "").strip():
        raise ChangeRefusedError(f"{name} is {complete:.4%} complete. Say why that is enough.")
    await set_intent(
        change,
        before,
        Intent.ACCEPTED,
        reason=reason,
        accepted_by=change.by,
        accepted_completeness=complete,
    )
    return {"request": name}


async def reject(change: Change, name: str, expected_version: int, *, reason: str) -> Mapping[str, JsonValue]:
    """Reject what the request produced; its seeds stay taken, for the data exist."""
    before = await locked_at(change, name, expected_version)
    await set_intent(change, before, Intent.REJECTED, reason=reason)
    return {"request": name}


async def make_obsolete(
    change: Change, name: str, expected_version: int, *, reason: str, successor: str | None
) -> Mapping[str, JsonValue]:
    """Say that an accepted request is not to be used any more, and which one is instead, if there is one."""
    if successor == name:
        raise InputError(f"{name} cannot succeed itself.")
    before = await locked_at(change, name, expected_version)
    await set_intent(change, before, Intent.OBSOLETE, reason=reason)
    await exempt(change.session, name, reason="the request is obsolete")
    if successor is not None:
        if not await change.rows(select(Request.name).where(Request.name == successor)):
            raise MissingError(f"There is no request {successor[:64]!r} to succeed {name}.")
        await add_relation(change, successor, SUPERSEDES, name, note=reason, may_exist=True)
    return {"request": name}


async def count_completeness(change: Change, request: StoredRequest) -> float | None:
    """The part of the jobs that the last steps finished; None where some of it is not known.

    Raises ChangeRefusedError while an attempt that counts is under way.
    """
    read = {step.reads for step in request.definition.steps}
    last_steps = [f"{request.name}.{step.kind}" for step in request.definition.steps if step.kind not in read]
    latest = (
        select(Attempt.step_key, func.max(Attempt.number).label("number"))
        .join(Step, Step.key == Attempt.step_key)
        .where(Step.request_name == request.name)
        .group_by(Attempt.step_key)
        .subquery()
    )
    found = await change.rows(
        select(Attempt.step_key, Attempt.task_name, Task.status, Task.jobs_finished)
        .join(latest, (latest.c.step_key == Attempt.step_key) & (latest.c.number == Attempt.number))
        .outerjoin(Task, Task.jedi_task_id == Attempt.jedi_task_id)
    )
    for row in found:
        execution = execution_of(row.status) if row.status else Execution.UNKNOWN
        if execution not in FINAL_EXECUTIONS and execution is not Execution.UNKNOWN:
            raise ChangeRefusedError(f"{row.task_name} is still {execution}. Accept when it has ended.")
    finished: dict[str, int | None] = {row.step_key: row.jobs_finished for row in found}
    counts = [finished.get(key) for key in last_steps]
    if not counts or any(count is None for count in counts):
        return None
    jobs = jobs_for(request.definition.events, request.definition.events_per_file)
    return min(1.0, min(count for count in counts if count is not None) / jobs)
