"""Whatever the network does and whenever we are killed, each step is one task: none lost, none twice."""

import asyncio
import contextlib
import datetime as dt
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from gateway.practice.panda_tasks import PandaState, TwinTask
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.store.attempts import Attempt, AttemptChange, Submission, TaskCommand
from gateway.store.database import Database
from gateway.sync.engine import Engine
from gateway.sync.jobs import jobs_of
from gateway.sync.known_tasks import newest_final_tasks, tasks_to_count, unfinished_tasks
from gateway.upstreams.http import Manners
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.upstream import PandaUpstream
from tests.hostile.network import KEY, Network, hostile_network
from tests.hostile.workers import TOKEN, Plan, running_workers
from tests.store.factories import add_request
from tests.support.serving import served

STEPS = int(os.environ.get("GATEWAY_HOSTILE_STEPS", "200"))
KILLS = int(os.environ.get("GATEWAY_HOSTILE_KILLS", "40"))
SEED = int(os.environ.get("GATEWAY_HOSTILE_SEED", "20260301"))
# Steps of a control, enough to show what it lacks.
CONTROL_STEPS = 60
# The practice PanDA's minute is our second.
HASTE = 60
PATIENCE_S = 600 + STEPS


@dataclass
class Grid:
    """A practice PanDA in haste."""

    state: PandaState
    port: int
    began: dt.datetime

    def now(self) -> dt.datetime:
        return self.began + (dt.datetime.now(dt.UTC) - self.began) * HASTE

    def tasks_by_key(self) -> dict[str, list[TwinTask]]:
        found: dict[str, list[TwinTask]] = {}
        for task in list(self.state.tasks.values()):
            if KEY in task.parameters:
                found.setdefault(str(task.parameters[KEY]), []).append(task)
        return found


@pytest.fixture
def grid() -> Iterator[Grid]:
    grid = Grid(PandaState(jobs_per_minute=1), 0, dt.datetime.now(dt.UTC))
    for number in range(3):
        old = TwinTask(number + 1, {"taskName": f"PROD2025-00{number + 1}.SIM.1"}, status="done")
        old.created = old.modified = old.ended = grid.began - dt.timedelta(hours=2)
        grid.state.tasks[old.task_id] = old
    manager = Identity("Production Manager", frozenset({"spd", "spd/production"}))
    twin = create_panda_twin(grid.state, clock=grid.now, identify=lambda _token: manager)
    with served(twin, date_header=False) as url:
        grid.port = int(url.rpartition(":")[2])
        yield grid


def parameters(key: str, name: str) -> dict[str, object]:
    return {
        "taskName": name,
        "vo": "spd",
        "prodSourceLabel": "managed",
        "taskType": "prod",
        "architecture": "",
        "transUses": "",
        "transHome": "",
        "skipScout": True,
        "nEvents": 40_000,
        "nEventsPerJob": 4,
        KEY: key,
    }


async def plan_steps(database: Database, number: int) -> list[str]:
    """Plan so many submissions, each of its own request; return their keys."""
    keys = []
    now = dt.datetime.now(dt.UTC)
    for index in range(number):
        name = f"PROD2026-{index + 1:03}"
        async with database.transaction() as session:
            step_key = await add_request(session, name)
            key = f"{SEED:x}{index:08x}"
            session.add(
                Attempt(
                    key=f"{step_key}.1",
                    step_key=step_key,
                    number=1,
                    task_name=f"{step_key}.1",
                    state="PLANNED",
                    is_live=True,
                    origin="gateway",
                    created_at=now,
                )
            )
            await session.flush()
            session.add(
                Submission(
                    attempt_key=f"{step_key}.1",
                    submission_key=key,
                    parameters=parameters(key, f"{step_key}.1"),
                    parameters_hash="0" * 64,
                    outputs=[],
                    min_fraction=0.99,
                    credential="prodman",
                    planned_at=now,
                )
            )
        keys.append(key)
    return keys


