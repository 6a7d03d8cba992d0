"""The practice world's tasks and datasets: the talk's numbers, and what they would have left elsewhere.

Made up: job counts per queue (they add up to the task's numbers), the datasets (named by the grammar, in the
scope the talk shows, sizes split from the task's), rules, replicas, expiry dates, an analyst's selection, and
for PROD2025-013 the user and the missing seeds. What the talk does not show and nobody needs stays null.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import islice
from typing import Final

from gateway.domain.names import (
    RECO,
    SIM,
    DatasetName,
    RequestName,
    Tag,
    TaskName,
    outputs_of,
    parse_task_name,
)
from gateway.domain.seeds import parse_seeds
from gateway.errors import NamingError
from gateway.imports.drafts import RequestDraft
from gateway.practice.requests import PRODUCTION_MANAGER, practice_requests
from gateway.practice.talk import Record, TalkTask, bytes_of_gb, talk

# The talk's outputs lie in this scope, those of stage 2 too.
SCOPE: Final = "MC2025_S1"
HOME: Final = "JINR_EOS"

# The production that is shown from request to replica.
_SHOWN: Final = "PROD2025-013"
# The eight seeds that its reconstruction lost: the talk gives their number, the seeds are made up.
MISSING_SEEDS: Final = "10417,11288-11290,13502,15077,17946,19313"
# How many files of its reconstruction have reached PNPI so far.
FILES_AT_PNPI: Final = 6_120

# The part of a simulation's output that is parameters (.P); the rest is simulated data (.S).
_PARAMETER_SHARE: Final = 0.005
# How jobs spread over the queues, in per cent; the last takes the remainder.
_QUEUE_SHARES: Final = {"PNPI_SPD": 16, "SSAU_SPD": 12, "SPBSU_SPD": 10, "JINR_SPD": 62}
# Logs are kept a month from today at most; how much shorter depends on the task, so that some end soon.
_LOG_LIFETIME_DAYS: Final = 30

# An analyst's own selection, outside the production scopes.
SKIM_DID: Final = "user.analyst:PROD2025-013.RECO.1.dimuon-skim"
SKIM_BYTES: Final = 1_200_000_000_000
SKIM_FILES: Final = 640
_SKIM_STORAGE: Final = "SSAU_DISK"
_SKIM_MADE: Final = "2025-06-10T08:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Production:
    """A task of the talk together with the request it serves."""

    task: TalkTask
    name: TaskName
    request: RequestDraft


@dataclass(frozen=True, slots=True)
class Output:
    """A dataset that a task of the talk would have written."""

    name: DatasetName
    task: TalkTask
    size_bytes: int
    files: int

    @property
    def is_travelling(self) -> bool:
        """Whether this is the one dataset on its way to a second site."""
        return str(self.name.request) == _SHOWN and self.name.data_type == "R"

    def expires(self, today: dt.datetime) -> str | None:
        """When Rucio will forget it; only logs are forgotten."""
        if self.name.data_type != "log":
            return None
        days = _LOG_LIFETIME_DAYS - 2 * (self.task.jedi_task_id % 14)
        return (today + dt.timedelta(days=days)).isoformat()


@cache
def productions() -> tuple[Production, ...]:
    """The tasks of the talk that serve a request of the talk."""
    requests = {
        reading.draft.name: reading.draft
        for reading in practice_requests()
        if isinstance(reading.draft, RequestDraft)
    }
    found = []
    for task in talk().tasks:
        try:
            name = parse_task_name(task.name)
        except NamingError:
            continue
        if isinstance(name, TaskName) and str(name.request) in requests:
            found.append(Production(task, name, requests[str(name.request)]))
    return tuple(found)


@cache
def outputs() -> tuple[Output, ...]:
    """The datasets of all productions whose sizes the talk shows."""
    return tuple(output for production in productions() for output in _outputs(production))


def tasks() -> Iterator[Record]:
    """Every task of the talk, test tasks included."""
    requests = {production.task.jedi_task_id: production.request for production in productions()}
    for task in talk().tasks:
        request = requests.get(task.jedi_task_id)
        expected, finished = _jobs(task)
        is_shown = request is not None and request.name == _SHOWN
        yield {
            "jedi_task_id": task.jedi_task_id,
            "name": task.name,
            "status": task.status,
            "user_name": task.user or (PRODUCTION_MANAGER if is_shown else None),
            "started_at": _day(task.start),
            "ended_at": _day(task.end),
            "jobs_expected": expected,
            "jobs_finished": finished,
            "jobs_failed": None if expected is None or finished is None else expected - finished,
            "events_reported": task.total_events_as_shown,
            "events_per_job": task.events_per_job,
            "output_bytes": bytes_of_gb(task.out_ds_size_gb),
            "log_bytes": bytes_of_gb(task.out_log_size_gb),
            "walltime_reported": task.walltime_as_shown,
            "seed_first": request.seeds.first if request else None,
            "seed_last": request.seeds.last if request else None,
            "missing_seeds": MISSING_SEEDS if task.name == f"{_SHOWN}.{RECO}" else None,
        }


def job_counts() -> Iterator[Record]:
    """Jobs by queue and state, which add up to what the talk says of the task."""
    for task in talk().tasks:
        expected, finished = _jobs(task)
        if expected is None or finished is None:
            continue
        rest = finished
        *others, last = _QUEUE_SHARES
        for queue in others:
            jobs = finished * _QUEUE_SHARES[queue] // 100
            rest -= jobs
            yield _job_count(task, queue, "finished", jobs)
        yield _job_count(task, last, "finished", rest)
        if expected > finished:
            yield _job_count(task, others[0], "failed", expected - finished)


def datasets(today: dt.datetime) -> Iterator[Record]:
    """The datasets as Rucio would list them, and the analyst's selection."""
    for output in outputs():
        holds_events = output.name.data_type in {"S", "R"}
        yield {
            "did": output.name.did,
            "account": PRODUCTION_MANAGER,
            "is_open": False,
            "size_bytes": output.size_bytes,
            "file_count": output.files,
            "event_count": output.files * _events_per_file(output) if holds_events else None,
            "created_at": _day(output.task.start),
            "closed_at": _day(output.task.end),
            "expires_at": output.expires(today),
            "jedi_task_id": output.task.jedi_task_id,
        }
    yield {
        "did": SKIM_DID,
        "account": "analyst",
        "is_open": False,
        "size_bytes": SKIM_BYTES,
        "file_count": SKIM_FILES,
        "created_at": _SKIM_MADE,
        "expires_at": (today + dt.timedelta(days=9)).isoformat(),
    }


