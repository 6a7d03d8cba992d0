"""The endpoint speaks GraphQL over HTTP: methods, media types, status codes, and who may ask."""

import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.web.graphql import MAX_BODY_BYTES
from tests.web.application import sample_app
from tests.web.sample import OpenSample

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"


def code(answer: httpx2.Response) -> str:
    value = answer.json()["errors"][0]["extensions"]["code"]
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize(
    ("accept", "answered"),
    [(GRAPHQL_JSON, GRAPHQL_JSON), (JSON, JSON), ("*/*", JSON)],
)
async def test_answer_comes_in_the_media_type_asked_for(
    client: httpx2.AsyncClient, accept: str, answered: str
) -> None:
    answer = await client.post("/graphql", json={"query": "{ me }"}, headers={"accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{answered}; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.json() == {"data": {"me": "analyst"}}


async def test_unknown_media_type_is_refused(client: httpx2.AsyncClient, contexts: OpenSample) -> None:
    answer = await client.post("/graphql", json={"query": "{ me }"}, headers={"accept": "text/html"})

    assert (answer.status_code, code(answer), contexts.opened) == (406, "NOT_ACCEPTABLE", 0)


@pytest.mark.parametrize(
    ("query", "status", "status_in_plain_json"),
    [
        ("{ me }", 200, 200),
        ("{ me refused }", 200, 200),
        ("{", 400, 200),
        ("{ nothing }", 400, 200),
        ("query($n: Int!) { requests(first: $n) { totalCount } }", 400, 200),
        ("{ requests(first: 5000) { totalCount } }", 400, 400),
        ("subscription { me }", 400, 400),
        ("{ halfAPair }", 500, 500),
    ],
)
async def test_status_is_true_and_plain_json_gets_200_for_bad_documents(
    client: httpx2.AsyncClient, query: str, status: int, status_in_plain_json: int
) -> None:
    with capture_logs():
        answer = await client.post("/graphql", json={"query": query})
        plain = await client.post("/graphql", json={"query": query}, headers={"accept": JSON})

    assert (answer.status_code, plain.status_code) == (status, status_in_plain_json)
    assert ("data" in answer.json()) is (status == 200)
    assert answer.json() == plain.json()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
async def test_other_methods_are_refused_with_those_that_can_be_used(
    client: httpx2.AsyncClient, method: str
) -> None:
    answer = await client.request(method, "/graphql", json={"query": "{ me }"})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_get_answers_a_query_with_variables(client: httpx2.AsyncClient) -> None:
    answer = await client.get(
        "/graphql",
        params={
            "query": "query A { me } query B($t: String!) { echo(text: $t) }",
            "operationName": "B",
            "variables": '{"t": "событие"}',
            "extensions": "{}",
        },
    )

    assert (answer.status_code, answer.json()) == (200, {"data": {"echo": "событие"}})


@pytest.mark.parametrize(
    ("headers", "status", "refused_with"),
    [
        ({"accept": "*/*"}, 406, "NOT_ACCEPTABLE"),
        ({"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, 406, "NOT_ACCEPTABLE"),
        ({"sec-fetch-site": "cross-site"}, 403, "CROSS_SITE"),
        ({"sec-fetch-site": "same-site"}, 403, "CROSS_SITE"),
        ({"cookie": "session=1"}, 403, "CROSS_SITE"),
    ],
)
async def test_get_that_another_site_may_have_caused_is_refused(
    client: httpx2.AsyncClient, contexts: OpenSample, headers: dict[str, str], status: int, refused_with: str
) -> None:
    answer = await client.get("/graphql", params={"query": "{ me }"}, headers=headers)

    assert (answer.status_code, code(answer), contexts.opened) == (status, refused_with, 0)


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_get_from_our_own_pages_is_answered(client: httpx2.AsyncClient, site: str) -> None:
    answer = await client.get("/graphql", params={"query": "{ me }"}, headers={"sec-fetch-site": site})

    assert answer.status_code == 200


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, JSON])
async def test_get_never_changes_anything(
    client: httpx2.AsyncClient, contexts: OpenSample, accept: str
) -> None:
    query = 'mutation { rename(id: "1", name: "x") }'

    answer = await client.get("/graphql", params={"query": query}, headers={"accept": accept})

    assert (answer.status_code, code(answer), contexts.opened) == (405, "ONLY_QUERIES", 0)
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("query_string", "status", "refused_with"),
    [
        ("", 400, "BAD_REQUEST"),
        ("query=", 400, "BAD_REQUEST"),
        ("query=%7Bme%7D&query=%7Bme%7D", 400, "BAD_REQUEST"),
        ("query=%7Bme%7D&variables=%7B", 400, "BAD_REQUEST"),
        ("query=%7Bme%7D&variables=%5B%5D", 400, "BAD_REQUEST"),
        ("query=%7Bme%7D&variables=7", 400, "BAD_REQUEST"),
        ("query=%FF%FE", 400, "BAD_REQUEST"),
    ],
)
async def test_get_with_bad_parameters_is_refused(
    client: httpx2.AsyncClient, query_string: str, status: int, refused_with: str
) -> None:
    answer = await client.get(f"/graphql?{query_string}")

    assert (answer.status_code, code(answer)) == (status, refused_with)


async def test_query_string_above_the_limit_is_refused() -> None:
    allowed = await raw_request([], b"", method="GET", query_string=b"query=%7Bme%7D&x=" + b"x" * 48_000)
    refused = await raw_request([], b"", method="GET", query_string=b"query=%7Bme%7D&x=" + b"x" * 49_152)

    assert (allowed, refused) == (200, 414)


async def test_body_at_the_limit_is_read_and_one_byte_more_is_not(client: httpx2.AsyncClient) -> None:
    start = b'{"query": "{ me }", "variables": {"a": "'
    padding = MAX_BODY_BYTES - len(start) - len(b'"}}')
    headers = {"content-type": "application/json"}

    read = await client.post("/graphql", content=start + b"x" * padding + b'"}}', headers=headers)
    refused = await client.post("/graphql", content=start + b"x" * (padding + 1) + b'"}}', headers=headers)

    assert (read.status_code, refused.status_code) == (200, 413)


async def test_body_of_unknown_length_is_stopped_where_the_limit_is(client: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MAX_BODY_BYTES:
            sent += 4096
            yield b" " * 4096

    answer = await client.post("/graphql", content=endless(), headers={"content-type": "application/json"})

    assert (answer.status_code, code(answer)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("length", "status"), [("-1", 400), ("1e3", 400), ("²", 400), ("9" * 5_000, 413), (str(10**9), 413)]
)
async def test_declared_length_is_not_believed_blindly(length: str, status: int) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", length.encode("latin-1"))]

    assert await raw_request(headers, b'{"query": "{ me }"}') == status


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"application/json"), (b"content-type", b"application/json")],
        [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")],
        [],
    ],
)
async def test_body_in_another_dress_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert await raw_request(headers, b'{"query": "{ me }"}') == 415