class Reader:
    """What reads PanDA's tasks for the whole gateway, straight and undisturbed."""

    def __init__(self, database: Database, grid: Grid) -> None:
        client = PandaClient(
            f"http://127.0.0.1:{grid.port}",
            token=lambda: TOKEN,
            origin="spd:production",
            manners=Manners(per_second=1000, burst=1000),
        )
        self._upstream = PandaUpstream(
            client,
            known_ids=unfinished_tasks(database),
            canaries=newest_final_tasks(database),
            ids_to_count=tasks_to_count(database),
            clock=grid.now,
        )
        self._engine = Engine(
            database, jobs_of([self._upstream]), clock=lambda: dt.datetime.now(dt.UTC), owner="reader"
        )

    async def __aenter__(self) -> "Reader":
        await self._engine.register()
        await self.read()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._upstream.close()

    async def read(self) -> None:
        await self._engine.run("panda.tasks", whole=True)


async def states(database: Database) -> Counter[str]:
    async with database.snapshot() as session:
        return Counter(await session.scalars(select(Attempt.state)))


async def settled(database: Database, reader: Reader, steps: int) -> bool:
    await reader.read()
    return (await states(database))["SUBMITTED"] == steps


def no_task_too_many(grid: Grid) -> bool:
    return all(len(living(tasks)) == 1 for tasks in grid.tasks_by_key().values())


def tasks_too_many(grid: Grid) -> int:
    return sum(len(found) - 1 for found in grid.tasks_by_key().values())


def living(tasks: list[TwinTask]) -> list[TwinTask]:
    return [task for task in tasks if task.status not in {"toabort", "aborting", "aborted"}]


@contextlib.asynccontextmanager
async def within(seconds: float, database: Database) -> "contextlib.AsyncIterator[None]":
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        pytest.fail(f"not settled after {seconds:.0f} s: {await states(database)}")


def tell(what: str, network: Network, grid: Grid, kills: int, seconds: float) -> None:
    tasks = grid.tasks_by_key()
    extra = tasks_too_many(grid)
    print(
        f"\n{what}: {len(tasks)} steps, {kills} kills, {sum(network.faults.values())} faults,"
        f" {sum(network.doubled.values())} doubled by the network, {extra} tasks too many,"
        f" {seconds:.0f} s; {dict(sorted(network.faults.items()))}"
    )


