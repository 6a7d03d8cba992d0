"""How a task lives, asked of the practice twin and of the real PanDA server with its JEDI alike."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from gateway.domain.steering import CommandKind
from gateway.domain.submission import Accepted, Refused
from gateway.practice.panda_tasks import PandaState
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS
from gateway.upstreams.http import Manners
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.commands import PandaCommands
from gateway.upstreams.panda.feeds import JobCountsFeed, TasksFeed
from tests.real.panda.api import PandaApi
from tests.real.panda.jedi import reconstruction, simulation
from tests.real.panda.lives import MANAGER, Life, RealLife, TwinLife, analyst_of, manager_of
from tests.support.serving import served

# JEDI notes them only if something holds it up there, the twin stays a minute in each.
PASSED_THROUGH = {"waiting", "registered", "toretry", "finishing"}
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinLife]:
    life = TwinLife(PandaState(jobs_per_minute=1, failure_rate=0.0), dict[str, Identity | str](), now=START)
    app = create_panda_twin(
        life.state,
        clock=lambda: life.now,
        identify=lambda token: life.tokens.get(token, "Invalid token. Not enough segments"),
    )
    with served(app, date_header=False) as url:
        life.url = url
        yield life


@pytest.fixture(params=["twin", "real"])
def life(request: pytest.FixtureRequest) -> Life:
    if request.param == "real":
        return RealLife(request.getfixturevalue("real_panda"))
    twin: TwinLife = request.getfixturevalue("twin")
    twin.state.tasks.clear()
    twin.state.commands.clear()
    twin.seen.clear()
    return twin


def noted(life: Life, task_id: int) -> list[str]:
    """The states of a task without those that are passed through."""
    return [state for state in life.states(task_id) if state not in PASSED_THROUGH]


def counted(api: PandaApi, task_id: int) -> tuple[int, int, int]:
    """Files, finished and failed, as the task says."""
    task = api.task(task_id)
    return task["nFiles"], task["nFilesFinished"], task["nFilesFailed"]


def jobs(api: PandaApi, task_id: int) -> Counter[str]:
    """How many jobs are in which state, all attempts."""
    return Counter(job["jobStatus"] for job in api.jobs(task_id))


def test_a_chain_is_done_and_the_reconstruction_waits_for_the_simulation(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(1))
    reco = api.submit(reconstruction(1, nFiles=3), parent=sim)

    life.until(sim, "running")
    early = api.status(reco), api.task(reco)["errorDialog"]
    life.until(reco, "done")

    assert early == ("pending", f"pending until parent task {sim} is done")
    assert noted(life, sim) == ["defined", "ready", "running", "prepared", "done"]
    assert noted(life, reco)[-6:] == ["pending", "defined", "ready", "running", "prepared", "done"]
    for task_id in (sim, reco):
        assert counted(api, task_id) == (3, 3, 0)
        assert jobs(api, task_id) == {"finished": 3}
        assert api.task(task_id)["errorDialog"] is None
    assert [api.task(one)["parent_tid"] for one in (sim, reco)] == [sim, sim]


async def test_the_gateways_own_commands_take_a_chain_to_its_end(life: Life) -> None:
    commands = PandaCommands(life.url, origin="spd:production")
    token = life.token(MANAGER)
    try:
        sim = await commands.submit(token, simulation(12), None, may_begin=lambda: True)
        assert isinstance(sim, Accepted)
        reco = await commands.submit(token, reconstruction(12, nFiles=3), sim.task_id, may_begin=lambda: True)
        assert isinstance(reco, Accepted)
        life.fail(sim.task_id, 1)
        partly = life.until(sim.task_id, "done", "finished", "failed")
        life.fail(sim.task_id, 0)
        retried = await commands.command(token, sim.task_id, CommandKind.RETRY, {"no_child_retry": True})
        life.until(sim.task_id, "done")
        refused = await commands.command(token, sim.task_id, CommandKind.RETRY)
        life.until(reco.task_id, "done", "finished")
    finally:
        await commands.close()

    assert (partly, type(retried), type(refused)) == ("finished", Accepted, Refused)
    assert manager_of(life).task(reco.task_id)["parent_tid"] == sim.task_id


def test_a_file_is_failed_after_three_attempts_and_a_retry_tries_it_again(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(2))
    life.fail(sim, 1)

    life.until(sim, "done", "finished", "failed")
    partly = counted(api, sim), jobs(api, sim)
    life.fail(sim, 0)
    answer = api.command("retry", sim)
    life.until(sim, "done")

    assert partly == ((3, 2, 1), {"finished": 2, "failed": 3})
    assert answer == (
        True,
        f"command=retry is registered for task ID {sim}. will be executed in a few minutes",
        0,
    )
    assert (counted(api, sim), jobs(api, sim)) == ((3, 3, 0), {"finished": 3, "failed": 3})
    first = ["defined", "ready", "running", "prepared", "finished"]
    assert noted(life, sim) == [*first, "ready", "running", "prepared", "done"]


async def test_the_gateway_reads_what_became_of_a_task_and_of_all_its_jobs(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(13))
    life.fail(sim, 1)
    life.until(sim, "finished")
    client = PandaClient(
        life.url,
        token=lambda: api.token,
        origin=api.origin,
        manners=Manners(per_second=10_000, burst=10_000),
    )

    async def known() -> Sequence[int]:
        return [sim]

    try:
        tasks = [
            one
            async for page in TasksFeed(client, known_ids=known, canaries=known).everything()
            for one in page.records
        ]
        counts = [
            one async for page in JobCountsFeed(client, task_ids=known).everything() for one in page.records
        ]
    finally:
        await client.close()

    (task,) = tasks
    SECTIONS[SourceName.PANDA][0].row(task)
    said = ("name", "status", "jobs_expected", "jobs_finished", "jobs_failed", "seed_first", "seed_last")
    assert [task[name] for name in said] == ["PROD2025-013.SIM.1", "finished", 3, 2, 1, 20_001, 20_003]
    assert task["ended_at"] is not None
    by_state = Counter[object]()
    for one in counts:
        by_state[one["job_state"]] += int(str(one["jobs"]))
    assert by_state == {"finished": 2, "failed": 3}


def test_a_task_without_any_success_is_failed_and_says_so(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(3, maxAttempt=1))
    life.fail(sim, 3)

    end = life.until(sim, "done", "finished", "failed")

    assert end == "failed"
    assert (counted(api, sim), jobs(api, sim)) == ((3, 0, 3), {"failed": 3})
    assert api.task(sim)["errorDialog"] == "failed since no file was successfully processed"


def test_a_killed_task_is_aborted_with_its_jobs_and_its_child(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(4))
    reco = api.submit(reconstruction(4), parent=sim)
    life.until(sim, "running")

    answers = [api.command("kill", sim)[2] for _ in range(2)]
    life.until(sim, "aborted")
    life.until(reco, "aborted")

    assert answers == [0, 0]
    assert noted(life, sim)[-3:] == ["running", "toabort", "aborted"]
    assert api.task(sim)["errorDialog"] == f"kill by {MANAGER}"
    assert jobs(api, sim)["cancelled"] == 3 - jobs(api, sim)["finished"] > 0
    assert noted(life, reco)[-2:] == ["toabort", "aborted"]
    assert api.task(reco)["errorDialog"] == "parent task is aborted"
    for command in ("kill", "finish", "pause", "retry"):
        assert api.command(command, sim)[2] == 4


def test_a_paused_task_holds_its_jobs_until_it_is_resumed(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(5))
    life.until(sim, "running")

    paused = api.command("pause", sim)[2]
    life.until(sim, "paused")
    task = api.task(sim)
    held = jobs(api, sim)["throttled"]
    again = api.command("pause", sim)[2]
    resumed = api.command("resume", sim)[2]
    life.until(sim, "running")
    said = api.task(sim)["errorDialog"]
    life.until(sim, "done")

    assert (paused, again, resumed) == (0, 4, 0)
    assert (task["status"], task["oldStatus"], task["errorDialog"]) == (
        "paused",
        "running",
        f"pause by {MANAGER}",
    )
    assert held > 0
    assert said == f"resume by {MANAGER}"
    assert (counted(api, sim), api.task(sim)["errorDialog"]) == ((3, 3, 0), None)


def test_a_task_that_is_told_to_finish_counts_the_rest_as_failed(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(6))
    life.until(sim, "running")

    answer = api.command("finish", sim)
    life.until(sim, "finished", "failed")

    assert answer[2] == 0
    files, finished, failed = counted(api, sim)
    assert (files, failed) == (3, 3 - finished)
    assert noted(life, sim)[-2:] == ["passed", "finished" if finished else "failed"]
    assert str(api.task(sim)["errorDialog"]).startswith(f"finish by {MANAGER}")


def test_a_task_without_what_jedi_needs_breaks_and_keeps_its_name_to_itself(life: Life) -> None:
    api = manager_of(life)
    whole = simulation(7)
    nameless = api.submit({key: value for key, value in whole.items() if key != "architecture"})
    without_jobs = api.submit({key: value for key, value in whole.items() if key != "jobParameters"})
    orphan = api.submit(reconstruction(7), parent=99_999)

    for task_id in (nameless, without_jobs, orphan):
        life.until(task_id, "broken")

    assert [noted(life, one)[-2:] for one in (nameless, without_jobs, orphan)] == [["tobroken", "broken"]] * 3
    said = [
        str(api.task(one)["errorDialog"]).split(" Traceback")[0] for one in (nameless, without_jobs, orphan)
    ]
    assert said == [
        "failed to extract common parameters with KeyError:'architecture'",
        "failed to refine task with KeyError:'jobParameters'",
        "parent task 99999 failed to complete",
    ]
    assert [api.task(one)["userName"] for one in (nameless, without_jobs)] == ["tobeset", MANAGER]
    assert api.task(nameless)["taskName"] != whole["taskName"]
    assert api.task(nameless)["raw_task_params"]["taskName"] == whole["taskName"]


def test_who_has_no_production_role_submits_under_his_own_name(life: Life) -> None:
    task_id = analyst_of(life).submit(simulation(8, userName="Somebody Else"))

    taken = manager_of(life).get("task/get_task_parameters", task_id=task_id)["data"]

    assert (taken["taskType"], taken["userName"]) == ("anal", "Analyst")


def test_a_name_is_refused_twice_only_where_it_is_asked_to_be_unique(life: Life) -> None:
    api = manager_of(life)
    wanted = simulation(9, taskType="anal", uniqueTaskName=True)
    first = api.submit(wanted)

    queued = api.post("task/submit", task_parameters=wanted, parent_tid=None)
    life.until(first, "running")
    active = api.post("task/submit", task_parameters=wanted, parent_tid=None)

    assert (queued["success"], queued["data"]) == (False, 1)
    assert queued["message"] == (
        f"jediTaskID={first} is already queued for outDS=PROD2025-009.SIM.1."
        " You cannot submit duplicated tasks. "
    )
    assert (active["success"], active["data"]) == (False, 2)
    words = f"jediTaskID={first} is in the running state for outDS=PROD2025-009.SIM.1. "
    assert active["message"].startswith(words)


def test_a_retry_with_other_parameters_makes_another_task(life: Life) -> None:
    api = manager_of(life)
    sim = api.submit(simulation(10))
    life.until(sim, "done")

    success, message, data = api.command("retry", sim, new_parameters={"nEvents": 8})

    assert (success, data) == (True, 0)
    assert message == f"succeeded. new jediTaskID={sim + 1}"
    assert api.status(sim) == "done"
    assert api.get("task/get_task_parameters", task_id=sim + 1)["data"]["nEvents"] == 8


def test_anybody_may_reassign_and_only_the_production_role_changes_priorities(life: Life) -> None:
    api, analyst = manager_of(life), analyst_of(life)
    sim = api.submit(simulation(11))
    life.until(sim, "running")

    refused = analyst.command("change_priority", sim, priority=1)
    changed = api.command("change_priority", sim, priority=950)
    reassigned = analyst.command("reassign", sim, site="PNPI_SPD")
    life.until(sim, "done")

    assert refused == (False, "production or pilot role required", None)
    assert (changed, api.task(sim)["currentPriority"]) == ((True, "1 tasks changed", None), 950)
    assert reassigned[2] == 0
    assert jobs(api, sim)["closed"] > 0
    assert counted(api, sim) == (3, 3, 0)


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("kill", {}),
        ("finish", {}),
        ("retry", {}),
        ("pause", {}),
        ("resume", {}),
        ("reassign", {"site": "PNPI_SPD"}),
        ("change_priority", {"priority": 1}),
    ],
)
def test_a_task_that_is_not_there_is_said_not_to_be(
    life: Life, command: str, more: dict[str, object]
) -> None:
    answer = manager_of(life).command(command, 99_999, **more)

    if command == "change_priority":
        assert answer == (False, "Task not found", None)
    else:
        # A retry is a success whatever its data say.
        assert answer == (command == "retry", "jediTaskID=99999 not found", 2)
