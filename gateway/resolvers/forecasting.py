"""What a request will need, from what tasks of the same physics needed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select

from gateway.domain.facts import RequestFacts
from gateway.domain.forecast import Forecast, NoHistory, TaskUse, forecast
from gateway.domain.names import StepKind
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.states import EXECUTION_OF_STATE, Execution
from gateway.resolvers.changes.definitions import read_requests
from gateway.store.attempts import Attempt
from gateway.store.requests import Request, Step
from gateway.store.rows import Rows
from gateway.store.tasks import Task

# The newest tasks of a step that are compared; older software behaved otherwise, and twenty give a spread.
TASKS_COMPARED: Final = 20
# Requests of the same beams and software that are looked at for the same physics.
_REQUESTS_LOOKED_AT: Final = 500

_OVER: Final = sorted(
    state
    for state, execution in EXECUTION_OF_STATE.items()
    if execution in {Execution.COMPLETE, Execution.PARTIAL}
)


@dataclass(frozen=True, slots=True)
class History:
    """Tasks of one physics by kind of step, newest first; of `unsure` ones the script was not recorded."""

    uses: Mapping[StepKind, Sequence[TaskUse]]
    unsure: frozenset[int]


async def read_history(rows: Rows, request: RequestFacts, *, without_own: bool = False) -> History:
    """Return what ended tasks of the request's physics used, in a fixed number of statements.

    A script that was not recorded may be the same script: such tasks count, and are said to be unsure. The
    request's own tasks can be left out, to hold what came of them against what others let expect.
    """
    key = request.physics_key
    names = [
        row.name
        for row in await rows(
            select(Request.name)
            .where(
                Request.software_project == key.software_project,
                Request.software_version == key.software_version,
                Request.collision_type == key.collision_type,
                Request.beam_energy_mev == int(key.energy_gev * 1000),
                Request.polarization == key.polarization,
                Request.stage_name == key.stage,
            )
            .order_by(Request.created_at.desc(), Request.name.desc())
            .limit(_REQUESTS_LOOKED_AT)
        )
        if not (without_own and row.name == request.name)
    ]
    stored = await read_requests(rows, names)
    keys = {name: each.definition.physics_key for name, each in stored.items()}
    same = sorted(name for name, other in keys.items() if _may_be_same(key, other))
    found = await rows(
        select(
            Step.request_name,
            Step.kind,
            Task.jedi_task_id,
            Task.jobs_finished,
            Task.output_bytes,
            Task.core_seconds,
            Task.started_at,
            Task.ended_at,
        )
        .join(Attempt, Attempt.step_key == Step.key)
        .join(Task, Task.jedi_task_id == Attempt.jedi_task_id)
        .where(
            Step.request_name.in_(same),
            Task.gone_at.is_(None),
            Task.status.in_(_OVER),
            Task.jobs_finished > 0,
            Task.output_bytes.is_not(None),
        )
        .order_by(Task.jedi_task_id.desc())
    )
    uses: defaultdict[StepKind, list[TaskUse]] = defaultdict(list)
    unsure = set()
    for row in found:
        known = uses[StepKind(row.kind)]
        if len(known) == TASKS_COMPARED:
            continue
        wall = None if row.started_at is None or row.ended_at is None else row.ended_at - row.started_at
        known.append(
            TaskUse(
                jedi_task_id=row.jedi_task_id,
                jobs=row.jobs_finished,
                output_bytes=row.output_bytes,
                core_seconds=row.core_seconds,
                # The talk's dates have no time: a task that ended on the day it began says nothing.
                wall_seconds=wall.total_seconds() if wall else None,
            )
        )
        if keys[row.request_name].script != key.script:
            unsure.add(row.jedi_task_id)
    return History(uses, frozenset(unsure))


def forecast_of(request: RequestFacts, history: History) -> Mapping[StepKind, Forecast | NoHistory]:
    """Return what each step of the request will need."""
    return {
        step.kind: forecast(step.kind, request.seeds.count, history.uses.get(step.kind, ()))
        for step in request.steps
    }


def _may_be_same(one: PhysicsKey, other: PhysicsKey) -> bool:
    is_known = one.script is not None and other.script is not None
    return replace(one, script=None) == replace(other, script=None) and (
        not is_known or one.script == other.script
    )
