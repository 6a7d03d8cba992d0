"""What the gateway relies on PanDA for, asked of the practice twin and of the real server alike."""

import asyncio
import datetime as dt
import json
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from gateway.errors import DeniedError, GarbledError, NotOfferedError
from gateway.practice.panda_tasks import PandaState
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS
from gateway.upstreams.http import Manners
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.feeds import Ids, JobCountsFeed, TasksFeed
from gateway.upstreams.panda.upstream import PandaUpstream
from gateway.upstreams.ports import Page
from tests.real.panda.server import PandaServer, panda_environment
from tests.real.panda.stages import CLIENT_SCRIPT, SIMULATION, RealStage, Refined, Stage, TwinStage, ask
from tests.support.serving import served

MANAGER = "Production Manager"
ANALYST = "Analyst"


@pytest.fixture(scope="module", params=["twin", "real"])
def whole_stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "real":
        yield RealStage(request.getfixturevalue("panda_server"))
        return
    state, tokens = PandaState(), dict[str, Identity | str]()
    twin = create_panda_twin(
        state,
        clock=lambda: dt.datetime.now(dt.UTC),
        identify=lambda token: tokens.get(token, "Invalid token. Not enough segments"),
    )
    with served(twin, date_header=False) as url:
        yield TwinStage(url, state, tokens)


@pytest.fixture
def stage(whole_stage: Stage) -> Stage:
    whole_stage.clear()
    return whole_stage


@asynccontextmanager
async def connected(
    stage: Stage, *, token: str | None = None, name: str = MANAGER, origin: str = "spd:production"
) -> AsyncIterator[PandaClient]:
    bearer = stage.token(name) if token is None else token
    client = PandaClient(
        stage.url,
        token=lambda: bearer or None,
        origin=origin,
        manners=Manners(per_second=10_000, burst=10_000),
    )
    try:
        yield client
    finally:
        await client.close()


def ids(*values: int) -> Ids:
    async def given() -> Sequence[int]:
        return values

    return given


async def submit(client: PandaClient, **changed: object) -> int:
    envelope, _ = await client.call(
        "POST", "task/submit", body={"task_parameters": {**SIMULATION, **changed}, "parent_tid": None}
    )
    assert envelope.success, envelope.message
    assert envelope.message == f"succeeded. new jediTaskID={envelope.data}"
    assert isinstance(envelope.data, int)
    return envelope.data


async def read(pages: AsyncIterator[Page]) -> dict[object, Mapping[str, object]]:
    """The records by task, each checked to be one that the gateway takes."""
    found = {}
    async for page in pages:
        for record in page.records:
            SECTIONS[SourceName.PANDA][0].row(record)
            found[record["jedi_task_id"]] = record
    return found


async def test_a_running_task_is_read_with_everything_it_says(stage: Stage) -> None:
    async with connected(stage) as client:
        task_id = await submit(client)
        stage.refine(task_id, Refined("running", files=1_200, finished=700, failed=3))

        found = await read(TasksFeed(client, known_ids=ids(task_id), canaries=ids(task_id)).everything())

    record = dict(found[task_id])
    moments = [record.pop(name) for name in ("created_at", "started_at", "ended_at", "modified_at")]
    ages = [dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(str(one)) for one in moments]
    assert all(dt.timedelta(hours=2) <= age < dt.timedelta(hours=2, minutes=5) for age in ages)
    assert record == {
        "jedi_task_id": task_id,
        "name": "PROD2025-014.SIM.1",
        "status": "running",
        "user_name": "prodman",
        "working_group": "SPD",
        "task_type": "prod",
        "parent_task_id": None,
        "priority": 900,
        "core_count": 1,
        "error_dialog": None,
        "jobs_expected": 1_200,
        "jobs_finished": 700,
        "jobs_failed": 3,
        "events_reported": 4_800,
        "events_per_job": 4,
        "seed_first": 20_001,
        "seed_last": 21_200,
        "submission_key": "a-key",
    }


