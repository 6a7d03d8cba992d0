"""What people do about findings: take note of them with a reason, and adopt tasks that nobody claims."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select, update

from gateway.domain.names import StepKind
from gateway.domain.states import FINAL_EXECUTIONS, execution_of
from gateway.errors import ChangeRefusedError, InputError, MissingError
from gateway.resolvers.changes.change import Change
from gateway.store.attempts import Attempt
from gateway.store.base import JsonValue
from gateway.store.findings import FindingRow
from gateway.store.requests import Step
from gateway.store.tasks import Task

_REASON_LIMIT: Final = 4_000
_MOST_AT_ONCE: Final = 500
# The attempt is ours to record, whoever submitted the task.
_ADOPTED: Final = "adopted"


async def acknowledge(change: Change, keys: Sequence[str], *, reason: str | None) -> Mapping[str, JsonValue]:
    """Take note of findings, all or none; without a reason take the note back. Returns their `findings`.

    Raises MissingError for one that is not there, InputError for too many or too long a reason.
    """
    wanted = sorted(set(keys))
    if not 1 <= len(wanted) <= _MOST_AT_ONCE:
        raise InputError(f"Between 1 and {_MOST_AT_ONCE} findings are noted at once.")
    if reason is not None and not 1 <= len(reason.strip()) <= _REASON_LIMIT:
        raise InputError(f"A reason has 1 to {_REASON_LIMIT} characters.")
    found = {
        row.key: row
        for row in await change.rows(
            select(FindingRow.key, FindingRow.request_name, FindingRow.acknowledged_reason)
            .where(FindingRow.key.in_(wanted))
            .order_by(FindingRow.key)
            .with_for_update()
        )
    }
    missing = [key for key in wanted if key not in found]
    if missing:
        raise MissingError(f"There is no finding {missing[0][:40]!r}.")
    await change.session.execute(
        update(FindingRow)
        .where(FindingRow.key.in_(wanted))
        .values(
            acknowledged_at=None if reason is None else change.now,
            acknowledged_by=None if reason is None else change.by,
            acknowledged_reason=None if reason is None else reason.strip(),
        )
        .execution_options(synchronize_session=False)
    )
    for key, row in found.items():
        if row.request_name is not None:
            change.tell_request(row.request_name)
        await change.record(
            "Finding",
            key,
            before={"reason": row.acknowledged_reason},
            after={"reason": reason},
            reason=reason,
        )
    return {"findings": list(wanted)}


async def adopt_task(
    change: Change, jedi_task_id: int, request_name: str, kind: StepKind, *, reason: str
) -> Mapping[str, JsonValue]:
    """Take a PanDA task that nobody claims as the next attempt at a step; returns its `request`.

    Raises MissingError for a task or step that is not there, ChangeRefusedError for a task that an attempt
    claims already, and for a running one while another attempt at the step is live.
    """
    step_key = f"{request_name}.{kind}"
    if not await change.rows(select(Step.key).where(Step.key == step_key).with_for_update()):
        raise MissingError(f"There is no step {step_key[:100]!r}.")
    tasks = await change.rows(
        select(Task.name, Task.status, Task.user_name, Task.created_at).where(
            Task.jedi_task_id == jedi_task_id, Task.gone_at.is_(None)
        )
    )
    if not tasks:
        raise MissingError(f"PanDA has no task {jedi_task_id} in its last listing.")
    claimed = await change.rows(select(Attempt.key).where(Attempt.jedi_task_id == jedi_task_id))
    if claimed:
        raise ChangeRefusedError(f"Task {jedi_task_id} is {claimed[0].key} already.")
    attempts = await change.rows(select(Attempt.number, Attempt.is_live).where(Attempt.step_key == step_key))
    task = tasks[0]
    is_over = execution_of(task.status) in FINAL_EXECUTIONS
    if not is_over and any(row.is_live for row in attempts):
        raise ChangeRefusedError(f"Another attempt at {step_key} is live. End one of the two tasks first.")
    number = max((row.number for row in attempts), default=0) + 1
    change.session.add(
        Attempt(
            key=f"{step_key}.{number}",
            step_key=step_key,
            number=number,
            task_name=task.name,
            state="SUBMITTED",
            is_live=not is_over,
            jedi_task_id=jedi_task_id,
            origin=_ADOPTED,
            reason=reason[:_REASON_LIMIT],
            submitted_by=None if task.user_name is None else task.user_name[:64],
            submitted_at=task.created_at,
            created_at=change.now,
        )
    )
    await change.session.flush()
    change.tell_request(request_name)
    await change.record(
        "Attempt",
        f"{step_key}.{number}",
        after={"jedi_task_id": jedi_task_id, "task_name": task.name},
        reason=reason,
    )
    return {"request": request_name}
