"""CRIC's five readings: each is the whole of its documents, handed on in pages."""

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from gateway.errors import NotOfferedError
from gateway.store.sources import SourceName
from gateway.upstreams.cric.client import SOURCE, CricClient, Document, Entry
from gateway.upstreams.cric.translate import (
    centre_of,
    downtimes_of,
    entries_of,
    queue_of,
    service_of,
    site_of,
    storage_endpoint_of,
)
from gateway.upstreams.ports import Page, Record

PAGE_SIZE: Final = 500


class Reading(Protocol):
    """Asks for the documents of a section; gives when they were taken and the records in them."""

    async def __call__(self, client: CricClient) -> tuple[dt.datetime, Iterator[Record]]:
        """Read."""
        ...


@dataclass(frozen=True, slots=True)
class CricFeed:
    """One section of CRIC."""

    client: CricClient
    section: str
    read: Reading

    @property
    def name(self) -> str:
        """The job's name."""
        return f"{SOURCE}.{self.section}"

    @property
    def source(self) -> SourceName:
        """CRIC."""
        return SourceName.CRIC

    @property
    def sections(self) -> Sequence[str]:
        """The one section."""
        return (self.section,)

    @property
    def lists_everything(self) -> bool:
        """A document has all there is."""
        return True

    async def everything(self) -> AsyncIterator[Page]:
        """Read the documents to their ends, then hand them on; a listing of nothing is one empty page."""
        taken_at, records = await self.read(self.client)
        page = tuple(islice(records, PAGE_SIZE))
        yield Page(self.section, page, taken_at)
        while len(page) == PAGE_SIZE:
            page = tuple(islice(records, PAGE_SIZE))
            if page:
                yield Page(self.section, page, taken_at)

    def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Raise NotOfferedError: CRIC cannot tell (`last_modified` stays when a status changes)."""
        raise NotOfferedError(SOURCE, f"cric cannot say what changed since {since}: it is read whole")


def feeds_of(client: CricClient) -> Sequence[CricFeed]:
    """Return the readings in an order in which later ones find what they refer to."""
    readings: dict[str, Reading] = {
        "sites": _sites,
        "queues": _queues,
        "storage_endpoints": _storage_endpoints,
        "services": _services,
        "downtimes": _downtimes,
    }
    return tuple(CricFeed(client, section, read) for section, read in readings.items())


async def _sites(client: CricClient) -> tuple[dt.datetime, Iterator[Record]]:
    centres: dict[str, Entry] = {}
    documents = [await client.document("site")]
    if client.address.has_centres:
        documents.append(await client.document("rcsite"))
        centres = dict(entries_of(documents[1], "centre"))
    records = (site_of(name, site, centres) for name, site in entries_of(documents[0], "site"))
    return _earliest(documents), records


async def _queues(client: CricClient) -> tuple[dt.datetime, Iterator[Record]]:
    document = await client.document("pandaqueue")
    plugin = client.address.plugin
    return document.taken_at, (queue_of(*one, plugin) for one in entries_of(document, "queue"))


async def _storage_endpoints(client: CricClient) -> tuple[dt.datetime, Iterator[Record]]:
    document = await client.document("ddmendpoint")
    return document.taken_at, (storage_endpoint_of(*one) for one in entries_of(document, "storage"))


async def _services(client: CricClient) -> tuple[dt.datetime, Iterator[Record]]:
    documents = [await client.document("site"), await client.document("service")]
    site_by_centre = _only_sites(documents[0])
    records = (service_of(*one, site_by_centre) for one in entries_of(documents[1], "service"))
    return _earliest(documents), records


async def _downtimes(client: CricClient) -> tuple[dt.datetime, Iterator[Record]]:
    document = await client.document("downtime")
    return document.taken_at, downtimes_of(document)


def _only_sites(document: Document) -> dict[str, str]:
    """The site of each centre that has exactly one: of several, nothing says which a service belongs to."""
    sites: dict[str, list[str]] = {}
    for name, site in entries_of(document, "site"):
        sites.setdefault(centre_of(site) or name, []).append(name)
    return {centre: names[0] for centre, names in sites.items() if len(names) == 1}


def _earliest(documents: Sequence[Document]) -> dt.datetime:
    return min(document.taken_at for document in documents)
