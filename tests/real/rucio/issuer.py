"""An issuer of tokens on loopback: what Rucio reads of an IAM to check one, and nothing else."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.serving import served


@dataclass
class Issuer:
    """An issuer at an address, which ends in a slash as IAM's does; its keys can be set later."""

    url: str = ""
    jwks: dict[str, object] = field(default_factory=dict)

    def secrets(self) -> dict[str, object]:
        """What Rucio's configuration must know of it."""
        client = {
            "client_id": "rucio",
            "client_secret": "throw-away",
            "redirect_uris": [f"{self.url}redirect"],
            "issuer": self.url,
        }
        return {"spdiam": {**client, "SCIM": client}}


@contextlib.contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Lend an issuer without keys."""
    issuer = Issuer()

    async def discover(_request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": issuer.url,
                "jwks_uri": f"{issuer.url}jwks",
                "authorization_endpoint": f"{issuer.url}authorize",
                "token_endpoint": f"{issuer.url}token",
                "introspection_endpoint": f"{issuer.url}introspect",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def keys(_request: Request) -> JSONResponse:
        return JSONResponse(issuer.jwks)

    app = Starlette(routes=[Route("/.well-known/openid-configuration", discover), Route("/jwks", keys)])
    with served(app) as url:
        issuer.url = f"{url}/"
        yield issuer
