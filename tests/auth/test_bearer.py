"""Access tokens: every hostile one is refused, no good one is, and IAM is asked for keys with restraint."""

import asyncio
import hmac
from collections.abc import Callable

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from gateway.auth.bearer import ANY_AUDIENCE
from gateway.errors import UnauthenticatedError, UpstreamError
from tests.auth.issuer import AUDIENCE, ISSUER, NOW, Issuer, claims, encoded

NOW_S = int(NOW.timestamp())
Make = Callable[[Issuer], str]


def unsigned(issuer: Issuer, alg: str = "none", **said: object) -> str:
    return f"{encoded({'alg': alg, 'kid': 'rsa1'})}.{encoded(claims(**said))}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """HS256 with the text of the RSA key as the secret: whoever takes any algorithm takes this."""
    text = f"{encoded({'alg': 'HS256', 'kid': 'rsa1'})}.{encoded(claims())}"
    secret = issuer.key.as_pem(private=False)
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), 'sha256'))}"


def signed_by_another(issuer: Issuer, **header: object) -> str:
    key = RSAKey.generate_key(2048, auto_kid=False)
    return jwt.encode({"alg": "RS256", "kid": "rsa1"} | header, claims(), key, default_type=None)


def with_its_own_key(issuer: Issuer) -> str:
    key = RSAKey.generate_key(2048, auto_kid=False)
    header = {"alg": "RS256", "kid": "rsa1", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims(), key, default_type=None)


def changed_after_signing(issuer: Issuer) -> str:
    head, _payload, signature = issuer.token().split(".")
    return f"{head}.{encoded(claims(**{'wlcg.groups': ['/spd/admins']}))}.{signature}"


def without_signature(issuer: Issuer) -> str:
    return issuer.token().rpartition(".")[0] + "."


def saying(**said: object) -> Make:
    return lambda issuer: issuer.token(claims(**said))


def headed(**header: object) -> Make:
    return lambda issuer: issuer.token(**header)


HOSTILE: dict[str, Make] = {
    "unsigned (alg none)": unsigned,
    "unsigned (alg None, written otherwise)": lambda issuer: unsigned(issuer, "nOnE"),
    "unsigned (alg empty)": lambda issuer: unsigned(issuer, ""),
    "signature cut off": without_signature,
    "HS256 with the public key": signed_with_the_public_key,
    "signed by another with our key's id": signed_by_another,
    "signed by another with an unknown key id": lambda issuer: signed_by_another(issuer, kid="rsa9"),
    "signed by a key it brings along": with_its_own_key,
    "a key to be fetched elsewhere (jku)": headed(jku="https://evil.test/keys"),
    "a certificate to be fetched elsewhere (x5u)": headed(x5u="https://evil.test/cert"),
    "an extension that must be understood": headed(crit=["exp"], exp=1),
    "no key id": headed(kid=None),
    "a key id that is no text": lambda issuer: (
        f"{encoded({'alg': 'RS256', 'kid': 1})}.{encoded(claims())}.{issuer.token().rpartition('.')[2]}"
    ),
    "RS512, which is not offered": headed(alg="RS512"),
    "PS256, which is not offered": headed(alg="PS256"),
    "changed after it was signed": changed_after_signing,
    "another issuer": saying(iss="https://evil.test/"),
    "an issuer that begins like ours": saying(iss=ISSUER + "evil"),
    "an issuer with two slashes": saying(iss=ISSUER + "/"),
    "an issuer in a list": saying(iss=[ISSUER]),
    "no issuer": saying(iss=None),
    "for Rucio": saying(aud="rucio"),
    "for several others": saying(aud=["rucio", "panda"]),
    "for anybody (not opted in)": saying(aud=ANY_AUDIENCE),
    "an audience that begins like ours": saying(aud=AUDIENCE + "-other"),
    "an audience that is an object": saying(aud={AUDIENCE: True}),
    "an empty audience": saying(aud=[]),
    "no audience": saying(aud=None),
    "expired": saying(exp=NOW_S - 61),
    "no expiry": saying(exp=None),
    "expiry as text": saying(exp=str(NOW_S + 3600)),
    "expiry true": saying(exp=True),
    "not valid yet": saying(nbf=NOW_S + 61),
    "issued in the future": saying(iat=NOW_S + 61),
    "not-before as text": saying(nbf="0"),
    "an ID token (nonce)": saying(nonce="n"),
    "an ID token (at_hash)": saying(at_hash="h"),
    "an ID token of a refresh (no client_id)": saying(client_id=None),
    "a logout token": headed(typ="logout+jwt"),
    "an ID token by its type": headed(typ="id_token+jwt"),
    "no subject": saying(sub=None),
    "an empty subject": saying(sub=""),
    "a subject that is a number": saying(sub=1),
    "a subject with a line break": saying(sub="a\nb"),
    "a subject of 300 characters": saying(sub="a" * 300),
    "groups that are text": saying(**{"wlcg.groups": "/spd/admins"}),
    "thousands of groups": saying(**{"wlcg.groups": ["/g"] * 501}),
    "claims that are a list": lambda issuer: issuer.token([claims()]),
    "claims that are bytes": lambda issuer: issuer.token(b"\xff\xfe"),
    "no JSON at all": lambda _issuer: f"{encoded(b'x')}.{encoded(b'y')}.{encoded(b'z')}",
    "deeply nested": lambda _issuer: f"{encoded(b'[' * 3000)}.{encoded(b'{}')}.AAAA",
    "five parts (encrypted)": lambda _issuer: "a.b.c.d.e",
    "two parts": lambda _issuer: "a.b",
    "empty": lambda _issuer: "",
    "not ASCII": lambda issuer: issuer.token() + "é",
    "very long": lambda issuer: issuer.token() + "A" * 9000,
    "with a space": lambda issuer: issuer.token().replace(".", " .", 1),
}

GOOD: dict[str, Make] = {
    "as IAM writes it, issuer without slash": saying(),
    "issuer with slash": saying(iss=ISSUER),
    "of another key and algorithm": lambda issuer: issuer.ec_token(),
    "audience in a list": saying(aud=["rucio", AUDIENCE]),
    "with a type (RFC 9068)": headed(typ="at+jwt"),
    "with the type JWT": headed(typ="JWT"),
    "without nbf": saying(nbf=None),
    "without iat": saying(iat=None),
    "without jti": saying(jti=None),
    "a clock that is a minute off": saying(nbf=NOW_S + 59, iat=NOW_S + 59),
    "expired within the leeway": saying(exp=NOW_S - 59),
    "times with fractions": saying(exp=NOW_S + 0.5),
    "exchanged for another service": saying(act={"sub": "other-client"}),
    "IAM's own profile": saying(**{"wlcg.groups": None, "wlcg.ver": None, "groups": ["spd"]}),
    "no groups at all": saying(**{"wlcg.groups": None}),
    "no names": saying(name=None, preferred_username=None),
    "of a program": saying(sub="sampo", client_id="sampo", **{"wlcg.groups": None}),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_refused_and_not_repeated(name: str) -> None:
    issuer = Issuer()
    token = HOSTILE[name](issuer)

    with pytest.raises(UnauthenticatedError, match="the access token is refused: ") as refused:
        await issuer.check()(token)

    assert not token or token not in str(refused.value)
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize("name", GOOD)
async def test_a_good_token_is_taken(name: str) -> None:
    issuer = Issuer()

    token = await issuer.check()(GOOD[name](issuer))

    assert token.subject in {claims()["sub"], "sampo"}


def test_there_are_many_hostile_tokens() -> None:
    assert len(HOSTILE) == 57
    assert len(GOOD) == 17


async def test_a_token_without_a_key_id_is_refused_where_there_is_one_key_only() -> None:
    # A library that has one key needs no id to choose it; with two it could not choose.
    issuer = Issuer()
    issuer.published = [issuer.key]

    await issuer.check()(issuer.token())
    with pytest.raises(UnauthenticatedError, match="what we do not do"):
        await issuer.check()(issuer.token(kid=None))


async def test_a_token_says_who_stands_behind_it() -> None:
    issuer = Issuer()

    token = await issuer.check()(issuer.token())

    assert (token.username, token.name, token.client_id) == ("prodman", "Production Manager", "shell")
    assert token.groups == ("spd", "spd/production")
    assert (token.is_wlcg, token.is_of_client) == (True, False)
    assert token.raw not in repr(token)


async def test_tokens_for_anybody_are_taken_where_that_is_wanted() -> None:
    issuer = Issuer()

    token = await issuer.check(takes_any=True)(issuer.token(claims(aud=ANY_AUDIENCE)))

    assert token.username == "prodman"


async def test_a_new_key_is_fetched_once_and_used() -> None:
    issuer = Issuer()
    check = issuer.check()
    await check(issuer.token())
    issuer.rotate()
    issuer.seconds += 61

    tokens = [issuer.token() for _ in range(5)]
    found = await asyncio.gather(*(check(token) for token in tokens))

    assert {token.username for token in found} == {"prodman"}
    assert issuer.asked == 2


async def test_unknown_key_ids_do_not_make_us_hammer_iam() -> None:
    issuer = Issuer()
    check = issuer.check()

    for number in range(50):
        with pytest.raises(UnauthenticatedError):
            await check(signed_by_another(issuer, kid=f"unknown{number % 3}"))
        issuer.seconds += 1

    assert issuer.asked == 1


async def test_known_keys_serve_while_iam_is_silent_and_not_for_ever() -> None:
    issuer = Issuer()
    check = issuer.check()
    await check(issuer.token())
    issuer.is_silent = True

    issuer.seconds += 86_400
    await check(issuer.token())
    issuer.seconds += 86_400 + 61

    with pytest.raises(UpstreamError, match="no token can be checked"):
        await check(issuer.token())


async def test_without_keys_nothing_is_taken() -> None:
    issuer = Issuer(is_silent=True)

    with pytest.raises(UpstreamError):
        await issuer.check()(issuer.token())


async def test_keys_are_fresh_for_six_hours() -> None:
    issuer = Issuer()
    check = issuer.check()

    for _ in range(6):
        await check(issuer.token())
        issuer.seconds += 3600
    assert issuer.asked == 1

    await check(issuer.token())
    assert issuer.asked == 2
