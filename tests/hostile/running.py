"""A hostile run: planned submissions, workers that are killed, a network that lies, and what must hold."""

import asyncio
import contextlib
import datetime as dt
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pytest
from sqlalchemy import select

from gateway.store.attempts import Attempt, Submission, TaskCommand
from gateway.store.database import Database
from gateway.sync.engine import Engine
from gateway.sync.jobs import jobs_of
from gateway.sync.known_tasks import newest_final_tasks, tasks_to_count, unfinished_tasks
from gateway.upstreams.http import Manners
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.upstream import PandaUpstream
from tests.hostile.network import KEY, Network, hostile_network
from tests.hostile.workers import Plan, running_workers
from tests.store.factories import add_request

Tasks = Mapping[str, Sequence[tuple[int, str]]]


class Grid(Protocol):
    """A PanDA, and what it really has."""

    @property
    def port(self) -> int:
        """Its port on loopback."""
        ...

    def now(self) -> dt.datetime:
        """Its clock."""
        ...

    def token(self) -> str:
        """A token of the person in whose name all is sent, or of who reads."""
        ...

    def tasks(self) -> Tasks:
        """By submission key the tasks that it has, as id and state."""
        ...


def parameters(key: str, name: str, events: int) -> dict[str, object]:
    return {
        "taskName": name,
        "vo": "spd",
        "workingGroup": "SPD",
        "cloud": "SPD",
        "prodSourceLabel": "managed",
        "taskType": "prod",
        "processingType": "simul",
        "taskPriority": 900,
        "architecture": "",
        "transUses": "",
        "transHome": "",
        "transPath": "https://cache.example.org/runspd-00-00-01",
        "coreCount": 1,
        "ramCount": 2000,
        "ramUnit": "MBPerCore",
        "skipScout": True,
        "noInput": True,
        "nEvents": events,
        "nEventsPerJob": 4,
        "jobParameters": [{"type": "constant", "value": "simu.C"}],
        KEY: key,
    }


async def plan_steps(database: Database, number: int, seed: int, *, events: int = 40_000) -> list[str]:
    """Plan so many submissions, each of its own request and for so many events; return their keys."""
    keys = []
    now = dt.datetime.now(dt.UTC)
    async with database.transaction() as session:
        for index in range(number):
            step_key = await add_request(session, f"PROD2026-{index + 1:03}")
            name, key = f"{step_key}.1", f"{seed:x}{index:08x}"
            session.add(
                Attempt(
                    key=name,
                    step_key=step_key,
                    number=1,
                    task_name=name,
                    state="PLANNED",
                    is_live=True,
                    origin="gateway",
                    created_at=now,
                )
            )
            await session.flush()
            session.add(
                Submission(
                    attempt_key=name,
                    submission_key=key,
                    parameters=parameters(key, name, events),  # type: ignore[arg-type]
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
        token = grid.token()
        client = PandaClient(
            f"http://127.0.0.1:{grid.port}",
            token=lambda: token,
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


@dataclass(frozen=True)
class Ran:
    """A run that is over."""

    network: Network
    keys: list[str]


async def states(database: Database) -> Counter[str]:
    async with database.snapshot() as session:
        return Counter(await session.scalars(select(Attempt.state)))


async def until(database: Database, holds: Callable[[Counter[str]], bool]) -> None:
    """Wait until the numbers of attempts by state are as wanted."""
    while True:
        if holds(await states(database)):
            return
        await asyncio.sleep(0.2)


def living(tasks: Sequence[tuple[int, str]]) -> list[int]:
    return [task_id for task_id, status in tasks if status not in {"toabort", "aborting", "aborted"}]


def tasks_too_many(grid: Grid) -> int:
    return sum(len(found) - 1 for found in grid.tasks().values())


def is_each_alone(grid: Grid) -> bool:
    return all(len(living(tasks)) == 1 for tasks in grid.tasks().values())


@contextlib.asynccontextmanager
async def within(seconds: float, database: Database) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        pytest.fail(f"not settled after {seconds:.0f} s: {await states(database)}")


async def run(
    database: Database,
    grid: Grid,
    plan: Plan,
    *,
    steps: int,
    kills: int,
    seed: int,
    patience_s: float,
    events: int = 40_000,
) -> Ran:
    """Plan, send and kill until every step is a task and no task is too many; say what it took."""
    keys = await plan_steps(database, steps, seed, events=events)
    die = random.Random(seed)
    began = time.monotonic()
    with hostile_network(grid.port, seed=seed) as network:
        plan = replace(
            plan,
            database_url=database.url.render_as_string(hide_password=False),
            panda_url=network.url,
            token=grid.token(),
        )
        async with Reader(database, grid) as reader, within(patience_s, database):
            with running_workers(plan) as workers:
                while workers.kills < kills:
                    await asyncio.sleep(die.uniform(0.05, 0.6))
                    workers.kill(die.randrange(plan.workers))
                is_over = False
                while not is_over:
                    await asyncio.sleep(0.3)
                    await reader.read()
                    found = await states(database)
                    is_over = found["SUBMITTED"] == steps and is_each_alone(grid)
    tell(database.url.drivername, network, grid, kills, time.monotonic() - began)
    return Ran(network, keys)


def tell(what: str, network: Network, grid: Grid, kills: int, seconds: float) -> None:
    print(
        f"\n{what}: {len(grid.tasks())} steps, {kills} kills, {sum(network.faults.values())} faults,"
        f" {sum(network.doubled.values())} doubled by the network, {tasks_too_many(grid)} tasks too many,"
        f" {seconds:.0f} s; {dict(sorted(network.faults.items()))}"
    )


async def check(database: Database, grid: Grid, ran: Ran) -> None:
    """Hold what must hold: none lost, none wrong, none twice but by the network, and all of that stopped."""
    tasks = grid.tasks()
    async with database.snapshot() as session:
        rows = await session.execute(
            select(Submission.submission_key, Attempt.state, Attempt.jedi_task_id).join(
                Attempt, Attempt.key == Submission.attempt_key
            )
        )
        attempts = {row.submission_key: row for row in rows}
        killed = set(
            await session.scalars(select(TaskCommand.jedi_task_id).where(TaskCommand.asked_by == "gateway"))
        )
    assert {attempt.state for attempt in attempts.values()} == {"SUBMITTED"}
    assert sorted(tasks) == sorted(ran.keys)
    assert {key: living(found) for key, found in tasks.items()} == {
        key: [attempts[key].jedi_task_id] for key in ran.keys
    }
    assert {key: len(found) for key, found in tasks.items()} == {
        key: 1 + ran.network.doubled[key] for key in ran.keys
    }
    own = {attempt.jedi_task_id for attempt in attempts.values()}
    assert killed == {task_id for found in tasks.values() for task_id, _ in found} - own
