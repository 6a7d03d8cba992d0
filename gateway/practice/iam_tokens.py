"""Tokens of a practice IAM: who gets one, what it says, and whether it is taken."""

import base64
import binascii
import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request

from gateway.practice.dated import Clock
from gateway.practice.iam_objects import IamClientAccount, IamState
from gateway.practice.signing_key import SigningKey, new_key

# The audience of WLCG's profile when none was asked for.
ANY_AUDIENCE: Final = "https://wlcg.cern.ch/jwt/v1/any"
Claims = Mapping[str, object]


class TokenRefusedError(Exception):
    """The token endpoint's refusal: OAuth's error code and HTTP status."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(slots=True)
class TokenOffice:
    """Issues and checks tokens, signed with a key of its own; none of them is kept."""

    state: IamState
    clock: Clock
    key: SigningKey = field(default_factory=new_key, repr=False)

    def client_of(self, request: Request, form: Mapping[str, str]) -> tuple[str, IamClientAccount]:
        """Return the client that asks, by Basic authentication or in the form; raises TokenRefusedError."""
        scheme, _space, given = request.headers.get("authorization", "").partition(" ")
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(given, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise TokenRefusedError("invalid_client", 401) from error
            client_id, _colon, secret = (unquote(part) for part in pair.partition(":"))
        client = self.state.clients.get(client_id)
        if client is None or client.secret != secret:
            raise TokenRefusedError("invalid_client", 401)
        return client_id, client

    def for_client(self, issuer: str, client_id: str, client: IamClientAccount, scope: str) -> Claims:
        """Return a token answer for the client itself, which has no refresh token."""
        wanted = frozenset(scope.split()) or client.scopes
        if not wanted <= client.scopes:
            raise TokenRefusedError("invalid_scope")
        return self._answer(issuer, {"sub": client_id, "client_id": client_id}, " ".join(sorted(wanted)))

    def claims_of(self, authorization: str) -> Claims | None:
        """Return what a bearer token says, or None when it is not ours or no longer valid."""
        scheme, _space, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or token.count(".") != 2 or not self.key.has_signed(token):
            return None
        payload = token.split(".")[1]
        claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        expires = claims.get("exp")
        return claims if isinstance(expires, int) and expires > self.clock().timestamp() else None

    def _answer(self, issuer: str, claims: Claims, scope: str) -> Claims:
        now = int(self.clock().astimezone(dt.UTC).timestamp())
        lifetime_s = self.state.token_lifetime_s
        full = {
            **claims,
            "iss": issuer if self.state.has_slash_in_tokens else issuer.removesuffix("/"),
            "aud": ANY_AUDIENCE,
            "scope": scope,
            "wlcg.ver": "1.0",
            "jti": str(uuid.uuid4()),
            "nbf": now,
            "iat": now,
            "exp": now + lifetime_s,
        }
        return {
            "access_token": self.key.signed(full),
            "token_type": "Bearer",
            "expires_in": lifetime_s - 1,
            "scope": scope,
        }
