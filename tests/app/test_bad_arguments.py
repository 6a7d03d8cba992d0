"""Cursors, ids and page sizes that cannot be used: 4xx in both media types; what stands beside is kept."""

import pytest

from gateway.store.database import Database
from tests.app.conftest import connected

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
BAD = [
    ('{ requests(after: "bad") { totalCount } }', "BAD_CURSOR"),
    ("{ requests(first: -1) { totalCount } }", "BAD_FILTER"),
    ('{ node(id: "bad") { id } }', "BAD_ID"),
    ("{ requests { totalCount(atMost: -5) } }", "BAD_FILTER"),
]


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize(("query", "code"), BAD)
async def test_a_request_that_is_only_wrong_is_a_4xx(
    query: str, code: str, accept: str, world: Database
) -> None:
    async with connected(world, open_access=True) as client:
        answer = await client.post("/graphql", json={"query": query}, headers={"accept": accept})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert "data" not in answer.json()


async def test_a_good_field_beside_a_bad_one_is_answered(world: Database) -> None:
    async with connected(world, open_access=True) as client:
        answer = await client.post(
            "/graphql", json={"query": '{ node(id: "bad") { id } requests { totalCount } }'}
        )

    assert answer.status_code == 200
    assert answer.json()["data"] == {"node": None, "requests": {"totalCount": 13}}
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_ID"
