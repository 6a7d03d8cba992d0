"""Taking PanDA tasks that somebody submitted elsewhere as attempts of our steps, by their names.

Names are the second-best way to a step, after our own submission record: a task that an attempt claims
already, or whose attempt number is taken, is left alone for the checks to show.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Row, Table, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from gateway.domain.states import EXECUTION_OF_STATE, FINAL_EXECUTIONS, execution_of
from gateway.store.attempts import Attempt
from gateway.store.events import EventKind, tell
from gateway.store.requests import Step
from gateway.store.tasks import Task
from gateway.store.upsert import insert_rows

ADOPTED: Final = "adopted"

_FINAL_STATES = sorted(state for state, meaning in EXECUTION_OF_STATE.items() if meaning in FINAL_EXECUTIONS)
# Bound of the column that says who submitted.
_SUBMITTER_LIMIT: Final = 64


@dataclass(frozen=True, slots=True)
class Adoption:
    """How many attempts were added, and the tasks whose attempt number another task or submission has."""

    adopted: int
    clashing_task_ids: tuple[int, ...]


async def adopt_attempts(session: AsyncSession, *, at: dt.datetime) -> Adoption:
    """Add an attempt for each present task that names an existing step and that no attempt claims.

    Of several tasks with the same name the newest is taken. An adopted attempt is live only while its task is
    not final and no other attempt of the step is live. Three statements, whatever the number of tasks.
    """
    await _end_finished(session)
    found = await _unclaimed(session)
    # Ascending ids: the newest task of a name comes last and replaces the others.
    by_key = {row.attempt_key: row for row in found if not row.is_taken}
    chosen = sorted(by_key.values(), key=lambda row: row.jedi_task_id)
    live = {row.step_key: row.attempt_key for row in chosen if not row.has_live and not _is_final(row)}
    await insert_rows(
        session,
        cast("Table", Attempt.__table__),
        list(_attempts(chosen, set(live.values()), at)),
    )
    # The page that brought the task told of its request too, but before the attempt was there to be seen.
    for row in chosen:
        tell(session, EventKind.REQUEST, row.request_name, at=at)
    adopted = {row.jedi_task_id for row in chosen}
    clashing = tuple(row.jedi_task_id for row in found if row.jedi_task_id not in adopted)
    return Adoption(len(chosen), clashing)


async def _end_finished(session: AsyncSession) -> None:
    """An attempt stops being live when its task ends or disappears, or by its own record of being over."""
    over = select(Task.jedi_task_id).where(Task.status.in_(_FINAL_STATES) | Task.gone_at.is_not(None))
    await session.execute(
        update(Attempt)
        .where(Attempt.is_live, Attempt.jedi_task_id.in_(over))
        .values(is_live=False)
        .execution_options(synchronize_session=False)
    )


_Found = Row[
    tuple[int, str, str, str | None, dt.datetime | None, dt.datetime | None, str, int, str, str, bool, bool]
]


async def _unclaimed(session: AsyncSession) -> Sequence[_Found]:
    claimed, numbered, living = aliased(Attempt), aliased(Attempt), aliased(Attempt)
    result = await session.execute(
        select(
            Task.jedi_task_id,
            Task.name,
            Task.status,
            Task.user_name,
            Task.created_at,
            Task.started_at,
            Task.attempt_key,
            Task.attempt_number,
            Step.key.label("step_key"),
            Step.request_name,
            numbered.key.is_not(None).label("is_taken"),
            exists(living.key).where(living.step_key == Step.key, living.is_live).label("has_live"),
        )
        .join(Step, (Step.request_name == Task.request_name) & (Step.kind == Task.step_kind))
        .outerjoin(claimed, claimed.jedi_task_id == Task.jedi_task_id)
        .outerjoin(numbered, numbered.key == Task.attempt_key)
        .where(Task.gone_at.is_(None), claimed.key.is_(None))
        .order_by(Task.jedi_task_id)
    )
    return cast("Sequence[_Found]", result.all())


def _is_final(row: _Found) -> bool:
    return execution_of(row.status) in FINAL_EXECUTIONS


def _attempts(rows: Sequence[_Found], live_keys: set[str], at: dt.datetime) -> Iterator[dict[str, object]]:
    for row in rows:
        yield {
            "key": row.attempt_key,
            "step_key": row.step_key,
            "number": row.attempt_number,
            "task_name": row.name,
            "state": "SUBMITTED",
            "is_live": row.attempt_key in live_keys,
            "jedi_task_id": row.jedi_task_id,
            "origin": ADOPTED,
            "reason": "found in PanDA by its name",
            "submitted_by": row.user_name and row.user_name[:_SUBMITTER_LIMIT],
            "submitted_at": row.created_at or row.started_at,
            "created_at": at,
        }
