"""A scripted browser for logins: the gateway without a network, IAM over loopback."""

import contextlib
import datetime as dt
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2
from starlette.applications import Starlette

from gateway.app import create_app, utc_now
from gateway.auth.sealing import new_key
from gateway.connect import iam_provider
from gateway.settings import Settings
from gateway.store.database import Database

HOME = "http://127.0.0.1:8000"
OWN = {"x-gateway-panel": "1", "origin": HOME, "sec-fetch-site": "same-origin"}
ME = "{ viewer { name username roles } }"
Clock = Callable[[], dt.datetime]


def login_settings(issuer: str, folder: Path, **changed: object) -> Settings:
    """Settings of a closed gateway that logs in at this issuer."""
    secret = folder / f"secret-{secrets.token_hex(4)}"
    secret.write_text("practice-secret")
    given: dict[str, object] = {
        "iam_issuer": issuer,
        "iam_login_client_id": "gateway-login",
        "iam_login_client_secret_file": str(secret),
        "vault_keys": new_key(),
        "public_url": HOME,
    }
    return Settings.read(**(given | changed))


@contextlib.asynccontextmanager
async def running(settings: Settings, database: Database, clock: Clock = utc_now) -> AsyncIterator[Starlette]:
    """The application with these settings; the database stays open."""
    iam = iam_provider(settings)
    assert iam is not None
    yield create_app(settings, database, clock=clock, iam=iam)
    await iam.close()


def tab(app: Starlette, home: str = HOME) -> httpx2.AsyncClient:
    """A browser with an empty cookie jar."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=home)


async def to_iam(client: httpx2.AsyncClient, following: str = "/requests") -> httpx2.URL:
    """Begin a login and return where the browser is sent."""
    response = await client.get("/auth/login", params={"next": following})
    assert response.status_code == 303, response.text
    return httpx2.URL(response.headers["location"])


async def choose(address: httpx2.URL, account: str) -> httpx2.URL:
    """Be somebody at the practice IAM; return where it sends the browser back to."""
    form = dict(parse_qsl(address.query.decode())) | {"account": account}
    async with httpx2.AsyncClient(trust_env=False) as iam:
        response = await iam.post(str(address.copy_with(query=None)), data=form)
    assert response.status_code == 303, response.text
    return httpx2.URL(response.headers["location"])


async def log_in(client: httpx2.AsyncClient, account: str, following: str = "/requests") -> httpx2.Response:
    """Log in from the first click to the page that was wanted."""
    back = await choose(await to_iam(client, following), account)
    assert f"{back.scheme}://{back.netloc.decode()}" == HOME
    return await client.get(back.raw_path.decode())


async def who(client: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
    """Ask who one is, as the panel does."""
    return await client.post("/graphql", json={"query": ME}, headers={**OWN, **headers})


def path_of(location: str) -> str:
    """The path and query of an address."""
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")
