"""What IAM says of itself is judged each time it is read, and a wrong answer is not kept."""

import httpx2
import pytest

from gateway.errors import GarbledError
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.iam.openid import OpenIdProvider

ISSUER = "https://iam.test/"
KEYS = {"keys": []}


class Iam(httpx2.AsyncBaseTransport):
    """An IAM that publishes this address of its keys."""

    def __init__(self, jwks_uri: object) -> None:
        self.jwks_uri = jwks_uri
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        if request.url.path.endswith("openid-configuration"):
            return httpx2.Response(200, json={"issuer": ISSUER, "jwks_uri": self.jwks_uri})
        return httpx2.Response(200, json=KEYS)


@pytest.mark.parametrize("wrong", ["https://elsewhere.test/jwk", "http://[bad", None, 7])
async def test_keys_are_had_again_as_soon_as_iam_says_rightly_where_they_are(wrong: object) -> None:
    iam = Iam(wrong)
    provider = OpenIdProvider(HttpUpstream("iam", ISSUER, transport=iam), ISSUER)

    with pytest.raises(GarbledError, match="publishes no jwks_uri on its own host"):
        await provider.keys()
    iam.jwks_uri = f"{ISSUER}jwk"
    found = await provider.keys()

    assert found == KEYS
    assert iam.asked == ["/.well-known/openid-configuration", "/.well-known/openid-configuration", "/jwk"]
    await provider.close()