async def test_a_submitted_task_is_seen_by_its_id_only_until_jedi_takes_it(stage: Stage) -> None:
    async with connected(stage) as client:
        task_id = await submit(client)

        parameters = await client.task_parameters(task_id)
        whole, _ = await client.task(task_id)
        status = await client.task_status(task_id)
        killed, _ = await client.call("POST", "task/kill", body={"task_id": task_id})
        with pytest.raises(GarbledError, match="no task at all"):
            await read(TasksFeed(client, known_ids=ids(), canaries=ids()).everything())

    assert parameters is not None
    assert parameters["spdSubmissionKey"] == "a-key"
    assert (whole, status) == (None, None)
    assert (killed.success, killed.message, killed.data) == (False, f"jediTaskID={task_id} not found", 2)


async def test_a_task_that_is_not_refined_yet_is_named_as_it_was_submitted(stage: Stage) -> None:
    async with connected(stage) as client:
        task_id = await submit(client)
        stage.refine(task_id, Refined("registered", is_named=False))

        wire, _ = await client.task(task_id)
        found = await read(TasksFeed(client, known_ids=ids(), canaries=ids(task_id)).everything())

    assert wire is not None
    assert wire["userName"] == "tobeset"
    record = found[task_id]
    assert (record["name"], record["user_name"]) == ("PROD2025-014.SIM.1", "prodman")
    assert (record["status"], record["jobs_expected"]) == ("registered", None)


async def test_the_same_production_may_be_submitted_twice(stage: Stage) -> None:
    async with connected(stage) as client:
        assert await submit(client) != await submit(client)


async def test_all_tasks_are_read_although_an_answer_holds_a_few_of_them(stage: Stage) -> None:
    states = ["done", "finished", "running", "exhausted", "ready"]
    async with connected(stage) as client:
        made = [await submit(client, taskName=f"PROD2025-{one:03}.SIM.1") for one in range(30)]
        for number, task_id in enumerate(made):
            stage.refine(task_id, Refined(states[number % 5], files=1))

        capped, _ = await client.tasks_since(lambda one: one, since=None, n_tasks=10)
        feed = TasksFeed(client, known_ids=ids(*made), canaries=ids(made[0]), tasks_per_answer=10)
        found = await read(feed.everything())

    assert len(capped) == 10
    assert sorted(found) == sorted(made)


async def test_a_task_older_than_the_list_is_read_by_its_id(stage: Stage) -> None:
    async with connected(stage) as client:
        new, old, forgotten = [await submit(client) for _ in range(3)]
        stage.refine(new, Refined("running"))
        stage.refine(old, Refined("exhausted", age=dt.timedelta(days=100)))
        stage.refine(forgotten, Refined("done", age=dt.timedelta(days=100)))

        found = await read(TasksFeed(client, known_ids=ids(new, old), canaries=ids(new)).everything())

    assert sorted(found) == sorted([new, old])


async def test_changes_are_those_since_a_moment_and_an_overlap(stage: Stage) -> None:
    async with connected(stage) as client:
        old, new = await submit(client), await submit(client)
        stage.refine(old, Refined("done", age=dt.timedelta(days=3)))
        stage.refine(new, Refined("running", age=dt.timedelta(minutes=30)))
        feed = TasksFeed(client, known_ids=ids(), canaries=ids(old))
        now = dt.datetime.now(dt.UTC)

        within = await read(feed.changes(now))
        whole = await read(feed.changes(now - dt.timedelta(days=4)))
        nothing = await read(feed.changes(now + dt.timedelta(hours=2)))
        with pytest.raises(NotOfferedError):
            await read(feed.changes(now - dt.timedelta(days=91)))

    assert (sorted(within), sorted(whole), sorted(nothing)) == ([new], [old, new], [])


async def test_jobs_are_counted_over_several_pages_with_what_they_used(stage: Stage) -> None:
    jobs = [("PNPI_SPD", "finished", 200), ("JINR_SPD", "failed", 50), ("JINR_SPD", "finished", 150)]
    told: list[tuple[int, int | None]] = []

    async def tell(task_id: int, seconds: int | None) -> None:
        told.append((task_id, seconds))

    async with connected(stage) as client:
        counted, without_jobs = await submit(client), await submit(client)
        stage.refine(counted, Refined("done", jobs=jobs))
        stage.refine(without_jobs, Refined("ready"))

        feed = JobCountsFeed(client, task_ids=ids(counted, without_jobs), tell_core_seconds=tell)
        pages = [page async for page in feed.everything()]

    assert [list(page.records) for page in pages] == [
        [
            {"jedi_task_id": counted, "queue_name": queue, "job_state": state, "jobs": number}
            for queue, state, number in sorted(jobs)
        ]
    ]
    assert told == [(counted, 400 * 600)]