async def test_each_step_is_one_task_whatever_is_lost_and_whoever_is_killed(
    database: Database, grid: Grid, capsys: pytest.CaptureFixture[str]
) -> None:
    # PostgreSQL carries the full number; one process on SQLite does the same with fewer.
    steps, kills = (STEPS, KILLS) if not database.is_sqlite else (STEPS // 5, KILLS // 5)
    keys = await plan_steps(database, steps)
    die = random.Random(SEED)
    began = time.monotonic()

    with hostile_network(grid.port, seed=SEED) as network:
        plan = Plan(database.url.render_as_string(hide_password=False), network.url)
        async with Reader(database, grid) as reader, within(PATIENCE_S, database):
            with running_workers(plan) as workers:
                while workers.kills < kills:
                    await asyncio.sleep(die.uniform(0.05, 0.6))
                    workers.kill(die.randrange(plan.workers))
                is_over = False
                while not is_over:
                    await asyncio.sleep(0.3)
                    is_over = await settled(database, reader, steps) and no_task_too_many(grid)
    with capsys.disabled():
        tell(database.url.drivername, network, grid, kills, time.monotonic() - began)

    tasks = grid.tasks_by_key()
    async with database.snapshot() as session:
        rows = await session.execute(
            select(Submission.submission_key, Attempt.state, Attempt.jedi_task_id, Attempt.sends).join(
                Attempt, Attempt.key == Submission.attempt_key
            )
        )
        attempts = {row.submission_key: row for row in rows}
        killed = set(
            await session.scalars(select(TaskCommand.jedi_task_id).where(TaskCommand.asked_by == "gateway"))
        )
    # None lost, and every task that an attempt names is its own and the only one that lives.
    assert {attempt.state for attempt in attempts.values()} == {"SUBMITTED"}
    assert sorted(tasks) == sorted(keys)
    assert {key: [task.task_id for task in living(found)] for key, found in tasks.items()} == {
        key: [attempts[key].jedi_task_id] for key in keys
    }
    # Nothing was made twice but by the network itself, and all of that was stopped.
    assert {key: len(found) for key, found in tasks.items()} == {
        key: 1 + network.doubled[key] for key in keys
    }
    assert killed == {
        task.task_id
        for key, found in tasks.items()
        for task in found
        if task.task_id != attempts[key].jedi_task_id
    }
    # The run was hostile enough to mean something.
    assert min(network.faults[fault] for fault in ("lose the request", "lose the answer")) > 0
    assert max(attempt.sends for attempt in attempts.values()) > 1


@pytest.mark.parametrize(
    ("policy", "fault_rate"), [("retry on error", 0.6), ("no settling", 0.8), ("no canary", 0.8)]
)
async def test_without_one_of_its_parts_there_are_tasks_too_many(
    policy: str, fault_rate: float, database: Database, grid: Grid, capsys: pytest.CaptureFixture[str]
) -> None:
    if not database.is_sqlite:
        pytest.skip("one database is enough for a control")
    await plan_steps(database, CONTROL_STEPS)
    began = time.monotonic()

    with hostile_network(grid.port, seed=SEED, fault_rate=fault_rate, double_rate=0.0) as network:
        plan = Plan(str(database.url), network.url, workers=1, policy=policy)
        # Tasks are read once, for the canaries; else they would be found in what was read.
        async with Reader(database, grid), within(PATIENCE_S, database):
            with running_workers(plan):
                while tasks_too_many(grid) == 0:
                    assert (await states(database))["SUBMITTED"] < CONTROL_STEPS, "no task was made twice"
                    await asyncio.sleep(0.3)
    with capsys.disabled():
        tell(policy, network, grid, 0, time.monotonic() - began)

    assert tasks_too_many(grid) > 0


async def test_what_arrives_after_it_was_given_up_is_found_and_stopped(
    database: Database, grid: Grid
) -> None:
    keys = await plan_steps(database, 3)

    with hostile_network(grid.port, seed=SEED, fault_rate=0.0, double_rate=0.0) as network:
        plan = Plan(database.url.render_as_string(hide_password=False), network.url)
        # It settles after 1 + 3 s; the request comes to PanDA later than that.
        network.hold[keys[1]] = 7.0
        async with Reader(database, grid) as reader, within(PATIENCE_S, database):
            with running_workers(plan):
                while len(grid.tasks_by_key().get(keys[1], [])) < 2 or not no_task_too_many(grid):
                    await reader.read()
                    await asyncio.sleep(0.3)

    first, late = grid.tasks_by_key()[keys[1]]
    async with database.snapshot() as session:
        attempt = await session.scalar(
            select(Attempt)
            .join(Submission, Submission.attempt_key == Attempt.key)
            .where(Submission.submission_key == keys[1])
        )
        commands = (await session.scalars(select(TaskCommand))).all()
        lives = await session.scalars(
            select(AttemptChange.to_state)
            .where(AttemptChange.attempt_key == "PROD2026-002.SIM.1")
            .order_by(AttemptChange.id)
        )
        changes = lives.all()
    assert attempt is not None
    assert (attempt.state, attempt.jedi_task_id, attempt.sends) == ("SUBMITTED", first.task_id, 2)
    assert changes == ["SENDING", "AMBIGUOUS", "PLANNED", "SENDING", "SUBMITTED"]
    assert {(one.jedi_task_id, one.kind, one.asked_by) for one in commands} == {
        (late.task_id, "kill", "gateway")
    }
    assert late.status in {"toabort", "aborting", "aborted"}
