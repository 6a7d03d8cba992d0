"""The whole application, from a request over HTTP to the database and back."""

import json
import sqlite3

import httpx2
import pytest

from gateway.store.database import Database
from tests.app.conftest import GRAPHQL, connected
from tests.app.serving import served_gateway
from tests.conftest import LOADED_AT
from tests.support.databases import DatabaseMaker, counted_statements, opened

QUESTION = '{ request(name: "PROD2025-013") { ... on Request { intent jobs } } }'
# One request, of which nothing is a list.
COST = {"requested": 1, "actual": 1, "maximum": 50_000}
ANSWER = {"request": {"intent": "ACCEPTED", "jobs": 10_000}}

PROTECTION = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


async def post(client: httpx2.AsyncClient, query: str, **variables: object) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query, "variables": variables})


async def test_a_post_is_answered(client: httpx2.AsyncClient) -> None:
    response = await post(client, QUESTION)

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.json() == {"data": ANSWER, "extensions": {"freshness": {}, "cost": COST}}


async def test_a_get_is_answered_as_well(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": QUESTION})

    assert response.status_code == 200
    assert response.json()["data"] == ANSWER


async def test_variables_and_the_name_of_an_operation_are_taken(client: httpx2.AsyncClient) -> None:
    body = {
        "query": "query A { viewer { name } } query B($name: String!) { site(name: $name) { __typename } }",
        "operationName": "B",
        "variables": {"name": "JINR"},
    }

    response = await client.post("/graphql", json=body)

    assert response.json()["data"] == {"site": {"__typename": "Site"}}


async def test_the_answer_says_how_fresh_its_sources_are(client: httpx2.AsyncClient) -> None:
    response = await post(client, "{ tasks(first: 1) { nodes { request { requester { username } } } } }")

    fresh = {"syncedAt": LOADED_AT.isoformat(), "ageSeconds": 0, "isStale": False, "reason": None}
    assert response.json()["extensions"] == {
        "freshness": {"iam": fresh, "panda": fresh},
        "cost": {"requested": 4, "actual": 4, "maximum": 50_000},
    }


@pytest.mark.parametrize("path", ["/graphql", "/health", "/ready", "/nowhere"])
async def test_every_answer_protects_the_browser(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert {name: response.headers[name] for name in PROTECTION} == PROTECTION
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_strangers_are_asked_to_log_in_and_nothing_is_read(
    stranger: httpx2.AsyncClient, world: Database, method: str
) -> None:
    with counted_statements(world) as statements:
        if method == "GET":
            response = await stranger.get("/graphql", params={"query": QUESTION})
        else:
            response = await post(stranger, QUESTION)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.json() == {
        "errors": [
            {
                "message": "this gateway answers only people who are logged in",
                "extensions": {"code": "UNAUTHENTICATED"},
            }
        ]
    }
    assert statements == []


async def test_strangers_learn_nothing_of_the_schema(stranger: httpx2.AsyncClient) -> None:
    for query in ("{ __schema { types { name } } }", "{ banana }", "{"):
        response = await post(stranger, query)

        assert response.status_code == 401


async def test_in_the_open_application_the_schema_describes_itself(client: httpx2.AsyncClient) -> None:
    response = await post(client, '{ __type(name: "Task") { name } viewer { name } }')

    assert response.json()["data"] == {"__type": {"name": "Task"}, "viewer": {"name": "anonymous"}}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("{ banana }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { viewer { name } } query B { viewer { name } }", 400, "OPERATION_NOT_FOUND"),
        ("subscription { x }", 400, "SUBSCRIPTION_NOT_SERVED"),
        ("{ tasks(first: 5000) { totalCount } }", 400, "LIMIT_PAGE_SIZE"),
        ("{ tasks(first: -1) { totalCount } }", 400, "BAD_FILTER"),
    ],
)
async def test_a_wrong_question_is_answered_with_a_code(
    client: httpx2.AsyncClient, query: str, status: int, code: str
) -> None:
    response = await post(client, query)

    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] == code
    assert ("data" in response.json()) is (status == 200)


async def test_a_mutation_does_not_come_by_get(client: httpx2.AsyncClient) -> None:
    mutation = "mutation { syncNow(source: PANDA) { __typename } }"

    response = await client.get("/graphql", params={"query": mutation})

    assert response.status_code == 405
    assert response.json()["errors"][0]["extensions"]["code"] == "ONLY_QUERIES"


async def test_a_body_beyond_the_setting_is_refused(client: httpx2.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": QUESTION, "variables": {"x": "x" * 70_000}})

    assert response.status_code == 413
    assert "data" not in response.json()


async def test_it_is_alive_and_ready(client: httpx2.AsyncClient) -> None:
    health, ready = await client.get("/health"), await client.get("/ready")

    assert (health.status_code, health.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_it_is_not_ready_but_alive_without_its_database(database_maker: DatabaseMaker) -> None:
    missing = (
        f"sqlite+aiosqlite:///{database_maker.folder}/no/such/folder/file.db"
        if database_maker.kind == "sqlite"
        else "postgresql+psycopg://nobody@/nothing?host=/nowhere"
    )
    async with opened(missing) as database, connected(database, open_access=True) as client:
        health, ready = await client.get("/health"), await client.get("/ready")
        answer = await post(client, QUESTION)

    assert health.status_code == 200
    assert (ready.status_code, ready.json()) == (
        503,
        {"status": "not ready", "reasons": ["the database does not answer"]},
    )
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert "nowhere" not in answer.text
    assert sqlite3.__name__ not in answer.text


async def test_a_served_gateway_answers_over_a_socket(
    database_maker: DatabaseMaker, world_template: str
) -> None:
    with served_gateway(database_maker.copy_of(world_template), now=LOADED_AT) as url:
        async with httpx2.AsyncClient(base_url=url, headers={"accept": GRAPHQL}) as client:
            answers = [await post(client, QUESTION) for _ in range(3)]
            ready = await client.get("/ready")

    assert [answer.json()["data"] for answer in answers] == [ANSWER] * 3
    assert ready.json() == {"status": "ready"}


async def test_answers_are_json_that_every_client_reads(client: httpx2.AsyncClient) -> None:
    response = await post(client, "{ datasets(first: 5) { nodes { did sizeBytes createdAt } } }")

    body = json.loads(response.content.decode())
    assert [node["did"] for node in body["data"]["datasets"]["nodes"]] == sorted(
        node["did"] for node in body["data"]["datasets"]["nodes"]
    )
