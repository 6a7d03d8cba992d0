"""IAM's set of keys: what cannot be used of it is left out, and what can be is used."""

import pytest
from joserfc.jwk import RSAKey
from structlog.testing import capture_logs

from gateway.auth.signing_keys import SigningKeys
from gateway.errors import UpstreamError

GOOD = {**RSAKey.generate_key(2048).as_dict(private=False), "kid": "good", "use": "sig"}
UNUSABLE = {
    "a curve that nobody here knows": {"kty": "EC", "kid": "odd", "crv": "BP-256", "x": "AA", "y": "AA"},
    "a key without its numbers": {"kty": "RSA", "kid": "odd"},
    "a point that is not on the curve": {"kty": "EC", "kid": "odd", "crv": "P-256", "x": "AA", "y": "AA"},
    "a number that is none": {"kty": "RSA", "kid": "odd", "n": 7, "e": None},
}


def keys_of(*entries: object) -> SigningKeys:
    async def fetch() -> object:
        return {"keys": list(entries)}

    return SigningKeys(fetch, lambda: 0.0)


@pytest.mark.parametrize("case", UNUSABLE)
async def test_one_key_that_cannot_be_used_does_not_take_the_others_with_it(case: str) -> None:
    with capture_logs() as logs:
        found = await keys_of(UNUSABLE[case], GOOD).now()

    assert [key.kid for key in found.keys] == ["good"]
    assert [(entry["action"], entry["kid"]) for entry in logs] == [("auth.keys", "odd")]


async def test_a_set_without_a_key_that_can_be_used_is_none() -> None:
    with pytest.raises(UpstreamError, match="iam's keys cannot be had now"):
        await keys_of(*UNUSABLE.values()).now()
