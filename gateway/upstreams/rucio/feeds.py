"""The four readings of Rucio, each of which ends only when every list was seen to its end.

Lists are drained before anything is made of them, and every page of a reading carries the time of its first
answer: what changes while it goes on is asked for again the next time.
"""

import asyncio
import datetime as dt
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import Final

from gateway.errors import GarbledError, NotOfferedError
from gateway.store.sources import SourceName
from gateway.upstreams.ports import Page
from gateway.upstreams.rucio import translate
from gateway.upstreams.rucio.client import BULK_LIMIT, Listing, RucioClient

# Names that our copy knows; asked at each reading.
Names = Callable[[], Awaitable[Collection[str]]]

# Rows of a page; what is in memory at once is a few of them.
PAGE_ROWS: Final = 1000
# Bulk questions in flight: measured, more do not make Rucio faster, and leave nothing for others.
_AT_ONCE: Final = 2
# Datasets that vanish between two lists of one reading; more than that is no coincidence.
_VANISHED_LIMIT: Final = 50


class DatasetsFeed:
    """Datasets and containers, scope by scope: their names first, then what is known of them.

    Rucio leaves DIDs it does not know out of a bulk answer, so each answer is counted against its question,
    and a second list of names is the witness of the first. `known_scopes` is the witness of the list of
    scopes, which Rucio never shortens: a scope cannot be deleted.
    """

    name = "rucio.datasets"
    source = SourceName.RUCIO
    sections: Sequence[str] = ("datasets",)
    lists_everything = True

    def __init__(self, client: RucioClient, known_scopes: Names | None = None) -> None:
        self._client = client
        self._known_scopes = known_scopes

    async def everything(self) -> AsyncIterator[Page]:
        """Read all datasets and containers of all scopes."""
        _, began = await self._client.ping()
        yield _page("datasets", (), began)
        scopes = await self._client.scopes()
        known = await self._known_scopes() if self._known_scopes else ()
        if lost := sorted(set(known).difference(scopes)):
            raise GarbledError("rucio", f"rucio lists no scope {lost[0]}, in which datasets are known")
        for scope in scopes:
            names = _names(await self._client.collections(scope))
            async for page in self._described(scope, names, began):
                yield page
            later = _names(await self._client.collections(scope)) - names
            async for page in self._described(scope, later, began):
                yield page

    async def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Read the datasets that were made or closed since; other changes only `everything` can see.

        A dataset becomes visible up to ten minutes after the moment it carries: ask with that overlap.
        """
        moment = f"{since.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"
        _, began = await self._client.ping()
        yield _page("datasets", (), began)
        for scope in await self._client.scopes():
            names = _names(await self._client.collections(scope, **{"created_at.gte": moment}))
            names |= _names(await self._client.collections(scope, **{"closed_at.gte": moment}))
            async for page in self._described(scope, names, began):
                yield page

    async def _described(self, scope: str, names: set[str], began: dt.datetime) -> AsyncIterator[Page]:
        """Ask for the columns of these names, a few bulks at once."""
        rest = iter(sorted(names))
        running: deque[asyncio.Task[Page]] = deque()
        try:
            while True:
                while len(running) < _AT_ONCE and (bulk := list(islice(rest, BULK_LIMIT))):
                    running.append(asyncio.create_task(self._bulk(scope, bulk, began)))
                if not running:
                    return
                yield await running.popleft()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _bulk(self, scope: str, names: Sequence[str], began: dt.datetime) -> Page:
        listing = await self._client.metadata([(scope, name) for name in names])
        rows = listing.rows.rows()
        if len(rows) > len(names):
            raise GarbledError("rucio", "rucio answered for more datasets than it was asked about")
        if any(row.get("scope") != scope for row in rows):
            raise GarbledError("rucio", "rucio answered for a dataset it was not asked about")
        await self._check_vanished(scope, set(names) - {row.get("name") for row in rows})
        return _page("datasets", [translate.dataset(row) for row in rows], began)

    async def _check_vanished(self, scope: str, names: set[str]) -> None:
        """Raise GarbledError unless each of these names, left out of an answer, is gone from the list too."""
        if len(names) > _VANISHED_LIMIT:
            raise GarbledError("rucio", f"rucio left {len(names)} datasets it had listed out of its answer")
        for name in sorted(names):
            if name in _names(await self._client.collections(scope, name=name)):
                raise GarbledError("rucio", "rucio left a dataset that it lists out of its answer")


class RulesFeed:
    """Replication rules."""

    name = "rucio.rules"
    source = SourceName.RUCIO
    sections: Sequence[str] = ("rules",)
    lists_everything = True

    def __init__(self, client: RucioClient) -> None:
        self._client = client

    async def everything(self) -> AsyncIterator[Page]:
        """Read all rules."""
        for page in _pages("rules", await self._client.rules(), translate.rule):
            yield page

    async def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Read the rules that were made or changed since; a deleted one first changes its expiry."""
        for page in _pages("rules", await self._client.rules(updated_after=since), translate.rule):
            yield page


