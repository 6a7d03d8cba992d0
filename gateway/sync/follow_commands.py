"""Following what was asked of PanDA until the task itself shows that it was done."""

import datetime as dt
from typing import Final

from sqlalchemy import or_, select

from gateway.domain.steering import CommandKind, CommandState, is_seen_done
from gateway.store.attempts import TaskCommand
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.tasks import Task

# Whoever asked has died when the answer was not written by then: no call lasts so long.
SENDING_LASTS: Final = dt.timedelta(minutes=5)
# PanDA acts within minutes; what is not seen after this was replaced, or came to nothing.
LAPSES_AFTER: Final = dt.timedelta(hours=1)
_OPEN: Final = [CommandState.SENDING.value, CommandState.TAKEN.value, CommandState.UNKNOWN.value]


async def follow_commands(database: Database, *, at: dt.datetime) -> None:
    """Mark the commands whose tasks show that they were done, and those that nobody will see any more."""
    statement = (
        select(
            TaskCommand.id,
            TaskCommand.kind,
            TaskCommand.arguments,
            TaskCommand.state,
            TaskCommand.status_before,
            TaskCommand.asked_at,
            Task.jedi_task_id,
            Task.status,
            Task.priority,
        )
        .outerjoin(
            Task,
            (Task.jedi_task_id == TaskCommand.jedi_task_id)
            # What was read before it was asked shows nothing.
            & or_(Task.changed_at >= TaskCommand.asked_at, Task.last_seen_at >= TaskCommand.asked_at),
        )
        .where(TaskCommand.state.in_(_OPEN))
    )
    async with database.snapshot() as session:
        rows = (await session.execute(statement)).all()
    for row in rows:
        state = CommandState(row.state)
        kind = CommandKind(row.kind)
        is_done = row.status is not None and is_seen_done(kind, before=row.status_before, now=row.status)
        if kind is CommandKind.CHANGE_PRIORITY and row.status is not None:
            is_done = row.priority == (row.arguments or {}).get("priority")
        age = at - row.asked_at
        if is_done:
            now_is = CommandState.DONE
        elif age > LAPSES_AFTER:
            now_is = CommandState.LAPSED
        elif state is CommandState.SENDING and age > SENDING_LASTS:
            now_is = CommandState.UNKNOWN
        else:
            continue
        async with database.transaction() as session:
            command = await session.get_one(TaskCommand, row.id)
            # Whoever asked may have written the answer in between.
            if command.state != row.state:
                continue
            command.state = now_is.value
            command.seen_at = at if is_done else None
            tell(session, EventKind.TASK, str(command.jedi_task_id), at=at)
