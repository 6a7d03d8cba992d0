"""PanDA's answers, good and bad, as the adapter reads them."""

import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

import httpx2
import pytest

from gateway.errors import (
    BrokenError,
    BusyError,
    DeniedError,
    GarbledError,
    NotOfferedError,
    UpstreamError,
)
from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS
from gateway.upstreams.http import Manners
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.feeds import Ids, JobCountsFeed, TasksFeed
from gateway.upstreams.panda.translate import task_record
from gateway.upstreams.panda.upstream import PandaUpstream
from gateway.upstreams.ports import Feed, Page

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
DATE = "Sun, 01 Mar 2026 12:00:00 GMT"
Handler = Callable[[httpx2.Request], httpx2.Response]
LISTING = "/api/v1/task/get_tasks_detailed_info_since"


class InPieces(httpx2.AsyncByteStream):
    """A body that comes a few bytes at a time."""

    def __init__(self, content: bytes, size: int = 7) -> None:
        self.content, self.size = content, size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), self.size):
            yield self.content[start : start + self.size]


def answer(data: object, *, success: bool = True, message: str = "") -> httpx2.Response:
    """An answer as panda-server frames it: chunked, and called text."""
    content = json.dumps({"success": success, "message": message, "data": data}).encode()
    headers = {"content-type": "text/plain", "date": DATE, "transfer-encoding": "chunked"}
    return httpx2.Response(200, headers=headers, stream=InPieces(content))


def forbidden(text: str) -> httpx2.Response:
    return httpx2.Response(403, text=f"ERROR : {text}", headers={"date": DATE})


def wire_task(task_id: int, **changed: object) -> Mapping[str, object]:
    return {
        "jediTaskID": task_id,
        "taskName": f"PROD2025-{task_id:03}.SIM.1",
        "status": "running",
        "userName": "Production Manager",
        "modificationTime": {"__datetime__": "2026-03-01T10:00:00.250000"},
        "creationDate": {"__datetime__": "2026-02-01T10:00:00"},
        "parent_tid": task_id,
        "nFiles": 10,
        "nFilesFinished": 4,
        "nFilesFailed": 1,
        "raw_task_params": {},
        **changed,
    }


def client(handler: Handler) -> PandaClient:
    return PandaClient(
        "https://panda.example.org",
        token=lambda: "a-token",
        origin="spd:production",
        manners=Manners(per_second=1e6, burst=1_000_000),
        transport=httpx2.MockTransport(handler),
    )


def ids(*values: int) -> Ids:
    async def given() -> Collection[int]:
        return values

    return given


async def read(pages: AsyncIterator[Page]) -> Sequence[Mapping[str, object]]:
    return [record async for page in pages for record in page.records]


def tasks_feed(
    handler: Handler, *, known: Sequence[int] = (), canaries: Sequence[int] = (), room: int = 2_000
) -> TasksFeed:
    return TasksFeed(client(handler), known_ids=ids(*known), canaries=ids(*canaries), tasks_per_answer=room)


async def test_asks_for_everybodys_tasks_with_token_origin_and_json() -> None:
    asked: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return answer([wire_task(1)])

    found = await read(tasks_feed(handler).everything())

    assert [one["jedi_task_id"] for one in found] == [1]
    (request,) = asked
    assert request.url.path == LISTING
    assert json.loads(request.url.params["filters"]) == {"userName": "NOT NULL"}
    assert "since" not in request.url.params
    assert {name: request.headers[name] for name in ("authorization", "origin", "accept")} == {
        "authorization": "Bearer a-token",
        "origin": "spd:production",
        "accept": "application/json",
    }


