"""Hostile and honest requests: the first are refused clearly and cheaply, the second never."""

import json

import httpx2
import pytest
import structlog
from graphql import get_introspection_query

from tests.web.hostile import HONEST, HOSTILE, Hostile
from tests.web.sample import OpenSample


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
async def test_is_refused_with_a_code_and_executes_nothing(
    client: httpx2.AsyncClient, contexts: OpenSample, hostile: Hostile
) -> None:
    with structlog.testing.capture_logs() as logged:
        answer = await client.post(
            "/graphql", content=hostile.body, headers={"content-type": hostile.content_type}
        )

    assert (answer.status_code, codes(answer)[0]) == (hostile.status, hostile.code)
    assert "data" not in answer.json()
    assert [entry["action"] for entry in logged] == ["http.request"]
    assert len(json.dumps(logged)) < 1024
    assert contexts.opened == 0


async def test_server_keeps_serving_after_all_of_them(client: httpx2.AsyncClient) -> None:
    for hostile in HOSTILE:
        await client.post("/graphql", content=hostile.body, headers={"content-type": hostile.content_type})

    answer = await client.post("/graphql", json={"query": "{ me }"})

    assert answer.json() == {"data": {"me": "analyst"}}


@pytest.mark.parametrize("query", [*HONEST, get_introspection_query()])
async def test_honest_request_is_answered_without_a_problem(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.post("/graphql", json={"query": query})

    assert answer.status_code == 200
    assert "errors" not in answer.json()


def test_there_are_enough_of_both() -> None:
    assert len(HOSTILE) >= 40
    assert len(HONEST) >= 20
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE)


def codes(answer: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]
