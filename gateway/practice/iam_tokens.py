"""Tokens of a practice IAM: who gets one, what it says, and whether it is taken.

Grants and claims follow INDIGO IAM 1.12 with the WLCG profile: the audience is asked for at each refresh or
exchange, the same refresh token is good for many refreshes, and access tokens may lack the issuer's slash.
"""

import base64
import binascii
import datetime as dt
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request

from gateway.practice.dated import Clock
from gateway.practice.iam_objects import TOKEN_EXCHANGE, IamClientAccount, IamState
from gateway.practice.signing_key import SigningKey, new_key

# The audience of WLCG's profile when none was asked for.
ANY_AUDIENCE: Final = "https://wlcg.cern.ch/jwt/v1/any"
ID_TOKEN_LIFETIME_S: Final = 600
CODE_LIFETIME: Final = dt.timedelta(seconds=60)
REFRESH_LIFETIME: Final = dt.timedelta(days=30)
# The one password of all role accounts: there is nothing to protect.
PRACTICE_PASSWORD: Final = "practice"  # noqa: S105 - published on purpose
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a kind
_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
Claims = Mapping[str, object]
Form = Mapping[str, str]


class TokenRefusedError(Exception):
    """The token endpoint's refusal: OAuth's error code and HTTP status."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person has allowed a client: it stands behind a code, and then behind a refresh token."""

    client_id: str
    subject: str
    scopes: frozenset[str]
    expires: dt.datetime
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str = ""


