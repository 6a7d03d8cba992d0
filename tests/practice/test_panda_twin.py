"""The practice PanDA: its tasks move on its clock, and its faults are the real ones'."""

import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.errors import (
    BusyError,
    DeniedError,
    GarbledError,
    NotOfferedError,
    SlowError,
    UnreachableError,
    UpstreamError,
)
from gateway.practice import productions
from gateway.practice.faults import Fault, Faults
from gateway.practice.panda_tasks import PandaState, TwinTask, tasks_of_snapshot
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS
from gateway.upstreams.http import Manners
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.feeds import JobCountsFeed, TasksFeed
from gateway.upstreams.ports import Page
from tests.support.manners import QUICK, manners_under
from tests.support.serving import served

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
NO_ARCHITECTURE = "failed to extract common parameters with KeyError:'architecture'"
TASKS = "/api/v1/task"
SIMULATION: Mapping[str, object] = {
    "taskName": "PROD2026-001.SIM.1",
    "vo": "spd",
    "prodSourceLabel": "managed",
    "taskType": "prod",
    "architecture": "",
    "transUses": "",
    "transHome": "",
    "nEvents": 4_000,
    "nEventsPerJob": 4,
    "jobParameters": [],
}


@dataclass
class Twin:
    """A served twin, its clock, and a client for it."""

    now: dt.datetime = START
    state: PandaState = field(default_factory=PandaState)
    faults: Faults = field(default_factory=Faults)
    url: str = ""

    def submit(self, **changed: object) -> TwinTask:
        return self.state.submit({**SIMULATION, **changed}, user="prodman", parent_id=None, now=self.now)

    def after(self, **time: float) -> None:
        self.now += dt.timedelta(**time)
        self.state.advance(self.now)


@pytest.fixture
def twin() -> Iterator[Twin]:
    twin = Twin()
    identity = Identity("Production Manager", frozenset({"spd", "spd/production"}))
    app = create_panda_twin(
        twin.state, clock=lambda: twin.now, identify=lambda _token: identity, faults=twin.faults
    )
    with served(app, date_header=False) as url:
        twin.url = url
        yield twin


@asynccontextmanager
async def connected(url: str, manners: Manners = QUICK) -> AsyncIterator[PandaClient]:
    client = PandaClient(url, token=lambda: "a-token", origin="spd:production", manners=manners)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client(twin: Twin) -> AsyncIterator[PandaClient]:
    async with connected(twin.url) as client:
        yield client


def tasks_feed(client: PandaClient, *ids: int) -> TasksFeed:
    async def known() -> Collection[int]:
        return ids

    return TasksFeed(client, known_ids=known, canaries=known)


async def read(pages: AsyncIterator[Page]) -> list[Mapping[str, object]]:
    return [record async for page in pages for record in page.records]


def test_a_task_goes_through_the_states_of_jedi_to_a_partial_end() -> None:
    published: list[tuple[str, int]] = []
    twin = Twin(state=PandaState(failure_rate=0.05))
    twin.state.publish = lambda task: published.append((task.status, task.files_finished))
    task = twin.submit()
    seen = [task.status]

    for _ in range(60):
        twin.after(minutes=1)
        seen += [task.status] if task.status != seen[-1] else []

    assert seen == [
        "waiting",
        "registered",
        "defined",
        "ready",
        "scouting",
        "running",
        "prepared",
        "finished",
    ]
    assert task.files == 1_000
    assert task.files_finished + task.files_failed == 1_000
    assert 20 < task.files_failed < 80
    assert published[-1] == ("finished", task.files_finished)
    assert len({finished for status, finished in published if status == "running"}) == 10


def test_the_same_moments_give_the_same_tasks_in_one_step_or_in_many() -> None:
    slow, quick = Twin(), Twin()
    for twin in (slow, quick):
        twin.submit()
    for _ in range(45):
        slow.after(minutes=1)
    quick.after(minutes=45)

    assert slow.state.tasks == quick.state.tasks


def test_failed_jobs_are_tried_again_by_a_retry_and_stay_in_the_list() -> None:
    twin = Twin(state=PandaState(failure_rate=0.05))
    task = twin.submit()
    twin.after(hours=2)
    failed = task.files_failed

    answer = twin.state.command(task.task_id, "retry", now=twin.now)
    twin.after(hours=1)

    assert answer[0] == 0
    assert (task.status, task.files_finished, task.files_failed) == ("done", 1_000, 0)
    states = Counter(task.job(index).state for index in range(task.jobs))
    assert states == {"finished": 1_000, "failed": 3 * failed}


def test_commands_work_a_while_after_they_were_given() -> None:
    twin = Twin()
    task = twin.submit()
    twin.after(minutes=12)

    twin.state.command(task.task_id, "pause", now=twin.now)
    at_once = task.status
    twin.after(minutes=2)
    paused = (task.status, task.old_status)
    twin.state.command(task.task_id, "resume", now=twin.now)
    twin.after(minutes=2)
    resumed = task.status
    twin.state.command(task.task_id, "kill", now=twin.now)
    twin.after(minutes=5)

    assert (at_once, paused, resumed, task.status) == ("running", ("paused", "running"), "running", "aborted")


