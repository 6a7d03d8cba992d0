"""Asking another service over HTTP with every bound our own: time, size, requests at once, requests a second.

Answers are read as a stream and must be framed: a body without a length and without chunks ends wherever the
connection does, so nobody could tell a whole list from half of one. Redirects are errors; the host is fixed.
"""

import asyncio
import contextlib
import datetime as dt
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx2

from gateway.errors import (
    BrokenError,
    BusyError,
    DeniedError,
    GarbledError,
    SlowError,
    UnreachableError,
    UpstreamError,
)
from gateway.tracing import SpanKind, span

# A list of 500,000 rules of 900 bytes fits; nothing of ours is larger.
MAX_BODY_BYTES = 512 * 1024 * 1024
# One line of a stream, or one error body: beyond it something is wrong with the answer.
MAX_LINE_BYTES = 4 * 1024 * 1024
# What of an error body is looked at.
MAX_ERROR_BYTES = 64 * 1024

Headers = Callable[[], Mapping[str, str]]
_JSON: Mapping[str, str] = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Manners:
    """How an upstream may be treated; published in docs/operations.md.

    `at_once` requests are in flight at most, and `per_second` begin, with short bursts of `burst`.
    `deadline_s` bounds a whole answer from the first byte sent to the last received: httpx bounds each read.
    """

    at_once: int = 4
    per_second: float = 2.0
    burst: int = 10
    connect_s: float = 5.0
    read_s: float = 30.0
    deadline_s: float = 120.0


@dataclass(slots=True)
class Answer:
    """The head of an answer; its body is read by `bytes_of`, `json_of` or `lines_of` while it is open."""

    source: str
    status: int
    headers: httpx2.Headers
    response: httpx2.Response

    @property
    def date(self) -> dt.datetime:
        """The upstream's clock, UTC; our own when it does not say."""
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            return parsedate_to_datetime(self.headers["date"]).astimezone(dt.UTC)
        return dt.datetime.now(dt.UTC)

    @property
    def media_type(self) -> str:
        """The media type without parameters, lower case; empty when not given."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


@dataclass(slots=True)
class _Bucket:
    """Lets requests begin at a bounded rate; slows down by itself when answers take long."""

    manners: Manners
    tokens: float = field(init=False)
    at: float = field(default_factory=time.monotonic)
    slowness_s: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = float(self.manners.burst)

    async def take(self) -> None:
        """Wait for a token; after slow answers every token costs half of what the last answers took."""
        now = time.monotonic()
        self.tokens = min(self.manners.burst, self.tokens + (now - self.at) * self.manners.per_second)
        self.at = now
        self.tokens -= 1
        wait_s = max(0.0, -self.tokens / self.manners.per_second) + self.slowness_s / 2
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def took(self, seconds: float) -> None:
        """Learn how long an answer's head took; up to a second is normal."""
        excess = max(0.0, seconds - 1.0)
        self.slowness_s = 0.7 * self.slowness_s + 0.3 * min(excess, 10.0)


class HttpUpstream:
    """A client of one service at one base address.

    `headers` is called for each request, so that a token may change while a long reading goes on.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        *,
        headers: Headers = dict,
        manners: Manners | None = None,
        verify: ssl.SSLContext | bool = True,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.source = source
        self.manners = manners or Manners()
        self._headers = headers
        self._places = asyncio.Semaphore(self.manners.at_once)
        self._bucket = _Bucket(self.manners)
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            timeout=httpx2.Timeout(self.manners.read_s, connect=self.manners.connect_s),
            follow_redirects=False,
            trust_env=False,
            verify=verify,
            transport=transport,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    @contextlib.asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Answer]:
        """Give the head of an answer whose body must be read within the block; any status is an answer.

        A body is sent as JSON, unless it is bytes already: say what they are with a `content-type` header.
        Raises UnreachableError, SlowError, GarbledError or (for our certificate) DeniedError for what is not
        an answer. The deadline covers the whole block.
        """
        with span(f"{self.source} {method}", SpanKind.ASKING) as under_way:
            under_way.tell({"gateway.source": self.source, "http.request.method": method})
            async with self._opened(method, path, params=params, body=body, headers=headers) as answer:
                under_way.tell({"http.response.status_code": answer.status})
                yield answer

    @contextlib.asynccontextmanager
    async def _opened(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None,
        body: object,
        headers: Mapping[str, str] | None,
    ) -> AsyncIterator[Answer]:
        async with self._places:
            await self._bucket.take()
            began = time.monotonic()
            try:
                async with (
                    asyncio.timeout(self.manners.deadline_s),
                    self._client.stream(
                        method,
                        path,
                        params=params,
                        content=body if body is None or isinstance(body, bytes) else json.dumps(body),
                        headers={
                            **self._headers(),
                            **({} if body is None or "content-type" in (headers or {}) else _JSON),
                            **(headers or {}),
                        },
                    ) as response,
                ):
                    self._bucket.took(time.monotonic() - began)
                    if response.is_redirect:
                        raise GarbledError(
                            self.source,
                            f"{self.source} answers {path} with a redirect: its address is another",
                        )
                    yield Answer(self.source, response.status_code, response.headers, response)
            except (TimeoutError, httpx2.TimeoutException) as error:
                self._raise_slow(error, path)
            except (httpx2.RemoteProtocolError, httpx2.DecodingError) as error:
                raise GarbledError(
                    self.source, f"{self.source} cut its answer to {path} short, or it cannot be read"
                ) from error
            except ssl.SSLError as error:
                # TLS 1.3 asks for a certificate after the connection stands; httpx2 lets that alert through.
                if "ALERT" in (error.reason or ""):
                    raise DeniedError(
                        self.source, f"{self.source} wants a client certificate, or another one than ours"
                    ) from error
                raise UnreachableError(
                    self.source, f"{self.source} cannot be reached: {type(error).__name__}"
                ) from error
            except httpx2.TransportError as error:
                raise UnreachableError(
                    self.source, f"{self.source} cannot be reached: {type(error).__name__}"
                ) from error

    def _raise_slow(self, error: Exception, path: str) -> NoReturn:
        if isinstance(error, httpx2.ConnectTimeout):
            raise UnreachableError(
                self.source, f"{self.source} did not take a connection within {self.manners.connect_s:.0f} s"
            ) from error
        raise SlowError(
            self.source, f"{self.source} did not finish its answer to {path} in the time allowed"
        ) from error

    async def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> tuple[object, Answer]:
        """Return the JSON of a successful answer with its head; raise an UpstreamError for any other."""
        async with self.open(method, path, params=params, body=body, headers=headers) as answer:
            if answer.status >= 400:
                raise error_of_status(answer, await head_of(answer))
            return await json_of(answer, max_bytes=max_bytes), answer


async def bytes_of(answer: Answer, *, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return the whole body of a framed answer; raise GarbledError when it is not framed or too large."""
    return b"".join([part async for part in pieces_of(answer, max_bytes=max_bytes)])