def test_translates_every_field_that_panda_says() -> None:
    asked = {
        "nEvents": 40_000_000,
        "nEventsPerJob": 4000,
        "spdSubmissionKey": "key-1",
        "jobParameters": [
            {"type": "template", "param_type": "number", "value": "${MAXEVENTS},"},
            {"type": "template", "param_type": "number", "value": "${RNDMSEED}", "offset": 20000},
        ],
    }

    record = task_record(
        wire_task(
            362,
            nFiles=10_000,
            nFilesFinished=9_990,
            nFilesFailed=10,
            raw_task_params=asked,
            parent_tid=361,
            taskPriority=900,
            currentPriority=None,
            coreCount=1,
            newFieldOfTomorrow=[1],
            modificationTime="2026-03-01T10:00:00+00:00",
            creationDate=None,
        )
    )

    assert {name: value for name, value in record.items() if value is not None} == {
        "jedi_task_id": 362,
        "name": "PROD2025-362.SIM.1",
        "status": "running",
        "user_name": "Production Manager",
        "parent_task_id": 361,
        "modified_at": "2026-03-01T10:00:00+00:00",
        "priority": 900,
        "core_count": 1,
        "jobs_expected": 10_000,
        "jobs_finished": 9_990,
        "jobs_failed": 10,
        "events_reported": 40_000_000,
        "events_per_job": 4000,
        "seed_first": 20_001,
        "seed_last": 30_000,
        "submission_key": "key-1",
    }
    assert set(record) <= SECTIONS[SourceName.PANDA][0].fields


def test_never_guesses_a_seed_or_a_number_of_jobs() -> None:
    without_offset = {
        "nEvents": 40,
        "nEventsPerJob": 4,
        "jobParameters": [{"param_type": "number", "value": "${RNDMSEED}"}],
    }

    record = task_record(wire_task(1, nFiles=0, raw_task_params=without_offset))
    several = task_record(wire_task(1, nFiles=10, raw_task_params={"nFilesPerJob": 4}))

    assert [record[name] for name in ("seed_first", "seed_last", "jobs_expected", "jobs_finished")] == [
        None
    ] * 4
    assert [several[name] for name in ("jobs_expected", "jobs_finished", "jobs_failed")] == [3, None, None]


def test_names_a_task_that_is_not_refined_yet_as_it_was_submitted() -> None:
    asked = {"taskName": "PROD2025-014.SIM.1", "userName": "prodman"}

    record = task_record(
        wire_task(7, taskName="6d9c0a5e-uuid", userName="tobeset", status="registered", raw_task_params=asked)
    )

    assert (record["name"], record["user_name"]) == ("PROD2025-014.SIM.1", "prodman")


async def test_reads_moments_as_utc_out_of_small_pieces() -> None:
    found = await read(tasks_feed(lambda _: answer([wire_task(1), wire_task(2)])).everything())

    assert [(one["modified_at"], one["created_at"]) for one in found] == [
        ("2026-03-01T10:00:00.250000+00:00", "2026-02-01T10:00:00+00:00")
    ] * 2


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (httpx2.Response(200, html="<html><body>Welcome</body></html>"), GarbledError),
        (httpx2.Response(200, text="{'success': True, 'message': '', 'data': []}"), GarbledError),
        (httpx2.Response(200, text='{"success": true, "message": "", "data": [{"jediTaskID"'), GarbledError),
        (httpx2.Response(200, text='{"success": true, "data": []} {}'), GarbledError),
        (httpx2.Response(200, text='{"message": "", "data": []}'), GarbledError),
        (httpx2.Response(200, text="[]"), GarbledError),
        (answer({"a": 1}), GarbledError),
        (answer(["no task"]), GarbledError),
        (httpx2.Response(200, stream=InPieces(b'{"success": true, "data": []}')), GarbledError),
        (answer(None, success=False, message="Failed to retrieve task IDs"), BrokenError),
        (answer(None, success=False, message="SSL secure connection is required"), DeniedError),
        (forbidden("Token authentication failed. Invalid token. Signature has expired"), DeniedError),
        (forbidden("Token authentication failed. Token decode failure. Traceback ..."), DeniedError),
        (forbidden("method get_tasks_detailed_info_since is forbidden"), NotOfferedError),
        (httpx2.Response(403, html="<html>proxy</html>"), DeniedError),
        (httpx2.Response(401), DeniedError),
        (httpx2.Response(429, headers={"retry-after": "7"}), BusyError),
        (httpx2.Response(500, html="<html>Oops</html>"), BrokenError),
    ],
)
async def test_decides_by_words_and_never_takes_a_bad_answer_for_a_list(
    given: httpx2.Response, error: type[UpstreamError]
) -> None:
    with pytest.raises(UpstreamError) as raised:
        await read(tasks_feed(lambda _: given).everything())

    assert type(raised.value) is error
    assert "Traceback" not in raised.value.message


