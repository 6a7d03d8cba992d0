"""Whole lists as files: `GET /export/tasks.csv?fields=name,status&filter={"status":{"eq":"done"}}`.

Rows are read a page at a time, when the one before was taken: the memory for a million rows is that of a
thousand. Each page is as its rows are at that moment; a row is never there twice.
"""

import asyncio
import csv
import io
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Final, Generic

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.errors import BrokenExportError, GatewayError, InputError, TooManyError, TransportError
from gateway.schema.answers import Answer
from gateway.schema.execution import RECHECK_EVERY_S, Executor, OperationRequest, V
from gateway.schema.exports import PAGE_ROWS, Listing, Path, listings_of, value_at
from gateway.web.media_types import JSON
from gateway.web.responses import refusal_response, refused_file

_PATH: Final = re.compile(r"/export/([A-Za-z]+)\.(csv|ndjson)")
_PARAMETERS: Final = frozenset({"fields", "filter", "sort", "includeGone", "line"})
_MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8; header=present", "ndjson": "application/x-ndjson"}

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

# How long a page is waited for in all when the viewer's allowance is used up, seconds.
_LONGEST_WAIT_S: Final = 600

Wait = Callable[[float], Awaitable[None]]


class ExportEndpoint(Generic[V]):
    """An ASGI application that writes whole lists; `viewer_of` decides who asks, as for GraphQL.

    `recheck` raises for a viewer who may not go on; it is asked now and then while a list is written.
    """

    def __init__(
        self,
        executor: Executor[V],
        viewer_of: Callable[[Request], Awaitable[V]],
        *,
        recheck: Callable[[V], Awaitable[None]] | None = None,
        recheck_every_s: float = RECHECK_EVERY_S,
        page_rows: int = PAGE_ROWS,
        wait: Wait = asyncio.sleep,
    ) -> None:
        self._executor = executor
        self._viewer_of = viewer_of
        self._recheck = recheck
        self._recheck_every_s = recheck_every_s
        self._page_rows = page_rows
        self._wait = wait
        self._listings = listings_of(executor.schema)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what fails in the middle of a file breaks the connection off."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except GatewayError as error:
            response = refusal_response(error, JSON)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        listing, kind = self._asked(request)
        viewer = await self._viewer_of(request)
        fields = _single(request, "fields")
        columns = listing.columns(fields) if fields else listing.default_columns()
        document = listing.document(columns)
        variables = self._variables(request, listing)
        first = await self._page(document, variables, None, viewer)
        if first.problems:
            return refused_file(first)
        pages = self._pages(first, listing.name, document, variables, viewer)
        body = _csv(pages, columns) if kind == "csv" else _ndjson(pages)
        headers = {"Content-Disposition": f'attachment; filename="{listing.name}.{kind}"'}
        return StreamingResponse(body, headers=headers, media_type=_MEDIA_TYPES[kind])

    def _asked(self, request: Request) -> tuple[Listing, str]:
        if request.method != "GET":
            raise TransportError(405, "METHOD_NOT_ALLOWED", "use GET", allow="GET")
        found = _PATH.fullmatch(request.url.path)
        listing = self._listings.get(found[1]) if found else None
        if found is None or listing is None:
            raise TransportError(
                404,
                "NO_SUCH_EXPORT",
                f"ask for /export/LIST.csv or .ndjson, where LIST is {', '.join(sorted(self._listings))}",
            )
        unknown = sorted(request.query_params.keys() - _PARAMETERS)
        if unknown:
            raise InputError(
                f"unknown parameter {unknown[0][:60]!r}; there are {', '.join(sorted(_PARAMETERS))}"
            )
        return listing, found[2]

    def _variables(self, request: Request, listing: Listing) -> dict[str, object]:
        variables: dict[str, object] = {"first": self._page_rows}
        for name in listing.arguments:
            text = _single(request, name)
            if text is not None:
                try:
                    variables[name] = orjson.loads(text)
                except orjson.JSONDecodeError as error:
                    raise InputError(f"'{name}' is not JSON") from error
        line = _single(request, "line")
        if line is not None:
            if listing.name != "requests":
                raise InputError("'line' is for the list of requests")
            by_line = {"line": line}
            given = variables.get("filter")
            variables["filter"] = by_line if given is None else {"and": [given, by_line]}
        return variables

    async def _page(self, document: str, variables: Mapping[str, object], after: object, viewer: V) -> Answer:
        asked = OperationRequest(document, variables={**variables, "after": after})
        return await self._executor.execute(asked, viewer, only_queries=True)

    async def _pages(
        self, first: Answer, name: str, document: str, variables: Mapping[str, object], viewer: V
    ) -> AsyncGenerator[Sequence[object], None]:
        answer = first
        checked_at = time.monotonic()
        while True:
            page = orjson.loads(answer.data_json or b"null")[name]
            yield page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            if self._recheck is not None and time.monotonic() - checked_at >= self._recheck_every_s:
                await self._look_again(self._recheck, viewer)
                checked_at = time.monotonic()
            answer = await self._next(document, variables, page["pageInfo"]["endCursor"], viewer)

    async def _look_again(self, recheck: Callable[[V], Awaitable[None]], viewer: V) -> None:
        """As a stream of events, an export ends with the login or the token that it was begun with."""
        try:
            await recheck(viewer)
        except GatewayError as error:
            raise BrokenExportError(f"an export cannot go on: {error.message}") from error

    async def _next(self, document: str, variables: Mapping[str, object], after: object, viewer: V) -> Answer:
        """Read the next page, and wait where the viewer's allowance makes them; who began may finish."""
        waited_s = 0
        while True:
            answer = await self._page(document, variables, after, viewer)
            if not answer.problems:
                return answer
            if answer.problems[0].code != TooManyError.code or waited_s >= _LONGEST_WAIT_S:
                raise BrokenExportError(f"an export cannot go on: {answer.problems[0].message}")
            await self._wait(1.0)
            waited_s += 1
            if self._recheck is not None and waited_s % max(1, round(self._recheck_every_s)) == 0:
                await self._look_again(self._recheck, viewer)


def cell(value: object) -> object:
    """Return a value as a spreadsheet may have it: a text is never a formula, a list is one text."""
    if isinstance(value, list):
        value = " ".join(str(each) for each in value)
    elif isinstance(value, dict):
        value = orjson.dumps(value).decode()
    elif isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


async def _csv(
    pages: AsyncGenerator[Sequence[object], None], columns: Sequence[Path]
) -> AsyncGenerator[bytes, None]:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([".".join(column) for column in columns])
    async for nodes in pages:
        writer.writerows([cell(value_at(node, column)) for column in columns] for node in nodes)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


async def _ndjson(pages: AsyncGenerator[Sequence[object], None]) -> AsyncGenerator[bytes, None]:
    async for nodes in pages:
        yield b"".join(orjson.dumps(node, option=orjson.OPT_APPEND_NEWLINE) for node in nodes)


def _single(request: Request, name: str) -> str | None:
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise InputError(f"'{name}' is given {len(values)} times")
    return values[0] if values else None
