"""People log in at the practice IAM as at a real one, and clients get tokens for one service at a time."""

import base64
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from gateway.practice.iam_objects import TOKEN_EXCHANGE, IamState, practice_iam
from gateway.practice.iam_tokens import ANY_AUDIENCE
from gateway.practice.iam_twin import create_iam_twin
from gateway.practice.people import ROLE_ACCOUNTS

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ISSUER = "http://iam.practice.example/"
BACK = "http://127.0.0.1:8000/auth/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
LOGIN = ("gateway-login", "practice-secret")
QUESTION = {
    "response_type": "code",
    "client_id": "gateway-login",
    "redirect_uri": BACK,
    "scope": "openid profile offline_access wlcg.groups",
    "state": "a state",
    "nonce": "a-nonce",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@dataclass
class Bench:
    """A twin, and what a browser and a client do with it."""

    client: TestClient
    state: IamState
    now: dt.datetime = NOW

    def choose(self, account: str = "prodman", **changed: str) -> dict[str, str]:
        form = QUESTION | {"account": account} | changed
        answer = self.client.post("/authorize", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return {key: one for key, [one] in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def tokens(self, **form: str) -> httpx2.Response:
        return self.client.post("/token", data=form, auth=LOGIN)

    def redeem(self, code: str, **changed: str) -> httpx2.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return self.tokens(**(form | {"code_verifier": VERIFIER} | changed))

    def logged_in(self, account: str = "prodman") -> dict[str, str]:
        given: dict[str, str] = self.redeem(self.choose(account)["code"]).json()
        return given


@pytest.fixture(scope="module")
def shared() -> Iterator[Bench]:
    state = practice_iam(NOW)
    bench: Bench
    with TestClient(create_iam_twin(state, clock=lambda: bench.now), base_url=ISSUER) as client:
        bench = Bench(client, state)
        yield bench


@pytest.fixture
def bench(shared: Bench) -> Bench:
    shared.now = NOW
    return shared


def claims(token: str) -> dict[str, object]:
    said: dict[str, object] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return said


def test_the_page_offers_every_role_account_and_passes_the_question_on(bench: Bench) -> None:
    page = bench.client.get("/authorize", params=QUESTION).text

    for account in ROLE_ACCOUNTS:
        assert f'name="account" value="{account.username}"' in page
    assert '<input type="hidden" name="state" value="a state">' in page


def test_a_login_gives_access_id_and_refresh_tokens(bench: Bench) -> None:
    went_back = bench.choose()
    given = bench.redeem(went_back["code"]).json()

    access, identity = claims(given["access_token"]), claims(given["id_token"])
    assert went_back["state"] == "a state"
    assert (access["iss"], identity["iss"]) == (ISSUER.removesuffix("/"), ISSUER)
    assert (access["aud"], identity["aud"]) == (ANY_AUDIENCE, "gateway-login")
    assert (access["client_id"], identity["nonce"]) == ("gateway-login", "a-nonce")
    for said in (access, identity):
        assert said["sub"] == "00000000-0000-4000-8000-000000000001"
        assert said["preferred_username"] == "prodman"
        assert said["wlcg.groups"] == ["/spd", "/spd/production"]
    assert set(given) >= {"refresh_token", "expires_in", "scope", "token_type"}


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 43},
        {"redirect_uri": "http://127.0.0.1:8001/auth/callback"},
        {"code": "another"},
    ],
)
def test_a_code_is_good_for_its_own_login_only(bench: Bench, changed: dict[str, str]) -> None:
    refused = bench.redeem(**({"code": bench.choose()["code"]} | changed))

    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})