async def test_an_empty_list_is_not_believed_without_a_task_that_proves_it() -> None:
    with pytest.raises(GarbledError, match="no task at all"):
        await read(tasks_feed(lambda _: answer([])).everything())


async def test_a_list_that_lacks_a_task_which_must_be_there_is_refused() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == LISTING:
            return answer([wire_task(1)])
        return answer(None, success=False, message="Task not found or error retrieving task info")

    whole = await read(tasks_feed(handler, canaries=(1,)).everything())
    with pytest.raises(GarbledError, match="lacks task 2"):
        await read(tasks_feed(handler, canaries=(1, 2)).everything())

    assert len(whole) == 1


async def test_half_a_list_is_refused_when_a_known_task_belongs_to_it() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return answer([wire_task(1)] if request.url.path == LISTING else wire_task(2))

    with pytest.raises(GarbledError, match="left task 2 out"):
        await read(tasks_feed(handler, known=(1, 2)).everything())


async def test_known_tasks_older_than_the_list_are_read_one_by_one() -> None:
    old = wire_task(2, status="exhausted", modificationTime={"__datetime__": "2025-10-01T00:00:00"})

    def handler(request: httpx2.Request) -> httpx2.Response:
        return answer([wire_task(1)] if request.url.path == LISTING else old)

    found = await read(tasks_feed(handler, known=(1, 2)).everything())

    assert [(one["jedi_task_id"], one["status"]) for one in found] == [(1, "running"), (2, "exhausted")]


async def test_a_full_answer_is_asked_for_again_state_by_state_until_it_is_whole() -> None:
    world = {n: wire_task(n, status="done" if n % 2 else "running") for n in range(1, 31)}
    asked: list[tuple[str | None, int]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        status = json.loads(request.url.params["filters"]).get("status")
        room = int(request.url.params["n_tasks"])
        asked.append((status, room))
        # Any of the tasks, in no order, as many as there is room for.
        return answer([one for one in reversed(world.values()) if status in (None, one["status"])][:room])

    found = await read(tasks_feed(handler, room=10).everything())

    assert {one["jedi_task_id"] for one in found} == set(world)
    assert [one for one in asked if one[0] == "done"] == [("done", 10), ("done", 40)]


async def test_changes_are_asked_for_with_an_overlap_and_refused_beyond_the_window() -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.params["since"])
        return answer([wire_task(1)])

    found = await read(tasks_feed(handler).changes(NOW - dt.timedelta(minutes=5)))
    with pytest.raises(NotOfferedError):
        await read(tasks_feed(handler).changes(NOW - dt.timedelta(days=91)))

    assert len(found) == 1
    assert asked[0] == "2026-03-01 10:55:00"


async def test_no_changes_are_believed_only_while_panda_finds_what_must_be_there() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == LISTING:
            return answer([])
        found = request.url.params["task_id"] == "1"
        return answer("done") if found else answer(None, success=False, message="Task not found")

    assert await read(tasks_feed(handler, canaries=(1,)).changes(NOW)) == []
    with pytest.raises(GarbledError, match="lacks task 2"):
        await read(tasks_feed(handler, canaries=(2,)).changes(NOW))


async def test_an_older_server_is_read_task_by_task() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        match request.url.path.rpartition("/")[2]:
            case "get_status":
                return answer("finished")
            case "get_task_parameters":
                return answer({"taskName": "PROD2025-001.SIM.1", "userName": "prodman", "nEvents": 40})
            case method:
                return forbidden(f"method {method} is forbidden")

    (found,) = await read(tasks_feed(handler, known=(1,)).everything())
    with pytest.raises(NotOfferedError):
        await read(tasks_feed(handler).everything())

    assert {
        name: found[name] for name in ("jedi_task_id", "name", "status", "user_name", "events_reported")
    } == {
        "jedi_task_id": 1,
        "name": "PROD2025-001.SIM.1",
        "status": "finished",
        "user_name": "prodman",
        "events_reported": 40,
    }


