"""What the gateway sends is what a real PanDA and JEDI run: each step once, and the right seeds only."""

import datetime as dt
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.names import RECO, SIM, RequestName, Tag
from gateway.domain.seeds import SeedRange
from gateway.domain.submission import Accepted
from gateway.domain.task_parameters import StepTask, task_parameters
from gateway.store.database import Database
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.commands import PandaCommands
from gateway.upstreams.panda.job_records import PandaJobRecords
from tests.hostile.network import KEY
from tests.hostile.running import Tasks, check, run
from tests.hostile.workers import Plan
from tests.real.panda.jedi import RealPanda, simulation
from tests.real.panda.lives import MANAGER
from tests.real.panda.pilot import Job
from tests.support.manners import QUICK

STEPS = int(os.environ.get("GATEWAY_HOSTILE_REAL_STEPS", "10"))
KILLS = int(os.environ.get("GATEWAY_HOSTILE_REAL_KILLS", "3"))
SEED = 20260302
SCRIPTS = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02"


def step(kind: Any, attempt: int, *seeds: SeedRange, **changed: Any) -> StepTask:
    count = sum(each.count for each in seeds)
    values: dict[str, Any] = {
        "request": RequestName.parse("PROD2026-014"),
        "step": kind,
        "attempt": attempt,
        "scope": "MC2026_S2",
        "tag": Tag.parse("minbias-P8-spdroot4172-dev"),
        "energy_gev": Decimal(27),
        "polarization": "UU",
        "events_per_file": 4,
        "events": 4 * count,
        "seeds": seeds,
        "script": f"{SCRIPTS}/{'simu' if kind == SIM else 'reco'}.C",
    }
    return StepTask(**values | changed)


def ran(command: str) -> str:
    """What the script is given when a worker node's shell runs a job's command."""
    shell = 'source() { :; }; root() { printf "%s\\n" "$*"; }; '
    done = subprocess.run(["bash", "-c", shell + command], capture_output=True, text=True, check=True)
    return done.stdout.strip()


async def submit(panda: RealPanda, task: StepTask) -> int:
    commands = PandaCommands(panda.url, origin="spd:production")
    try:
        reply = await commands.submit(
            panda.token(MANAGER), task_parameters(task, key=task.name), None, may_begin=lambda: True
        )
    finally:
        await commands.close()
    assert isinstance(reply, Accepted), reply
    return reply.task_id


async def finished(panda: RealPanda, task_id: int, *, reads_files: bool = False) -> set[int]:
    token = panda.token(MANAGER)
    client = PandaClient(panda.url, token=lambda: token, origin="spd:production", manners=QUICK)
    try:
        return set(await PandaJobRecords(client).finished_seeds(task_id, reads_files=reads_files))
    finally:
        await client.close()


async def test_a_range_of_seeds_is_run_and_the_records_tell_which_failed(real_panda: RealPanda) -> None:
    task = step(SIM, 1, SeedRange(20_001, 20_004))
    task_id = await submit(real_panda, task)
    commands: dict[int, str] = {}

    def second_fails(job: Job) -> bool:
        text = ran(str(job["jobPars"]))
        seed = int(re.findall(r"simu\.C\( 4, ([0-9]+) \)", text)[0])
        commands[seed] = text
        return seed == 20_002

    state = real_panda.run_until(task_id, "done", "finished", fails=second_fails)

    assert state == "finished"
    assert sorted(commands) == [20_001, 20_002, 20_003, 20_004]
    assert commands[20_003].startswith(f"-l -b -q {SCRIPTS}/simu.C( 4, 20003 )")
    assert await finished(real_panda, task_id) == {1, 3, 4}


async def test_single_seeds_are_run_exactly(real_panda: RealPanda) -> None:
    task = step(SIM, 2, SeedRange(20_002, 20_002), SeedRange(20_007, 20_008))
    task_id = await submit(real_panda, task)
    seen: list[str] = []

    state = real_panda.run_until(
        task_id, "done", "finished", fails=lambda job: bool(seen.append(ran(str(job["jobPars"]))))
    )

    assert state == "done"
    assert sorted(text.split(" --out")[0] for text in seen) == [
        f"-l -b -q {SCRIPTS}/simu.C( 4, {seed})" for seed in (20_002, 20_007, 20_008)
    ]
    assert await finished(real_panda, task_id) == {1, 2, 3}


