"""Stopping tasks too many: what arrived at PanDA although its attempt has another task already.

A request may reach PanDA later than anybody would wait, or be doubled on its way. Nothing at PanDA stops the
second task, which would write to the same datasets; so it is looked for in what was read, and killed.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

import structlog
from sqlalchemy import ColumnElement, Select, select

from gateway.auth.credentials import Credentials
from gateway.auth.permissions import Right
from gateway.domain.states import EXECUTION_OF_STATE, FINAL_EXECUTIONS, Execution
from gateway.domain.steering import CommandKind, CommandState
from gateway.domain.submission import Accepted, AttemptState, NotSent, Refused, Reply
from gateway.errors import CredentialMissingError, UpstreamError
from gateway.store.attempts import Attempt, Submission, TaskCommand
from gateway.store.audit import AuditEntry, AuditOutcome, record
from gateway.store.database import Database
from gateway.store.tasks import Task
from gateway.sync.lease import Clock

log = structlog.get_logger()

AUDIENCE: Final = "panda"
# PanDA acts on a command within minutes; until then the same one is not given again.
PATIENCE: Final = dt.timedelta(minutes=5)
# Who gives these commands, as the trail calls it.
ACTOR: Final = "gateway"
_ENDING: Final = sorted(
    state
    for state, execution in EXECUTION_OF_STATE.items()
    if execution in FINAL_EXECUTIONS or execution is Execution.STOPPING
)


class Commander(Protocol):
    """What gives commands to PanDA."""

    async def command(
        self, token: str, task_id: int, kind: CommandKind, arguments: Mapping[str, object] | None = None
    ) -> Reply:
        """Give one command, once."""
        ...


@dataclass(frozen=True, slots=True)
class _Extra:
    task_id: int
    status: str
    attempt_key: str
    kept_id: int
    credential: str | None
    needs: Right
    submitted_by: str | None


async def stop_duplicates(
    database: Database,
    commander: Commander,
    credentials: Credentials,
    *,
    clock: Clock,
    patience: dt.timedelta = PATIENCE,
) -> int:
    """Have each task that repeats a submission killed in the submitter's name; return how many commands.

    The task that the attempt has stays; nothing is done while an attempt is in doubt itself. Where the
    person's token cannot be had, the finding remains and it is tried again.
    """
    asked = 0
    for extra in await _extras(database, clock() - patience):
        if extra.credential is None:
            continue
        try:
            token = await _token(credentials, extra.credential, extra.needs)
        except (CredentialMissingError, UpstreamError) as error:
            log.warning(
                "a task too many cannot be stopped",
                action="outbox.duplicate",
                attempt=extra.attempt_key,
                task=extra.task_id,
                reason=error.message,
            )
            continue
        asked += await _stop(database, commander, token, extra, clock, patience)
    return asked


async def _token(credentials: Credentials, credential: str, needs: Right) -> str:
    """Return a token of whoever submitted: they may undo what they may do, or kill what they may steer."""
    try:
        return await credentials.token_for(credential, AUDIENCE, needs)
    except CredentialMissingError:
        return await credentials.token_for(credential, AUDIENCE, Right.STEER)


def _asked_after(task_id: ColumnElement[int] | int, moment: dt.datetime) -> Select[int]:
    """Commands of ours that may still be at work."""
    return select(TaskCommand.id).where(
        TaskCommand.jedi_task_id == task_id,
        TaskCommand.kind == CommandKind.KILL.value,
        TaskCommand.asked_by == ACTOR,
        TaskCommand.asked_at > moment,
        TaskCommand.state.in_([CommandState.SENDING, CommandState.TAKEN, CommandState.UNKNOWN]),
    )


async def _extras(database: Database, asked_before: dt.datetime) -> Sequence[_Extra]:
    task_id = cast("ColumnElement[int]", Task.jedi_task_id)
    statement = (
        select(
            Task.jedi_task_id,
            Task.status,
            Attempt.key,
            Attempt.jedi_task_id.label("kept_id"),
            Submission.credential,
            Submission.needs,
            Attempt.submitted_by,
        )
        .join(Submission, Submission.submission_key == Task.submission_key)
        .join(Attempt, Attempt.key == Submission.attempt_key)
        .where(
            Attempt.state == AttemptState.SUBMITTED.value,
            Attempt.jedi_task_id != Task.jedi_task_id,
            Task.gone_at.is_(None),
            Task.status.not_in(_ENDING),
            ~_asked_after(task_id, asked_before).exists(),
        )
        .order_by(Task.jedi_task_id)
    )
    async with database.snapshot() as session:
        return [
            _Extra(
                row.jedi_task_id,
                row.status,
                row.key,
                row.kept_id,
                row.credential,
                Right(row.needs),
                row.submitted_by,
            )
            for row in await session.execute(statement)
        ]


async def _stop(
    database: Database,
    commander: Commander,
    token: str,
    extra: _Extra,
    clock: Clock,
    patience: dt.timedelta,
) -> bool:
    async with database.transaction() as session:
        # Another worker may have seen the same: one of them waits here and then finds the other's command.
        await session.execute(select(Attempt.key).where(Attempt.key == extra.attempt_key).with_for_update())
        if await session.scalar(_asked_after(extra.task_id, clock() - patience)):
            return False
        command = TaskCommand(
            jedi_task_id=extra.task_id,
            kind=CommandKind.KILL.value,
            arguments={},
            state=CommandState.SENDING.value,
            status_before=extra.status,
            message=f"it repeats {extra.attempt_key}, which is task {extra.kept_id}",
            asked_by=ACTOR,
            asked_at=clock(),
        )
        session.add(command)
        await session.flush()
        command_id = command.id
    reply = await commander.command(token, extra.task_id, CommandKind.KILL)
    match reply:
        case Accepted():
            state, outcome = CommandState.TAKEN, AuditOutcome.DONE
        case Refused() | NotSent():
            state, outcome = CommandState.REFUSED, AuditOutcome.REFUSED
        case _:
            state, outcome = CommandState.UNKNOWN, AuditOutcome.UNKNOWN
    async with database.transaction() as session:
        row = await session.get_one(TaskCommand, command_id)
        row.state, row.answered_at = state.value, clock()
        await record(
            session,
            AuditEntry(
                actor=ACTOR,
                action="stopDuplicate",
                object_kind="Task",
                object_key=str(extra.task_id),
                after={"attempt": extra.attempt_key, "kept": extra.kept_id, "for": extra.submitted_by},
                upstream_call="panda task/kill",
                outcome=outcome,
                reason=reply.message,
                at=clock(),
            ),
        )
    log.error(
        "a task too many was found",
        action="outbox.duplicate",
        attempt=extra.attempt_key,
        task=extra.task_id,
        kept=extra.kept_id,
        state=state.value,
    )
    return True
