"""Subscriptions over HTTP, from a real server: events, resumption, refusals, and nothing left behind."""

import asyncio
import datetime as dt
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import uvicorn
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.practice.world import load_practice_world
from gateway.schema.answers import Answer
from gateway.schema.execution import Subscription, Told
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.feed import Feed
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from gateway.web.event_stream import EventStreamResponse
from gateway.web.serving import Server
from tests.support.databases import opened

AT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
STREAM = {"accept": "text/event-stream"}
WAIT_S = 60.0
TASKS = "subscription { taskChanged { jediTaskId status jobsFinished } }"


@dataclass
class Served:
    """A gateway on loopback, the database it reads, and a client of it."""

    database: Database
    feed: Feed
    server: Server
    client: httpx2.AsyncClient

    async def change(self, task_id: int, **content: object) -> None:
        """Let a task change as a background job would."""
        row = Task(jedi_task_id=task_id, **{"name": f"task {task_id}", "status": "running"} | content)  # type: ignore[arg-type]
        async with self.database.transaction() as session:
            await remember(session, [row], source=SourceName.PANDA, at=AT)

    def subscribe(self, query: str, **headers: str) -> Any:
        """Open a stream with POST."""
        return self.client.stream("POST", "/graphql", json={"query": query}, headers=STREAM | headers)


@asynccontextmanager
async def serving(database: Database, feed: Feed | None = None) -> AsyncIterator[Served]:
    feed = feed or Feed(database)
    app = create_app(Settings(open_access=True), database, clock=lambda: AT, feed=feed)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", log_config=None, lifespan="off")
    server = Server(config, before_stop=feed.close)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S) as client:
        yield Served(database, feed, server, client)
    server.should_exit = True
    async with asyncio.timeout(WAIT_S):
        await running


@pytest.fixture
async def served(database: Database) -> AsyncIterator[Served]:
    async with serving(database) as served:
        yield served


async def events(response: httpx2.Response) -> AsyncIterator[dict[str, str]]:
    """Give the events as their fields; comments are left out."""
    event: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(":")
            event[name] = value.removeprefix(" ")
        elif event:
            yield event
            event = {}


async def take(stream: AsyncIterator[dict[str, str]]) -> tuple[str | None, str, Any]:
    """Return the id, the kind and the content of the next event."""
    async with asyncio.timeout(WAIT_S):
        event = await anext(stream)
    return event.get("id"), event["event"], json.loads(event["data"] or "null")


async def until(condition: Any) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - what is waited for says nothing by itself
            await asyncio.sleep(0.01)


async def test_each_change_is_told_as_it_is_now(served: Served) -> None:
    async with served.subscribe(TASKS) as response:
        stream = events(response)
        await served.change(7, jobs_finished=1)
        first = await take(stream)
        await served.change(7, jobs_finished=2, status="done")
        second = await take(stream)

    assert (response.status_code, response.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )
    assert response.headers["cache-control"] == "no-store"
    assert first[:2] == ("1", "next")
    assert first[2]["data"] == {"taskChanged": {"jediTaskId": 7, "status": "running", "jobsFinished": 1}}
    assert second[0] == "2"
    assert second[2]["data"] == {"taskChanged": {"jediTaskId": 7, "status": "done", "jobsFinished": 2}}
    assert second[2]["extensions"]["freshness"].keys() == {"panda"}


async def test_only_the_task_that_was_asked_for_is_told(served: Served) -> None:
    query = "subscription($id: BigInt) { taskChanged(jediTaskId: $id) { jediTaskId } }"
    body = {"query": query, "variables": {"id": 8}}
    async with served.client.stream("POST", "/graphql", json=body, headers=STREAM) as response:
        await served.change(7)
        await served.change(8)
        event = await take(events(response))

    assert (event[0], event[2]["data"]) == ("2", {"taskChanged": {"jediTaskId": 8}})


async def test_get_streams_too(served: Served) -> None:
    async with served.client.stream("GET", "/graphql", params={"query": TASKS}, headers=STREAM) as response:
        await served.change(7)
        event = await take(events(response))

    assert event[2]["data"]["taskChanged"]["jediTaskId"] == 7


@pytest.mark.parametrize("header", [{"cookie": "a=b"}, {"sec-fetch-site": "cross-site"}])
async def test_get_is_refused_where_it_is_for_queries(served: Served, header: dict[str, str]) -> None:
    answer = await served.client.get("/graphql", params={"query": TASKS}, headers=STREAM | header)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "CROSS_SITE")


