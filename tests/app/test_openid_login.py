"""The whole way with a certified OpenID provider (npm oidc-provider) that is set up to answer as IAM does."""

import asyncio
import json
import secrets
import socket
import subprocess
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from starlette.applications import Starlette

from gateway.app import utc_now
from gateway.auth.bearer import TokenCheck
from gateway.auth.permissions import Right
from gateway.auth.signing_keys import SigningKeys
from gateway.auth.vault import Vault
from gateway.connect import iam_provider, vault_of
from gateway.errors import CredentialMissingError
from gateway.practice.people import ROLE_ACCOUNTS
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.upstreams.iam.openid import TOKEN_EXCHANGE, OpenIdProvider
from tests.app.browser import HOME, OWN, login_settings, running, tab, to_iam, who
from tests.auth.issuer import SUBJECT
from tests.contracts.test_http_audits import tool

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)
FOLDER = Path(__file__).parent / "openid"
INSTALL_TIMEOUT_S = 300
START_TIMEOUT_S = 60
CREDENTIAL = f"person:{SUBJECT}"


@pytest.fixture(scope="module")
def provider_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running provider; its address is its issuer."""
    if not (FOLDER / "node_modules" / "oidc-provider").exists():
        subprocess.run(
            [tool("npm"), "ci", "--ignore-scripts"],
            cwd=FOLDER,
            check=True,
            capture_output=True,
            timeout=INSTALL_TIMEOUT_S,
        )
    file = tmp_path_factory.mktemp("openid") / "iam.json"
    file.write_text(json.dumps({"clients": [CLIENT], "users": USERS}))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with (
        file.with_suffix(".log").open("w") as log,
        subprocess.Popen(
            [tool("node"), "provider.mjs", str(port), str(file)],
            cwd=FOLDER,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}/"
        process.terminate()


CLIENT = {
    "client_id": "gateway-login",
    "client_secret": "practice-secret",
    "redirect_uris": [f"{HOME}/auth/callback"],
    "grant_types": ["authorization_code", "refresh_token", TOKEN_EXCHANGE],
    "response_types": ["code"],
}
USERS = [
    {
        "subject": account.subject,
        "username": account.username,
        "name": account.display_name,
        "groups": account.groups,
    }
    for account in ROLE_ACCOUNTS
]


@pytest.fixture
def settings(provider_url: str, tmp_path: Path) -> Settings:
    return login_settings(provider_url, tmp_path)


@pytest.fixture
async def app(settings: Settings, own_world: Database) -> AsyncIterator[Starlette]:
    async with running(settings, own_world) as app:
        yield app


@pytest.fixture
async def iam(settings: Settings) -> AsyncIterator[OpenIdProvider]:
    iam = iam_provider(settings)
    assert iam is not None
    yield iam
    await iam.close()


@pytest.fixture
def vault(settings: Settings, iam: OpenIdProvider, own_world: Database) -> Vault:
    """A vault as another process would have it, with nothing in memory."""
    vault = vault_of(settings, iam, own_world, utc_now)
    assert vault is not None
    return vault


class Forms(HTMLParser):
    """The forms of a page: where each goes, and its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        if tag == "input" and "name" in given:
            self.found[-1][1][given["name"]] = given.get("value", "")