def test_a_reconstruction_waits_for_its_simulation_and_a_bad_task_breaks() -> None:
    twin = Twin(state=PandaState(failure_rate=0.0))
    parent = twin.submit()
    child = twin.state.submit(
        {**SIMULATION, "taskName": "PROD2026-001.RECO.1"},
        user="prodman",
        parent_id=parent.task_id,
        now=twin.now,
    )
    bad = twin.submit()
    del bad.parameters["architecture"]

    twin.after(minutes=12)
    early = (parent.status, child.status, bad.status, bad.error)
    twin.after(hours=2)
    twin.after(hours=2)

    assert early == ("running", "pending", "broken", NO_ARCHITECTURE)
    assert (parent.status, child.status) == ("done", "done")


async def test_the_practice_world_comes_out_as_it_went_in(twin: Twin, client: PandaClient) -> None:
    records = list(productions.tasks())
    for task in tasks_of_snapshot(records, productions.job_counts(), now=twin.now):
        twin.state.tasks[task.task_id] = task

    found = await read(tasks_feed(client, 362).everything())

    section = SECTIONS[SourceName.PANDA][0]
    assert len(found) == len(records)
    by_id = {one["jedi_task_id"]: one for one in found}
    said = ("name", "status", "events_reported", "events_per_job", "started_at", "ended_at")
    for record in records:
        section.row(by_id[record["jedi_task_id"]])
        assert [by_id[record["jedi_task_id"]].get(name) for name in said] == [
            record.get(name) for name in said
        ]
    assert (by_id[362]["seed_first"], by_id[362]["jobs_finished"]) == (10_001, 10_000)


async def test_ten_thousand_jobs_are_counted_as_the_world_has_them(twin: Twin, client: PandaClient) -> None:
    counts = [one for one in productions.job_counts() if one["jedi_task_id"] == 362]
    for task in tasks_of_snapshot(productions.tasks(), counts, now=twin.now):
        twin.state.tasks[task.task_id] = task

    async def wanted() -> Collection[int]:
        return [362]

    found = await read(JobCountsFeed(client, task_ids=wanted).everything())

    key = lambda one: str(one["queue_name"])  # noqa: E731 - a sort key
    assert sorted(found, key=key) == sorted(counts, key=key)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.REFUSE, UpstreamError),
        (Fault.RESET, UpstreamError),
        (Fault.HANG, SlowError),
        (Fault.DRIP, SlowError),
        (Fault.CUT_CHUNKED, GarbledError),
        (Fault.CUT_UNCHUNKED, GarbledError),
        (Fault.UNAUTHORIZED, DeniedError),
        (Fault.FORBIDDEN, DeniedError),
        (Fault.TOO_MANY, BusyError),
        (Fault.HTML_500, UpstreamError),
        (Fault.HTML_200, GarbledError),
        (Fault.EMPTY_LIST, GarbledError),
        (Fault.HALF_LIST, GarbledError),
        (Fault.GARBAGE, GarbledError),
        (Fault.HUGE_BODY, GarbledError),
    ],
)
async def test_no_fault_passes_for_a_list_and_the_next_reading_is_whole(
    twin: Twin, client: PandaClient, fault: Fault, error: type[UpstreamError]
) -> None:
    made = [twin.submit().task_id for _ in range(10)]
    twin.after(minutes=20)
    twin.after(hours=3)

    twin.faults.plan(fault, path=f"{TASKS}/get_tasks_detailed_info_since")
    async with connected(twin.url, manners_under(fault)) as asking:
        with pytest.raises(error):
            await read(tasks_feed(asking, *made).everything())
    twin.faults.clear()
    found = await read(tasks_feed(client, *made).everything())

    assert len(found) == 10


async def test_doubled_records_and_another_clock_lose_nothing(twin: Twin, client: PandaClient) -> None:
    made = [twin.submit().task_id for _ in range(3)]
    twin.after(hours=3)

    twin.faults.plan(Fault.DOUBLED_KEYS)
    doubled = await read(tasks_feed(client, *made).everything())
    twin.faults.clear()
    twin.faults.plan(Fault.CLOCK_OFF)
    pages = [page async for page in tasks_feed(client, *made).everything()]

    assert sorted({one["jedi_task_id"] for one in doubled}) == made
    assert pages[0].taken_at == twin.now + dt.timedelta(minutes=10)


async def test_without_a_server_it_cannot_be_reached() -> None:
    async with connected("http://127.0.0.1:9") as client:
        with pytest.raises(UnreachableError):
            await read(tasks_feed(client, 1).everything())


async def test_an_older_server_is_read_by_ids() -> None:
    twin = Twin()
    task = twin.submit()
    twin.after(hours=3)
    newer = frozenset({"task/get_tasks_detailed_info_since", "task/get_detailed_info"})
    identity = Identity("Production Manager", frozenset({"spd/production"}))
    app = create_panda_twin(
        twin.state, clock=lambda: twin.now, identify=lambda _token: identity, without=newer
    )

    with served(app, date_header=False) as url:
        async with connected(url) as client:
            (found,) = await read(tasks_feed(client, task.task_id).everything())
            with pytest.raises(NotOfferedError):
                await read(tasks_feed(client).everything())

    assert (found["name"], found["status"]) == ("PROD2026-001.SIM.1", task.status)
