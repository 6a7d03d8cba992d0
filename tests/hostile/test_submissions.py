"""Whatever the network does and whenever we are killed, each step is one task: none lost, none twice."""

import asyncio
import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from gateway.practice.panda_tasks import PandaState, TwinTask
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.store.attempts import Attempt, AttemptChange, Submission, TaskCommand
from gateway.store.database import Database
from tests.hostile.network import KEY, Network, hostile_network
from tests.hostile.running import (
    Reader,
    Tasks,
    check,
    is_each_alone,
    living,
    plan_steps,
    run,
    tasks_too_many,
    tell,
    until,
    within,
)
from tests.hostile.workers import Plan, running_workers
from tests.support.serving import served

STEPS = int(os.environ.get("GATEWAY_HOSTILE_STEPS", "400"))
KILLS = int(os.environ.get("GATEWAY_HOSTILE_KILLS", "80"))
SEED = int(os.environ.get("GATEWAY_HOSTILE_SEED", "20260301"))
# Steps of a control, enough to show what it lacks.
CONTROL_STEPS = 12
# A request that is held comes after the lease (1 s), and before it is settled.
LONGEST_HOLD_S = 3.0
# Where nothing may come after it is settled, a machine that is busy for seconds must not make it so.
AMPLE_SETTLE_S = 8.0
# The practice PanDA's minute is our second.
HASTE = 60
PATIENCE_S = 600 + STEPS


@dataclass
class PracticeGrid:
    """A practice PanDA in haste."""

    state: PandaState
    began: dt.datetime
    port: int = 0

    def now(self) -> dt.datetime:
        return self.began + (dt.datetime.now(dt.UTC) - self.began) * HASTE

    def token(self) -> str:
        return "a-token"

    def tasks(self) -> Tasks:
        found: dict[str, list[tuple[int, str]]] = {}
        for task in list(self.state.tasks.values()):
            if KEY in task.parameters:
                found.setdefault(str(task.parameters[KEY]), []).append((task.task_id, task.status))
        return found


@pytest.fixture
def grid() -> Iterator[PracticeGrid]:
    grid = PracticeGrid(PandaState(jobs_per_minute=1), dt.datetime.now(dt.UTC))
    for number in range(1, 4):
        old = TwinTask(number, {"taskName": f"PROD2025-00{number}.SIM.1"}, status="done")
        old.created = old.modified = old.ended = grid.began - dt.timedelta(hours=2)
        grid.state.tasks[number] = old
    manager = Identity("Production Manager", frozenset({"spd", "spd/production"}))
    twin = create_panda_twin(grid.state, clock=grid.now, identify=lambda _token: manager)
    with served(twin, date_header=False) as url:
        grid.port = int(url.rpartition(":")[2])
        yield grid


async def test_each_step_is_one_task_whatever_is_lost_and_whoever_is_killed(
    database: Database, grid: PracticeGrid, capsys: pytest.CaptureFixture[str]
) -> None:
    # PostgreSQL carries the full number; one process on SQLite does the same with fewer.
    share = 5 if database.is_sqlite else 1

    with capsys.disabled():
        ran = await run(
            database,
            grid,
            Plan(),
            steps=STEPS // share,
            kills=KILLS // share,
            seed=SEED,
            patience_s=PATIENCE_S,
        )

    await check(database, grid, ran)
    # The run was hostile enough to mean something.
    assert min(ran.network.faults[fault] for fault in ("lose the request", "lose the answer")) > 0
    async with database.snapshot() as session:
        assert (await session.scalar(select(func.max(Attempt.sends))) or 0) > 1


def lose_every_answer(network: Network, keys: Sequence[str]) -> None:
    """The first answer to each step is lost; the task is there."""
    network.lose.update(keys)


def hold_every_request(network: Network, keys: Sequence[str]) -> None:
    """The first request for each step comes after our lease has ended, and before it is settled."""
    network.hold.update(dict.fromkeys(keys, LONGEST_HOLD_S))


