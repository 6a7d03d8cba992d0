"""One line in the log for each HTTP request, and the id by which a request is found there.

Queries, variables, headers and query strings are not written: they may hold what nobody should read again.
"""

import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.schema.answers import internal_problem, refusal
from gateway.schema.failures import log_failure
from gateway.tracing import SpanKind, span
from gateway.web.media_types import JSON
from gateway.web.responses import answer_response

log = structlog.get_logger()

# What a caller may choose as the id of its request: nothing that could end a line or a header.
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# A path is made by whoever asks, and may be as long as the server allows.
_MAX_PATH_CHARACTERS = 100

# The status logged when the caller went away before it was answered (as nginx writes it).
_CLOSED_BY_CALLER = 499

# A method is made by whoever asks, as a path is.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
# The first parts of our paths: what comes after them may name things.
_AREAS = frozenset({"auth", "badge", "export", "files", "graphql", "health", "manifest", "metrics", "ready"})

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def correlation_id() -> str:
    """Return the id of the present request, or a new one outside of requests."""
    return _request_id.get() or uuid.uuid4().hex


def _area(path: str) -> str:
    first = path[1:].partition("/")[0]
    return f"/{first}" if first in _AREAS else "/..."


class RequestLog:
    """ASGI middleware: gives the request an id, logs its end, and answers 500 to what nobody caught.

    It belongs inside of `SecurityHeaders`, so that its own answers have them, and outside of all else.
    """

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; other scopes pass untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked_id = Headers(scope=scope).get("x-request-id", "")
        request_id = asked_id if _SAFE_ID.fullmatch(asked_id) else uuid.uuid4().hex
        token = _request_id.set(request_id)
        started_s = self._clock()
        status, size_bytes = _CLOSED_BY_CALLER, 0

        async def send_counted(message: Message) -> None:
            nonlocal status, size_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            elif message["type"] == "http.response.body":
                size_bytes += len(message.get("body", b""))
            await send(message)

        try:
            carrier = {"traceparent": Headers(scope=scope).get("traceparent", "")}
            method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
            with span(f"{method} {_area(scope['path'])}", SpanKind.ANSWERING, carrier=carrier) as answered:
                await self._app(scope, receive, send_counted)
                answered.tell({"http.request.method": method, "http.response.status_code": status})
        except Exception as error:  # noqa: BLE001 - the ASGI border: nothing gets further than here
            log_failure(error, action="http.failed", correlation_id=request_id)
            if status == _CLOSED_BY_CALLER:
                response = answer_response(refusal([internal_problem(request_id)]), JSON)
                await response(scope, receive, send_counted)
        finally:
            _request_id.reset(token)
            log.info(
                "request",
                action="http.request",
                id=request_id,
                method=scope["method"][:10],
                path=scope["path"][:_MAX_PATH_CHARACTERS],
                status=status,
                duration_ms=round((self._clock() - started_s) * 1000, 2),
                bytes=size_bytes,
            )
