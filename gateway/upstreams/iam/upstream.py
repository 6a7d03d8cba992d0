"""IAM as one of the services we read, and how it is."""

import datetime as dt
import ssl
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx2

from gateway.errors import UpstreamError
from gateway.store.sources import SourceName
from gateway.upstreams.http import HttpUpstream, Manners
from gateway.upstreams.iam.client import SOURCE, IamClient
from gateway.upstreams.iam.feeds import PeopleFeed
from gateway.upstreams.iam.tokens import ClientCredentials, Credentials, TokenSource
from gateway.upstreams.ports import Health

_LISTS: Final = {"people": "Users", "groups": "Groups"}


class IamUpstream:
    """Reads IAM at its issuer's address with the client's own token, or with tokens from elsewhere."""

    def __init__(
        self,
        issuer: str,
        credentials: Credentials | TokenSource,
        *,
        scim_root: str = "/scim",
        verify: ssl.SSLContext | bool = True,
        manners: Manners | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        parts = urlsplit(issuer)
        self._http = HttpUpstream(
            SOURCE, f"{parts.scheme}://{parts.netloc}", manners=manners, verify=verify, transport=transport
        )
        tokens: TokenSource = (
            ClientCredentials(self._http, issuer, credentials)
            if isinstance(credentials, Credentials)
            else credentials
        )
        self._client = IamClient(self._http, tokens, root=scim_root)

    @property
    def source(self) -> SourceName:
        """IAM."""
        return SourceName.IAM

    @property
    def feeds(self) -> Sequence[PeopleFeed]:
        """People with groups and memberships."""
        return (PeopleFeed(self._client),)

    async def look(self) -> Health:
        """Get a token and count people and groups. Never raises."""
        capabilities: dict[str, bool] = {}
        advice: list[str] = []
        ahead_s: float | None = None
        for section, kind in _LISTS.items():
            try:
                _count, now = await self._client.count(kind)
            except UpstreamError as error:
                capabilities[section] = False
                advice.append(f"{section}: {error.message}")
            else:
                capabilities[section] = True
                ahead_s = (now - dt.datetime.now(dt.UTC)).total_seconds()
        return Health(self.source, not advice, None, capabilities, ahead_s, tuple(advice))

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
