"""Faults that a practice service can be told to have: it refuses, hangs, lies, or stops in the middle.

`with_faults` is the outermost layer of a twin. Byte-level faults write to the connection itself, which
uvicorn lends; without one (an application called in process) they end the request with ConnectionError.
"""

import asyncio
import contextlib
import datetime as dt
import enum
import json
import os
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.practice.damage import doubled, emptied, halved

SWITCH_PATH: Final = "/practice/faults"
# Where an application finds, in the scope of a request, a fault that it must play itself.
FAULT_KEY: Final = "gateway.fault"
HANG_S: Final = 600.0
DRIP_S: Final = 0.05
CLOCK_OFF: Final = dt.timedelta(minutes=10)
HUGE_BYTES: Final = 100 * 1024 * 1024
_HTML: Final = b"<!DOCTYPE html><html><body><h1>Something is wrong</h1></body></html>"


class Fault(enum.StrEnum):
    """What can go wrong; the values are the words of the switch."""

    REFUSE = "refuse"
    RESET = "reset"
    HANG = "hang"
    DRIP = "drip"
    CUT_CHUNKED = "cut-chunked"
    CUT_UNCHUNKED = "cut-unchunked"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    TOO_MANY = "429"
    HTML_500 = "html-500"
    HTML_200 = "html-200"
    EMPTY_LIST = "empty-list"
    HALF_LIST = "half-list"
    DOUBLED_KEYS = "doubled-keys"
    GARBAGE = "garbage"
    HUGE_BODY = "huge-body"
    CLOCK_OFF = "clock-off"
    TOKEN_EXPIRY = "token-expiry"  # noqa: S105 - the name of a fault


class Planned(BaseModel):
    """A fault for paths that begin with `path`: after `after` requests, `times` times or until cleared."""

    model_config = ConfigDict(extra="forbid")

    fault: Fault
    path: str = "/"
    after: int = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=1)


@dataclass(slots=True)
class Faults:
    """What a twin does wrong at present; tests may change it directly."""

    planned: list[Planned] = field(default_factory=list)
    expired_tokens: set[str] = field(default_factory=set)

    def plan(self, fault: Fault, *, path: str = "/", after: int = 0, times: int | None = None) -> None:
        """Have a fault from now on."""
        self.planned.append(Planned(fault=fault, path=path, after=after, times=times))

    def clear(self) -> None:
        """Be well again; tokens that expired stay expired."""
        self.planned.clear()

    def next_for(self, path: str) -> Fault | None:
        """Return the fault of the request that has arrived for the path, and count it."""
        for planned in list(self.planned):
            if not path.startswith(planned.path):
                continue
            if planned.after > 0:
                planned.after -= 1
                continue
            if planned.times is not None:
                planned.times -= 1
                if planned.times == 0:
                    self.planned.remove(planned)
            return planned.fault
        return None


def with_faults(app: ASGIApp, faults: Faults, *, has_switch: bool = False) -> ASGIApp:
    """Return the application with its faults; the switch at SWITCH_PATH is there only when asked for.

    POST a `Planned` to add one, GET to see them, DELETE to clear them. The switch itself has no faults.
    """

    async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif has_switch and scope["path"] == SWITCH_PATH:
            await (await _switched(Request(scope, receive), faults))(scope, receive, send)
        else:
            await _answer(app, faults, scope, receive, send)

    return faulty


async def _switched(request: Request, faults: Faults) -> Response:
    match request.method:
        case "POST":
            try:
                faults.planned.append(Planned.model_validate_json(await request.body()))
            except ValidationError as error:
                return JSONResponse({"error": json.loads(error.json(include_url=False))}, 400)
        case "DELETE":
            faults.clear()
        case "GET":
            pass
        case _:
            return Response(status_code=405, headers={"allow": "GET, POST, DELETE"})
    return JSONResponse([planned.model_dump(mode="json") for planned in faults.planned])


