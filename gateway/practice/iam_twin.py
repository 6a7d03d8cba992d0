"""A practice INDIGO IAM: discovery, keys, logins, tokens, and SCIM lists of people and groups.

Its address is its issuer, with a slash in discovery and, unless told otherwise, none in access tokens: that
is how IAM is often installed.
"""

import random
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.practice.dated import Clock, dated
from gateway.practice.faults import Faults, with_faults
from gateway.practice.iam_login import authorize
from gateway.practice.iam_objects import TOKEN_EXCHANGE, IamState
from gateway.practice.iam_scim import error, listed
from gateway.practice.iam_tokens import TokenOffice, TokenRefusedError
from gateway.practice.talk import Record

SCIM_SCOPE: Final = "scim:read"
# Which order a list without one has is nobody's promise; tests are repeatable all the same.
_SHUFFLE_SEED: Final = 20_250_101


def create_iam_twin(
    state: IamState,
    *,
    clock: Clock,
    faults: Faults | None = None,
    has_switch: bool = False,
    office: TokenOffice | None = None,
) -> ASGIApp:
    """Return the application; the first token takes about a second, in which a key is made."""
    twin = _Twin(state, office or TokenOffice(state, clock))
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", twin.discovery),
            Route("/jwk", twin.keys),
            Route("/authorize", twin.authorize, methods=["GET", "POST"]),
            Route("/token", twin.token, methods=["POST"]),
            Route("/userinfo", twin.userinfo, methods=["GET", "POST"]),
            Route("/introspect", twin.introspect, methods=["POST"]),
            Route("/revoke", twin.revoke, methods=["POST"]),
            Route("/scim/{kind:str}", twin.resources),
            Route("/scim/{kind:str}/{id:str}", twin.resource),
        ]
    )
    return with_faults(dated(app, clock), faults or Faults(), has_switch=has_switch)


class _Twin:
    """The answers."""

    def __init__(self, state: IamState, office: TokenOffice) -> None:
        self._state = state
        self._office = office
        self._random = random.Random(_SHUFFLE_SEED)  # noqa: S311 - an order, no secret

    async def discovery(self, request: Request) -> Response:
        """What IAM publishes of itself; scopes that need a grant, `scim:read` among them, are not listed."""
        issuer = str(request.base_url)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}authorize",
                "token_endpoint": f"{issuer}token",
                "userinfo_endpoint": f"{issuer}userinfo",
                "jwks_uri": f"{issuer}jwk",
                "introspection_endpoint": f"{issuer}introspect",
                "revocation_endpoint": f"{issuer}revoke",
                "scim_endpoint": f"{issuer}scim",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "grant_types_supported": [
                    *("authorization_code", "refresh_token", "client_credentials", "password"),
                    TOKEN_EXCHANGE,
                ],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                    "none",
                ],
                # IAM does advertise "none": whoever believes it takes tokens without a signature.
                "id_token_signing_alg_values_supported": ["RS256", "none"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
            }
        )

    async def keys(self, _request: Request) -> Response:
        """The public key."""
        headers = {"cache-control": "max-age=21600, must-revalidate"}
        return JSONResponse({"keys": [self._office.key.jwk()]}, headers=headers)

    async def token(self, request: Request) -> Response:
        """Tokens for registered clients, and through them for people."""
        form = await _form(request)
        try:
            client_id, client = self._office.client_of(request, form)
            answer = self._office.answer(str(request.base_url), client_id, client, form)
        except TokenRefusedError as refused:
            return JSONResponse({"error": refused.code}, refused.status)
        return JSONResponse(dict(answer), headers={"cache-control": "no-store"})

    async def authorize(self, request: Request) -> Response:
        """The login page."""
        return await authorize(request, self._office)

    async def userinfo(self, request: Request) -> Response:
        """What a token lets its bearer know of its person; the token of a client itself has none."""
        claims = self._office.claims_of(request.headers.get("authorization", ""))
        if claims is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        about = self._office.about(str(claims["sub"]), frozenset(str(claims["scope"]).split()))
        return JSONResponse({"error": "forbidden"}, 403) if about is None else JSONResponse(dict(about))

    async def introspect(self, request: Request) -> Response:
        """Whether a token is valid and what it says; here IAM always writes the issuer with a slash."""
        form = await _form(request)
        try:
            self._office.client_of(request, form)
        except TokenRefusedError as refused:
            return JSONResponse({"error": refused.code}, refused.status)
        claims = self._office.claims_in(form.get("token", ""))
        if claims is None:
            return JSONResponse({"active": False})
        return JSONResponse({**claims, "active": True, "iss": str(request.base_url)})

    async def revoke(self, request: Request) -> Response:
        """Forget a token."""
        form = await _form(request)
        try:
            self._office.client_of(request, form)
        except TokenRefusedError as refused:
            return JSONResponse({"error": refused.code}, refused.status)
        self._office.revoke(form.get("token", ""))
        return Response()

    async def resources(self, request: Request) -> Response:
        """A page of users or groups."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        found = self._lists().get(request.path_params["kind"])
        if found is None:
            return _scim(error(404, "no such resource"), 404)
        shuffled = None if self._state.keeps_order else self._random
        try:
            return _scim(listed(tuple(found.values()), request.query_params, shuffled=shuffled))
        except ValueError:
            return _scim(error(400, "startIndex and count are numbers"), 400)

    async def resource(self, request: Request) -> Response:
        """One user or group by its id."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        found = self._lists().get(request.path_params["kind"], {}).get(request.path_params["id"])
        return _scim(error(404, "no such id"), 404) if found is None else _scim(found)

    def _lists(self) -> Mapping[str, Mapping[str, Record]]:
        return {"Users": self._state.users, "Groups": self._state.groups}

    def _refusal(self, request: Request) -> Response | None:
        claims = self._office.claims_of(request.headers.get("authorization", ""))
        if claims is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        if SCIM_SCOPE not in str(claims.get("scope", "")).split():
            return JSONResponse({"error": "insufficient_scope"}, 403)
        return None


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("latin-1")))


def _scim(content: Record, status: int = 200) -> Response:
    return JSONResponse(content, status, media_type="application/scim+json")