async def test_caller_that_goes_away_gets_no_answer_and_leaves_no_failure() -> None:
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    with capture_logs() as logged:
        await sample_app()(scope_of([(b"content-type", b"application/json")]), receive, send)  # type: ignore[arg-type]

    assert sent == []
    assert [(entry["action"], entry["status"]) for entry in logged] == [("http.request", 499)]


@pytest.mark.parametrize(
    ("token", "status", "refused_with", "challenge"),
    [
        ("unknown", 401, "UNAUTHENTICATED", "Bearer"),
        ("forbidden", 403, "FORBIDDEN", None),
    ],
)
async def test_those_who_may_not_ask_are_refused_before_their_body_is_read(
    client: httpx2.AsyncClient,
    contexts: OpenSample,
    token: str,
    status: int,
    refused_with: str,
    challenge: str | None,
) -> None:
    answer = await client.post("/graphql", content=b"{", headers={"authorization": f"Bearer {token}"})

    assert (answer.status_code, code(answer)) == (status, refused_with)
    assert answer.headers.get("www-authenticate") == challenge
    assert "data" not in answer.json()
    assert contexts.opened == 0


async def test_introspection_without_the_right_is_forbidden(client: httpx2.AsyncClient) -> None:
    query = {"query": "{ __schema { queryType { name } } }"}

    allowed = await client.post("/graphql", json=query)
    refused = await client.post("/graphql", json=query, headers={"authorization": "Bearer closed"})

    assert (allowed.status_code, refused.status_code) == (200, 403)
    assert code(refused) == "FORBIDDEN"


async def test_failure_outside_of_execution_is_masked_too(client: httpx2.AsyncClient) -> None:
    with capture_logs() as logged:
        answer = await client.post(
            "/graphql",
            json={"query": "{ me }"},
            headers={"authorization": "Bearer crash", "x-request-id": "mine-1"},
        )

    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL_ERROR", "correlationId": "mine-1"}
    assert "secret internals" not in answer.text
    assert [entry["action"] for entry in logged] == ["http.failed", "http.request"]
    assert "secret internals of the login" in logged[0]["traceback"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_path_that_is_not_there_is_refused_in_the_same_shape(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nothing" + quote("/../etc"))

    assert (answer.status_code, code(answer)) == (404, "HTTP_404")


def scope_of(
    headers: list[tuple[bytes, bytes]], method: str = "POST", query_string: bytes = b""
) -> dict[str, object]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": query_string,
        "root_path": "",
        "scheme": "http",
        "headers": [(b"accept", GRAPHQL_JSON.encode()), *headers],
    }


async def raw_request(
    headers: list[tuple[bytes, bytes]], body: bytes, method: str = "POST", query_string: bytes = b""
) -> int:
    """Send a request that a well-behaved client would not send, and return the status."""
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(str(message["status"])))
        else:
            json.loads(bytes(message["body"]))  # type: ignore[call-overload]

    await sample_app()(scope_of(headers, method, query_string), receive, send)  # type: ignore[arg-type]
    (status,) = statuses
    return status
