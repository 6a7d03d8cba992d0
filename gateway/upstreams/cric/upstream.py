"""CRIC as one of the services we read, and how it is."""

import datetime as dt
import ssl
from collections.abc import Sequence
from typing import Final

import httpx2

from gateway.errors import SetupError, UpstreamError
from gateway.store.sources import SourceName
from gateway.upstreams.cric.client import CricAddress, CricClient
from gateway.upstreams.cric.feeds import CricFeed, feeds_of
from gateway.upstreams.http import Manners
from gateway.upstreams.ports import Health

# No object of CRIC is called this: asking for it costs next to nothing and is answered by {}.
NO_SUCH_NAME: Final = "-"
_OBJECTS: Final = {
    "sites": "site",
    "centres": "rcsite",
    "queues": "pandaqueue",
    "storage_endpoints": "ddmendpoint",
    "services": "service",
    "downtimes": "downtime",
}


class CricUpstream:
    """Reads CRIC over https, with or without a client certificate in `verify`, or from files."""

    def __init__(
        self,
        address: CricAddress,
        *,
        verify: ssl.SSLContext | bool = True,
        manners: Manners | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = CricClient(address, verify=verify, manners=manners, transport=transport)
        self._feeds = feeds_of(self._client)

    @property
    def source(self) -> SourceName:
        """CRIC."""
        return SourceName.CRIC

    @property
    def feeds(self) -> Sequence[CricFeed]:
        """Sites, queues, storage endpoints, services and downtimes."""
        return self._feeds

    async def look(self) -> Health:
        """Ask for an object of each kind that does not exist; says which kinds can be read. Never raises."""
        capabilities: dict[str, bool] = {}
        advice: list[str] = []
        ahead_s: float | None = None
        is_centreless = not self._client.address.has_centres
        for section, name in _OBJECTS.items():
            if section == "centres" and is_centreless:
                continue
            try:
                document = await self._client.document(name, only=NO_SUCH_NAME)
            except (UpstreamError, SetupError) as error:
                capabilities[section] = False
                advice.append(f"{section}: {error.message}")
            else:
                capabilities[section] = True
                is_file = self._client.address.file_of(name) is not None
                if not is_file:
                    ahead_s = (document.taken_at - dt.datetime.now(dt.UTC)).total_seconds()
        return Health(self.source, not advice, None, capabilities, ahead_s, tuple(advice))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
