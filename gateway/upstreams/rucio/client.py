"""Asking Rucio over REST: each answer is judged by its exception class, its framing and its type."""

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from gateway.errors import (
    BrokenError,
    BusyError,
    DeniedError,
    GarbledError,
    NotOfferedError,
    UpstreamError,
)
from gateway.upstreams.http import Answer, HttpUpstream, error_of_status, head_of, json_of, lines_of
from gateway.upstreams.rucio.spool import Spool
from gateway.upstreams.rucio.tokens import TOKEN_HEADER, TokenSource

# The schema of Rucio's bulk calls: one more is an InvalidObject.
BULK_LIMIT: Final = 1000

_SOURCE: Final = "rucio"
# Rucio 41 keeps tokens in an indexed column: 2,645 characters went in on PostgreSQL, 2,712 did not.
_LONGEST_TOKEN: Final = 2645
# Streams are NDJSON; one endpoint labels its stream as plain JSON.
_MEDIA_TYPES: Final = frozenset({"application/x-json-stream", "application/json"})
_DENIED: Final = frozenset(
    {"CannotAuthenticate", "CannotAuthorize", "AccessDenied", "IdentityError", "IdentityNotFound"}
)
_BUSY: Final = frozenset({"ServiceUnavailable", "ResourceTemporaryUnavailable"})
_NOT_OFFERED: Final = frozenset(
    {"UnsupportedRequestedContentType", "UnsupportedOperation", "NotImplementedError", "DeprecationError"}
)
_TYPE: Final = re.compile(r"[a-z0-9.+/-]{3,60}")
_CLASS: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,63}")

Wire = Mapping[str, Any]


@dataclass(slots=True)
class Listing:
    """A list that was read to its end, with the upstream's clock of that answer."""

    rows: Spool
    taken_at: dt.datetime