async def test_a_reconstruction_reads_the_files_of_its_simulation(real_panda: RealPanda) -> None:
    made = step(SIM, 1, SeedRange(20_001, 20_003))
    simulated = await submit(real_panda, made)
    real_panda.run_until(simulated, "done")
    task_id = await submit(real_panda, step(RECO, 1, *made.seeds, reads=made.outputs))

    named: list[tuple[str, str]] = []

    def noted(job: Job) -> bool:
        text = ran(str(job["jobPars"]))
        [read] = set(re.findall(r"\.S\.([0-9]{6})\.root", text))
        [made] = re.findall(r"--outR=\S+\.R\.(\S+)\.root", text)
        named.append((read, made))
        return False

    state = real_panda.run_until(task_id, "done", "finished", "broken", fails=noted)

    assert state == "done"
    assert await finished(real_panda, task_id, reads_files=True) == {20_001, 20_002, 20_003}
    # The number of what was read stands before the job's own, so that files are matched by it.
    assert sorted(read for read, _ in named) == ["020001", "020002", "020003"]
    assert {read: made.partition(".")[0] for read, made in named} == {read: read for read, _ in named}
    assert sorted(made.partition(".")[2] for _, made in named) == ["000001", "000002", "000003"]


@dataclass
class RealGrid:
    """The real server, its JEDI at work."""

    panda: RealPanda

    @property
    def port(self) -> int:
        return int(self.panda.url.rpartition(":")[2])

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def token(self) -> str:
        return self.panda.token(MANAGER)

    def tasks(self) -> Tasks:
        with self.panda.server.connect() as database:
            rows = database.execute(
                "SELECT t.taskid, t.jedi_task_parameters, coalesce(j.status, t.status)"
                " FROM doma_deft.t_task t LEFT JOIN doma_panda.jedi_tasks j ON j.jeditaskid = t.taskid"
                " ORDER BY t.taskid"
            ).fetchall()
        found: dict[str, list[tuple[int, str]]] = {}
        for task_id, text, status in rows:
            key = json.loads(str(text)).get(KEY)
            if key is not None:
                found.setdefault(key, []).append((int(str(task_id)), str(status)))
        return found


@contextmanager
def jedi_at_work(panda: RealPanda) -> Iterator[None]:
    """Let JEDI make one pass after another."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            panda.advance()

    thread = threading.Thread(target=work, name="jedi")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(120)


async def test_each_step_is_one_task_at_the_real_panda_whatever_is_lost(
    postgres_url: str, database: Database, real_panda: RealPanda, capsys: pytest.CaptureFixture[str]
) -> None:
    if database.is_sqlite:
        pytest.skip("one database is enough here")
    grid = RealGrid(real_panda)
    old = await submit_one(real_panda)
    real_panda.run_until(old, "done")

    # Its own pace: a pass of JEDI takes seconds on a machine at work, and nothing is seen before.
    plan = Plan(deadline_s=2.0, lease_s=4.0, settle_s=12.0, list_s=40.0)
    with jedi_at_work(real_panda), capsys.disabled():
        ran_so = await run(
            database,
            grid,
            plan,
            steps=STEPS,
            kills=KILLS,
            seed=SEED,
            patience_s=400.0 + 10 * STEPS,
            events=8,
        )

    await check(database, grid, ran_so)


async def submit_one(panda: RealPanda) -> int:
    """A task that will be over, which every honest list has."""
    commands = PandaCommands(panda.url, origin="spd:production")
    try:
        reply = await commands.submit(panda.token(MANAGER), simulation(1), None, may_begin=lambda: True)
    finally:
        await commands.close()
    assert isinstance(reply, Accepted)
    return reply.task_id