def rules(today: dt.datetime) -> Iterator[Record]:
    """One rule for each dataset, and a second one that is still replicating."""
    for output in outputs():
        yield _rule(output.name.did, PRODUCTION_MANAGER, HOME, output.files, output.task.start) | {
            "expires_at": output.expires(today)
        }
        if output.is_travelling:
            second = _rule(output.name.did, PRODUCTION_MANAGER, "PNPI_EOS", FILES_AT_PNPI, output.task.end)
            yield second | {"state": "REPLICATING", "locks_replicating": output.files - FILES_AT_PNPI}
    yield _rule(SKIM_DID, "analyst", _SKIM_STORAGE, SKIM_FILES, "2025-06-10")


@cache
def numbers_of(did: str) -> tuple[int, ...]:
    """The numbers in the names of a dataset's files, its seeds; empty for one that is not of the talk.

    Of reconstructions that lost files only that of PROD2025-013 says which; with the others it was the last.
    """
    for output in outputs():
        if output.name.did == did:
            seeds = next(one.request.seeds for one in productions() if one.task is output.task)
            is_shown = str(output.name.request) == _SHOWN and output.name.step == RECO
            lost = parse_seeds(MISSING_SEEDS) if is_shown else ()
            there = (
                seed for seed in range(seeds.first, seeds.last + 1) if not any(seed in one for one in lost)
            )
            return tuple(islice(there, output.files))
    return ()