async def test_a_reader_goes_on_after_the_last_event_it_saw(served: Served) -> None:
    for task_id in (1, 2, 3):
        await served.change(task_id)

    async with served.subscribe(TASKS, **{"last-event-id": "1"}) as response:
        stream = events(response)
        await served.change(4)
        ids = [(await take(stream))[0] for _ in range(3)]

    assert ids == ["2", "3", "4"]


async def test_a_number_that_is_forgotten_is_refused_as_an_event(served: Served) -> None:
    async with served.subscribe(TASKS, **{"last-event-id": "99"}) as response:
        stream = events(response)
        refused, end = await take(stream), await take(stream)

    assert refused[:2] == (None, "next")
    assert refused[2]["errors"][0]["extensions"]["code"] == "EVENTS_FORGOTTEN"
    assert "data" not in refused[2]
    assert end == (None, "complete", None)


@pytest.mark.parametrize("number", ["one", "-1", "٣", "9" * 30])
async def test_what_is_no_number_is_refused(served: Served, number: str) -> None:
    answer = await served.client.post(
        "/graphql", json={"query": TASKS}, headers=STREAM | {"last-event-id": number.encode()}
    )

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { name } }", None),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { taskChanged(jediTaskId: true) { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a: syncChanged { name } b: syncChanged { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { requestChanged(name: "\\u0000") { name } }', "BAD_VALUE"),
    ],
)
async def test_other_answers_are_one_next_and_complete(served: Served, query: str, code: str | None) -> None:
    async with served.subscribe(query) as response:
        stream = events(response)
        answer, end = await take(stream), await take(stream)

    problems = answer[2].get("errors", [])
    assert (response.status_code, answer[:2], end[1]) == (200, (None, "next"), "complete")
    assert [problem["extensions"]["code"] for problem in problems] == ([code] if code else [])
    assert served.feed.readers == 0


async def test_who_takes_json_as_well_gets_json_for_a_query_and_events_for_a_subscription(
    served: Served,
) -> None:
    both = {"accept": "application/graphql-response+json, application/json, text/event-stream"}

    query = await served.client.post("/graphql", json={"query": "{ viewer { name } }"}, headers=both)
    async with served.client.stream("POST", "/graphql", json={"query": TASKS}, headers=both) as response:
        kind = response.headers["content-type"]

    assert query.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert kind == "text/event-stream; charset=utf-8"


async def test_without_the_event_stream_a_subscription_is_refused_with_what_to_do(served: Served) -> None:
    answer = await served.client.post("/graphql", json={"query": TASKS})

    [problem] = answer.json()["errors"]
    assert (answer.status_code, problem["extensions"]["code"]) == (400, "SUBSCRIPTION_NOT_SERVED")
    assert "Accept: text/event-stream" in problem["message"]


async def test_nothing_is_left_when_the_client_leaves(served: Served) -> None:
    async with served.subscribe(TASKS) as response:
        await served.change(7)
        await take(events(response))
        during = served.feed.readers

    await until(lambda: not served.feed.is_working)
    await until(lambda: served.server.server_state.tasks == set())
    assert (during, served.feed.readers) == (1, 0)
    assert [task for task in asyncio.all_tasks() if "events" in task.get_name()] == []


async def test_the_server_stops_at_once_and_its_readers_are_told_the_end(database: Database) -> None:
    async with serving(database) as served, served.subscribe(TASKS) as response:
        stream = events(response)
        await until(lambda: served.feed.readers == 1)
        began_s = time.monotonic()

        served.server.should_exit = True
        end = await take(stream)

    assert end[1] == "complete"
    assert time.monotonic() - began_s < 30


