"""A bearer token of our own from an OpenID provider: client credentials, kept until it is about to expire."""

import asyncio
import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote, urlencode, urlsplit

from gateway.errors import DeniedError, GarbledError
from gateway.upstreams.http import HttpUpstream, error_of_status, head_of, json_of, parse_json

# A token is not used in its last minute: it must outlive the request that carries it.
LAST_MINUTE_S: Final = 60.0
# What is believed of a token that does not say how long it is valid.
UNSAID_LIFETIME_S: Final = 300.0
MAX_ANSWER_BYTES: Final = 256 * 1024
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
_CODE: Final = re.compile(r"[a-z_]{1,40}")


class TokenSource(Protocol):
    """Gives bearer tokens."""

    async def bearer(self) -> str:
        """Return a token that is valid now; may ask the network."""
        ...

    def forget(self) -> None:
        """Drop the token at hand: the service no longer takes it."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client registered at the provider for this purpose, which may only read; never the login client."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = "scim:read"


def is_same_issuer(one: str, other: str) -> bool:
    """Whether two spellings name one issuer: IAM writes a last slash or not (indigo-iam/iam issue 1118)."""
    return one.removesuffix("/") == other.removesuffix("/")


class ClientCredentials:
    """The token of a client's own, from the token endpoint that discovery names.

    One token is shared by all who ask, and asked for once however many wait. It is never logged or shown.
    """

    def __init__(
        self,
        http: HttpUpstream,
        issuer: str,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._credentials = credentials
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def bearer(self) -> str:
        """Return a token with more than LAST_MINUTE_S to live, or the newest if all live shorter.

        Raises DeniedError with the provider's own error code when it does not know the client.
        """
        async with self._lock:
            if not self._token or self._clock() >= self._until:
                await self._renew()
            return self._token

    def forget(self) -> None:
        """Ask for another token the next time."""
        self._token = ""

    async def _renew(self) -> None:
        asked_at = self._clock()
        endpoint = await self._endpoint()
        answer = await self._post(endpoint)
        token, lifetime = answer.get("access_token"), answer.get("expires_in", UNSAID_LIFETIME_S)
        if not isinstance(token, str) or not token or not isinstance(lifetime, int | float):
            raise GarbledError(self._http.source, f"{self._http.source} gave a token answer without a token")
        self._token = token
        self._until = asked_at + max(lifetime - LAST_MINUTE_S, lifetime / 2)

    async def _endpoint(self) -> str:
        source = self._http.source
        path = urlsplit(self._issuer).path.removesuffix("/") + DISCOVERY_PATH
        found, _answer = await self._http.json("GET", path, max_bytes=MAX_ANSWER_BYTES)
        document: Mapping[str, object] = found if isinstance(found, dict) else {}
        issuer, endpoint = document.get("issuer"), document.get("token_endpoint")
        if not isinstance(issuer, str) or not isinstance(endpoint, str):
            raise GarbledError(source, f"{source} publishes no issuer or no token endpoint")
        if not is_same_issuer(issuer, self._issuer):
            raise GarbledError(source, f"{source} calls itself by another issuer than {self._issuer}")
        # Our secret goes to the host that was configured, whatever a document says.
        if urlsplit(endpoint)[:2] != urlsplit(self._issuer)[:2]:
            raise GarbledError(source, f"{source} names a token endpoint on another host")
        return urlsplit(endpoint).path

    async def _post(self, path: str) -> Mapping[str, object]:
        source, credentials = self._http.source, self._credentials
        pair = f"{quote(credentials.client_id, safe='')}:{quote(credentials.client_secret, safe='')}"
        form = urlencode({"grant_type": "client_credentials", "scope": credentials.scope})
        headers = {
            "authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        async with self._http.open("POST", path, body=form.encode(), headers=headers) as answer:
            if answer.status in (400, 401, 403):
                code = error_code(source, await head_of(answer))
                raise DeniedError(
                    source,
                    f"{source} gives our client no token with scope {credentials.scope} ({code}): "
                    "look at client id, secret, grant and scope",
                )
            if answer.status != 200:
                raise error_of_status(answer, await head_of(answer))
            parsed = await json_of(answer, max_bytes=MAX_ANSWER_BYTES)
        return parsed if isinstance(parsed, dict) else {}


def error_code(source: str, content: bytes) -> str:
    """The provider's error code; its description is not shown, it may echo what was sent."""
    try:
        said = parse_json(source, content)
    except GarbledError:
        return "no reason given"
    code = said.get("error") if isinstance(said, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "no reason given"
