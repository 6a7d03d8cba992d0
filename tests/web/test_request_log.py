"""Each request leaves one line, without what was sent in it, and is found by its id."""

import json
import re

import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.web.request_log import correlation_id


async def test_request_leaves_one_line_without_what_was_sent(client: httpx2.AsyncClient) -> None:
    with capture_logs() as logged:
        answer = await client.post(
            "/graphql?token=in-the-url",
            json={
                "query": "query Confidential($t: String!) { echo(text: $t) }",
                "variables": {"t": "variable"},
            },
            headers={"x-request-id": "job-7.a_B", "x-secret": "header"},
        )

    (entry,) = logged
    assert entry.pop("duration_ms") >= 0
    assert entry == {
        "event": "request",
        "log_level": "info",
        "action": "http.request",
        "id": "job-7.a_B",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "bytes": len(answer.content),
    }


@pytest.mark.parametrize("asked", ["job-7", "a" * 64, "0.A_z-"])
async def test_safe_id_of_the_caller_is_kept(client: httpx2.AsyncClient, asked: str) -> None:
    answer = await client.post("/graphql", json={"query": "{ me }"}, headers={"x-request-id": asked})

    assert answer.headers["x-request-id"] == asked


@pytest.mark.parametrize("asked", ["", "a" * 65, "a b", "a\tb", "<script>", "a;b", "ä"])
async def test_unsafe_id_of_the_caller_is_replaced(client: httpx2.AsyncClient, asked: str) -> None:
    answer = await client.post("/graphql", json={"query": "{ me }"}, headers={"x-request-id": asked.encode()})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_long_path_is_cut(client: httpx2.AsyncClient) -> None:
    with capture_logs() as logged:
        await client.get("/" + "x" * 5_000)

    assert len(json.dumps(logged)) < 400


def test_outside_of_requests_every_id_is_new() -> None:
    assert correlation_id() != correlation_id()
