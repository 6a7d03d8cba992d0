"""A stand-in for the pilots: fetches jobs through PanDA's API and reports their end, and runs nothing."""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

JOB_TIME = dt.timedelta(minutes=10)
OUTPUT_BYTES = 1_836_000_000
LOG_BYTES = 196_000
EXECUTION_FAILED = 1305
# A queue gives out so many jobs at once at most.
MOST_JOBS = 100

Job = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pilot:
    """Speaks for all queues of one PanDA."""

    url: str
    token: str

    def acquire(self, queue: str) -> Sequence[Job]:
        """Fetch all jobs that wait at a queue, up to MOST_JOBS; from then on they are sent."""
        found = self._post(
            "acquire_jobs",
            # It is no success when there is nothing to do.
            nothing="No jobs in PanDA",
            site_name=queue,
            prod_source_label="managed",
            node="wn1.example.org",
            memory=4000,
            disk_space=100_000,
            n_jobs=MOST_JOBS,
        )
        return found["jobs"] if found else []

    def start(self, job: Job) -> None:
        """Report that a job runs."""
        self._update(job, job_status="running", start_time=_moment(JOB_TIME))

    def finish(self, job: Job) -> None:
        """Report a success, with files of a fixed size for all its outputs."""
        names = [name for name in str(job["outFiles"]).split(",") if name]
        log = job.get("logFile")
        files = {
            name: {
                "guid": str(job["logGUID"]) if name == log else str(uuid.uuid4()),
                "fsize": LOG_BYTES if name == log else OUTPUT_BYTES,
                "adler32": "0a1b2c3d",
                "surl": f"root://eos.example.org//{name}",
            }
            for name in dict.fromkeys([*names, *([str(log)] if log else [])])
        }
        self._update(
            job,
            job_status="finished",
            attempt_nr=job["attemptNr"],
            start_time=_moment(JOB_TIME),
            end_time=_moment(),
            cpu_consumption_time=540,
            cpu_consumption_unit="s",
            trans_exit_code=0,
            core_count=1,
            job_output_report=json.dumps(files),
        )

    def fail(self, job: Job) -> None:
        """Report that the payload failed."""
        self._update(
            job,
            job_status="failed",
            attempt_nr=job["attemptNr"],
            start_time=_moment(JOB_TIME),
            end_time=_moment(),
            pilot_error_code=EXECUTION_FAILED,
            pilot_error_diag="Failed to execute payload",
            trans_exit_code=1,
            job_output_report="{}",
        )

    def run(self, queues: Sequence[str], *, fails: Callable[[Job], bool]) -> tuple[int, int]:
        """Run all jobs that wait anywhere; how many finished and how many failed."""
        over = [0, 0]
        for queue in queues:
            while jobs := self.acquire(queue):
                for job in jobs:
                    self.start(job)
                    failed = fails(job)
                    (self.fail if failed else self.finish)(job)
                    over[failed] += 1
        return over[0], over[1]

    def _update(self, job: Job, **said: object) -> None:
        self._post("update_job", job_id=int(job["PandaID"]), node="wn1.example.org", **said)

    def _post(self, method: str, nothing: str | None = None, **body: object) -> Any:
        answer = httpx2.post(
            f"{self.url}/api/v1/pilot/{method}",
            json=body,
            headers={
                "authorization": f"Bearer {self.token}",
                "origin": "spd:production",
                "accept": "application/json",
            },
            timeout=60,
            trust_env=False,
        )
        envelope = answer.json()
        if not envelope["success"] and envelope["message"] != nothing:
            raise RuntimeError(f"pilot/{method}: {envelope['message']}")
        return envelope["data"]


def _moment(ago: dt.timedelta = dt.timedelta()) -> str:
    return f"{dt.datetime.now(dt.UTC) - ago:%Y-%m-%d %H:%M:%S}"
