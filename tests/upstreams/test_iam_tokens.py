"""How a token of our own is got, kept and let go."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2
import pytest

from gateway.errors import DeniedError, GarbledError, UpstreamError
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.iam.tokens import ClientCredentials, Credentials

ISSUER = "https://iam.practice.example/"
DISCOVERY = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}token"}


@dataclass
class Provider:
    """Gives numbered tokens, or what it is told to."""

    discovery: Mapping[str, object] = field(default_factory=lambda: DISCOVERY)
    answer: httpx2.Response | None = None
    lifetime: object = 3600
    asked: list[httpx2.Request] = field(default_factory=list)
    now: float = 0.0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=self.discovery)
        self.asked.append(request)
        said = {"access_token": f"token{len(self.asked)}", "expires_in": self.lifetime}
        return self.answer or httpx2.Response(200, json=said)

    def tokens(self, issuer: str = ISSUER) -> ClientCredentials:
        http = HttpUpstream("iam", ISSUER, transport=httpx2.MockTransport(self))
        return ClientCredentials(http, issuer, Credentials("our id", "se:cret"), clock=lambda: self.now)


async def test_the_pair_is_sent_as_basic_authentication_each_part_quoted() -> None:
    provider = Provider()

    await provider.tokens().bearer()

    (request,) = provider.asked
    scheme, _space, pair = request.headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"our%20id:se%3Acret")
    assert request.content == b"grant_type=client_credentials&scope=scim%3Aread"


async def test_a_token_is_kept_until_its_last_minute() -> None:
    provider = Provider()
    tokens = provider.tokens()

    found = []
    for provider.now in (0, 3539, 3540, 3541):
        found.append(await tokens.bearer())

    assert found == ["token1", "token1", "token2", "token2"]


async def test_a_token_of_a_minute_is_kept_for_half_of_it() -> None:
    provider = Provider(lifetime=60)
    tokens = provider.tokens()

    found = []
    for provider.now in (0, 29, 30):
        found.append(await tokens.bearer())

    assert found == ["token1", "token1", "token2"]


async def test_many_who_wait_share_one_token_and_a_forgotten_one_is_replaced() -> None:
    provider = Provider()
    tokens = provider.tokens()

    shared = await asyncio.gather(*(tokens.bearer() for _ in range(20)))
    tokens.forget()

    assert (set(shared), await tokens.bearer()) == ({"token1"}, "token2")


@pytest.mark.parametrize(
    ("discovery", "words"),
    [
        ({**DISCOVERY, "issuer": "https://other.example/"}, "another issuer"),
        ({**DISCOVERY, "token_endpoint": "https://other.example/token"}, "another host"),
        ({**DISCOVERY, "token_endpoint": "http://iam.practice.example/token"}, "another host"),
        ({"issuer": ISSUER}, "no token endpoint"),
        ({}, "no issuer"),
    ],
)
async def test_the_secret_goes_nowhere_but_to_the_configured_issuer(
    discovery: Mapping[str, object], words: str
) -> None:
    provider = Provider(discovery)

    with pytest.raises(GarbledError, match=words):
        await provider.tokens().bearer()
    assert provider.asked == []


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (httpx2.Response(401, json={"error": "invalid_client"}), DeniedError, r"\(invalid_client\)"),
        (httpx2.Response(400, json={"error": "invalid_scope"}), DeniedError, r"\(invalid_scope\)"),
        (httpx2.Response(400, json={"error": "said se:cret"}), DeniedError, r"\(no reason given\)"),
        (httpx2.Response(401, html="<html>"), DeniedError, r"\(no reason given\)"),
        (httpx2.Response(200, json={"token": "x"}), GarbledError, "without a token"),
        (
            httpx2.Response(200, json={"access_token": "x", "expires_in": "soon"}),
            GarbledError,
            "without a token",
        ),
        (httpx2.Response(500, json={}), UpstreamError, "failed"),
    ],
)
async def test_a_refusal_says_why_and_never_the_secret(
    answer: httpx2.Response, error: type[UpstreamError], words: str
) -> None:
    with pytest.raises(error, match=words) as refused:
        await Provider(answer=answer).tokens().bearer()

    assert "se:cret" not in refused.value.message
