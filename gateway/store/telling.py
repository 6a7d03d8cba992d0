"""Whom a change of a remembered row concerns: the tasks and requests that readers are told of.

A dataset, its rules and replicas are told as changes of the task that wrote it and of its request; job counts
as changes of their task. Nobody waits for anything else, which changes in the thousands within one pass.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.notices import Notice, notice_of_task
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.events import EventKind, tell
from gateway.store.keys import RowKey
from gateway.store.notices import announce
from gateway.store.tasks import Task, TaskJobCount

# A row that says itself what it belongs to, and one that leads to such a row by the column named.
_SAYS_ITSELF: Final = frozenset({Task.__tablename__, Dataset.__tablename__})
_LEADS_TO: Final[Mapping[str, tuple[type[Any], str]]] = {
    TaskJobCount.__tablename__: (Task, "jedi_task_id"),
    Rule.__tablename__: (Dataset, "did"),
    Replica.__tablename__: (Dataset, "did"),
}
_OWNERS: Final = ("jedi_task_id", "request_name")


def columns_told(table: Table) -> Sequence[str]:
    """Return the columns that `tell_of` needs of a changed row; empty if nobody is told of such rows."""
    if table.name in _SAYS_ITSELF:
        return _OWNERS
    return (_LEADS_TO[table.name][1],) if table.name in _LEADS_TO else ()


async def tell_of(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, object]], at: dt.datetime
) -> None:
    """Tell that rows of a table changed, at most BATCH_ROWS of them; at most one statement."""
    if not rows or not columns_told(table):
        return
    if table.name in _SAYS_ITSELF:
        owners = [(row["jedi_task_id"], row["request_name"]) for row in rows]
    else:
        model, column = _LEADS_TO[table.name]
        owning = cast("Table", model.__table__)
        found = await session.execute(
            select(owning.c.jedi_task_id, owning.c.request_name)
            .where(owning.c[column].in_({row[column] for row in rows}))
            .order_by(*owning.primary_key.columns)
        )
        owners = [(row.jedi_task_id, row.request_name) for row in found]
    for task_id, request_name in owners:
        if task_id is not None:
            tell(session, EventKind.TASK, str(task_id), at=at)
        if request_name is not None:
            tell(session, EventKind.REQUEST, str(request_name), at=at)


# A task of ours that nobody saw before may have ended between two readings; an older one is history.
_NEW_FOR: Final = dt.timedelta(days=1)


async def announce_ends(
    session: AsyncSession,
    table: Table,
    rows: Mapping[RowKey, Mapping[str, object]],
    known: Collection[RowKey],
    at: dt.datetime,
) -> None:
    """Have it told which tasks come to an end by being written so; call it before they are.

    `known` are the keys that are stored. One statement to read, none for what is no task.
    """
    if table.name != Task.__tablename__ or not rows:
        return
    found = await session.execute(
        select(Task.jedi_task_id, Task.status).where(
            Task.jedi_task_id.in_([key[0] for key in rows if key in known])
        )
    )
    before = {row.jedi_task_id: row.status for row in found}
    notices: list[Notice] = []
    for key, content in rows.items():
        created_at = content["created_at"]
        is_new = (
            content["submission_key"] is not None
            and isinstance(created_at, dt.datetime)
            and at - created_at < _NEW_FOR
        )
        if key not in known and not is_new:
            continue
        reason = content["error_dialog"]
        notice = notice_of_task(
            cast("int", key[0]),
            str(content["name"]),
            before.get(cast("int", key[0]), "registered"),
            str(content["status"]),
            reason=None if reason is None else str(reason)[:1000],
            at=at,
        )
        if notice is not None:
            name = content["request_name"]
            notices.append(replace(notice, request_name=None if name is None else str(name)))
    if notices:
        await announce(session, notices)