def test_a_code_is_good_once_and_for_a_minute(bench: Bench) -> None:
    code, late = bench.choose()["code"], bench.choose()["code"]

    statuses = [bench.redeem(code).status_code, bench.redeem(code).status_code]
    bench.now += dt.timedelta(seconds=61)

    assert [*statuses, bench.redeem(late).status_code] == [200, 400, 400]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"scope": "openid scim:read"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"account": "nobody"}, "access_denied"),
    ],
)
def test_a_refused_login_goes_back_with_the_reason(bench: Bench, changed: dict[str, str], error: str) -> None:
    assert bench.choose(**changed) == {"error": error, "state": "a state"}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"redirect_uri": "http://127.0.0.1:9999/auth/callback"}, 200),
        ({"redirect_uri": "http://127.0.0.1:8000/elsewhere"}, 400),
        ({"redirect_uri": "http://example.org:8000/auth/callback"}, 400),
        ({"redirect_uri": "http://127.0.0.1:8000@example.org/auth/callback"}, 400),
        ({"client_id": "unknown"}, 400),
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    bench: Bench, changed: dict[str, str], status: int
) -> None:
    answer = bench.client.get("/authorize", params=QUESTION | changed, follow_redirects=False)

    assert answer.status_code == status


def test_one_refresh_token_gives_a_token_for_each_service(bench: Bench) -> None:
    refresh = bench.logged_in()["refresh_token"]

    found = [
        claims(bench.tokens(grant_type="refresh_token", refresh_token=refresh, **wish).json()["access_token"])
        for wish in ({"audience": "rucio", "scope": "openid profile", "expires_in": "600"}, {})
    ]

    assert [one["aud"] for one in found] == ["rucio", ANY_AUDIENCE]
    assert [one["scope"] for one in found] == ["openid profile", "offline_access openid profile wlcg.groups"]
    assert found[0]["exp"] == int(NOW.timestamp()) + 600


def test_an_exchanged_token_says_who_acts_for_whom(bench: Bench) -> None:
    form = {"grant_type": TOKEN_EXCHANGE, "audience": "panda", "scope": "openid wlcg.groups"}
    form |= {"subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}

    given = bench.tokens(**form, subject_token=bench.logged_in()["access_token"]).json()
    refused = bench.tokens(**form, subject_token="a.b.c")

    said = claims(given["access_token"])
    assert (said["sub"], said["aud"]) == ("00000000-0000-4000-8000-000000000001", "panda")
    assert (said["act"], said["wlcg.groups"]) == ({"sub": "gateway-login"}, ["/spd", "/spd/production"])
    assert given["issued_token_type"] == "urn:ietf:params:oauth:token-type:jwt"
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})


def test_a_shell_gets_a_token_with_the_password_of_practice(bench: Bench) -> None:
    form = {"grant_type": "password", "client_id": "practice-shell", "username": "operator"}

    given = bench.client.post("/token", data=form | {"password": "practice", "audience": "panda"}).json()
    refused = bench.client.post("/token", data=form | {"password": "another"})

    assert claims(given["access_token"])["wlcg.groups"] == ["/spd", "/spd/operations"]
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})


def test_what_is_revoked_or_whose_person_left_is_worth_nothing(bench: Bench) -> None:
    first, second, other = bench.logged_in(), bench.logged_in(), bench.logged_in("analyst")
    user = next(one for one in bench.state.users.values() if one["userName"] == "analyst")

    for token in (first["refresh_token"], first["access_token"]):
        bench.client.post("/revoke", data={"token": token}, auth=LOGIN)
    user["active"] = False
    refreshed = [
        bench.tokens(grant_type="refresh_token", refresh_token=one["refresh_token"]).status_code
        for one in (first, second, other)
    ]
    known = [
        bench.client.post("/introspect", data={"token": one["access_token"]}, auth=LOGIN).json()["active"]
        for one in (first, second)
    ]
    user["active"] = True

    assert refreshed == [400, 200, 400]
    assert known == [False, True]


def test_userinfo_says_what_the_scopes_allow(bench: Bench) -> None:
    def about(token: str) -> httpx2.Response:
        return bench.client.get("/userinfo", headers={"authorization": f"Bearer {token}"})

    login = bench.logged_in()
    own = bench.client.post(
        "/token", data={"grant_type": "client_credentials", "scope": "openid"}, auth=LOGIN
    ).json()

    assert about(login["access_token"]).json() == {
        "sub": "00000000-0000-4000-8000-000000000001",
        "name": "Production Manager",
        "preferred_username": "prodman",
        "wlcg.groups": ["/spd", "/spd/production"],
    }
    assert about(own["access_token"]).status_code == 403
    assert about(login["id_token"]).status_code == 401