async def walk(address: httpx2.URL, subject: str) -> httpx2.URL:
    """Go through the provider's pages as a person would, until it sends the browser back to us."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as browser:
        response = await browser.get(str(address))
        for _step in range(12):
            if response.is_redirect:
                target = urljoin(str(response.url), response.headers["location"])
                if target.startswith(HOME):
                    return httpx2.URL(target)
                response = await browser.get(target)
                continue
            assert Forms(response.text).found, response.text[-300:]
            action, fields = Forms(response.text).found[0]
            filled = fields | ({"login": subject, "password": "any"} if "login" in fields else {})
            response = await browser.post(urljoin(str(response.url), action), data=filled)
    raise AssertionError(f"the provider does not send the browser back: {response.status_code}")


async def log_in(client: httpx2.AsyncClient) -> httpx2.Response:
    back = await walk(await to_iam(client), SUBJECT)
    return await client.get(back.raw_path.decode())


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


async def test_somebody_logs_in_acts_and_logs_out(app: Starlette, vault: Vault) -> None:
    async with tab(app) as client:
        landed = await log_in(client)
        viewer = (await who(client)).json()["data"]["viewer"]
        for_panda = claims_of(await vault.token_for(CREDENTIAL, "panda", Right.SUBMIT))
        for_rucio = claims_of(await vault.token_for(CREDENTIAL, "rucio", Right.SUBMIT))
        left = await client.post("/auth/logout", headers=OWN)
        stranger = await who(client)

    assert (landed.status_code, landed.headers["location"]) == (303, "/requests")
    assert viewer == {
        "name": "Production Manager",
        "username": "prodman",
        "roles": ["PRODUCTION_MANAGER", "VIEWER"],
    }
    assert [(one["aud"], one["sub"], one["preferred_username"]) for one in (for_panda, for_rucio)] == [
        ("panda", SUBJECT, "prodman"),
        ("rucio", SUBJECT, "prodman"),
    ]
    assert (left.status_code, stranger.status_code) == (204, 401)


async def test_after_a_logout_nobody_acts_for_the_person(app: Starlette, vault: Vault) -> None:
    async with tab(app) as client:
        await log_in(client)
        await client.post("/auth/logout", headers=OWN)

    with pytest.raises(CredentialMissingError, match="log in again"):
        await vault.token_for(CREDENTIAL, "panda", Right.SUBMIT)


async def test_one_refresh_at_a_time_keeps_a_grant_whose_token_changes_alive(
    app: Starlette, settings: Settings, iam: OpenIdProvider, own_world: Database
) -> None:
    """This provider ends a grant whose refresh token comes twice: two refreshes at once would."""
    async with tab(app) as client:
        await log_in(client)
    processes = [vault_of(settings, iam, own_world, utc_now) for _ in range(4)]

    tokens = await asyncio.gather(
        *(
            process.token_for(CREDENTIAL, audience, Right.SUBMIT)
            for process in processes
            if process is not None
            for audience in ("panda", "rucio")
        )
    )

    assert [claims_of(token)["aud"] for token in tokens] == ["panda", "rucio"] * 4


async def test_a_token_of_a_script_is_taken_and_exchanged(
    app: Starlette, iam: OpenIdProvider, vault: Vault, provider_url: str, own_world: Database
) -> None:
    async with tab(app) as client:
        await log_in(client)
    token = await vault.token_for(CREDENTIAL, "spd-gateway", Right.SUBMIT)

    async with tab(app) as script:
        answer = await who(script, authorization=f"Bearer {token}")
        for_rucio = await vault.token_for(CREDENTIAL, "rucio", Right.SUBMIT)
        refused = await who(script, authorization=f"Bearer {for_rucio}")
    exchanged = await iam.exchange(token, "panda")

    assert answer.json()["data"]["viewer"]["username"] == "prodman"
    assert refused.status_code == 401
    assert claims_of(exchanged.access_token)["aud"] == "panda"
    check = TokenCheck(provider_url, frozenset({"panda"}), SigningKeys(iam.keys, lambda: 0.0), utc_now)
    assert (await check(exchanged.access_token)).subject == SUBJECT


async def test_a_code_without_its_verifier_is_refused_by_the_provider(app: Starlette) -> None:
    """The control: PKCE is really asked for."""
    async with tab(app) as client:
        back = await walk(await to_iam(client), SUBJECT)
        other = await to_iam(client)
        # The code of one login, brought back as that of another, whose verifier it was not asked for with.
        mixed = back.copy_set_param("state", other.params["state"])
        response = await client.get(mixed.raw_path.decode())

    assert response.status_code == 403
    assert secrets.compare_digest(response.headers["cache-control"], "no-store")