@dataclass(slots=True)
class RucioClient:
    """A few calls of Rucio's, each of which gives a whole answer or raises an UpstreamError.

    Rucio of version 41 stores a token it has not seen before when it meets it, and of several requests that
    bring one at once only one succeeds: so a new token is tried alone first, once more when it is refused.
    """

    http: HttpUpstream
    tokens: TokenSource
    _tried: set[str] = field(default_factory=set)
    _trying: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ping(self) -> tuple[str, dt.datetime]:
        """Return the version and the clock; needs no token."""
        content, answer = await self.http.json("GET", "/ping", max_bytes=64 * 1024)
        if not isinstance(content, dict) or not isinstance(content.get("version"), str):
            raise GarbledError(_SOURCE, "what answers to a ping is not Rucio")
        return content["version"], answer.date

    async def scopes(self) -> Sequence[str]:
        """Return the names of all scopes."""
        async with self._open("GET", "/scopes/") as answer:
            content = await json_of(answer)
        if not isinstance(content, list) or not all(isinstance(one, str) for one in content):
            raise GarbledError(_SOURCE, "rucio's list of scopes is not a list of names")
        return content

    async def collections(self, scope: str, **filters: str) -> Listing:
        """List the names of a scope's datasets and containers that meet the filters, in any order.

        Times in filters are naive UTC. Beware: a filter on `updated_at` finds nothing, without an error.
        """
        # Rucio reads the filters as a Python literal; `repr` writes one, whatever the text holds.
        asked = {"type": "collection", "long": "False", "filters": repr([filters or {"name": "*"}])}
        return await self._listing("GET", f"/dids/{_part(scope)}/dids/search", params=asked, of=str)

    async def metadata(self, dids: Sequence[tuple[str, str]]) -> Listing:
        """Return the columns of up to BULK_LIMIT DIDs; those that are not there are left out."""
        asked = {"dids": [{"scope": scope, "name": name} for scope, name in dids], "plugin": "DID_COLUMN"}
        return await self._listing("POST", "/dids/bulkmeta", body=asked)

    async def rules(self, *, updated_after: dt.datetime | None = None) -> Listing:
        """List replication rules, all of them or those that changed since."""
        asked = {} if updated_after is None else {"updated_after": rfc1123(updated_after)}
        return await self._listing("GET", "/rules/", params=asked)

    async def storages(self) -> Listing:
        """List the storages (RSEs) that are not deleted."""
        return await self._listing("GET", "/rses/")

    async def at_storage(self, rse: str, kind: str) -> Listing | None:
        """List a storage's `usage`, `accounts/usage` or dataset `replicas`; None where it is not known."""
        path = f"/replicas/rse/{_part(rse)}" if kind == "replicas" else f"/rses/{_part(rse)}/{kind}"
        return await self._listing_unless("RSENotFound", path)

    async def transfers(self) -> Listing | None:
        """List what is on its way between two storages each, by Rucio's own count of its requests.

        None where our account may not see it (it takes an administrator's), or the version has no such count.
        Of the others, listing requests one by one would be a row for each file.
        """
        try:
            return await self._listing("GET", "/requests/metrics")
        except (_ForbiddenError, NotOfferedError):
            return None

    async def file_replicas(self, scope: str, name: str, scheme: str) -> Listing | None:
        """List a dataset's files with their addresses of one scheme; None for a dataset that is not there.

        A file without any copy that can be read is left out by Rucio (41.5) without a word.
        """
        asked = {
            "dids": [{"scope": scope, "name": name}],
            "schemes": [scheme],
            # The addresses that hold everywhere; the usual order would look up where we are in the world.
            "domain": "wan",
            "sort": "random",
            "resolve_archives": False,
        }
        try:
            return await self._listing("POST", "/replicas/list", body=asked)
        except _AbsentError:
            return None

    async def _listing(self, method: str, path: str, *, of: type = dict, **asked: Any) -> Listing:
        async with self._open(method, path, **asked) as answer:
            spool = Spool()
            try:
                # Read as fast as it comes: an answer left open holds a thread and a connection there.
                async for row in lines_of(answer):
                    if not isinstance(row, of):
                        raise GarbledError(_SOURCE, f"rucio listed something else at {path}")  # noqa: TRY301
                    spool.add(row)
            except BaseException:
                spool.close()
                raise
            return Listing(spool, answer.date)

    async def _listing_unless(self, absent: str, path: str) -> Listing | None:
        try:
            return await self._listing("GET", path)
        except _AbsentError as error:
            if error.word == absent:
                return None
            raise

    @asynccontextmanager
    async def _open(self, method: str, path: str, **asked: Any) -> AsyncIterator[Answer]:
        """Open a good answer; a refused token is followed by a new one where there is one, once."""
        token = await self._tried_token()
        async with self.http.open(method, path, headers={TOKEN_HEADER: token}, **asked) as answer:
            if answer.status < 400:
                yield _typed(answer, path)
                return
            failure = _failure(answer, await head_of(answer), path)
        if not _is_unknown_token(answer):
            raise failure
        self._tried.discard(token)
        self.tokens.refused(token)
        renewed = await self._tried_token()
        if renewed == token:
            raise failure
        async with self.http.open(method, path, headers={TOKEN_HEADER: renewed}, **asked) as answer:
            if answer.status >= 400:
                raise _failure(answer, await head_of(answer), path)
            yield _typed(answer, path)

    async def _tried_token(self) -> str:
        token = await self.tokens.token()
        if not token:
            raise DeniedError(_SOURCE, "there is no token for rucio")
        if token in self._tried:
            return token
        async with self._trying:
            if token not in self._tried:
                try:
                    await self._try(token)
                except _UnknownTokenError:
                    # It ended since it was given: once, with a new one where there is one.
                    self.tokens.refused(token)
                    renewed = await self.tokens.token()
                    if renewed == token:
                        raise
                    token = renewed
                    await self._try(token)
                # Bounded: tokens live for an hour, and a refused one is taken out.
                self._tried = {*list(self._tried)[-7:], token}
        return token

    async def _try(self, token: str) -> None:
        for attempt in (1, 2):
            async with self.http.open("GET", "/auth/validate", headers={TOKEN_HEADER: token}) as answer:
                if answer.status < 400:
                    return
                failure = _failure(answer, await head_of(answer), "/auth/validate")
            if attempt == 1 and _is_unknown_token(answer):
                continue
            if len(token) > _LONGEST_TOKEN:
                raise DeniedError(
                    _SOURCE,
                    f"rucio does not accept our token; its {len(token)} characters are too long for a Rucio"
                    " on PostgreSQL: have the issuer leave the groups out",
                ) from failure
            if _is_unknown_token(answer):
                raise _UnknownTokenError(_SOURCE, failure.message) from failure
            raise failure


