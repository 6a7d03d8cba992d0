"""The practice IAM keeps the habits of INDIGO IAM that surprise clients."""

import base64
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
from starlette.testclient import TestClient

from gateway.practice.iam_objects import IamState, many_users, practice_iam
from gateway.practice.iam_twin import create_iam_twin
from gateway.practice.people import GROUPS

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@dataclass
class Moment:
    """A clock to move."""

    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        """Read it."""
        return self.now


@dataclass
class Bench:
    """A twin with 250 people, and a way to ask it with a token."""

    client: TestClient
    state: IamState
    clock: Moment

    def token(self, client_id: str = "gateway-sync", scope: str = "scim:read") -> httpx2.Response:
        form = {"grant_type": "client_credentials", "scope": scope}
        return self.client.post("/token", data=form, auth=(client_id, "practice-secret"))

    def headers(self, **given: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(**given).json()['access_token']}"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Bench]:
    state, clock = practice_iam(NOW), Moment()
    state.users.update({str(one["id"]): one for one in many_users(245, NOW)})
    with TestClient(create_iam_twin(state, clock=clock), base_url="http://iam.practice.example") as client:
        yield Bench(client, state, clock)


@pytest.fixture
def bench(shared: Bench) -> Bench:
    shared.clock.now = NOW
    shared.state.keeps_order, shared.state.has_slash_in_tokens = True, False
    return shared


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("", (250, 100, 1, 100)),
        ("?count=500", (250, 100, 1, 100)),
        ("?startIndex=201&count=100", (250, 50, 201, 50)),
        ("?count=0", (250, 0, 1, None)),
        ("?startIndex=251", (250, 0, 251, None)),
        ("?filters=userName%20eq%20prodman&count=3", (250, 3, 1, 3)),
    ],
)
def test_pages_are_capped_empty_lists_left_out_and_filters_ignored(
    bench: Bench, query: str, given: tuple[int, int, int, int | None]
) -> None:
    page = bench.client.get(f"/scim/Users{query}", headers=bench.headers()).json()

    count = len(page["Resources"]) if "Resources" in page else None
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"], count) == given


def test_lists_may_come_in_another_order_each_time(bench: Bench) -> None:
    headers = bench.headers()
    bench.state.keeps_order = False

    first, second = (bench.client.get("/scim/Users", headers=headers).json()["Resources"] for _ in range(2))

    assert [one["id"] for one in first] != [one["id"] for one in second]


def test_groups_have_no_members(bench: Bench) -> None:
    groups = bench.client.get("/scim/Groups", headers=bench.headers()).json()["Resources"]

    assert [one["displayName"] for one in groups] == list(GROUPS)
    assert all("members" not in one for one in groups)


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [({}, 401, "invalid_token"), ({"authorization": "Bearer a.b.c"}, 401, "invalid_token")],
)
def test_without_a_token_of_ours_nothing_is_shown(
    bench: Bench, headers: dict[str, str], status: int, error: str
) -> None:
    answer = bench.client.get("/scim/Users", headers=headers)

    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_token_ends_by_the_twins_clock(bench: Bench) -> None:
    headers = bench.headers()

    statuses = []
    for minutes in (59, 61):
        bench.clock.now = NOW + dt.timedelta(minutes=minutes)
        statuses.append(bench.client.get("/scim/Users", headers=headers).status_code)

    assert statuses == [200, 401]


def test_another_scope_reads_no_people(bench: Bench) -> None:
    headers = bench.headers(client_id="gateway-login", scope="openid")

    answer = bench.client.get("/scim/Users", headers=headers)

    assert (answer.status_code, answer.json()) == (403, {"error": "insufficient_scope"})


def test_a_scope_that_was_not_granted_is_refused(bench: Bench) -> None:
    answer = bench.token(client_id="gateway-login", scope="scim:read")

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_scope"})


@pytest.mark.parametrize("has_slash", [False, True])
def test_discovery_has_the_slash_that_access_tokens_may_lack(bench: Bench, has_slash: bool) -> None:
    bench.state.has_slash_in_tokens = has_slash

    published = bench.client.get("/.well-known/openid-configuration").json()["issuer"]
    payload = bench.token().json()["access_token"].split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))["iss"]

    slash = "/" if has_slash else ""
    assert (published, said) == ("http://iam.practice.example/", f"http://iam.practice.example{slash}")
