"""An issuer for tests: real keys, tokens as INDIGO IAM writes them, and a count of how often it was asked."""

import base64
import datetime as dt
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from gateway.auth.bearer import TokenCheck
from gateway.auth.signing_keys import SigningKeys
from gateway.errors import UnreachableError

ISSUER = "https://iam.test/"
AUDIENCE = "spd-gateway"
NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
SUBJECT = "00000000-0000-4000-8000-000000000001"
_RSA = RSAKey.generate_key(2048, {"kid": "rsa1", "use": "sig", "alg": "RS256"}, auto_kid=False)
_EC = ECKey.generate_key("P-256", {"kid": "ec1", "use": "sig", "alg": "ES256"}, auto_kid=False)


def encoded(content: object) -> str:
    """A part of a token."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def claims(**changed: object) -> dict[str, object]:
    """What a good access token of the production manager says; None takes a claim away."""
    now = int(NOW.timestamp())
    said: dict[str, object] = {
        "sub": SUBJECT,
        "iss": ISSUER.removesuffix("/"),
        "aud": AUDIENCE,
        "client_id": "shell",
        "scope": "openid profile wlcg.groups",
        "wlcg.ver": "1.0",
        "wlcg.groups": ["/spd", "/spd/production"],
        "preferred_username": "prodman",
        "name": "Production Manager",
        "nbf": now,
        "iat": now,
        "exp": now + 3600,
        "jti": "00000000-0000-4000-8000-0000000000aa",
    }
    return {name: value for name, value in (said | changed).items() if value is not None}


@dataclass
class Issuer:
    """Signs, publishes its keys, may rotate them and may fall silent; time is moved by hand."""

    key: RSAKey | ECKey = field(default_factory=lambda: _RSA, repr=False)
    asked: int = 0
    is_silent: bool = False
    seconds: float = 0.0
    published: list[RSAKey | ECKey] = field(default_factory=lambda: [_RSA, _EC])

    def token(self, said: object = None, **header: object) -> str:
        """Sign by hand: a library would not sign all that tests send."""
        full = {"alg": "RS256", "kid": self.key.kid} | header
        head = encoded({name: value for name, value in full.items() if value is not None})
        text = f"{head}.{encoded(claims() if said is None else said)}"
        private = self.key.private_key
        assert isinstance(private, RSAPrivateKey)
        hashed = hashes.SHA512() if full["alg"] == "RS512" else hashes.SHA256()
        padded = padding.PSS(padding.MGF1(hashed), 32) if full["alg"] == "PS256" else padding.PKCS1v15()
        return f"{text}.{encoded(private.sign(text.encode(), padded, hashed))}"

    def ec_token(self) -> str:
        return jwt.encode({"alg": "ES256", "kid": "ec1"}, claims(), _EC, default_type=None)

    def rotate(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": f"rsa{len(self.published)}x"}, auto_kid=False)
        self.published = [self.key]

    async def keys(self) -> object:
        self.asked += 1
        if self.is_silent:
            raise UnreachableError("iam", "iam cannot be reached")
        return KeySet(self.published).as_dict(private=False)

    def check(
        self, *, audiences: frozenset[str] = frozenset({AUDIENCE}), takes_any: bool = False
    ) -> TokenCheck:
        return TokenCheck(
            ISSUER,
            audiences,
            SigningKeys(self.keys, lambda: self.seconds),
            lambda: NOW,
            takes_any_audience=takes_any,
        )
