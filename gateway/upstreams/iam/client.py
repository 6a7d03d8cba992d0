"""Asking IAM's SCIM interface for a whole list, page by page, until the count says that it is whole.

IAM caps `count` at 100 without a word, gives no order and no snapshot (indigo-iam 1.12), so pages may overlap
or miss somebody: entries are told apart by `id`, and their number must be `totalResults`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from gateway.errors import DeniedError, GarbledError, NotOfferedError
from gateway.upstreams.http import Answer, HttpUpstream, error_of_status, head_of, json_of
from gateway.upstreams.iam.tokens import TokenSource

SOURCE: Final = "iam"
# IAM's own most; more is asked of nobody.
PAGE_SIZE: Final = 100
# A page of 100 with certificates and keys has some 200 kB.
MAX_PAGE_BYTES: Final = 16 * 1024 * 1024
# Far beyond any collaboration; a server that counts on for ever ends here.
MAX_ENTRIES: Final = 100_000
READINGS: Final = 2

Entry = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A whole list as it was at `taken_at` (IAM's clock at its first page), by id."""

    entries: Mapping[str, T]
    taken_at: dt.datetime


@dataclass(frozen=True, slots=True)
class _Page:
    total: int
    entries: list[Entry]
    taken_at: dt.datetime


class IamClient:
    """Reads SCIM lists; `root` is the path of the SCIM interface below the host."""

    def __init__(self, http: HttpUpstream, tokens: TokenSource, *, root: str = "/scim") -> None:
        self._http = http
        self._tokens = tokens
        self._root = root

    async def listing(self, kind: str, translate: Callable[[Entry], T]) -> Listing[T]:
        """Return all "Users" or "Groups", each translated as it comes, so that nothing else is kept.

        A list that does not add up is read once more, and is a GarbledError then.
        """
        for _reading in range(READINGS):
            found = await self._reading(kind, translate)
            if found is not None:
                return found
        raise GarbledError(
            SOURCE, f"iam's list of {kind} does not add up: in {READINGS} readings its pages missed some"
        )

    async def count(self, kind: str) -> tuple[int, dt.datetime]:
        """Return how many there are, and IAM's clock; `count=0` is its cheapest question."""
        page = await self._page(kind, start=1, count=0)
        return page.total, page.taken_at

    async def _reading(self, kind: str, translate: Callable[[Entry], T]) -> Listing[T] | None:
        """Read from the first page to the last; None when pages overlapped, missed or changed."""
        entries: dict[str, T] = {}
        start = 1
        first = page = await self._page(kind, start=start, count=PAGE_SIZE)
        while page.entries:
            for entry in page.entries:
                entry_id = _id_of(entry, kind)
                entries[entry_id] = translate(entry)
            # Counted by what came: what was asked for is not what is given.
            start += len(page.entries)
            if start > page.total:
                break
            if start > MAX_ENTRIES:
                raise GarbledError(SOURCE, f"iam lists more than {MAX_ENTRIES} {kind}")
            page = await self._page(kind, start=start, count=PAGE_SIZE)
        is_whole = len(entries) == page.total == first.total
        return Listing(entries, first.taken_at) if is_whole else None

    async def _page(self, kind: str, *, start: int, count: int) -> _Page:
        found = await self._asked(kind, start, count)
        if found is None:
            # Refused: the token may have been revoked or have expired on the way; once, with a new one.
            self._tokens.forget()
            found = await self._asked(kind, start, count)
        if found is None:
            raise DeniedError(SOURCE, "iam does not take the token that it has just given us (HTTP 401)")
        return found

    async def _asked(self, kind: str, start: int, count: int) -> _Page | None:
        """Return a page, or None when the token is not taken."""
        headers = {
            "authorization": f"Bearer {await self._tokens.bearer()}",
            "accept": "application/scim+json, application/json",
        }
        params = {"startIndex": start, "count": count}
        async with self._http.open("GET", f"{self._root}/{kind}", params=params, headers=headers) as answer:
            match answer.status:
                case 200:
                    return _page_of(kind, answer, await json_of(answer, max_bytes=MAX_PAGE_BYTES))
                case 401:
                    return None
                case 403:
                    raise DeniedError(
                        SOURCE,
                        f"iam does not show {kind} to our client: it lacks the scope scim:read (HTTP 403)",
                    )
                case 404:
                    raise NotOfferedError(SOURCE, f"iam has nothing at {self._root}/{kind}")
                case _:
                    raise error_of_status(answer, await head_of(answer))


def _page_of(kind: str, answer: Answer, content: object) -> _Page:
    document: Mapping[str, object] = content if isinstance(content, dict) else {}
    total = document.get("totalResults")
    # Empty lists are left out by IAM, as all that is empty.
    entries = document.get("Resources", [])
    if not isinstance(total, int) or isinstance(total, bool) or not isinstance(entries, list):
        raise GarbledError(SOURCE, f"iam sent no list of {kind}")
    if not all(isinstance(entry, dict) for entry in entries):
        raise GarbledError(SOURCE, f"iam's list of {kind} has an entry that is no object")
    return _Page(total, entries, answer.date)


def _id_of(entry: Entry, kind: str) -> str:
    found = entry.get("id")
    if not isinstance(found, str) or not found:
        raise GarbledError(SOURCE, f"iam's list of {kind} has an entry without an id")
    return found
