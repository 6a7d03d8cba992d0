"""JEDI and the pilots beside a real PanDA server, both moved by the test and by nothing else.

A test submits through the API, lets JEDI make passes, runs the jobs that wait, and so on to the end. No step
depends on the time of day or on how long the machine takes.
"""

import contextlib
import itertools
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.real.panda.jedi_tables import QUEUES
from tests.real.panda.pilot import Job, Pilot
from tests.real.panda.server import HERE, PandaServer, panda_environment

# Far more than a loaded machine needs: 3 s to start, half a second for a pass.
ANSWER_TIMEOUT_S = 120
# A table or column that the schema lacks or has in another type, and what fails after it in the transaction.
NOT_UNDERSTOOD = re.compile(r"psycopg2\.errors\.(Undefined|Invalid|Datatype|InFailed|NotNull|Numeric)")
PRODUCTION = ("spd", "spd/production")


@dataclass(slots=True)
class RealPanda:
    """A real PanDA server whose JEDI and pilots do what is asked, when it is asked."""

    server: PandaServer
    jedi: subprocess.Popen[str]
    pilot: Pilot
    _tokens: int = field(default=0)

    @property
    def url(self) -> str:
        """Its address; the API is below `/api/v1`."""
        return self.server.url

    def token(self, name: str, groups: Sequence[str] = PRODUCTION, **claims: object) -> str:
        """Return a token for a person of that display name, by default with the production role."""
        # Each token differs: the server remembers for minutes what it decided about one.
        self._tokens += 1
        return self.server.token(name, name.lower(), groups, jti=str(self._tokens), **claims)

    def advance(self, passes: int = 1) -> None:
        """Let JEDI make passes: reports, commands, waking, refining, feeding, making jobs, finishing.

        Raises RuntimeError with JEDI's words when an agent fails.
        """
        assert self.jedi.stdin is not None
        for _ in range(passes):
            self.jedi.stdin.write("\n")
            self.jedi.stdin.flush()
            self.wait()

    def wait(self) -> None:
        """Wait for JEDI's next answer."""
        assert self.jedi.stdout is not None
        # Whatever hangs, the test ends: without its process the answer is an empty line.
        guard = threading.Timer(ANSWER_TIMEOUT_S, self.jedi.kill)
        guard.start()
        try:
            line = self.jedi.stdout.readline()
        finally:
            guard.cancel()
        if not line:
            log = (self.server.home / "jedi.log").read_text()
            raise RuntimeError(f"JEDI has ended: {log[-2000:]}")
        if error := json.loads(line):
            raise RuntimeError(error)

    def finish_jobs(self, fails: Callable[[Job], bool] = lambda _job: False) -> tuple[int, int]:
        """Run the jobs that wait at all queues; return how many finished and how many failed.

        `fails` is asked for each job, a mapping in the pilot's words: PandaID, taskID, attemptNr, outFiles.
        """
        return self.pilot.run(QUEUES, fails=fails)

    def run_until(
        self,
        task_id: int,
        *states: str,
        fails: Callable[[Job], bool] = lambda _job: False,
        most: int = 30,
    ) -> str:
        """Pass and run jobs until the task is in one of the states, `most` passes at most."""
        for _ in range(most):
            self.advance()
            if (state := self.states(task_id)[-1:]) and state[0] in states:
                return state[0]
            self.finish_jobs(fails)
        raise AssertionError(f"task {task_id} is not {' or '.join(states)} but went {self.states(task_id)}")

    def states(self, task_id: int) -> list[str]:
        """Return the states that JEDI noted for a task, oldest first, each once in a row."""
        with self.server.connect() as database:
            rows = database.execute(
                "SELECT status FROM doma_panda.tasks_statuslog WHERE jeditaskid = %s"
                " ORDER BY modificationtime",
                (task_id,),
            ).fetchall()
            current = database.execute(
                "SELECT status FROM doma_panda.jedi_tasks WHERE jeditaskid = %s", (task_id,)
            ).fetchall()
        return [state for state, _ in itertools.groupby(str(row[0]) for row in [*rows, *current])]

    def schema_errors(self) -> list[str]:
        """Return the lines of PanDA's logs in which its database did not understand a statement."""
        found: list[str] = []
        for log in sorted(self.server.home.glob("panda*.log")):
            found += [line for line in log.read_text().splitlines() if NOT_UNDERSTOOD.match(line)]
        return found


