"""PanDA's tasks and jobs in our words; what PanDA does not say stays None, and nothing is judged here."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Wire = Mapping[str, Any]
Record = dict[str, object]

# JEDI knows a task under a random name and this user until it has refined it (panda-server 1.0.4).
UNREFINED_USER: Final = "tobeset"
# The key under which the gateway's own submissions carry their token; PanDA keeps unknown parameters.
SUBMISSION_KEY: Final = "spdSubmissionKey"
# Which of PanDA's fields say something of ours; without any of them nothing is said.
_SAID_BY: Final[Mapping[str, Sequence[str]]] = {
    "user_name": ("userName",),
    "working_group": ("workingGroup",),
    "task_type": ("taskType",),
    "parent_task_id": ("parent_tid",),
    "created_at": ("creationDate",),
    "started_at": ("startTime",),
    "ended_at": ("endTime",),
    "modified_at": ("modificationTime",),
    "priority": ("currentPriority", "taskPriority"),
    "core_count": ("coreCount",),
    "error_dialog": ("errorDialog",),
    "jobs_expected": ("nFiles",),
    "jobs_finished": ("nFilesFinished",),
    "jobs_failed": ("nFilesFailed",),
    "events_reported": ("raw_task_params",),
    "events_per_job": ("raw_task_params", "splitRule"),
    "seed_first": ("raw_task_params",),
    "seed_last": ("raw_task_params",),
    "submission_key": ("raw_task_params",),
}


def task_record(wire: Wire) -> Record:
    """A task of `get_detailed_info` or `get_tasks_detailed_info_since` as a record of the section "tasks".

    PanDA counts input files; they are jobs while a job takes one of them, which productions do. Sizes, wall
    times and missing seeds are not PanDA's to say, core seconds come from jobs: those fields are left out,
    and so is what this answer does not say at all.
    """
    asked = _object(wire.get("raw_task_params"))
    is_refined = wire.get("userName") != UNREFINED_USER
    task_id = wire.get("jediTaskID")
    parent = wire.get("parent_tid")
    events_per_job = _events_per_job(wire, asked)
    expected, finished, failed = _jobs(wire, asked)
    first, last = _seeds(asked, expected)
    record = {
        "jedi_task_id": task_id,
        "name": wire.get("taskName") if is_refined else asked.get("taskName", wire.get("taskName")),
        "status": wire.get("status"),
        "user_name": wire.get("userName") if is_refined else asked.get("userName"),
        "working_group": wire.get("workingGroup"),
        "task_type": wire.get("taskType"),
        # A task without a parent names itself.
        "parent_task_id": None if parent == task_id else parent,
        "created_at": wire.get("creationDate"),
        "started_at": wire.get("startTime"),
        "ended_at": wire.get("endTime"),
        "modified_at": wire.get("modificationTime"),
        "priority": _first_said(wire.get("currentPriority"), wire.get("taskPriority")),
        "core_count": wire.get("coreCount"),
        "error_dialog": wire.get("errorDialog"),
        "jobs_expected": expected,
        "jobs_finished": finished,
        "jobs_failed": failed,
        "events_reported": asked.get("nEvents"),
        "events_per_job": events_per_job,
        "seed_first": first,
        "seed_last": last,
        "submission_key": asked.get(SUBMISSION_KEY),
    }
    unsaid = {name for name, sources in _SAID_BY.items() if not any(one in wire for one in sources)}
    return {name: value for name, value in record.items() if name not in unsaid}


def task_of_old_server(task_id: int, status: str, parameters: Wire) -> Record:
    """A task of a server before 0.7.2, from its state and what it was submitted with."""
    told = {
        key: parameters.get(key) for key in ("taskName", "userName", "workingGroup", "taskType", "coreCount")
    }
    return task_record(
        {
            **told,
            "jediTaskID": task_id,
            "status": status,
            "taskPriority": parameters.get("taskPriority"),
            "raw_task_params": parameters,
        }
    )


@dataclass(frozen=True, slots=True)
class Job:
    """What is counted of a job; `core_seconds` is None for a job that ran without saying how long or wide."""

    queue: str
    state: str
    core_seconds: int | None


def job_of(wire: object) -> Job | None:
    """A job of `job/get_description`; None for one that PanDA knows no more."""
    found = _object(wire)
    queue, state = found.get("computingSite"), found.get("jobStatus")
    if not isinstance(state, str):
        return None
    # A job that JEDI has not brokered yet is at no queue; its rows still need a name to stand under.
    return Job(queue if isinstance(queue, str) and queue else "unassigned", state, _core_seconds(found))


def job_counts(task_id: int, jobs: Iterable[Job]) -> Sequence[Record]:
    """Records of the section "job_counts": how many jobs are in which state at which queue."""
    counted = Counter((job.queue, job.state) for job in jobs)
    return [
        {"jedi_task_id": task_id, "queue_name": queue, "job_state": state, "jobs": number}
        for (queue, state), number in sorted(counted.items())
    ]


def core_seconds(jobs: Iterable[Job]) -> int | None:
    """The core seconds of all jobs; None as soon as one of them does not say."""
    total = 0
    for job in jobs:
        if job.core_seconds is None:
            return None
        total += job.core_seconds
    return total


def _core_seconds(job: Wire) -> int | None:
    began, ended = _moment(job.get("startTime")), _moment(job.get("endTime"))
    cores = _count(job.get("actualCoreCount"))
    if began is None:
        return 0
    if ended is None or not cores or ended < began:
        return None
    return round((ended - began).total_seconds()) * cores


def _jobs(wire: Wire, asked: Wire) -> tuple[int | None, int | None, int | None]:
    """Expected, finished and failed jobs; 0 files means that PanDA has fed none yet, or failed to look."""
    files, per_job = _count(wire.get("nFiles")), _count(asked.get("nFilesPerJob", 1))
    if not files or not per_job:
        return None, None, None
    if per_job > 1:
        return -(-files // per_job), None, None
    return files, _count(wire.get("nFilesFinished")), _count(wire.get("nFilesFailed"))


def _events_per_job(wire: Wire, asked: Wire) -> object:
    if "nEventsPerJob" in asked:
        return asked["nEventsPerJob"]
    rules = wire.get("splitRule")
    for rule in rules.split(",") if isinstance(rules, str) else ():
        name, _, value = rule.partition("=")
        if name.strip() == "nEventsPerJob" and value.isascii() and value.isdigit():
            return int(value)
    return None


def _seeds(asked: Wire, jobs: int | None) -> tuple[int | None, int | None]:
    """The range of seeds when the parameters give its offset: job number n has the seed offset + n."""
    events, per_job = _count(asked.get("nEvents")), _count(asked.get("nEventsPerJob"))
    if events and per_job:
        jobs = -(-events // per_job)
    parameters = asked.get("jobParameters")
    offsets = {
        _count(one.get("offset"))
        for one in (parameters if isinstance(parameters, list) else ())
        if isinstance(one, dict)
        and one.get("param_type") == "number"
        and "${RNDMSEED}" in str(one.get("value"))
    }
    offset = offsets.pop() if len(offsets) == 1 else None
    return (None, None) if offset is None or not jobs else (offset + 1, offset + jobs)


def _first_said(*values: object) -> object:
    return next((value for value in values if value is not None), None)


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _object(value: object) -> Wire:
    return value if isinstance(value, Mapping) else {}


def _moment(value: object) -> dt.datetime | None:
    if not isinstance(value, str):
        return None
    try:
        read = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read
