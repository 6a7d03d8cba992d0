"""A practice INDIGO IAM: discovery, keys, tokens for clients, and SCIM lists of people and groups.

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
from gateway.practice.iam_objects import IamState
from gateway.practice.iam_scim import error, listed
from gateway.practice.iam_tokens import TokenOffice, TokenRefusedError
from gateway.practice.talk import Record

SCIM_SCOPE: Final = "scim:read"
# Which order a list without one has is nobody's promise; tests are repeatable all the same.
_SHUFFLE_SEED: Final = 20_250_101


def create_iam_twin(
    state: IamState, *, clock: Clock, faults: Faults | None = None, has_switch: bool = False
) -> ASGIApp:
    """Return the application; making its key takes about a second."""
    twin = _Twin(state, TokenOffice(state, clock))
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", twin.discovery),
            Route("/jwk", twin.keys),
            Route("/token", twin.token, methods=["POST"]),
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
                "token_endpoint": f"{issuer}token",
                "jwks_uri": f"{issuer}jwk",
                "scim_endpoint": f"{issuer}scim",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
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
        """Tokens for registered clients."""
        form = dict(parse_qsl((await request.body()).decode("latin-1")))
        try:
            client_id, client = self._office.client_of(request, form)
            if form.get("grant_type") != "client_credentials":
                raise TokenRefusedError("unsupported_grant_type")  # noqa: TRY301 - refused like all else
            issuer = str(request.base_url)
            answer = self._office.for_client(issuer, client_id, client, form.get("scope", ""))
        except TokenRefusedError as refused:
            return JSONResponse({"error": refused.code}, refused.status)
        return JSONResponse(dict(answer), headers={"cache-control": "no-store"})

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


def _scim(content: Record, status: int = 200) -> Response:
    return JSONResponse(content, status, media_type="application/scim+json")