async def test_a_running_job_leaves_the_core_seconds_open(stage: Stage) -> None:
    told: list[tuple[int, int | None]] = []

    async def tell(task_id: int, seconds: int | None) -> None:
        told.append((task_id, seconds))

    async with connected(stage) as client:
        task_id = await submit(client)
        stage.refine(
            task_id, Refined("running", jobs=[("JINR_SPD", "finished", 2), ("JINR_SPD", "running", 1)])
        )

        feed = JobCountsFeed(client, task_ids=ids(task_id), tell_core_seconds=tell)
        states = [record["job_state"] async for page in feed.everything() for record in page.records]

    assert (sorted(map(str, states)), told) == (["finished", "running"], [(task_id, None)])


@pytest.mark.parametrize(
    ("groups", "origin", "words"),
    [
        (None, "spd", "SSL secure connection is required"),
        ("expired", "spd", "our token has expired"),
        (["other"], "spd", "is not in the group"),
        (["spd"], "spd:production", "is not in the group"),
        (["spd"], "atlas", "does not know the virtual organisation"),
    ],
)
async def test_whoever_is_not_accepted_is_told_why(
    stage: Stage, groups: Sequence[str] | str | None, origin: str, words: str
) -> None:
    match groups:
        case None:
            token = ""
        case "expired":
            token = stage.token(MANAGER, ["spd"], expired=True)
        case _:
            token = stage.token(MANAGER, list(groups))

    async with connected(stage, token=token, origin=origin) as client:
        with pytest.raises(DeniedError, match=words):
            await client.task_status(1)


async def test_commands_are_taken_or_refused_by_state_owner_and_role(stage: Stage) -> None:
    async def said(client: PandaClient, command: str, task_id: int) -> tuple[bool, str, object]:
        envelope, _ = await client.call("POST", f"task/{command}", body={"task_id": task_id})
        return envelope.success, envelope.message, envelope.data

    async with connected(stage) as manager:
        running, done = await submit(manager), await submit(manager)
        stage.refine(running, Refined("running"))
        stage.refine(done, Refined("done"))
        taken = {one: await said(manager, one, running) for one in ("kill", "finish", "pause")}
        refused = {
            one: await said(manager, one, done) for one in ("kill", "finish", "pause", "retry", "resume")
        }
    other = stage.token(ANALYST, ["spd"])
    async with connected(stage, token=other, origin="spd") as analyst:
        with pytest.raises(DeniedError, match="not the task owner"):
            await said(analyst, "kill", running)
        with pytest.raises(DeniedError, match="production or pilot role required"):
            await said(analyst, "pause", running)

    for command, answer in taken.items():
        words = f"command={command} is registered for task ID {running}. will be executed in a few minutes"
        assert answer == (True, words, 0)
    for command, answer in refused.items():
        words = f"Command rejected: the {command} command is not accepted if the task is in done status "
        # A retry is a success whatever its data say.
        assert answer == (command == "retry", words, 4)


async def test_what_is_offered_can_be_found_out(stage: Stage) -> None:
    async with connected(stage) as client:
        upstream = PandaUpstream(
            client, known_ids=ids(), canaries=ids(), ids_to_count=ids(), clock=lambda: dt.datetime.now(dt.UTC)
        )
        health = await upstream.look()
        with pytest.raises(NotOfferedError):
            await client.call("GET", "task/no_such_method")

    assert (health.is_ok, health.version, list(health.advice)) == (True, "1.0.0 or newer", [])
    assert health.clock_ahead_s is not None
    assert abs(health.clock_ahead_s) < 5


def refused(message: str, data: object = None) -> str:
    """The text of an envelope that says no."""
    return json.dumps({"success": False, "message": message, "data": data})


