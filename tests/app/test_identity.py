"""Bearer tokens at the door of the whole application: who may enter, as whom, and what they are told."""

import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.iam.openid import OpenIdProvider
from tests.app.conftest import GRAPHQL
from tests.auth.issuer import ISSUER, NOW, SUBJECT, Issuer, claims
from tests.conftest import LOADED_AT
from tests.support.databases import counted_statements
from tests.support.iam_readings import iam_readings

ME = "{ viewer { name username groups roles person { username } } }"
LOOK = "{ viewer { roles rights } tasks(first: 1) { totalCount } }"
SYNC = "mutation { syncNow(source: IAM) { __typename } }"


class IssuerTransport(httpx2.AsyncBaseTransport):
    """The issuer's discovery and keys over HTTP, without a network."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("openid-configuration"):
            return httpx2.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}jwk"})
        return httpx2.Response(200, json=await self.issuer.keys())


@contextlib.asynccontextmanager
async def door(
    database: Database, issuer: Issuer, now: dt.datetime = NOW, **settings: object
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the closed application, which trusts the issuer."""
    http = HttpUpstream("iam", ISSUER, transport=IssuerTransport(issuer))
    app = create_app(
        Settings.read(iam_issuer=ISSUER, **settings),
        database,
        clock=lambda: now,
        iam=OpenIdProvider(http, ISSUER),
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://gateway.test", headers={"accept": GRAPHQL}
    ) as client:
        yield client


async def ask(client: httpx2.AsyncClient, query: str, token: str | None, **headers: str) -> httpx2.Response:
    bearer = {} if token is None else {"authorization": f"Bearer {token}"}
    return await client.post("/graphql", json={"query": query}, headers={**bearer, **headers})


