"""Rucio as the rest of the program sees it: its readings, and how it is."""

import datetime as dt
from collections.abc import Coroutine, Sequence

from gateway.errors import DeniedError, NotOfferedError, UpstreamError
from gateway.store.sources import SourceName
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.ports import Feed, Health
from gateway.upstreams.rucio.client import Listing, RucioClient
from gateway.upstreams.rucio.feeds import DatasetsFeed, Names, ReplicasFeed, RulesFeed, StoragesFeed
from gateway.upstreams.rucio.tokens import Clock, TokenSource

# Beyond half of the overlap with which changes are asked for, differences of clocks begin to matter.
_CLOCK_TOLERANCE_S = 300.0


class RucioUpstream:
    """A Rucio server, read with one token source; owns the HTTP client.

    `known_scopes` and `known_storages` give what our copy has, to see through lists that lack some of it.
    """

    source = SourceName.RUCIO

    def __init__(
        self,
        http: HttpUpstream,
        tokens: TokenSource,
        *,
        clock: Clock,
        known_scopes: Names | None = None,
        known_storages: Names | None = None,
    ) -> None:
        self._http = http
        self._client = RucioClient(http, tokens)
        self._clock = clock
        self.feeds: Sequence[Feed] = (
            DatasetsFeed(self._client, known_scopes),
            RulesFeed(self._client),
            ReplicasFeed(self._client, known_storages),
            StoragesFeed(self._client),
        )

    async def look(self) -> Health:
        """Ask for the version, the clock, and one call of each kind; says in words what does not work."""
        version, ahead_s, advice = None, None, []
        capabilities: dict[str, bool] = {}
        try:
            version, their_clock = await self._client.ping()
            ahead_s = (their_clock - self._clock()).total_seconds()
            if abs(ahead_s) > _CLOCK_TOLERANCE_S:
                advice.append(f"The clocks differ by {abs(ahead_s):.0f} s: set ours or Rucio's by NTP.")
            capabilities = await self._capabilities()
            missing = (name for name, is_offered in capabilities.items() if not is_offered)
            advice += [f"This Rucio does not offer {name}: take a newer version." for name in missing]
        except DeniedError as error:
            advice.append(f"{error.message}. Give a token or password that Rucio knows.")
        except UpstreamError as error:
            advice.append(f"{error.message}. Look at the address of Rucio and at the network.")
        is_ok = version is not None and bool(capabilities) and not advice
        return Health(self.source, is_ok, version, capabilities, ahead_s, tuple(advice))

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    async def _capabilities(self) -> dict[str, bool]:
        found = {}
        rows = (await self._client.storages()).rows.rows()
        later = self._clock() + dt.timedelta(days=1)
        found["bulk metadata"] = await _is_offered(self._client.metadata([("none", "none")]))
        found["changed rules"] = await _is_offered(self._client.rules(updated_after=later))
        if rows:
            rse = str(rows[0].get("rse"))
            found["quotas by storage"] = await _is_offered(self._client.at_storage(rse, "accounts/usage"))
        return found


async def _is_offered(asking: Coroutine[object, object, Listing | None]) -> bool:
    try:
        listing = await asking
    except NotOfferedError:
        return False
    if listing is not None:
        listing.rows.close()
    return True
