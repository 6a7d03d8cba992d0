"""Whole lists as files: the rows that GraphQL gives to the same viewer, however many, a page at a time."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from starlette.requests import Request

from gateway.app import create_executor
from gateway.auth.allowance import Allowance
from gateway.auth.permissions import Right, Role, rights_of
from gateway.auth.viewer import Viewer
from gateway.errors import BrokenExportError, UnauthenticatedError
from gateway.schema.answers import Answer
from gateway.schema.build import build_schema
from gateway.schema.exports import listings_of
from gateway.store.database import Database
from gateway.web.export import ExportEndpoint, cell
from tests.conftest import LOADED_AT
from tests.support.asking import ALL_RIGHTS, Asker


def rows_of(response: httpx2.Response) -> list[list[str]]:
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.text, newline="")))


def problem(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


async def test_a_list_is_written_as_csv_with_the_columns_asked_for(
    client: httpx2.AsyncClient, ask: Asker
) -> None:
    response = await client.get("/export/tasks.csv", params={"fields": "jediTaskId,status,user.username"})
    expected = await ask("{ tasks(first: 1000) { nodes { jediTaskId status user { username } } } }")

    header, *rows = rows_of(response)
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["content-disposition"] == 'attachment; filename="tasks.csv"'
    assert header == ["jediTaskId", "status", "user.username"]
    assert rows == [
        [str(node["jediTaskId"]), node["status"], (node["user"] or {}).get("username", "")]
        for node in expected["tasks"]["nodes"]
    ]


async def test_a_list_is_written_as_ndjson_one_object_a_line(client: httpx2.AsyncClient, ask: Asker) -> None:
    response = await client.get("/export/sites.ndjson", params={"fields": "name,queues"[:4]})
    expected = await ask("{ sites(first: 1000) { nodes { name } } }")

    assert response.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in response.text.splitlines()] == expected["sites"]["nodes"]


async def test_without_columns_every_value_of_a_row_is_written(client: httpx2.AsyncClient) -> None:
    header, *rows = rows_of(await client.get("/export/requests.csv"))

    assert {"id", "name", "intent", "events"} <= set(header)
    assert len(rows) > 10
    assert all(len(row) == len(header) for row in rows)


@pytest.mark.parametrize("name", sorted(listings_of(build_schema()._schema)))
async def test_every_list_can_be_exported_by_whoever_may_read_it(world: Database, name: str) -> None:
    async with exporting(world, ALL_RIGHTS) as client:
        response = await client.get(f"/export/{name}.csv")

    header, *_rows = rows_of(response)
    assert len(header) > 2


async def test_filter_and_order_are_those_of_graphql(client: httpx2.AsyncClient, ask: Asker) -> None:
    condition = {"status": {"eq": "done"}}
    response = await client.get(
        "/export/tasks.csv", params={"fields": "jediTaskId", "filter": json.dumps(condition)}
    )
    expected = await ask(
        "query($f: TaskFilter) { tasks(first: 1000, filter: $f) { nodes { jediTaskId } } }", f=condition
    )

    _header, *rows = rows_of(response)
    assert rows == [[str(node["jediTaskId"])] for node in expected["tasks"]["nodes"]]
    assert len(rows) > 0


@pytest.mark.parametrize(
    ("path", "parameters", "refused"),
    [
        ("/export/secrets.csv", {}, (404, "NO_SUCH_EXPORT")),
        ("/export/tasks.xls", {}, (404, "NO_SUCH_EXPORT")),
        ("/export/viewer.csv", {}, (404, "NO_SUCH_EXPORT")),
        ("/export/tasks.csv", {"fields": "password"}, (400, "BAD_INPUT")),
        ("/export/tasks.csv", {"fields": "user"}, (400, "BAD_INPUT")),
        ("/export/tasks.csv", {"fields": "name } } x: tasks { nodes { name"}, (400, "BAD_INPUT")),
        ("/export/tasks.csv", {"fields": "name,name"}, (400, "BAD_INPUT")),
        ("/export/tasks.csv", {"filter": "{"}, (400, "BAD_INPUT")),
        ("/export/tasks.csv", {"filter": '{"password": 1}'}, (400, "BAD_USER_INPUT")),
        ("/export/tasks.csv", {"sort": '"x"'}, (400, "BAD_USER_INPUT")),
        ("/export/tasks.csv", {"limit": "5"}, (400, "BAD_INPUT")),
    ],
)
async def test_what_cannot_be_exported_is_refused_in_words(
    client: httpx2.AsyncClient, path: str, parameters: dict[str, str], refused: tuple[int, str]
) -> None:
    assert problem(await client.get(path, params=parameters)) == refused


async def test_strangers_get_no_file(stranger: httpx2.AsyncClient) -> None:
    assert problem(await stranger.get("/export/tasks.csv")) == (401, "UNAUTHENTICATED")


async def test_a_list_that_needs_a_right_is_refused_without_it(world: Database) -> None:
    few = Viewer("guest", rights_of([Role.VIEWER]) - {Right.READ_QUOTAS})

    async with exporting(world, few) as client:
        response = await client.get("/export/quotas.csv")

    assert problem(response) == (403, "FORBIDDEN")
    assert b"read_quotas" in response.content


def exporting(database: Database, viewer: Viewer, **settings: Any) -> httpx2.AsyncClient:
    async def viewer_of(_request: Request) -> Viewer:
        return viewer

    endpoint = ExportEndpoint(create_executor(database, lambda: LOADED_AT), viewer_of, **settings)
    transport = httpx2.ASGITransport(app=endpoint)
    return httpx2.AsyncClient(transport=transport, base_url="http://gateway.test")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=HYPERLINK()", "'=HYPERLINK()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (-1, -1),
        ("a=b", "a=b"),
        (True, "true"),
        (None, None),
        (["=a", "b"], "'=a b"),
    ],
)
def test_a_text_is_never_a_formula(value: object, written: object) -> None:
    assert cell(value) == written


async def test_an_export_ends_with_the_login_it_was_begun_with(world: Database) -> None:
    looked: list[str] = []

    async def recheck(viewer: Viewer) -> None:
        looked.append(viewer.name)
        if len(looked) == 2:
            raise UnauthenticatedError("your login has ended; log in and connect again")

    executor, endpoint = counted(world, recheck=recheck, recheck_every_s=0.0)
    stream = Stream(endpoint, lambda: executor.pages)

    with pytest.raises(BrokenExportError, match="an export cannot go on: your login has ended"):
        await stream.get("/export/tasks.ndjson", "fields=jediTaskId,name")

    assert (len(looked), executor.pages, stream.ended) == (2, 2, False)


class Stream:
    """An ASGI client that takes one piece of a body at a time, and says how many pages were read by then."""

    def __init__(self, endpoint: ExportEndpoint[Viewer], pages: Callable[[], int]) -> None:
        self._endpoint = endpoint
        self._pages = pages
        self.pieces: list[tuple[int, int]] = []
        self.ended = False

    async def get(self, path: str, query: str) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                if message.get("body"):
                    self.pieces.append((len(message["body"]), self._pages()))
                self.ended |= not message.get("more_body", False)

        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": "GET",
            "path": path,
            "headers": [],
            "query_string": query.encode(),
        }
        await self._endpoint(scope, receive, send)


class CountedExecutor:
    """An executor that counts the pages it was asked for, and can be told to fail at one."""

    def __init__(self, database: Database, allowance: Allowance | None = None, fails_at: int = 0) -> None:
        self._executor = create_executor(database, lambda: LOADED_AT, allowance=allowance)
        self._fails_at = fails_at
        self.schema = self._executor.schema
        self.pages = 0

    async def execute(self, request: Any, viewer: Viewer, *, only_queries: bool) -> Answer:
        self.pages += 1
        if self.pages == self._fails_at:
            viewer = Viewer("nobody")
        return await self._executor.execute(request, viewer, only_queries=only_queries)


def counted(database: Database, **settings: Any) -> tuple[CountedExecutor, ExportEndpoint[Viewer]]:
    async def viewer_of(_request: Request) -> Viewer:
        return ALL_RIGHTS

    given = {name: settings.pop(name) for name in ("wait", "recheck", "recheck_every_s") if name in settings}
    executor = CountedExecutor(database, **settings)
    return executor, ExportEndpoint(executor, viewer_of, page_rows=2, **given)  # type: ignore[arg-type]


async def test_no_page_is_read_before_the_one_before_it_was_taken(world: Database) -> None:
    executor, endpoint = counted(world)
    stream = Stream(endpoint, lambda: executor.pages)

    await stream.get("/export/tasks.ndjson", "fields=jediTaskId,name")

    assert stream.ended
    assert len(stream.pieces) == executor.pages > 5
    assert [pages for _size, pages in stream.pieces] == list(range(1, executor.pages + 1))
    assert max(size for size, _pages in stream.pieces) < 1_000


async def test_an_export_that_breaks_off_does_not_look_whole(world: Database) -> None:
    executor, endpoint = counted(world, fails_at=3)
    stream = Stream(endpoint, lambda: executor.pages)

    with pytest.raises(BrokenExportError):
        await stream.get("/export/tasks.csv", "fields=name")

    assert len(stream.pieces) == 2
    assert not stream.ended


async def test_who_runs_out_of_allowance_waits_and_gets_the_whole_list(world: Database) -> None:
    now = 0.0

    async def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    allowance = Allowance(20, fill_s=10, clock=lambda: now)
    executor, endpoint = counted(world, allowance=allowance, wait=wait)
    whole = Stream(endpoint, lambda: executor.pages)

    await whole.get("/export/tasks.ndjson", "fields=jediTaskId")

    assert whole.ended
    assert now >= 10
    free, unlimited = counted(world)
    other = Stream(unlimited, lambda: free.pages)
    await other.get("/export/tasks.ndjson", "fields=jediTaskId")
    assert [size for size, _ in whole.pieces] == [size for size, _ in other.pieces]
