"""IAM as an OpenID provider: its endpoints and keys, and tokens for people by refresh and by exchange.

Our client's secret and people's tokens go to the host that was configured, whatever a document says.
"""

import base64
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from gateway.errors import CredentialMissingError, DeniedError, GarbledError
from gateway.upstreams.http import Answer, HttpUpstream, error_of_status, head_of, json_of
from gateway.upstreams.iam.tokens import DISCOVERY_PATH, MAX_ANSWER_BYTES, error_code, is_same_issuer

SOURCE: Final = "iam"
# IAM itself remembers its discovery document for 5 minutes; endpoints do not move by the hour.
DISCOVERY_FRESH_S: Final = 3600.0
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
# What PanDA and Rucio need to find in a token: who it is, and the groups.
DELEGATED_SCOPE: Final = "openid profile wlcg.groups"


@dataclass(frozen=True, slots=True)
class LoginClient:
    """The client people log in through; never the one that reads IAM's lists."""

    client_id: str
    client_secret: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The Authorization header of the client."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()


@dataclass(frozen=True, slots=True)
class Delegated:
    """A token for one service, and the refresh token to use from now on (None: the same as before)."""

    access_token: str = field(repr=False)
    lifetime_s: float
    refresh_token: str | None = field(default=None, repr=False)


class OpenIdProvider:
    """Asks one issuer."""

    def __init__(
        self,
        http: HttpUpstream,
        issuer: str,
        client: LoginClient | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._issuer = issuer
        self.client = client
        self._clock = clock
        self._document: Mapping[str, object] = {}
        self._read_at = 0.0

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    async def keys(self) -> object:
        """Return the document of public keys; raises UpstreamError."""
        found, _answer = await self._http.json(
            "GET", await self._path_of("jwks_uri"), max_bytes=MAX_ANSWER_BYTES
        )
        return found

    async def refresh(self, refresh_token: str, audience: str) -> Delegated:
        """Return a token for a service from a person's refresh token.

        Raises CredentialMissingError when IAM no longer takes it: revoked, expired, or the person disabled.
        """
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "audience": audience,
            "scope": DELEGATED_SCOPE,
        }
        return await self._granted(form, "your login has ended in IAM; log in again")

    async def exchange(self, access_token: str, audience: str) -> Delegated:
        """Return a token for a service from a person's access token (RFC 8693).

        Raises CredentialMissingError when IAM does not do it: the token expired, or our client has no right
        to the grant, which only an administrator of IAM gives.
        """
        form = {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token": access_token,
            "subject_token_type": ACCESS_TOKEN_TYPE,
            "audience": audience,
            "scope": DELEGATED_SCOPE,
        }
        return await self._granted(
            form, "IAM does not exchange your access token; log in with the browser, or send a newer token"
        )

    async def revoke(self, token: str) -> None:
        """Tell IAM to forget a refresh token; raises UpstreamError when it could not be told."""
        form = {"token": token, "token_type_hint": "refresh_token"}
        path = await self._path_of("revocation_endpoint")
        async with self._post(path, form) as answer:
            if answer.status != 200:
                raise error_of_status(answer, await head_of(answer))

    async def _granted(self, form: Mapping[str, str], words: str) -> Delegated:
        path = await self._path_of("token_endpoint")
        async with self._post(path, form) as answer:
            if answer.status in (400, 401, 403):
                code = error_code(SOURCE, await head_of(answer))
                if code == "invalid_client":
                    raise DeniedError(SOURCE, "iam does not know our login client: look at its id and secret")
                # Anything else than this may be about the service or our client, not about the person.
                raise CredentialMissingError(f"{words} ({code})", is_final=code == "invalid_grant")
            if answer.status != 200:
                raise error_of_status(answer, await head_of(answer))
            said = await json_of(answer, max_bytes=MAX_ANSWER_BYTES)
        document: Mapping[str, object] = said if isinstance(said, dict) else {}
        token, lifetime, refresh = (
            document.get(name) for name in ("access_token", "expires_in", "refresh_token")
        )
        if not isinstance(token, str) or not token or not isinstance(lifetime, int | float):
            raise GarbledError(SOURCE, "iam gave a token answer without a token or its lifetime")
        return Delegated(token, float(lifetime), refresh if isinstance(refresh, str) and refresh else None)

    def _post(self, path: str, form: Mapping[str, str]) -> AbstractAsyncContextManager[Answer]:
        if self.client is None:
            raise CredentialMissingError(
                "this gateway has no login client at IAM; its operator can set one up"
            )
        headers = {
            "authorization": self.client.basic,
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        return self._http.open("POST", path, body=urlencode(form).encode(), headers=headers)

    async def _path_of(self, endpoint: str) -> str:
        document = await self._discovered()
        try:
            url = urlsplit(str(document.get(endpoint)))
            is_its_own = url[:2] == urlsplit(self._issuer)[:2]
        except ValueError:
            is_its_own = False
        if not is_its_own:
            # It is read anew the next time: whoever runs IAM may have mended it by then.
            self._document = {}
            raise GarbledError(SOURCE, f"iam publishes no {endpoint} on its own host")
        return url.path

    async def _discovered(self) -> Mapping[str, object]:
        now = self._clock()
        if not self._document or now - self._read_at > DISCOVERY_FRESH_S:
            path = urlsplit(self._issuer).path.removesuffix("/") + DISCOVERY_PATH
            found, _answer = await self._http.json("GET", path, max_bytes=MAX_ANSWER_BYTES)
            document: Mapping[str, object] = found if isinstance(found, dict) else {}
            if not is_same_issuer(str(document.get("issuer")), self._issuer):
                raise GarbledError(SOURCE, f"iam calls itself by another issuer than {self._issuer}")
            self._document, self._read_at = document, now
        return self._document
