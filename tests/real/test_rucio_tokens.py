"""An IAM token given through to a real Rucio: accepted, refused when forged, and safe when it is new."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from gateway.errors import DeniedError
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.rucio.client import RucioClient
from gateway.upstreams.rucio.tokens import TOKEN_HEADER, GivenToken
from tests.real.environments import EnvironmentMissingError, environment, skip_or_fail
from tests.real.rucio.issuer import running_issuer
from tests.real.rucio.partners import QUICK
from tests.real.rucio.server import LOCK, RucioServer, running_rucio

TOKEN_SCRIPT = Path(__file__).parent / "rucio" / "token_script.py"
SUBJECT = "00000000-0000-4000-8000-000000000099"
AT_ONCE = 8
# Tokens of each kind of trial; each is new to the server once.
TRIALS = 10

_KNOW = """
import sys
from rucio.client import Client
url, identity = sys.argv[1:]
creds = {"username": "ddmlab", "password": "secret"}
root = Client(rucio_host=url, auth_host=url, account="root", auth_type="userpass", creds=creds)
root.add_account("gateway", "SERVICE", "gateway@example.org")
root.add_identity(account="gateway", identity=identity, authtype="OIDC", email="g@example.org", default=True)
"""


@dataclass(frozen=True, slots=True)
class Trusting:
    """A server that trusts an issuer, and tokens of that issuer which it has not seen."""

    server: RucioServer
    tokens: Iterator[str]
    long_token: str


@pytest.fixture(scope="module")
def trusting(postgres_url: str) -> Iterator[Trusting]:
    try:
        environment("rucio", LOCK)
    except EnvironmentMissingError as error:
        skip_or_fail("tokens of IAM at a real Rucio", error)
    with (
        running_issuer() as issuer,
        running_rucio(postgres_url, "rucio_tokens", issuer.secrets()) as server,
    ):
        server.run("-c", _KNOW, server.url, f"SUB={SUBJECT}, ISS={issuer.url}")
        made = json.loads(server.run(TOKEN_SCRIPT, issuer.url, SUBJECT, str(3 * TRIALS), "3000"))
        issuer.jwks = made["jwks"]
        *tokens, long_token = made["tokens"]
        yield Trusting(server, iter(tokens), long_token)


async def statuses_without_us(url: str, token: str) -> list[int]:
    """Ask at once with a token that is new to the server, as clients do that know nothing of it."""
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        answers = await asyncio.gather(
            *(client.get("/rses/", headers={TOKEN_HEADER: token}) for _ in range(AT_ONCE))
        )
    return [answer.status_code for answer in answers]


async def test_a_new_token_used_by_many_at_once_is_never_refused(trusting: Trusting) -> None:
    refused = 0
    for _ in range(TRIALS):
        http = HttpUpstream("rucio", trusting.server.url, manners=QUICK)
        token = next(trusting.tokens)
        client = RucioClient(http, GivenToken(lambda token=token: token))

        answers = await asyncio.gather(*(client.scopes() for _ in range(AT_ONCE)), return_exceptions=True)

        refused += sum(isinstance(answer, BaseException) for answer in answers)
        await http.close()
    print(f"new tokens used {AT_ONCE} times at once: {refused} of {TRIALS * AT_ONCE} calls refused")
    assert refused == 0


async def test_without_trying_it_alone_first_a_new_token_is_refused_to_some(trusting: Trusting) -> None:
    found = [
        status
        for _ in range(TRIALS)
        for status in await statuses_without_us(trusting.server.url, next(trusting.tokens))
    ]

    print(f"the same without a first try alone: {found.count(401)} of {len(found)} calls refused")
    assert set(found) <= {200, 401}
    # The trap is still there; when it is gone, the first try can go too.
    assert found.count(401) > 0


async def test_a_token_that_was_tampered_with_is_refused(trusting: Trusting) -> None:
    head, _, signature = next(trusting.tokens).split(".")
    other = next(trusting.tokens).split(".")[1]
    http = HttpUpstream("rucio", trusting.server.url, manners=QUICK)

    with pytest.raises(DeniedError, match="CannotAuthenticate"):
        await RucioClient(http, GivenToken(lambda: f"{head}.{other}.{signature}")).scopes()
    await http.close()


async def test_a_token_that_is_too_long_for_the_servers_database_is_told_as_such(trusting: Trusting) -> None:
    http = HttpUpstream("rucio", trusting.server.url, manners=QUICK)

    with pytest.raises(DeniedError, match="too long for a Rucio on PostgreSQL"):
        await RucioClient(http, GivenToken(lambda: trusting.long_token)).scopes()
    await http.close()