async def pieces_of(answer: Answer, *, max_bytes: int = MAX_BODY_BYTES) -> AsyncIterator[bytes]:
    """Yield a framed body as it comes; raise GarbledError when it is not framed or too large."""
    _refuse_unframed(answer)
    size = 0
    async for part in answer.response.aiter_bytes():
        size += len(part)
        if size > max_bytes:
            raise GarbledError(answer.source, f"{answer.source} sent more than {max_bytes} bytes")
        yield part


async def head_of(answer: Answer) -> bytes:
    """Return the beginning of an error body, whatever its framing."""
    found = b""
    async for part in answer.response.aiter_bytes():
        found += part
        if len(found) >= MAX_ERROR_BYTES:
            break
    return found[:MAX_ERROR_BYTES]


async def json_of(answer: Answer, *, max_bytes: int = MAX_BODY_BYTES) -> object:
    """Return the body as JSON; HTML and anything else that is not JSON is a GarbledError."""
    content = await bytes_of(answer, max_bytes=max_bytes)
    return parse_json(answer.source, content)


async def lines_of(answer: Answer, *, max_bytes: int = MAX_BODY_BYTES) -> AsyncIterator[object]:
    """Yield each line of a framed NDJSON body; the last must end in a newline, or the list may be cut."""
    _refuse_unframed(answer)
    rest = b""
    size = 0
    async for part in answer.response.aiter_bytes():
        size += len(part)
        if size > max_bytes or len(rest) > MAX_LINE_BYTES:
            raise GarbledError(answer.source, f"{answer.source} sent more than was to be expected")
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.strip():
                yield parse_json(answer.source, line)
    if rest.strip():
        raise GarbledError(answer.source, f"{answer.source} ended a list in the middle of a line")


def parse_json(source: str, content: bytes) -> object:
    """Return what the bytes say as JSON; NaN and infinities come out as None, doubled keys as the last."""
    try:
        return json.loads(content, parse_constant=lambda _name: None)
    except (ValueError, RecursionError) as error:
        looks = "HTML" if content.lstrip()[:1] == b"<" else "something"
        raise GarbledError(source, f"{source} sent {looks} where JSON was promised") from error


def error_of_status(answer: Answer, content: bytes) -> UpstreamError:
    """Return the error for a failed answer of a service that says nothing better in its body."""
    source, status = answer.source, answer.status
    del content  # never quoted: it may echo what was sent, tokens included
    match status:
        case 401 | 403:
            return DeniedError(source, f"{source} does not accept our token or certificate (HTTP {status})")
        case 429 | 503:
            return BusyError(
                source,
                f"{source} asks to be asked later (HTTP {status})",
                retry_after_s=_retry_after(answer),
            )
        case _:
            return BrokenError(source, f"{source} failed (HTTP {status})")


def _retry_after(answer: Answer) -> float | None:
    value = str(answer.headers.get("retry-after", "")).strip()
    if value.isascii() and value.isdigit():
        return min(float(value), 900.0)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return min(max(0.0, (parsedate_to_datetime(value) - answer.date).total_seconds()), 900.0)
    return None


def _refuse_unframed(answer: Answer) -> None:
    chunked = "chunked" in str(answer.headers.get("transfer-encoding", "")).lower()
    if not chunked and "content-length" not in answer.headers:
        raise GarbledError(
            answer.source,
            f"{answer.source} sent a list without a length and without chunks: nobody can tell where it ends",
        )
