"""The two PanDAs of the contract: the practice twin and the real server, set the same way.

Submitting goes through the API. What JEDI does to a task afterwards is written into the twin's state here and
into the real server's tables there, because JEDI itself is not part of these tests.
"""

import datetime as dt
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx2

from gateway.practice.panda_tasks import PandaState
from gateway.practice.panda_twin import Identity
from tests.real.panda.server import PandaServer

# A task of simulation as it is submitted.
SIMULATION: Mapping[str, Any] = {
    "taskName": "PROD2025-014.SIM.1",
    "userName": "prodman",
    "vo": "spd",
    "workingGroup": "SPD",
    "prodSourceLabel": "managed",
    "taskType": "prod",
    "taskPriority": 900,
    "coreCount": 1,
    "architecture": "",
    "transUses": "",
    "transHome": "",
    "noInput": True,
    "nEvents": 4_800,
    "nEventsPerJob": 4,
    "spdSubmissionKey": "a-key",
    "jobParameters": [
        {"type": "template", "param_type": "number", "value": "${MAXEVENTS},"},
        {"type": "template", "param_type": "number", "value": "${RNDMSEED}", "offset": 20_000},
    ],
}


@dataclass(frozen=True, slots=True)
class Refined:
    """What became of a submitted task; jobs as (queue, state, how many), those over first."""

    status: str
    files: int = 0
    finished: int = 0
    failed: int = 0
    jobs: Sequence[tuple[str, str, int]] = ()
    age: dt.timedelta = dt.timedelta(hours=2)
    is_named: bool = True


class Stage(Protocol):
    """A PanDA that answers on loopback and whose tasks a test can move."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    def token(
        self, name: str, groups: Sequence[str] = ("spd", "spd/production"), *, expired: bool = False
    ) -> str:
        """A token for a person of that name."""
        ...

    def refine(self, task_id: int, refined: Refined) -> None:
        """Let a submitted task become what it will be."""
        ...

    def clear(self) -> None:
        """Forget all tasks."""
        ...


@dataclass(slots=True)
class TwinStage:
    """The practice twin; its clock is the machine's."""

    url: str
    state: PandaState
    tokens: dict[str, Identity | str]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def token(
        self, name: str, groups: Sequence[str] = ("spd", "spd/production"), *, expired: bool = False
    ) -> str:
        """A token of which the twin knows whose it is."""
        token = f"token-{next(self._numbers)}"
        words = "Invalid token. Signature has expired"
        self.tokens[token] = words if expired else Identity(name, frozenset(groups))
        return token

    def refine(self, task_id: int, refined: Refined) -> None:
        """Set the task's state; it does not move by itself."""
        task = self.state.tasks[task_id]
        now = dt.datetime.now(dt.UTC)
        task.status = refined.status if refined.is_named else "registered"
        task.files, task.files_finished, task.files_failed = refined.files, refined.finished, refined.failed
        task.created = task.started = task.ended = task.modified = now - refined.age
        task.since = None
        task.over = [one for one in refined.jobs if one[1] in {"finished", "failed"}]
        task.running = sum(number for _, state, number in refined.jobs if state == "running")

    def clear(self) -> None:
        """Forget all tasks."""
        self.state.tasks.clear()
        self.state.commands.clear()


@dataclass(slots=True)
class RealStage:
    """The real server; its tables are written to where JEDI would write."""

    server: PandaServer
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url

    def token(
        self, name: str, groups: Sequence[str] = ("spd", "spd/production"), *, expired: bool = False
    ) -> str:
        """A token signed by the identity provider that the server asks."""
        # Each token differs: the server remembers for minutes what it decided about one.
        claims: dict[str, Any] = {"jti": str(next(self._numbers))}
        if expired:
            claims["exp"] = 1_700_000_000
        return self.server.token(name, "somebody", groups, **claims)

    def refine(self, task_id: int, refined: Refined) -> None:
        """Write the rows that JEDI would have written."""
        with self.server.connect() as database:
            row = database.execute(
                "SELECT jedi_task_parameters, username, parent_tid FROM doma_deft.t_task WHERE taskid = %s",
                (task_id,),
            ).fetchone()
            assert row is not None
            asked = json.loads(str(row[0]))
            moment = dt.datetime.now(dt.UTC).replace(tzinfo=None) - refined.age
            task = {
                "jediTaskID": task_id,
                "taskName": asked["taskName"] if refined.is_named else f"a-random-name-{task_id}",
                "userName": row[1] if refined.is_named else "tobeset",
                "status": refined.status if refined.is_named else "registered",
                "vo": asked["vo"],
                "prodSourceLabel": asked["prodSourceLabel"],
                "taskType": asked["taskType"],
                "workingGroup": asked.get("workingGroup"),
                "coreCount": asked.get("coreCount"),
                "taskPriority": asked.get("taskPriority"),
                "currentPriority": asked.get("taskPriority"),
                "parent_tid": row[2],
                **dict.fromkeys(("creationDate", "startTime", "endTime", "modificationTime"), moment),
            }
            _insert(database, "doma_panda.jedi_tasks", task)
            _insert(database, "doma_panda.jedi_taskparams", {"jediTaskID": task_id, "taskParams": row[0]})
            files = {
                "nFiles": refined.files,
                "nFilesFinished": refined.finished,
                "nFilesFailed": refined.failed,
            }
            dataset = {"jediTaskID": task_id, "datasetID": task_id, "type": "pseudo_input", **files}
            _insert(database, "doma_panda.jedi_datasets", dataset)
            self._add_jobs(database, task_id, refined, moment)

    def clear(self) -> None:
        """Empty the tables."""
        self.server.clear()

    def _add_jobs(self, database: Any, task_id: int, refined: Refined, moment: dt.datetime) -> None:
        for queue, state, number in refined.jobs:
            is_over = state in {"finished", "failed"}
            job = {
                "jediTaskID": task_id,
                "jobStatus": state,
                "computingSite": queue,
                "prodSourceLabel": "managed",
                "modificationTime": moment,
                "startTime": moment,
                "endTime": moment + dt.timedelta(minutes=10) if is_over else None,
                "actualCoreCount": 1,
            }
            table = "doma_panda.jobsarchived4" if is_over else "doma_panda.jobsactive4"
            columns, values = ", ".join(job), ", ".join(["%s"] * len(job))
            following = "nextval('doma_panda.jobsdefined4_pandaid_seq')"
            database.execute(
                f"INSERT INTO {table} (PandaID, {columns})"  # noqa: S608 - names of our own
                f" SELECT {following}, {values} FROM generate_series(1, {number})",
                tuple(job.values()),
            )


def _insert(database: Any, table: str, row: Mapping[str, object]) -> None:
    columns, values = ", ".join(row), ", ".join(["%s"] * len(row))
    database.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({values})",  # noqa: S608 - names of our own
        tuple(row.values()),
    )


def ask(
    url: str, method: str, name: str, *, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, str, str]:
    """Ask without the adapter; return status, media type and text."""
    answer = httpx2.request(
        method, f"{url}/api/v1/{name}", headers=headers, content=body, timeout=30, trust_env=False
    )
    return answer.status_code, answer.headers["content-type"].partition(";")[0], answer.text


CLIENT_SCRIPT = Path(__file__).with_name("client_script.py")