async def test_places_are_limited_and_free_again_when_a_reader_leaves(database: Database) -> None:
    async with serving(database, Feed(database, readers=1)) as served:
        async with served.subscribe(TASKS), served.subscribe(TASKS) as second:
            refused = await take(events(second))
        await until(lambda: not served.feed.is_working)
        async with served.subscribe(TASKS) as third:
            await served.change(7)
            told = await take(events(third))

    assert refused[2]["errors"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
    assert told[1] == "next"


async def test_a_reader_that_was_too_slow_is_told_so_last(database: Database) -> None:
    async with serving(database, Feed(database, queued=2)) as served, served.subscribe(TASKS) as response:
        rows = [Task(jedi_task_id=number, name=f"task {number}", status="running") for number in (1, 2, 3)]
        async with served.database.transaction() as session:
            await remember(session, rows, source=SourceName.PANDA, at=AT)
        stream = events(response)
        last, end = await take(stream), await take(stream)

    assert last[2]["errors"][0]["extensions"]["code"] == "TOO_SLOW"
    assert end[1] == "complete"


async def test_who_may_not_read_follows_nothing(database: Database) -> None:
    feed = Feed(database)
    app = create_app(Settings(open_access=False), database, feed=feed)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://gateway.test"
    ) as client:
        answer = await client.post("/graphql", json={"query": TASKS}, headers=STREAM)

    assert (answer.status_code, feed.readers) == (401, 0)


async def test_another_process_on_postgresql_is_heard(served: Served) -> None:
    if served.database.is_sqlite:
        pytest.skip("one process owns a SQLite file")
    async with (
        opened(served.database.url.render_as_string(hide_password=False)) as other,
        serving(other) as elsewhere,
        served.subscribe(TASKS) as here,
        elsewhere.subscribe(TASKS) as there,
    ):
        await served.change(7)
        await elsewhere.change(8)
        told = [[(await take(stream))[0] for _ in range(2)] for stream in (events(here), events(there))]

    assert told == [["1", "2"], ["1", "2"]]


async def test_requests_and_sources_are_told_when_they_change(served: Served) -> None:
    async with (
        served.subscribe('subscription { requestChanged(name: "PROD2025-013") { name } }') as request,
        served.subscribe("subscription { syncChanged(source: RUCIO) { name } }") as source,
    ):
        await load_practice_world(served.database, at=AT)
        changed, synced = await take(events(request)), await take(events(source))

    assert changed[2]["data"] == {"requestChanged": {"name": "PROD2025-013"}}
    assert synced[2]["data"] == {"syncChanged": {"name": "RUCIO"}}


async def test_a_task_of_a_request_that_nobody_made_tells_nothing_of_it(own_world: Database) -> None:
    async with (
        serving(own_world) as served,
        served.subscribe("subscription { requestChanged { name } }") as response,
    ):
        await served.change(7, request_name="PROD2026-999")
        async with own_world.transaction() as session:
            tell(session, EventKind.REQUEST, "PROD2025-013", at=AT)
        event = await take(events(response))

    assert event[2]["data"] == {"requestChanged": {"name": "PROD2025-013"}}


class Wire:
    """A client without a network: it stays until told to leave, and reads only while it is willing."""

    def __init__(self, *, reads: int = 1000) -> None:
        self.bodies: list[bytes] = []
        self.left = asyncio.Event()
        self._reads = reads

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            if len(self.bodies) == self._reads:
                await asyncio.Event().wait()
            self.bodies.append(message["body"])


def subscription(closed: list[str], *bodies: bytes) -> Subscription:
    """A subscription with these answers, and then none for ever."""

    async def answers() -> AsyncGenerator[Told, None]:
        for number, body in enumerate(bodies):
            yield Told(number, Answer(body, is_executed=True))
        await asyncio.Event().wait()

    stack = AsyncExitStack()
    stack.callback(closed.append, "closed")
    return Subscription(answers(), stack)


async def test_a_quiet_stream_is_kept_alive_with_comments() -> None:
    wire, closed = Wire(), list[str]()
    response = EventStreamResponse(subscription(closed, b"{}"), keep_alive_s=0.01)

    async with asyncio.timeout(WAIT_S):
        sending = asyncio.create_task(response({}, wire.receive, wire.send))
        await until(lambda: len(wire.bodies) >= 4)
        wire.left.set()
        await sending

    assert wire.bodies[:4] == [b":\n\n", b"id: 0\nevent: next\ndata: {}\n\n", b":\n\n", b":\n\n"]
    assert closed == ["closed"]


async def test_a_client_that_does_not_read_is_given_up() -> None:
    wire, closed = Wire(reads=2), list[str]()
    response = EventStreamResponse(subscription(closed, b"{}", b"{}"), send_timeout_s=0.05)

    with capture_logs() as logs:
        async with asyncio.timeout(WAIT_S):
            await response({}, wire.receive, wire.send)

    assert (len(wire.bodies), closed) == (2, ["closed"])
    assert [line["action"] for line in logs] == ["events.stuck"]