def rfc1123(moment: dt.datetime) -> str:
    """A moment as Rucio's filters on rules want it; ISO 8601 is a failure there."""
    utc = moment.astimezone(dt.UTC)
    # By hand: strftime's names follow the locale.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[utc.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day}, {utc.day:02} {months[utc.month - 1]} {utc.year} {utc:%H:%M:%S} UTC"


class _UnknownTokenError(DeniedError):
    """Rucio does not know a token that it gave, or that somebody gave us for it."""


class _ForbiddenError(DeniedError):
    """Rucio knows us, and does not let us see this."""


class _AbsentError(BrokenError):
    """Rucio says that something is not there; only a caller who expects that catches it."""

    def __init__(self, word: str, path: str) -> None:
        super().__init__(_SOURCE, f"rucio does not know what {path} names ({word})")
        self.word = word


def _part(name: str) -> str:
    """A name as one part of a path; scopes and RSEs are letters, digits, dots, dashes and underscores."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", name) or name in {".", ".."}:
        raise GarbledError(_SOURCE, "rucio listed a scope or storage whose name cannot be asked for")
    return name


def _typed(answer: Answer, path: str) -> Answer:
    """Refuse a page of a proxy or a login that comes as a success."""
    if answer.status != 200 or answer.media_type not in _MEDIA_TYPES:
        kind = answer.media_type if _TYPE.fullmatch(answer.media_type) else "something without a type"
        raise GarbledError(
            _SOURCE, f"rucio answered {path} with {kind} (HTTP {answer.status}) instead of JSON"
        )
    return answer


def _word(answer: Answer, content: bytes) -> str:
    """The exception class of a failed answer, from its header or its body; empty where it gives none."""
    said: object = answer.headers.get("ExceptionClass")
    if said is None:
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError:
            return ""
        said = body.get("ExceptionClass") if isinstance(body, dict) else None
    return said if isinstance(said, str) and _CLASS.fullmatch(said) else ""


def _is_unknown_token(answer: Answer) -> bool:
    return answer.status == 401 and answer.headers.get("ExceptionClass") == "CannotAuthenticate"


def _failure(answer: Answer, content: bytes, path: str) -> UpstreamError:
    """The error behind a failed answer. AccessDenied may come as 401 or 500, so its class decides."""
    word = _word(answer, content)
    if word in _DENIED:
        kind = _ForbiddenError if word == "AccessDenied" else DeniedError
        return kind(_SOURCE, f"rucio does not let us read {path} ({word})")
    if word in _BUSY or (word == "DatabaseException" and answer.status == 503):
        busy = error_of_status(answer, content)
        retry_after_s = busy.retry_after_s if isinstance(busy, BusyError) else None
        return BusyError(_SOURCE, f"rucio asks to be asked later ({word})", retry_after_s=retry_after_s)
    if word in _NOT_OFFERED or (not word and answer.status in {404, 405, 406}):
        return NotOfferedError(_SOURCE, f"this rucio does not offer {path} (HTTP {answer.status})")
    if word.endswith("NotFound"):
        return _AbsentError(word, path)
    if word:
        return BrokenError(_SOURCE, f"rucio failed to answer {path} ({word})")
    return error_of_status(answer, content)