def lose_and_say_there_is_nothing(network: Network, keys: Sequence[str]) -> None:
    """As `lose_every_answer`, and a PanDA whose database fails says for a while that it has no task."""
    network.lose.update(keys)
    network.is_blind = True


SCENES = {
    "retry on error": lose_every_answer,
    "no settling": hold_every_request,
    "no canary": lose_and_say_there_is_nothing,
}


@pytest.mark.parametrize("policy", SCENES)
async def test_without_one_of_its_parts_there_are_tasks_too_many(
    policy: str, database: Database, grid: PracticeGrid, capsys: pytest.CaptureFixture[str]
) -> None:
    if not database.is_sqlite:
        pytest.skip("one database is enough for a control")
    keys = await plan_steps(database, CONTROL_STEPS, SEED)
    began = time.monotonic()

    with hostile_network(grid.port, seed=SEED, fault_rate=0.0, double_rate=0.0) as network:
        SCENES[policy](network, keys)
        plan = Plan(str(database.url), network.url, workers=1, policy=policy)
        # Tasks are read once, for the canaries; else they would be found in what was read.
        async with Reader(database, grid), within(PATIENCE_S, database):
            with running_workers(plan):
                await until(
                    database,
                    lambda found: found["SUBMITTED"] == CONTROL_STEPS or tasks_too_many(grid) > 0,
                )
                # What was held on its way comes later than what was sent again.
                await asyncio.sleep(LONGEST_HOLD_S)
    with capsys.disabled():
        tell(policy, network, grid, 0, time.monotonic() - began)

    assert tasks_too_many(grid) > 0


@pytest.mark.parametrize("scene", SCENES.values(), ids=lambda scene: scene.__name__)
async def test_with_all_of_its_parts_there_is_none_in_the_same_scene(
    scene: Callable[[Network, Sequence[str]], None], database: Database, grid: PracticeGrid
) -> None:
    if not database.is_sqlite:
        pytest.skip("one database is enough beside a control")
    keys = await plan_steps(database, CONTROL_STEPS, SEED)

    with hostile_network(grid.port, seed=SEED, fault_rate=0.0, double_rate=0.0) as network:
        scene(network, keys)
        plan = Plan(str(database.url), network.url, workers=1, settle_s=AMPLE_SETTLE_S)
        async with Reader(database, grid), within(PATIENCE_S, database):
            with running_workers(plan):
                await until(database, lambda found: found["AMBIGUOUS"] > 0)
                # Longer than it takes to settle, if nothing but time were asked for.
                await asyncio.sleep(2 * plan.settle_s)
                network.is_blind = False
                await until(database, lambda found: found["SUBMITTED"] == CONTROL_STEPS)

    assert tasks_too_many(grid) == 0


async def test_what_arrives_after_it_was_given_up_is_found_and_stopped(
    database: Database, grid: PracticeGrid
) -> None:
    keys = await plan_steps(database, 3, SEED)

    with hostile_network(grid.port, seed=SEED, fault_rate=0.0, double_rate=0.0) as network:
        plan = Plan(database.url.render_as_string(hide_password=False), network.url)
        # It settles after 1 + 3 s; the request comes to PanDA later than that.
        network.hold[keys[1]] = 7.0
        async with Reader(database, grid) as reader, within(PATIENCE_S, database):
            with running_workers(plan):
                while len(grid.tasks().get(keys[1], [])) < 2 or not is_each_alone(grid):
                    await reader.read()
                    await asyncio.sleep(0.3)

    (first, _), (late, late_status) = grid.tasks()[keys[1]]
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
    assert (attempt.state, attempt.jedi_task_id, attempt.sends) == ("SUBMITTED", first, 2)
    assert changes == ["SENDING", "AMBIGUOUS", "PLANNED", "SENDING", "SUBMITTED"]
    assert {(one.jedi_task_id, one.kind, one.asked_by) for one in commands} == {(late, "kill", "gateway")}
    assert living([(late, late_status)]) == []
