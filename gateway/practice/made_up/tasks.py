"""The made-up tasks of a request, with their attempts and job counts, and a unit's test tasks."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from gateway.domain.names import RECO, SIM, StepKind
from gateway.domain.seeds import compact, format_seeds
from gateway.practice.made_up.requests import MadeRequest
from gateway.practice.made_up.shape import ATTEMPTS_PER_STEP, QUEUES
from gateway.practice.made_up.unit import Unit

# How first attempts end.
_LOST: Final = ("failed", "aborted", "broken", "failed")
# Losses of fewer jobs than this are known seed by seed.
_FEW: Final = 20
_TEST_STATES: Final = ("aborted", "failed", "done")


@dataclass(frozen=True, slots=True)
class MadeTask:
    """What datasets need to know of the task that wrote them; `ended_at` is None while it runs."""

    task_id: int
    request: MadeRequest
    kind: StepKind
    attempt: int
    status: str
    finished: int
    failed: int
    output_bytes: int
    started_at: dt.datetime
    ended_at: dt.datetime | None

    @property
    def key(self) -> str:
        """The key of its attempt, which is its name too."""
        return f"{self.request.name}.{self.kind}.{self.attempt}"


def add_task(unit: Unit, request: MadeRequest, kind: StepKind, attempt: int) -> MadeTask:
    """Add one task of a step with its attempt and job counts."""
    task = _made(unit, request, kind, attempt)
    events_per_file = request.physics.draft.events_per_file
    unit.rows.tasks.append(
        {
            "jedi_task_id": task.task_id,
            "name": task.key,
            "status": task.status,
            "user_name": "prodman",
            "working_group": "SPD",
            "task_type": "prod",
            "created_at": task.started_at,
            "started_at": task.started_at + dt.timedelta(minutes=20),
            "ended_at": task.ended_at,
            "modified_at": task.ended_at or unit.world.at,
            "priority": 900,
            "core_count": 1,
            "error_dialog": "too many jobs failed" if task.status in {"failed", "broken"} else None,
            "jobs_expected": request.physics.jobs,
            "jobs_finished": task.finished,
            "jobs_failed": task.failed,
            "events_reported": task.finished * events_per_file,
            "events_per_job": events_per_file if kind == SIM else None,
            "output_bytes": task.output_bytes,
            "log_bytes": task.output_bytes // 1000,
            "core_seconds": task.finished * unit.chance.randrange(20_000, 26_000),
            "seed_first": request.seeds.first,
            "seed_last": request.seeds.last,
            "missing_seeds": _missing_seeds(unit, task),
            "request_name": request.name,
            "step_kind": kind,
            "attempt_number": attempt,
            "attempt_key": task.key,
        }
    )
    unit.rows.attempts.append(
        {
            "key": task.key,
            "step_key": request.step_key(kind),
            "number": attempt,
            "task_name": task.key,
            "state": "SUBMITTED",
            "is_live": task.ended_at is None,
            "jedi_task_id": task.task_id,
            "origin": "adopted",
            "submitted_by": "prodman",
            "submitted_at": task.started_at,
            "created_at": task.started_at,
        }
    )
    _add_job_counts(unit, task)
    return task


def add_test_tasks(unit: Unit) -> None:
    """Add trials outside any request, three under names that other units use too."""
    created = unit.created_at(0)
    for attempt, status in enumerate(_TEST_STATES, start=1):
        unit.rows.tasks.append(
            {
                "jedi_task_id": unit.task_id(),
                "name": f"MC{created.year}_S1-{unit.number % 999 + 1:03d}-{SIM}.{attempt}",
                "status": status,
                "user_name": "voadmin",
                "task_type": "prod",
                "created_at": created,
                "modified_at": created,
            }
        )


def _made(unit: Unit, request: MadeRequest, kind: StepKind, attempt: int) -> MadeTask:
    jobs, chance = request.physics.jobs, unit.chance
    is_last = attempt == ATTEMPTS_PER_STEP
    started = request.created_at + dt.timedelta(days=(4 if kind == RECO else 2) + attempt)
    ended: dt.datetime | None = started + dt.timedelta(hours=chance.randrange(4, 60))
    if is_last and kind == RECO and request.is_running:
        status, finished, failed, ended = "running", chance.randrange(jobs // 4, jobs), 0, None
    elif is_last:
        failed = chance.randrange(1, _FEW) if kind == RECO and chance.random() < 0.7 else 0
        status, finished = "finished" if failed else "done", jobs - failed
    else:
        finished = chance.randrange(jobs // 3)
        status, failed = chance.choice(_LOST), jobs - finished
    # Outputs of one physics differ by less than a thousandth from job to job.
    size = finished * request.physics.bytes_per_job * (10_000 + chance.randrange(4)) // 10_000
    return MadeTask(unit.task_id(), request, kind, attempt, status, finished, failed, size, started, ended)


def _missing_seeds(unit: Unit, task: MadeTask) -> str | None:
    if not 0 < task.failed < _FEW:
        return None
    seeds = range(task.request.seeds.first, task.request.seeds.last + 1)
    return format_seeds(compact(unit.chance.sample(seeds, task.failed)))


def _add_job_counts(unit: Unit, task: MadeTask) -> None:
    """Three jobs of five run at the first site, the rest at one other, state by state."""
    active = task.request.physics.jobs - task.finished - task.failed
    parts = {
        "finished": task.finished,
        "failed": task.failed,
        "running": active // 3,
        "activated": active - active // 3,
    }
    for state, jobs in parts.items():
        at_home = jobs * 3 // 5
        elsewhere = unit.chance.choice(QUEUES[1:])
        unit.rows.job_counts += [
            {"jedi_task_id": task.task_id, "queue_name": queue, "job_state": state, "jobs": part}
            for queue, part in ((QUEUES[0], at_home), (elsewhere, jobs - at_home))
            if part
        ]