def problem(response: httpx2.Response) -> tuple[int, str, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


async def test_a_token_makes_its_bearer_the_viewer(world: Database) -> None:
    issuer = Issuer()
    async with door(world, issuer) as client:
        response = await ask(client, ME, issuer.token())

    assert response.json()["data"]["viewer"] == {
        "name": "Production Manager",
        "username": "prodman",
        "groups": ["spd", "spd/production"],
        "roles": ["PRODUCTION_MANAGER", "VIEWER"],
        "person": {"username": "prodman"},
    }


async def test_a_refused_token_is_not_answered_and_nothing_is_read(world: Database) -> None:
    issuer = Issuer()
    async with door(world, issuer) as client:
        with counted_statements(world) as statements:
            response = await ask(client, ME, issuer.token(claims(aud="rucio")))

    assert problem(response) == (
        401,
        "UNAUTHENTICATED",
        "the access token is refused: it is for another service; ask IAM for one with the audience "
        "'spd-gateway'",
    )
    assert response.headers["www-authenticate"] == "Bearer"
    assert statements == []


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Token x", "Bearer", "bearer  "])
async def test_other_ways_to_say_who_one_is_are_refused(world: Database, header: str) -> None:
    async with door(world, Issuer()) as client:
        response = await client.post("/graphql", json={"query": ME}, headers={"authorization": header})

    assert problem(response)[:2] == (401, "UNAUTHENTICATED")


async def test_a_wrong_token_is_refused_where_strangers_may_read(world: Database) -> None:
    async with door(world, Issuer(), open_access=True) as client:
        refused = await ask(client, ME, "a.b.c")
        stranger = await ask(client, ME, None)

    assert refused.status_code == 401
    assert stranger.json()["data"]["viewer"]["name"] == "anonymous"


async def test_two_tokens_are_refused(world: Database) -> None:
    issuer = Issuer()
    headers = [("authorization", f"Bearer {issuer.token()}")] * 2
    async with door(world, issuer) as client:
        response = await client.post("/graphql", json={"query": ME}, headers=[*headers, ("accept", GRAPHQL)])

    assert problem(response)[2] == "the request has two Authorization headers; send one"


async def test_without_iam_no_token_is_taken(world: Database) -> None:
    app = create_app(Settings.read(open_access=True), world, clock=lambda: LOADED_AT)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        response = await ask(client, ME, Issuer().token(), accept=GRAPHQL)

    assert problem(response)[2] == "this gateway is connected with no IAM, so it takes no access token"


async def test_while_iam_is_silent_nobody_is_let_in_and_it_says_so(world: Database) -> None:
    issuer = Issuer(is_silent=True)
    async with door(world, issuer) as client:
        response = await ask(client, ME, issuer.token())

    assert problem(response)[:2] == (503, "UPSTREAM")


async def test_whoever_is_disabled_in_iam_loses_access_with_the_next_reading(own_world: Database) -> None:
    issuer = Issuer()
    async with door(own_world, issuer) as client, iam_readings(own_world, NOW) as iam:
        before = await ask(client, ME, issuer.token())
        iam.state.users[SUBJECT]["active"] = False
        await iam.read()
        after = await ask(client, ME, issuer.token())

    assert before.status_code == 200
    assert problem(after) == (
        401,
        "UNAUTHENTICATED",
        "your account is disabled in IAM; ask the VO administrator",
    )


async def test_whoever_is_deleted_in_iam_loses_access_with_the_next_reading(own_world: Database) -> None:
    issuer = Issuer()
    async with door(own_world, issuer) as client, iam_readings(own_world, NOW) as iam:
        before = await ask(client, ME, issuer.token())
        del iam.state.users[SUBJECT]
        await iam.read()
        after = await ask(client, ME, issuer.token())

    assert before.status_code == 200
    assert problem(after)[:2] == (401, "UNAUTHENTICATED")


async def test_whoever_left_a_group_loses_its_role_with_the_next_reading(own_world: Database) -> None:
    issuer = Issuer()
    async with door(own_world, issuer) as client, iam_readings(own_world, NOW) as iam:
        before = await ask(client, ME, issuer.token())
        iam.leave(SUBJECT, "spd/production")
        await iam.read()
        response = await ask(client, ME, issuer.token())
        refused = await ask(client, SYNC, issuer.token())

    assert before.json()["data"]["viewer"]["roles"] == ["PRODUCTION_MANAGER", "VIEWER"]

    assert response.json()["data"]["viewer"]["roles"] == ["VIEWER"]
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_loss_that_looks_like_a_fault_of_iam_ends_changes_and_no_reading(own_world: Database) -> None:
    issuer = Issuer()
    async with door(own_world, issuer) as client, iam_readings(own_world, NOW) as iam:
        users = dict(iam.state.users)
        iam.state.users.clear()
        held = await iam.read()
        looking = await ask(client, LOOK, issuer.token())
        refused = await ask(client, SYNC, issuer.token())
        iam.state.users.update(users)
        await iam.read()
        after = await ask(client, ME, issuer.token())

    assert held.verdict == "HELD"
    assert looking.json()["data"]["viewer"] == {"roles": [], "rights": ["INTROSPECT", "READ", "READ_FILES"]}
    assert "errors" not in looking.json()
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (
        "until an operator has looked at it, what that group allows is not done"
        in refused.json()["errors"][0]["message"]
    )
    assert after.json()["data"]["viewer"]["roles"] == ["PRODUCTION_MANAGER", "VIEWER"]


async def test_a_program_may_do_what_its_client_may(world: Database) -> None:
    issuer = Issuer()
    token = issuer.token(claims(sub="sampo", client_id="sampo", name=None, preferred_username=None))
    async with door(world, issuer, service_roles="service=sampo") as client:
        response = await ask(client, ME, token)

    viewer: dict[str, Any] = response.json()["data"]["viewer"]
    assert (viewer["name"], viewer["roles"], viewer["person"]) == ("sampo", ["SERVICE"], None)


async def test_strangers_may_read_and_change_nothing_where_the_gateway_is_open(world: Database) -> None:
    async with door(world, Issuer(), open_access=True) as client:
        reading = await ask(client, "{ viewer { rights } quotas { totalCount } }", None)
        changing = await ask(client, SYNC, None)

    assert reading.json()["data"]["viewer"]["rights"] == ["INTROSPECT", "READ", "READ_FILES", "READ_QUOTAS"]
    assert changing.json()["errors"][0]["message"] == (
        "anonymous may not do this: the right 'operate' is needed"
    )


async def test_an_analyst_sees_own_quotas_and_not_those_of_others(world: Database) -> None:
    issuer = Issuer()
    analyst = issuer.token(
        claims(
            sub="00000000-0000-4000-8000-000000000003",
            preferred_username="analyst",
            name="Analyst",
            **{"wlcg.groups": ["/spd", "/spd/analysis"]},
        )
    )
    query = """
    {
      viewer { quotas { rseName } }
      own: person(username: "analyst") { ... on Person { quotas { rseName } } }
      other: person(username: "prodman") { ... on Person { quotas { rseName } } }
    }
    """
    async with door(world, issuer) as client:
        response = await ask(client, query, analyst)

    answer = response.json()
    assert answer["data"]["viewer"]["quotas"] == [{"rseName": "SSAU_DISK"}]
    assert answer["data"]["own"]["quotas"] == [{"rseName": "SSAU_DISK"}]
    assert answer["data"]["other"] == {"quotas": None}
    assert [error["path"] for error in answer["errors"]] == [["other", "quotas"]]