class ReplicasFeed:
    """Dataset replicas, storage by storage; Rucio cannot tell which of them changed.

    A storage of `known_storages` that the list lacks is asked for all the same: only Rucio's word that it
    does not exist says that its replicas are gone.
    """

    name = "rucio.replicas"
    source = SourceName.RUCIO
    sections: Sequence[str] = ("replicas",)
    lists_everything = True

    def __init__(self, client: RucioClient, known_storages: Names | None = None) -> None:
        self._client = client
        self._known_storages = known_storages

    async def everything(self) -> AsyncIterator[Page]:
        """Read the replicas at all storages."""
        storages = await self._client.storages()
        yield _page("replicas", (), storages.taken_at)
        listed = _rse_names(storages.rows.rows())
        for rse in listed:
            listing = await _at_storage(self._client, rse, "replicas")
            if listing is not None:
                for page in _pages("replicas", listing, translate.replica, at=storages.taken_at):
                    yield page
        known = await self._known_storages() if self._known_storages else ()
        for rse in sorted(set(known).difference(listed)):
            unlisted = await self._client.at_storage(rse, "replicas")
            if unlisted is not None:
                for page in _pages("replicas", unlisted, translate.replica, at=storages.taken_at):
                    yield page

    def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Raise NotOfferedError."""
        return _not_offered(self.name, since)


class StoragesFeed:
    """Storages, their use, what is on its way, and what accounts may keep; few and cheap, so always all."""

    name = "rucio.storages"
    source = SourceName.RUCIO
    sections: Sequence[str] = ("storages", "storage_usages", "quotas")
    lists_everything = True

    def __init__(self, client: RucioClient) -> None:
        self._client = client

    async def everything(self) -> AsyncIterator[Page]:
        """Read all storages, usages and quotas."""
        moving = await self._client.transfers()
        transfers = None if moving is None else translate.transfers(moving.rows.rows())
        storages = await self._client.storages()
        began, rows = storages.taken_at, storages.rows.rows()
        yield _page("storages", [translate.storage(row, transfers) for row in rows], began)
        yield _page("storage_usages", (), began)
        yield _page("quotas", (), began)
        for rse in _rse_names(rows):
            usages = await _at_storage(self._client, rse, "usage")
            if usages is None:
                continue
            used = [translate.usage(row, rse) for row in usages.rows.rows()]
            yield _page("storage_usages", used, began)
            quotas = await _at_storage(self._client, rse, "accounts/usage")
            if quotas is None:
                continue
            for page in _pages("quotas", quotas, translate.quota, at=began):
                yield page

    def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Raise NotOfferedError."""
        return _not_offered(self.name, since)


async def _at_storage(client: RucioClient, rse: str, kind: str) -> Listing | None:
    """Ask about a storage; None when it vanished since it was listed, which the list itself must confirm."""
    listing = await client.at_storage(rse, kind)
    if listing is None and rse in _rse_names((await client.storages()).rows.rows()):
        raise GarbledError("rucio", "rucio does not know a storage that it lists")
    return listing


async def _not_offered(name: str, since: dt.datetime) -> AsyncIterator[Page]:
    nothing: tuple[Page, ...] = ()
    for page in nothing:
        yield page
    raise NotOfferedError("rucio", f"rucio cannot tell what changed in {name} since {since.isoformat()}")


def _rse_names(rows: Iterable[translate.Wire]) -> list[str]:
    names = [row.get("rse") for row in rows]
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) != len(names):
        raise GarbledError("rucio", "rucio listed a storage without a name")
    return texts


def _names(listing: Listing) -> set[str]:
    return set(listing.rows.rows())


def _pages(
    section: str,
    listing: Listing,
    record_of: Callable[[translate.Wire], translate.Record | None],
    *,
    at: dt.datetime | None = None,
) -> Iterable[Page]:
    """Cut a list into pages; at least one, so that an empty list has its time too."""
    taken_at = at or listing.taken_at
    if listing.rows.count == 0:
        yield _page(section, (), taken_at)
    for batch in listing.rows.batches(PAGE_ROWS):
        yield _page(section, [one for row in batch if (one := record_of(row)) is not None], taken_at)


def _page(section: str, records: Sequence[translate.Record], taken_at: dt.datetime) -> Page:
    return Page(section, records, taken_at)