def replicas() -> Iterator[Record]:
    """Where the datasets are, and how much of them."""
    for output in outputs():
        copy: Record = {
            "did": output.name.did,
            "size_bytes": output.size_bytes,
            "file_count": output.files,
            "created_at": _day(output.task.start),
        }
        yield copy | {
            "rse_name": HOME,
            "state": "AVAILABLE",
            "available_bytes": output.size_bytes,
            "available_files": output.files,
        }
        if output.is_travelling:
            yield copy | {
                "rse_name": "PNPI_EOS",
                "state": "UNAVAILABLE",
                "available_bytes": _travelled(output),
                "available_files": FILES_AT_PNPI,
            }
    yield {
        "did": SKIM_DID,
        "rse_name": _SKIM_STORAGE,
        "state": "AVAILABLE",
        "size_bytes": SKIM_BYTES,
        "file_count": SKIM_FILES,
        "available_bytes": SKIM_BYTES,
        "available_files": SKIM_FILES,
        "created_at": _SKIM_MADE,
    }


def bytes_at_pnpi() -> int:
    """How much of the travelling dataset has arrived."""
    return sum(_travelled(output) for output in outputs() if output.is_travelling)


def _travelled(output: Output) -> int:
    return output.size_bytes * FILES_AT_PNPI // output.files


def _events_per_file(output: Output) -> int:
    return next(one.request.events_per_file for one in productions() if one.task is output.task)


def _outputs(production: Production) -> Iterator[Output]:
    task, request = production.task, production.request
    size, log = bytes_of_gb(task.out_ds_size_gb), bytes_of_gb(task.out_log_size_gb)
    if size is None or log is None or task.total_jobs is None:
        return
    parameters = round(size * _PARAMETER_SHARE)
    sizes = {"S": size - parameters, "P": parameters, "R": size, "log": log}
    names = outputs_of(
        scope=SCOPE,
        tag=Tag.parse(request.tag),
        energy_gev=request.energy_gev,
        polarization=request.polarization,
        request=RequestName.parse(request.name),
        step=production.name.step,
        attempt=production.name.attempt_number,
    )
    for name in names:
        yield Output(name, task, sizes[name.data_type], task.total_jobs)


def _jobs(task: TalkTask) -> tuple[int | None, int | None]:
    """Expected and finished jobs: a reconstruction expects what its simulation finished."""
    mine = {one.task.jedi_task_id: one.name for one in productions()}.get(task.jedi_task_id)
    if mine is not None and mine.step == RECO:
        for one in productions():
            if one.name.request == mine.request and one.name.step == SIM:
                return one.task.total_jobs, task.total_jobs
    return task.total_jobs, task.total_jobs


def _job_count(task: TalkTask, queue: str, state: str, jobs: int) -> Record:
    return {"jedi_task_id": task.jedi_task_id, "queue_name": queue, "job_state": state, "jobs": jobs}


def _rule(did: str, account: str, rse: str, files: int, made: str | None) -> Record:
    return {
        "rule_id": blake2b(f"{did} {rse}".encode(), digest_size=16).hexdigest(),
        "did": did,
        "account": account,
        "rse_expression": rse,
        "copies": 1,
        "state": "OK",
        "locks_ok": files,
        "locks_replicating": 0,
        "locks_stuck": 0,
        "activity": "Production Output" if account == PRODUCTION_MANAGER else "User Subscriptions",
        "created_at": _day(made),
    }


def _day(text: str | None) -> str | None:
    """The slides give days; a moment is the day's beginning."""
    return text and f"{text}T00:00:00+00:00"
