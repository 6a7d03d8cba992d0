"""Steering: something is asked of PanDA for a task, in the person's own name, and what became of it is kept.

The wish is written down before it is sent, so that it is there whatever happens to the answer. PanDA only
takes commands and acts minutes later: until the task shows it, a command is pending.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.domain.steering import CommandKind, CommandState, why_not_taken
from gateway.domain.submission import Accepted, Unknown
from gateway.errors import ChangeRefusedError, MissingError
from gateway.resolvers.services import PANDA, Services
from gateway.store.attempts import TaskCommand
from gateway.store.audit import AuditEntry, AuditOutcome, record
from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.tasks import Task


@dataclass(frozen=True, slots=True)
class Steered:
    """What became of one command."""

    task_id: int
    state: CommandState
    message: str


@dataclass(frozen=True, slots=True)
class Order:
    """One command for one task, with PanDA's arguments for it."""

    task_id: int
    kind: CommandKind
    arguments: Mapping[str, JsonValue]
    reason: str | None = None


async def check_order(database: Database, order: Order) -> str:
    """Return the state of the order's task; raise MissingError, or ChangeRefusedError by PanDA's rules."""
    async with database.snapshot() as session:
        task = await session.scalar(
            select(Task).where(Task.jedi_task_id == order.task_id, Task.gone_at.is_(None))
        )
    if task is None:
        raise MissingError(f"PanDA has no task {order.task_id} that we know of.")
    why = why_not_taken(order.kind, task.status)
    if why is not None:
        raise ChangeRefusedError(f"Task {order.task_id} ({task.name}): {why}.")
    return task.status


async def steer_task(
    database: Database, services: Services, viewer: Viewer, order: Order, *, now: dt.datetime
) -> Steered:
    """Check, write down, send once, write down the answer.

    Raises what `check_order` raises, and ChangeRefusedError when the person cannot be acted for.
    """
    if services.panda is None:
        raise ChangeRefusedError("This gateway has no PanDA to command: set GATEWAY_PANDA_URL.")
    status = await check_order(database, order)
    token = await services.token(viewer, PANDA, Right.STEER)

    def entry(state: CommandState, outcome: AuditOutcome, message: str | None) -> AuditEntry:
        return AuditEntry(
            actor=viewer.actor,
            action="steerTask",
            object_kind="Task",
            object_key=str(order.task_id),
            before={"status": status},
            after={"command": order.kind.value, "arguments": dict(order.arguments), "state": state.value},
            upstream_call=f"panda task/{order.kind.value}",
            jti=viewer.jti,
            outcome=outcome,
            reason=order.reason or message or None,
            at=now,
        )

    async with database.transaction() as session:
        command = TaskCommand(
            jedi_task_id=order.task_id,
            kind=order.kind.value,
            arguments=dict(order.arguments),
            state=CommandState.SENDING.value,
            status_before=status,
            message=order.reason,
            asked_by=viewer.actor[:64],
            asked_at=now,
        )
        session.add(command)
        await session.flush()
        command_id = command.id
        tell(session, EventKind.TASK, str(order.task_id), at=now)
        await record(session, entry(CommandState.SENDING, AuditOutcome.ASKED, None))
    reply = await services.panda.command(token, order.task_id, order.kind, order.arguments)
    match reply:
        case Accepted():
            state, outcome = CommandState.TAKEN, AuditOutcome.DONE
        case Unknown():
            state, outcome = CommandState.UNKNOWN, AuditOutcome.UNKNOWN
        case _:
            state, outcome = CommandState.REFUSED, AuditOutcome.REFUSED
    async with database.transaction() as session:
        row = await session.get_one(TaskCommand, command_id)
        row.state, row.message, row.answered_at = state.value, reply.message or order.reason, now
        tell(session, EventKind.TASK, str(order.task_id), at=now)
        await record(session, entry(state, outcome, reply.message))
    return Steered(order.task_id, state, reply.message)