def given(data: object) -> str:
    """The text of an envelope that says yes."""
    return json.dumps({"success": True, "message": "", "data": data})


WRONG_TYPE = "Type error: 'task_id' must be of type int, got str."
UNKNOWN_ARGUMENT = "Argument error: got an unexpected keyword argument 'foo'"
AS_PYTHON = "{'success': False, 'message': 'Task not found', 'data': None}"
UNKNOWN_JOB = {"command": "tobekilled", "status": "unknown"}


@pytest.mark.parametrize(
    ("method", "name", "changed", "body", "status", "expected"),
    [
        ("GET", "task/get_status?task_id=9", {}, None, 200, refused("Task not found")),
        ("GET", "task/get_status?task_id=9", {"accept": "*/*"}, None, 200, AS_PYTHON),
        ("POST", "task/get_status", {}, {}, 200, refused("expecting GET, received POST")),
        ("POST", "task/kill", {}, {"task_id": "1"}, 200, refused(WRONG_TYPE)),
        ("POST", "task/kill", {}, {"task_id": 1, "foo": 2}, 200, refused(UNKNOWN_ARGUMENT)),
        ("GET", "task/nothing", {}, None, 403, "ERROR : method nothing is forbidden"),
        ("POST", "task/submit", {}, {"task_parameters": {}}, 200, refused("failed to register task", 4)),
        ("GET", "task/get_job_ids?task_id=9", {}, None, 200, given([])),
        ("POST", "job/get_description", {}, {"job_ids": [987654321]}, 200, given([None])),
        ("GET", "job/get_status?job_ids=987654321", {}, None, 200, given([UNKNOWN_JOB])),
        (
            "GET",
            "task/get_tasks_detailed_info_since?since=yesterday",
            {},
            None,
            200,
            refused("Failed to retrieve task IDs"),
        ),
    ],
)
def test_odd_questions_get_the_same_odd_answers(
    stage: Stage, method: str, name: str, changed: Mapping[str, str], body: object, status: int, expected: str
) -> None:
    headers = {
        "authorization": f"Bearer {stage.token(MANAGER)}",
        "origin": "spd:production",
        "accept": "application/json",
        **({} if body is None else {"content-type": "application/json"}),
        **changed,
    }

    found = ask(
        stage.url, method, name, headers=headers, body=None if body is None else json.dumps(body).encode()
    )

    assert found == (status, "text/plain", expected)


async def test_the_real_client_library_gets_the_same_from_both(
    stage: Stage, panda_server: PandaServer
) -> None:
    async with connected(stage) as client:
        done = await submit(client)
        stage.refine(done, Refined("done", files=2, finished=2, jobs=[("JINR_SPD", "finished", 2)]))
        job_ids, _ = await client.job_ids(done)
    address = f"{stage.url}/server/panda"
    environment = panda_environment(panda_server) | {
        **dict.fromkeys(("PANDA_URL", "PANDA_URL_SSL", "PANDACACHE_URL"), address),
        "PANDA_AUTH": "oidc",
        "PANDA_AUTH_VO": "spd:production",
        "PANDA_AUTH_ID_TOKEN": stage.token(MANAGER),
    }

    ran = await asyncio.to_thread(
        subprocess.run,
        [panda_server.python, CLIENT_SCRIPT, json.dumps(SIMULATION), str(done)],
        env=environment,
        cwd=panda_server.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )

    assert ran.returncode == 0, ran.stderr[-2000:]
    results = json.loads(ran.stdout.strip().splitlines()[-1])
    details = results.pop("details")
    # The server tells the jobs of a task in no order.
    results["jobs"][1].sort()
    assert results == {
        "submitted": [0, [0, f"succeeded. new jediTaskID={done + 1}"]],
        "status": [0, "done"],
        "missing": [255, None],
        "killed": [
            0,
            [False, "Command rejected: the kill command is not accepted if the task is in done status "],
        ],
        "jobs": [0, sorted(job_ids)],
    }
    code, (success, task) = details
    assert (code, success, task["taskName"], task["nFilesFinished"]) == (0, True, "PROD2025-014.SIM.1", 2)
