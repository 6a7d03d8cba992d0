"""The practice PanDA's tasks: submitted, refined, running, done or half done, as its clock moves on.

The states and their order are JEDI's (panda-server 1.0.4); how long each takes is made up. A task's jobs are
numbers and not objects: job number n of a task is always the same one, so ten thousand of them cost nothing.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from gateway.practice.talk import Record

Parameters = dict[str, Any]

# A task's jobs are numbered from its id times this.
JOBS_PER_TASK: Final = 1_000_000
# How long a task stays in each state before it runs, and how long an accepted command waits.
DWELL: Final[Mapping[str, dt.timedelta]] = {
    "waiting": dt.timedelta(minutes=1),
    "registered": dt.timedelta(minutes=1),
    "defined": dt.timedelta(minutes=1),
    "ready": dt.timedelta(minutes=2),
    "scouting": dt.timedelta(minutes=5),
    "prepared": dt.timedelta(minutes=1),
    "toretry": dt.timedelta(minutes=1),
    "toabort": dt.timedelta(minutes=1),
    "tobroken": dt.timedelta(minutes=1),
    "finishing": dt.timedelta(minutes=1),
    "passed": dt.timedelta(minutes=1),
}
_NEXT: Final[Mapping[str, str]] = {
    "waiting": "registered",
    "registered": "defined",
    "defined": "ready",
    "ready": "scouting",
    "scouting": "running",
    "toretry": "ready",
    "toabort": "aborted",
    "tobroken": "broken",
    "finishing": "passed",
}
COMMAND_WAIT: Final = dt.timedelta(minutes=1)
JOB_TIME: Final = dt.timedelta(minutes=10)
FINAL: Final = frozenset({"done", "finished", "failed", "aborted", "broken"})
_COMPLETED: Final = frozenset({"done", "finished"})
# JEDI's default, which a task's `maxAttempt` replaces.
ATTEMPTS: Final = 3
_REJECTS: Final[Mapping[str, frozenset[str]]] = {
    "kill": FINAL | {"prepared", "toabort", "aborting"},
    "finish": FINAL | {"prepared", "toabort", "aborting"},
    "pause": FINAL | {"paused"},
}
_ACCEPTS: Final[Mapping[str, frozenset[str]]] = {
    "retry": frozenset({"finished", "failed", "exhausted"}),
    "resume": frozenset({"paused", "throttled", "staging"}),
}
_NO_COMMON: Final = "failed to extract common parameters"
_QUEUES: Final = ("JINR_SPD", "PNPI_SPD", "SSAU_SPD", "SPBSU_SPD")


@dataclass(frozen=True, slots=True)
class TwinJob:
    """One job at one moment."""

    job_id: int
    queue: str
    state: str
    began: dt.datetime | None
    ended: dt.datetime | None


@dataclass(slots=True)
class TwinTask:
    """A task; tests may change any of it."""

    task_id: int
    parameters: Parameters
    status: str = "waiting"
    old_status: str | None = None
    user: str = ""
    parent_id: int | None = None
    error: str | None = None
    # What its error will say when the command that was given last is executed.
    asked: str | None = None
    # Since somebody changed it.
    priority: int | None = None
    created: dt.datetime | None = None
    modified: dt.datetime | None = None
    since: dt.datetime | None = None
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    files: int = 0
    files_finished: int = 0
    files_failed: int = 0
    # Jobs that are over, in order, as (queue, state, how many); a retried job stays among them.
    over: list[tuple[str, str, int]] = field(default_factory=list)
    running: int = 0
    waiting: int = 0
    failure_rate: float = 0.0
    # How many jobs end a minute, if not as many as everybody's.
    jobs_per_minute: int | None = None
    # Exactly so many files fail, spread over the task and until a retry, instead of a share of them.
    unlucky: int | None = None
    # Of some old tasks nobody wrote down how many jobs they had.
    are_jobs_known: bool = True

    @property
    def is_known_to_jedi(self) -> bool:
        """Whether JEDI has taken it over; before, only its parameters can be read."""
        return self.status != "waiting"

    @property
    def is_refined(self) -> bool:
        """Whether it has its own name already; one that breaks too early never gets it."""
        is_nameless = self.status in {"tobroken", "broken"} and (self.error or "").startswith(_NO_COMMON)
        return self.status not in {"waiting", "registered"} and not is_nameless

    @property
    def name(self) -> str:
        """Its name, a random one before it is refined."""
        if self.is_refined:
            return str(self.parameters.get("taskName"))
        return str(UUID(bytes=blake2b(str(self.task_id).encode(), digest_size=16).digest()))

    @property
    def jobs(self) -> int:
        """How many jobs it has had, retried ones included."""
        return sum(number for _, _, number in self.over) + self.running + self.waiting

    def job(self, index: int) -> TwinJob:
        """Return one of its jobs by its number, from 0."""
        job_id = self.task_id * JOBS_PER_TASK + index + 1
        began = self.started or self.created
        place = index
        for queue, state, number in self.over:
            if place < number:
                return TwinJob(job_id, queue, state, began, began and began + JOB_TIME)
            place -= number
        state = "throttled" if self.status == "paused" else "activated"
        state = "running" if place < self.running else state
        return TwinJob(
            job_id, _queue_of(index), state, (self.since or began) if state == "running" else None, None
        )

    def file_states(self) -> Iterator[str]:
        """Yield what became of each of its files that a job had, in order."""
        for file in range(self.files_finished + self.files_failed):
            yield "finished" if self.is_lucky(file) else "failed"

    def is_lucky(self, file: int) -> bool:
        """Whether a job will finish, or fail at each attempt: the same file of the same task always will."""
        if self.unlucky is not None and self.failure_rate > 0:
            place, rest = divmod(file, max(1, self.files // (self.unlucky + 1)))
            return rest != 0 or not 1 <= place <= self.unlucky
        drawn = blake2b(f"{self.task_id} {file}".encode(), digest_size=4).digest()
        return int.from_bytes(drawn) / 2**32 >= self.failure_rate


# Told of a task's progress.
Publish = Callable[[TwinTask], None]
# How many files a task has to read; None when that is for its parameters to say.
CountInputs = Callable[[TwinTask], int | None]
_MINUTE: Final = dt.timedelta(minutes=1)


@dataclass(slots=True)
class PandaState:
    """All that the practice PanDA knows. `advance` moves it to a moment and may be called at any time.

    `publish` hears of each task whose finished jobs or state changed while it ran, so that its datasets can
    appear elsewhere; `inputs` is asked how many files a task reads. `jobs_per_minute` is how many jobs of a
    task end each minute. `speed` is how many minutes of a task's life pass in a minute of the clock, which
    itself always shows the time. `unlucky` is how many jobs of each submitted task fail at first, instead of
    `failure_rate` of them.
    """

    tasks: dict[int, TwinTask] = field(default_factory=dict)
    commands: dict[int, tuple[str, dt.datetime]] = field(default_factory=dict)
    publish: Publish = lambda _task: None
    inputs: CountInputs = lambda _task: None
    jobs_per_minute: int = 100
    failure_rate: float = 0.02
    unlucky: int | None = None
    speed: float = 1.0

    def submit(
        self, parameters: Parameters, *, user: str, parent_id: int | None, now: dt.datetime
    ) -> TwinTask:
        """Take a task; JEDI will look at it later."""
        task_id = max(self.tasks, default=0) + 1
        task = TwinTask(task_id, parameters, user=user, parent_id=parent_id, failure_rate=self.failure_rate)
        task.unlucky = self.unlucky
        task.created = task.modified = task.since = now
        self.tasks[task_id] = task
        return task

    def command(
        self, task_id: int, command: str, *, now: dt.datetime, by: str = "", is_soft: bool = False
    ) -> tuple[int, str]:
        """Take a command, to be executed later; a later one replaces it. Returns PanDA's code and words.

        A soft `finish` lets the jobs end that run.
        """
        task = self.tasks.get(task_id)
        if task is None or not task.is_known_to_jedi:
            return 2, f"jediTaskID={task_id} not found"
        accepts = _ACCEPTS.get(command)
        if task.status in _REJECTS.get(command, ()) or (accepts is not None and task.status not in accepts):
            return 4, (
                f"Command rejected: the {command} command is not accepted "
                f"if the task is in {task.status} status "
            )
        self.commands[task_id] = command, now
        task.asked = f"{'soft ' if is_soft else ''}{command} by {by}"
        words = f"command={command} is registered for task ID {task_id}. will be executed in a few minutes"
        return 0, words

    def first_file_of(self, task: TwinTask) -> int:
        """Return the number of the first file that a task reads: as the task that made them numbered it."""
        read = str(task.parameters.get("dsForIN"))
        for other in self.tasks.values():
            if other.task_id == task.parent_id or f"{other.parameters.get('taskName')}." in read:
                return first_number(other.parameters)
        return 1

    def advance(self, now: dt.datetime) -> None:
        """Let everything happen that is due."""
        for task_id, (command, given) in list(self.commands.items()):
            due = given + COMMAND_WAIT / self.speed
            if due <= now:
                del self.commands[task_id]
                _execute(self.tasks[task_id], command, due)
        for task in list(self.tasks.values()):
            before = (task.status, task.files_finished)
            while self._step(task, now):
                pass
            if (task.status, task.files_finished) != before and task.is_refined:
                self.publish(task)

    def _step(self, task: TwinTask, now: dt.datetime) -> bool:
        """Take one step that is due; whether there was one."""
        if task.since is None or task.status in FINAL or task.status in {"paused", "pending"}:
            return self._wake(task)
        if task.status == "running":
            return self._run(task, now)
        dwell = DWELL.get(task.status)
        if dwell is None or task.since + dwell / self.speed > now:
            return False
        due = task.since + dwell / self.speed
        if task.status == "prepared":
            _end(task, due)
        else:
            _enter(task, self._next(task, due), due)
        if task.status == "defined":
            task.files = _files(task.parameters, self.inputs(task))
        return True

    def _next(self, task: TwinTask, at: dt.datetime) -> str:
        if task.status == "passed":
            return _end_of(task)
        if task.status != "registered":
            following = _NEXT[task.status]
            has_scouted = task.started is not None or task.parameters.get("skipScout")
            return "running" if following == "scouting" and has_scouted else following
        for name in ("architecture", "transUses", "transHome"):
            if name not in task.parameters:
                task.error = f"{_NO_COMMON} with KeyError:'{name}'"
                return "tobroken"
        parent = self.tasks.get(task.parent_id or 0)
        if parent is not None and (parent.status not in FINAL or (parent.ended or at) > at):
            task.error = f"pending until parent task {task.parent_id} is done"
            return "pending"
        if task.parent_id and (parent is None or parent.status not in _COMPLETED):
            task.error = f"parent task {task.parent_id} failed to complete"
            return "tobroken"
        if "jobParameters" not in task.parameters:
            task.error = "failed to refine task with KeyError:'jobParameters'"
            return "tobroken"
        task.error = None
        return "defined"

    def _wake(self, task: TwinTask) -> bool:
        """A task that waited for its parent goes on when that has ended, or is aborted with it."""
        parent = self.tasks.get(task.parent_id or 0)
        if task.status != "pending" or task.since is None or parent is None or parent.status not in FINAL:
            return False
        at = max(one for one in (task.since, parent.ended) if one is not None)
        if parent.status not in _COMPLETED:
            task.error = f"parent task is {parent.status}"
        _enter(task, "registered" if parent.status in _COMPLETED else "toabort", at)
        return True

    def _run(self, task: TwinTask, now: dt.datetime) -> bool:
        """End the jobs that are due."""
        since = task.since or now
        minute, rate = _MINUTE / self.speed, task.jobs_per_minute or self.jobs_per_minute
        open_files = task.files - task.files_finished - task.files_failed
        number = min(int((now - since) / minute) * rate, open_files)
        if number <= 0:
            if open_files <= 0:
                _enter(task, "prepared", since)
                return True
            return False
        begin = task.files_finished + task.files_failed
        for file in range(begin, begin + number):
            state = "finished" if task.is_lucky(file) else "failed"
            attempts = 1 if state == "finished" else _number(task.parameters.get("maxAttempt")) or ATTEMPTS
            _add(task.over, _queue_of(file), state, attempts)
            task.files_finished += state == "finished"
            task.files_failed += state == "failed"
        rest = open_files - number
        task.running = min(rest, rate)
        task.waiting = rest - task.running
        task.since = task.modified = since + minute * -(-number // rate)
        return True


def tasks_of_snapshot(
    tasks: Iterable[Record], job_counts: Iterable[Record], *, now: dt.datetime
) -> Iterator[TwinTask]:
    """Tasks of the practice world, all changed a day ago: PanDA lists nothing that is older than 90 days.

    The seeds and events come back as the parameters with which such a task would have been submitted.
    """
    counts: dict[object, list[tuple[str, str, int]]] = {}
    for one in job_counts:
        counts.setdefault(one["jedi_task_id"], []).append(
            (str(one["queue_name"]), str(one["job_state"]), _number(one["jobs"]))
        )
    for record in tasks:
        over = counts.get(record["jedi_task_id"], [])
        yield TwinTask(
            task_id=_number(record["jedi_task_id"]),
            parameters=_parameters(record),
            status=str(record["status"]),
            user=str(record.get("user_name") or "prodman"),
            created=_moment(record.get("started_at")),
            started=_moment(record.get("started_at")),
            ended=_moment(record.get("ended_at")),
            modified=now - dt.timedelta(days=1),
            files=_number(record.get("jobs_expected")),
            files_finished=_number(record.get("jobs_finished")),
            files_failed=_number(record.get("jobs_failed")),
            over=over,
            are_jobs_known=record.get("jobs_expected") is not None,
        )


def _parameters(record: Record) -> Parameters:
    parameters: Parameters = {
        "taskName": record["name"],
        "vo": "spd",
        "prodSourceLabel": "managed",
        "taskType": "prod",
    }
    events, per_job = record.get("events_reported"), record.get("events_per_job")
    if events is not None:
        parameters["nEvents"] = events
    if per_job is not None:
        parameters["nEventsPerJob"] = per_job
    first = record.get("seed_first")
    if isinstance(first, int):
        seed = {"type": "template", "param_type": "number", "value": "${RNDMSEED}", "offset": first - 1}
        parameters["jobParameters"] = [seed]
    return parameters


def first_number(parameters: Parameters) -> int:
    """Return the number of the first file that a task makes."""
    pieces = parameters.get("jobParameters")
    for piece in pieces if isinstance(pieces, list) else ():
        if isinstance(piece, dict) and "RNDMSEED" in str(piece.get("value")):
            return _number(piece.get("offset")) + 1
    return 1


def _execute(task: TwinTask, command: str, at: dt.datetime) -> None:
    if task.status in FINAL and command != "retry":
        return
    if command != "reassign":
        task.error = task.asked
    match command:
        case "kill":
            _stop_jobs(task, "cancelled")
            _enter(task, "toabort", at)
        case "finish":
            if task.asked is not None and task.asked.startswith("soft "):
                _add(task.over, _queue_of(task.jobs), "finished", task.running)
                task.files_finished, task.running = task.files_finished + task.running, 0
            _stop_jobs(task, "cancelled")
            task.files_failed = task.files - task.files_finished
            _enter(task, "finishing", at)
        case "reassign":
            again = task.running + task.waiting
            _stop_jobs(task, "closed")
            task.waiting = again
        case "pause":
            task.old_status = task.status
            _enter(task, "paused", at)
        case "resume":
            _enter(task, task.old_status or "running", at)
            task.old_status = None
        case "retry":
            # What failed is tried once more, and then it works.
            task.files_failed, task.failure_rate = 0, 0.0
            _enter(task, "toretry", at)
        case _:
            pass


def _stop_jobs(task: TwinTask, state: str) -> None:
    _add(task.over, _queue_of(task.jobs), state, task.running + task.waiting)
    task.running = task.waiting = 0


def _enter(task: TwinTask, status: str, at: dt.datetime) -> None:
    if status == "prepared" or task.status == "toretry":
        task.error = None
    task.status, task.since, task.modified = status, at, at
    if status in {"scouting", "running"} and task.started is None:
        task.started = at
    if status == "running":
        task.waiting = task.files - task.files_finished - task.files_failed
    if status in FINAL:
        task.ended, task.running, task.waiting = at, 0, 0


def _end(task: TwinTask, at: dt.datetime) -> None:
    _enter(task, _end_of(task), at)


def _end_of(task: TwinTask) -> str:
    if task.files and task.files_finished == task.files:
        return "done"
    if task.files_finished:
        return "finished"
    task.error = " ".join(filter(None, [task.error, "failed since no file was successfully processed"]))
    return "failed"


def _files(parameters: Parameters, inputs: int | None) -> int:
    """How many jobs a task will have: by events, or as many as its input has files or is said to have."""
    events, per_job = parameters.get("nEvents"), parameters.get("nEventsPerJob")
    if isinstance(events, int) and isinstance(per_job, int) and per_job > 0:
        return -(-events // per_job)
    files = parameters.get("nFiles")
    if isinstance(files, int):
        return files
    return 10 if inputs is None else inputs


def _add(over: list[tuple[str, str, int]], queue: str, state: str, number: int) -> None:
    if over and over[-1][:2] == (queue, state):
        over[-1] = queue, state, over[-1][2] + number
    elif number:
        over.append((queue, state, number))


def _queue_of(index: int) -> str:
    # Long runs at one queue keep the list of jobs that are over short.
    return _QUEUES[index // 50 % len(_QUEUES)]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(value: object) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else None
