"""The files of a dataset, as Rucio lists them when it is asked."""

import datetime as dt
from collections.abc import Mapping

from gateway.domain.file_lists import Copy, StoredFile
from gateway.errors import GarbledError
from gateway.resolvers.files_on_demand import FilesRead
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.rucio.client import RucioClient
from gateway.upstreams.rucio.tokens import TokenSource

_BATCH = 500


class RucioFiles:
    """Asks a Rucio server with the gateway's own token, which may read what anybody may; owns its client."""

    def __init__(self, http: HttpUpstream, tokens: TokenSource) -> None:
        self._http = http
        self._client = RucioClient(http, tokens)

    async def files(self, did: str, scheme: str) -> FilesRead:
        """List a dataset's files in the order of their names; none of one that is not there.

        Raises UpstreamError when Rucio does not tell.
        """
        scope, _, name = did.partition(":")
        listing = await self._client.file_replicas(scope, name, scheme)
        if listing is None:
            return FilesRead((), dt.datetime.now(dt.UTC))
        files = [_file(row, scheme) for batch in listing.rows.batches(_BATCH) for row in batch]
        return FilesRead(sorted(files, key=lambda file: file.name), listing.taken_at)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


def _file(row: Mapping[str, object], scheme: str) -> StoredFile:
    name, size, checksum = row.get("name"), row.get("bytes"), row.get("adler32")
    addresses = row.get("pfns")
    if not isinstance(name, str) or not isinstance(addresses, dict):
        raise GarbledError("rucio", "rucio listed something else where a dataset's files were promised")
    copies = [
        Copy(rse, url)
        for url, about in addresses.items()
        if isinstance(about, dict)
        and isinstance(rse := about.get("rse"), str)
        # An address goes into a list of lines: one with a line break would be two.
        and url.startswith(f"{scheme}://")
        and url.isprintable()
        and " " not in url
    ]
    return StoredFile(
        name,
        size if isinstance(size, int) and size >= 0 else None,
        checksum if isinstance(checksum, str) else None,
        tuple(copies),
    )