@contextlib.contextmanager
def running_jedi(server: PandaServer) -> Iterator[RealPanda]:
    """Lend the server with a JEDI beside it."""
    robot = server.token("JEDI Robot", "jedi")
    # JEDI asks the server for some things, and as the robot it may.
    login = {"PANDA_AUTH": "oidc", "PANDA_AUTH_VO": "spd:production", "PANDA_AUTH_ID_TOKEN": robot}
    with (server.home / "jedi.log").open("w") as log:
        jedi = subprocess.Popen(
            [server.python, HERE / "jedi_script.py"],
            env=panda_environment(server) | login,
            cwd=server.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        panda = RealPanda(server, jedi, Pilot(server.url, server.token("Pilot Robot", "pilot")))
        panda.wait()
        yield panda
    finally:
        jedi.kill()
        jedi.communicate()


def simulation(number: int, *, events: int = 12, per_job: int = 4, **changed: object) -> dict[str, Any]:
    """Return task parameters of a small simulation as SPD would submit it, with names by `number`."""
    name = f"PROD2025-{number:03}.SIM.1"
    dataset = f"MC2025_T.minbias-P8-spdroot4172-dev.27GeV-UU.{name}"
    return {
        "taskName": name,
        "userName": "Production Manager",
        "vo": "spd",
        "workingGroup": "SPD",
        "cloud": "SPD",
        "campaign": "SPD MC 2025",
        "reqID": number,
        "prodSourceLabel": "managed",
        "taskType": "prod",
        "processingType": "simul",
        "taskPriority": 900,
        "currentPriority": 900,
        "architecture": "",
        "transUses": "",
        "transHome": "",
        "transPath": "https://cache.example.org/runspd-00-00-01",
        "noInput": True,
        "nEvents": events,
        "nEventsPerJob": per_job,
        "coreCount": 1,
        "ramCount": 2000,
        "ramUnit": "MBPerCore",
        "maxAttempt": 3,
        "skipScout": True,
        "ddmBackEnd": "rucio",
        "log": _written("log", f"{dataset}.log", f"{dataset}.${{SN}}.log.tgz"),
        "jobParameters": [
            {"type": "constant", "value": 'root -l -b -q "simu.C('},
            {"type": "template", "param_type": "number", "value": "${MAXEVENTS},"},
            {"type": "template", "param_type": "number", "value": "${RNDMSEED}", "offset": 20_000},
            {"type": "constant", "value": ')"'},
            _written("output", f"{dataset}.S", f"--outS={dataset}.S.${{SN}}.root"),
            _written("output", f"{dataset}.P", f"--outP={dataset}.P.${{SN}}.root"),
        ],
        **changed,
    }


def reconstruction(number: int, **changed: object) -> dict[str, Any]:
    """Return task parameters of the reconstruction of that simulation's files, one file per job."""
    name = f"PROD2025-{number:03}.RECO.1"
    dataset = f"MC2025_T.minbias-P8-spdroot4172-dev.27GeV-UU.{name}"
    simulated = f"MC2025_T:MC2025_T.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-{number:03}.SIM.1.S"
    own = {"noInput", "nEvents", "nEventsPerJob"}
    common = {key: value for key, value in simulation(number).items() if key not in own}
    return common | {
        "taskName": name,
        "processingType": "recon",
        "nFilesPerJob": 1,
        "dsForIN": simulated,
        "log": _written("log", f"{dataset}.log", f"{dataset}.${{SN}}.log.tgz"),
        "jobParameters": [
            {"type": "constant", "value": 'root -l -b -q "reco.C('},
            {
                "type": "template",
                "param_type": "input",
                "dataset": simulated,
                "value": "${IN/L}",
                "expand": True,
                "exclude": r"\.log\.tgz(\.\d+)*$",
            },
            {"type": "constant", "value": ')"'},
            _written("output", f"{dataset}.R", f"--outR={dataset}.R.${{SN}}.root"),
        ],
        **changed,
    }


def _written(kind: str, dataset: str, value: str) -> dict[str, Any]:
    return {
        "type": "template",
        "param_type": kind,
        "token": "local",
        "destination": "local",
        "offset": 20_000,
        "dataset": f"MC2025_T:{dataset}",
        "value": value,
    }
