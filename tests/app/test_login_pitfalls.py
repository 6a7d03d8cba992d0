"""A provider that answers a login with what must not be believed; and what a library alone would believe."""

import hmac
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import SecurityWarning
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.app import utc_now
from gateway.store.database import Database
from gateway.store.logins import BrowserSession, Grant
from tests.app.browser import login_settings, running, tab, to_iam
from tests.auth.issuer import SUBJECT, Issuer, encoded
from tests.support.serving import served

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)
CLIENT = "gateway-login"


class Provider:
    """Gives whatever ID token the test wants, for any code."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.home = ""
        self.id_token: str | None = ""
        self.userinfo: dict[str, object] = {}
        self.moved: dict[str, object] = {}

    def says(self, given_nonce: str, /, **changed: object) -> dict[str, object]:
        now = int(utc_now().timestamp())
        said: dict[str, object] = {
            "iss": self.home,
            "aud": CLIENT,
            "sub": SUBJECT,
            "name": "Production Manager",
            "preferred_username": "prodman",
            "groups": ["spd"],
            "nonce": given_nonce,
            "iat": now,
            "exp": now + 600,
        }
        return {name: value for name, value in (said | changed).items() if value is not None}

    def app(self) -> Starlette:
        async def discovery(_request: Request) -> Response:
            ends = {
                "authorization_endpoint": f"{self.home}authorize",
                "token_endpoint": f"{self.home}token",
                "userinfo_endpoint": f"{self.home}userinfo",
                "jwks_uri": f"{self.home}jwk",
            }
            offered = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
            return JSONResponse({"issuer": self.home, **ends, **offered, **self.moved})

        async def keys(_request: Request) -> Response:
            return JSONResponse(await self.issuer.keys())

        async def token(_request: Request) -> Response:
            answer = {"access_token": "planted", "token_type": "Bearer", "refresh_token": "planted"}
            return JSONResponse(answer if self.id_token is None else {**answer, "id_token": self.id_token})

        async def userinfo(_request: Request) -> Response:
            return JSONResponse(self.userinfo)

        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", discovery),
                Route("/jwk", keys),
                Route("/token", token, methods=["POST"]),
                Route("/userinfo", userinfo),
            ]
        )


@pytest.fixture(scope="module")
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    with served(provider.app()) as url:
        provider.home = f"{url}/"
        yield provider


@pytest.fixture
def provider(running_provider: Provider) -> Provider:
    running_provider.moved = {}
    return running_provider


def unsigned(provider: Provider, nonce: str) -> str:
    return f"{encoded({'alg': 'none'})}.{encoded(provider.says(nonce))}."


def signed_with_the_public_key(provider: Provider, nonce: str) -> str:
    text = f"{encoded({'alg': 'HS256', 'kid': 'rsa1'})}.{encoded(provider.says(nonce))}"
    secret = provider.issuer.key.as_pem(private=False)
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), 'sha256'))}"


Make = Callable[[Provider, str], str | None]


def saying(**changed: object) -> Make:
    return lambda provider, nonce: provider.issuer.token(provider.says(nonce, **changed))


PITFALLS: dict[str, Make] = {
    "unsigned": unsigned,
    "signed with the public key": signed_with_the_public_key,
    "for another client": saying(aud="other"),
    "for another client, obtained by ours": saying(aud="other", azp=CLIENT),
    "for nobody": saying(aud=[]),
    "without an audience": saying(aud=None),
    "of another issuer": saying(iss="https://evil.test/"),
    "without an issuer": saying(iss=None),
    "with the nonce of another login": saying(nonce="other"),
    "without a nonce": saying(nonce=None),
    "expired": saying(exp=1),
    "without a subject": saying(sub=None),
    "not there": lambda _provider, _nonce: None,
    "no token at all": lambda _provider, _nonce: "planted",
}


async def outcome(provider: Provider, database: Database, folder: Path, make: Make) -> tuple[int, str]:
    settings = login_settings(provider.home, folder)
    async with running(settings, database) as app, tab(app) as client:
        asked = (await to_iam(client)).params
        provider.id_token = make(provider, asked["nonce"])
        response = await client.get("/auth/callback", params={"code": "c", "state": asked["state"]})
    return response.status_code, response.text


async def kept(database: Database) -> int:
    async with database.snapshot() as session:
        return sum(
            [
                await session.scalar(select(func.count()).select_from(table)) or 0
                for table in (BrowserSession, Grant)
            ]
        )


@pytest.mark.parametrize("case", PITFALLS)
async def test_an_id_token_that_proves_nothing_begins_no_session(
    provider: Provider, database: Database, tmp_path: Path, case: str
) -> None:
    status, text = await outcome(provider, database, tmp_path, PITFALLS[case])

    assert status == 403
    assert "planted" not in text
    assert await kept(database) == 0


async def test_a_good_id_token_of_the_same_provider_begins_one(
    provider: Provider, database: Database, tmp_path: Path
) -> None:
    """The control: nothing but the ID token is wrong above."""
    assert (await outcome(provider, database, tmp_path, saying()))[0] == 303
    assert await kept(database) == 2


async def test_an_issuer_that_is_written_without_its_slash_is_the_same(
    provider: Provider, database: Database, tmp_path: Path
) -> None:
    make = saying(iss=provider.home.removesuffix("/"))

    assert (await outcome(provider, database, tmp_path, make))[0] == 303


async def test_groups_may_come_from_userinfo_and_of_the_same_person_only(
    provider: Provider, database: Database, tmp_path: Path
) -> None:
    provider.userinfo = {"sub": SUBJECT, "wlcg.groups": ["/spd"]}
    assert (await outcome(provider, database, tmp_path, saying(groups=None)))[0] == 303

    provider.userinfo = {"sub": "somebody else", "wlcg.groups": ["/spd"]}
    assert (await outcome(provider, database, tmp_path, saying(groups=None)))[0] == 403


@pytest.mark.parametrize("end", ["token_endpoint", "jwks_uri", "userinfo_endpoint", "authorization_endpoint"])
async def test_an_endpoint_on_another_host_is_not_used(
    provider: Provider, database: Database, tmp_path: Path, end: str
) -> None:
    provider.moved = {end: "https://evil.test/here"}

    async with running(login_settings(provider.home, tmp_path), database) as app, tab(app) as client:
        response = await client.get("/auth/login")
        provider.moved = {}
        again = await client.get("/auth/login")

    assert response.status_code == 503
    assert f"{end} is missing or on another host; its operator must look at" in response.text
    # One wrong answer is not kept for as long as the process lives.
    assert again.status_code == 303


async def test_a_provider_without_an_algorithm_of_ours_is_told_and_asked_again(
    provider: Provider, database: Database, tmp_path: Path
) -> None:
    provider.moved = {"id_token_signing_alg_values_supported": "none"}

    async with running(login_settings(provider.home, tmp_path), database) as app, tab(app) as client:
        response = await client.get("/auth/login")
        provider.moved = {}
        again = await client.get("/auth/login")

    assert (response.status_code, again.status_code) == (503, 303)
    assert "id_token_signing_alg_values_supported has none of RS256, ES256" in response.text


@pytest.mark.parametrize("case", ["unsigned", "for another client, obtained by ours", "for nobody"])
async def test_the_library_alone_would_believe_it(provider: Provider, database: Database, case: str) -> None:
    """Why algorithms and audience are pinned; when this fails, the pinning can go (Authlib 1.9.10)."""
    del database
    alone = OAuth().register(
        "iam",
        client_id=CLIENT,
        client_secret="s",
        server_metadata_url=f"{provider.home}.well-known/openid-configuration",
        client_kwargs={"scope": "openid", "trust_env": False},
    )
    token = {"id_token": PITFALLS[case](provider, "n"), "access_token": "a"}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        assert (await alone.parse_id_token(token, nonce="n"))["sub"] == SUBJECT