def counting(handler: Handler, told: list[tuple[int, int | None]]) -> JobCountsFeed:
    async def tell(task_id: int, seconds: int | None) -> None:
        told.append((task_id, seconds))

    return JobCountsFeed(client(handler), task_ids=ids(5), tell_core_seconds=tell)


def wire_job(queue: str, state: str, *, cores: int | None = 2) -> Mapping[str, object]:
    times = {
        "startTime": {"__datetime__": "2026-03-01T00:00:00"},
        "endTime": {"__datetime__": "2026-03-01T01:00:00"},
    }
    return {"computingSite": queue, "jobStatus": state, "actualCoreCount": cores, **times}


async def test_counts_jobs_in_bounded_pages_and_adds_up_what_they_used() -> None:
    pages: list[int] = []
    told: list[tuple[int, int | None]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("get_job_ids"):
            return answer(list(range(1, 2502)))
        asked = json.loads(request.content)["job_ids"]
        pages.append(len(asked))
        return answer([wire_job("PNPI_SPD", "failed" if one % 2 else "finished") for one in asked])

    found = await read(counting(handler, told).everything())

    assert pages == [*[250] * 10, 1]
    assert [(one["queue_name"], one["job_state"], one["jobs"]) for one in found] == [
        ("PNPI_SPD", "failed", 1251),
        ("PNPI_SPD", "finished", 1250),
    ]
    assert told == [(5, 2501 * 7200)]


@pytest.mark.parametrize(
    "jobs", [[wire_job("A", "finished"), None], [wire_job("A", "finished", cores=None)] * 2]
)
async def test_core_seconds_stay_unknown_while_a_job_does_not_say(jobs: Sequence[object]) -> None:
    told: list[tuple[int, int | None]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        return answer([1, 2] if request.url.path.endswith("get_job_ids") else jobs)

    await read(counting(handler, told).everything())

    assert told == [(5, None)]


@pytest.mark.parametrize(("seconds", "counted"), [(60.0, [9, 3, 5]), (0.0, [])])
async def test_tasks_are_counted_in_the_order_given_and_none_is_begun_when_the_time_is_up(
    seconds: float, counted: Sequence[int]
) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return answer([1] if request.url.path.endswith("get_job_ids") else [wire_job("A", "finished")])

    feed = JobCountsFeed(client(handler), task_ids=ids(9, 3, 5), counting_s=seconds)

    assert [one["jedi_task_id"] for one in await read(feed.everything())] == counted


async def test_no_jobs_and_too_few_jobs_are_never_a_count() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return answer([1, 2] if request.url.path.endswith("get_job_ids") else [wire_job("A", "finished")])

    assert [page async for page in counting(lambda _: answer([]), []).everything()] == []
    with pytest.raises(GarbledError, match="1 of 2 jobs"):
        await read(counting(handler, []).everything())


async def test_looks_at_versions_without_doing_anything() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        method = request.url.path.rpartition("/")[2]
        if method == "get_tasks_detailed_info_since":
            return forbidden(f"method {method} is forbidden")
        assert (request.method, method) != ("POST", "submit")
        return answer(
            None, success=False, message="Task not found" if method == "get_status" else "expecting GET"
        )

    upstream = PandaUpstream(
        client(handler),
        known_ids=ids(),
        canaries=ids(),
        ids_to_count=ids(),
        clock=lambda: NOW - dt.timedelta(minutes=10),
    )
    health = await upstream.look()

    assert (health.is_ok, health.version, health.clock_ahead_s) == (False, "0.8.1 or newer", 600.0)
    assert health.capabilities["task/submit"]
    assert [words.split(" ")[0:2] for words in health.advice] == [["The", "clocks"], ["This", "PanDA"]]


def test_keeps_the_promises_of_a_feed() -> None:
    feeds: Sequence[Feed] = (tasks_feed(lambda _: answer([])), counting(lambda _: answer([]), []))

    assert [(feed.name, feed.sections) for feed in feeds] == [
        ("panda.tasks", ("tasks",)),
        ("panda.job_counts", ("job_counts",)),
    ]