async def _answer(app: ASGIApp, faults: Faults, scope: Scope, receive: Receive, send: Send) -> None:
    token = next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), ""
    )
    fault = faults.next_for(scope["path"])
    if fault is Fault.TOKEN_EXPIRY and token.startswith("Bearer "):
        faults.expired_tokens.add(token)
    if token in faults.expired_tokens:
        await JSONResponse({"error": "invalid_token"}, 401)(scope, receive, send)
        return
    match fault:
        case None:
            await app(scope, receive, send)
        case Fault.TOKEN_EXPIRY:
            # Tokens that are not bearer tokens are for the application itself to forget.
            await app({**scope, FAULT_KEY: fault}, receive, send)
        case Fault.REFUSE | Fault.RESET:
            await _reset(send)
        case Fault.HANG:
            await _wait_for_end(receive)
        case Fault.UNAUTHORIZED | Fault.FORBIDDEN:
            await JSONResponse({"error": "access_denied"}, int(fault))(scope, receive, send)
        case Fault.TOO_MANY:
            await JSONResponse({"error": "slow_down"}, 429, {"retry-after": "7"})(scope, receive, send)
        case Fault.HTML_500 | Fault.HTML_200:
            status = 500 if fault is Fault.HTML_500 else 200
            await Response(_HTML, status, media_type="text/html")(scope, receive, send)
        case Fault.GARBAGE:
            await Response(b'{"a": [1, 2', media_type="application/json")(scope, receive, send)
        case Fault.HUGE_BODY:
            await _send_huge(send)
        case Fault.CLOCK_OFF:
            await app(scope, receive, _late(send))
        case Fault.DRIP | Fault.CUT_CHUNKED | Fault.CUT_UNCHUNKED:
            await _send_slowly_or_half(fault, await _whole(app, scope, receive), receive, send)
        case Fault.EMPTY_LIST | Fault.HALF_LIST | Fault.DOUBLED_KEYS:
            await _send_damaged(fault, await _whole(app, scope, receive), send)


@dataclass(slots=True)
class _Whole:
    """An answer of the twin, held back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def header(self, wanted: bytes) -> str:
        return next((value.decode("latin-1") for name, value in self.headers if name.lower() == wanted), "")


async def _whole(app: ASGIApp, scope: Scope, receive: Receive) -> _Whole:
    whole = _Whole()

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            whole.status, whole.headers = message["status"], list(message.get("headers", []))
        else:
            whole.body += message.get("body", b"")

    await app(scope, receive, hold)
    return whole


def _unframed(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [one for one in headers if one[0].lower() not in (b"content-length", b"transfer-encoding")]


async def _send_damaged(fault: Fault, whole: _Whole, send: Send) -> None:
    changes: dict[Fault, Callable[[bytes], bytes]] = {
        Fault.EMPTY_LIST: emptied,
        Fault.HALF_LIST: halved,
        Fault.DOUBLED_KEYS: doubled,
    }
    body = changes[fault](whole.body) if whole.status == 200 else whole.body
    headers = [*_unframed(whole.headers), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": whole.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_slowly_or_half(fault: Fault, whole: _Whole, receive: Receive, send: Send) -> None:
    headers = _unframed(whole.headers)
    half = whole.body[: len(whole.body) // 2]
    if fault is Fault.CUT_UNCHUNKED:
        transport = _transport(send)
        lines = [b"%s: %s\r\n" % one for one in headers]
        head = b"HTTP/1.1 %d OK\r\n%sconnection: close\r\n\r\n" % (whole.status, b"".join(lines))
        transport.write(head + half)
        await _ended(transport.close)
        return
    await send({"type": "http.response.start", "status": whole.status, "headers": headers})
    if fault is Fault.CUT_CHUNKED:
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _ended(_transport(send).close)
        return
    await _drip(whole.body, receive, send)


async def _drip(body: bytes, receive: Receive, send: Send) -> None:
    """Send byte by byte for as long as the client listens."""
    end = asyncio.create_task(_wait_for_end(receive))
    for place in range(len(body)):
        await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": True})
        if (await asyncio.wait({end}, timeout=DRIP_S))[0]:
            return
    end.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _send_huge(send: Send) -> None:
    """Begin a JSON text and go on for HUGE_BYTES; nobody who waits for its end gets anything out of it."""
    part = b" " * 65_536
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"[", "more_body": True})
    for _ in range(HUGE_BYTES // len(part)):
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"]"})


async def _reset(send: Send) -> None:
    """End the connection with a reset, which is the nearest to a refusal that an open port can do."""
    transport = _transport(send)
    # The loop lends only a part of its socket; a second handle of the same connection can do everything.
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as connection:
        # Lingering for zero seconds makes the system send RST instead of a clean end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await _ended(transport.abort)


async def _ended(end: Callable[[], None]) -> None:
    end()
    # The server learns of it in a later turn of its loop; until then it would answer 500 in our place.
    await asyncio.sleep(DRIP_S)


async def _wait_for_end(receive: Receive) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HANG_S):
            while (await receive())["type"] != "http.disconnect":
                pass


def _late(send: Send) -> Send:
    """Give each answer a Date that is CLOCK_OFF ahead of the twin's own."""

    async def late(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", [])))
            said = headers.get("date")
            now = parsedate_to_datetime(said) if said else dt.datetime.now(dt.UTC)
            headers["date"] = format_datetime(now + CLOCK_OFF, usegmt=True)
            message = {**message, "headers": headers.raw}
        await send(message)

    return late


def _transport(send: Send) -> asyncio.Transport:
    """The connection behind uvicorn's `send`, which is a method of its cycle of request and answer."""
    transport: asyncio.Transport | None = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionError("a practice fault ended the request; there is no connection to end")
    return transport