@dataclass
class TokenOffice:
    """Issues and checks tokens, signed with a key of its own; of access tokens only revoked ones are kept."""

    state: IamState
    clock: Clock
    codes: dict[str, Grant] = field(default_factory=dict, repr=False)
    refreshable: dict[str, Grant] = field(default_factory=dict, repr=False)
    revoked: set[str] = field(default_factory=set)

    @cached_property
    def key(self) -> SigningKey:
        """The key, made when it is first needed."""
        return new_key()

    def client_of(self, request: Request, form: Form) -> tuple[str, IamClientAccount]:
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

    def answer(self, issuer: str, client_id: str, client: IamClientAccount, form: Form) -> Claims:
        """Return the token endpoint's answer to a client, or raise TokenRefusedError."""
        grant_type = form.get("grant_type", "")
        if grant_type not in client.grant_types:
            known = {"authorization_code", "refresh_token", "client_credentials", "password", TOKEN_EXCHANGE}
            raise TokenRefusedError(
                "unauthorized_client" if grant_type in known else "unsupported_grant_type"
            )
        match grant_type:
            case "client_credentials":
                wanted = _narrowed(form, client.scopes)
                return self._answer(issuer, {"sub": client_id, "client_id": client_id}, wanted, form)
            case "authorization_code":
                return self._for_code(issuer, client_id, form)
            case "refresh_token":
                return self._for_refresh(issuer, client_id, form)
            case "password":
                return self._for_password(issuer, client_id, client, form)
            case _:
                return self._for_exchange(issuer, client_id, client, form)

    def code_for(self, grant: Grant) -> str:
        """Return a code for a login that has just been allowed; it is good for one use within a minute."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = grant
        return code

    def claims_of(self, authorization: str) -> Claims | None:
        """Return what a bearer token says, or None when it is not ours or no longer valid."""
        scheme, _space, token = authorization.partition(" ")
        return self.claims_in(token) if scheme.lower() == "bearer" else None

    def claims_in(self, token: str) -> Claims | None:
        """Return what an access token says, or None when it is not ours, an ID token, or no longer valid."""
        if token.count(".") != 2 or not self.key.has_signed(token):
            return None
        payload = token.split(".")[1]
        claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        expires = claims.get("exp")
        if "wlcg.ver" not in claims or claims.get("jti") in self.revoked:
            return None
        return claims if isinstance(expires, int) and expires > self.clock().timestamp() else None

    def revoke(self, token: str) -> None:
        """Make a token of either kind useless; one that is not known is as good as revoked."""
        self.refreshable.pop(token, None)
        if (claims := self.claims_in(token)) is not None:
            self.revoked.add(str(claims["jti"]))

    def about(self, subject: str, scopes: frozenset[str]) -> Claims | None:
        """Return what scopes let a client know of a person; None for one who is unknown or not active."""
        user = self.state.users.get(subject)
        if user is None or not user["active"]:
            return None
        said: dict[str, object] = {"sub": subject}
        name = user["name"]
        if "profile" in scopes and isinstance(name, dict):
            said |= {"name": name["formatted"], "preferred_username": user["userName"]}
        if "email" in scopes:
            said |= {"email": f"{user['userName']}@practice.example", "email_verified": True}
        if "wlcg.groups" in scopes:
            groups = user.get("groups")
            said["wlcg.groups"] = [
                f"/{group['display']}"
                for group in (groups if isinstance(groups, list) else [])
                if isinstance(group, dict)
            ]
        return said

    def _for_code(self, issuer: str, client_id: str, form: Form) -> Claims:
        grant = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(sha256(verifier).digest()).rstrip(b"=").decode()
        if (
            grant is None
            or grant.client_id != client_id
            or grant.expires <= self.clock()
            or grant.redirect_uri != form.get("redirect_uri")
            or grant.challenge != challenge
        ):
            raise TokenRefusedError("invalid_grant")
        return self._for_person(issuer, grant, form)

    def _for_password(self, issuer: str, client_id: str, client: IamClientAccount, form: Form) -> Claims:
        subject = next(
            (key for key, one in self.state.users.items() if one["userName"] == form.get("username")), ""
        )
        if form.get("password") != PRACTICE_PASSWORD:
            raise TokenRefusedError("invalid_grant")
        grant = Grant(client_id, subject, _narrowed(form, client.scopes), self.clock() + REFRESH_LIFETIME)
        return self._for_person(issuer, grant, form)

    def _for_person(self, issuer: str, grant: Grant, form: Form) -> Claims:
        """The first tokens of a login: access, ID if it is one of OpenID, refresh if it was allowed."""
        answer = dict(self._answer(issuer, self._person(grant), grant.scopes, form))
        if "openid" in grant.scopes:
            answer["id_token"] = self._id_token(issuer, grant)
        if "offline_access" in grant.scopes:
            token = secrets.token_urlsafe(32)
            self.refreshable[token] = Grant(
                grant.client_id, grant.subject, grant.scopes, self.clock() + REFRESH_LIFETIME
            )
            answer["refresh_token"] = token
        return answer

    def _for_refresh(self, issuer: str, client_id: str, form: Form) -> Claims:
        token = form.get("refresh_token", "")
        grant = self.refreshable.get(token)
        if grant is None or grant.client_id != client_id or grant.expires <= self.clock():
            raise TokenRefusedError("invalid_grant")
        scopes = _narrowed(form, grant.scopes)
        answer = self._answer(issuer, self._person(grant, scopes), scopes, form)
        return {**answer, "refresh_token": token}

    def _for_exchange(self, issuer: str, client_id: str, client: IamClientAccount, form: Form) -> Claims:
        if "actor_token" in form:
            raise TokenRefusedError("invalid_request")
        subject = self.claims_in(form.get("subject_token", ""))
        if form.get("subject_token_type") != _ACCESS_TOKEN or subject is None:
            raise TokenRefusedError("invalid_request" if subject else "invalid_grant")
        if not form.get("scope"):
            raise TokenRefusedError("invalid_scope")
        scopes = _narrowed(form, client.scopes & frozenset(str(subject["scope"]).split()))
        grant = Grant(client_id, str(subject["sub"]), scopes, self.clock())
        actor: dict[str, object] = {"sub": client_id}
        if "act" in subject:
            actor["act"] = subject["act"]
        answer = self._answer(issuer, {**self._person(grant), "act": actor}, scopes, form)
        return {**answer, "issued_token_type": _JWT}

    def _person(self, grant: Grant, scopes: frozenset[str] | None = None) -> Claims:
        about = self.about(grant.subject, grant.scopes if scopes is None else scopes)
        if about is None:
            raise TokenRefusedError("invalid_grant")
        return {**about, "client_id": grant.client_id}

    def _id_token(self, issuer: str, grant: Grant) -> str:
        now = int(self.clock().astimezone(dt.UTC).timestamp())
        said = {
            **self._person(grant),
            # Here IAM always writes the slash.
            "iss": issuer,
            "aud": grant.client_id,
            "iat": now,
            "exp": now + ID_TOKEN_LIFETIME_S,
            "jti": str(uuid.uuid4()),
        }
        del said["client_id"]
        return self.key.signed(said | ({"nonce": grant.nonce} if grant.nonce else {}))

    def _answer(self, issuer: str, claims: Claims, scopes: frozenset[str], form: Form) -> Claims:
        now = int(self.clock().astimezone(dt.UTC).timestamp())
        lifetime_s, wished = self.state.token_lifetime_s, form.get("expires_in", "")
        if wished.isascii() and wished.isdigit():
            lifetime_s = min(lifetime_s, int(wished))
        scope = " ".join(sorted(scopes))
        wanted = next(
            (form[name] for name in ("resource", "aud", "audience") if form.get(name)), ANY_AUDIENCE
        )
        audience: str | list[str] = wanted.split() if " " in wanted else wanted
        full = {
            **claims,
            "iss": issuer if self.state.has_slash_in_tokens else issuer.removesuffix("/"),
            "aud": audience,
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


def _narrowed(form: Form, allowed: frozenset[str]) -> frozenset[str]:
    """The scopes that are asked for, all that are allowed when none is; raises TokenRefusedError."""
    wanted = frozenset(form.get("scope", "").split()) or allowed
    if not wanted <= allowed:
        raise TokenRefusedError("invalid_scope")
    return wanted
