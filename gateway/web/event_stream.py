"""Answers as server-sent events: GraphQL over SSE in "distinct connections mode", one stream an operation.

Each answer is an event `next` with the answer as its data, and as its id the number to resume from; the last
event is `complete`.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.schema.answers import Answer
from gateway.schema.execution import Subscription, Told
from gateway.web.media_types import EVENT_STREAM

log = structlog.get_logger()

# Proxies close what is silent for a minute, or half of one.
KEEP_ALIVE_S: Final = 15.0
# How long one event may wait for a client that does not read; its connection is then given up.
SEND_TIMEOUT_S: Final = 30.0

_COMPLETE: Final = b"event: complete\ndata:\n\n"
# A comment: it makes the headers arrive, and keeps the connection from looking dead.
_COMMENT: Final = b":\n\n"
# Nginx would otherwise hold events back until it has a page full of them.
_HEADERS: Final[Mapping[str, str]] = {"Vary": "Accept", "X-Accel-Buffering": "no"}


def event_of(answer: Answer, number: int | None = None) -> bytes:
    """Return the bytes of one `next`; JSON as we write it has no line breaks."""
    id_line = b"" if number is None else b"id: %d\n" % number
    return id_line + b"event: next\ndata: " + answer.body + b"\n\n"


def single_event_response(answer: Answer) -> Response:
    """Return an answer to what is no subscription, for clients that take nothing but event streams."""
    return Response(event_of(answer) + _COMPLETE, 200, dict(_HEADERS), EVENT_STREAM)


class EventStreamResponse(Response):
    """Sends the answers of a subscription until it ends, the client leaves, or it does not read any more."""

    media_type = EVENT_STREAM

    def __init__(
        self,
        subscription: Subscription,
        *,
        keep_alive_s: float = KEEP_ALIVE_S,
        send_timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:
        super().__init__(None, 200, dict(_HEADERS))
        del self.headers["content-length"]
        self._subscription = subscription
        self._keep_alive_s = keep_alive_s
        self._send_timeout_s = send_timeout_s

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; nothing of it is left, however it ends."""
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await self._stream(send, gone)
        except TimeoutError:
            log.warning("a reader of events does not read", action="events.stuck")
        finally:
            await _give_up(gone)
            await self._subscription.close()

    async def _stream(self, send: Send, gone: asyncio.Future[None]) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._send(send, _COMMENT)
        answers = aiter(self._subscription)
        while not gone.done():
            coming = asyncio.ensure_future(anext(answers, None))
            try:
                await self._wait(coming, gone, send)
                told = coming.result() if coming.done() else None
            finally:
                await _give_up(coming)
            if told is None:
                break
            await self._send(send, event_of(told.answer, told.number))
        await self._send(send, _COMPLETE, is_last=True)

    async def _wait(
        self, coming: asyncio.Future[Told | None], gone: asyncio.Future[None], send: Send
    ) -> None:
        """Return when the next answer is there or the client is gone; keep the connection alive meanwhile."""
        while True:
            waited: set[asyncio.Future[Any]] = {coming, gone}
            done, _pending = await asyncio.wait(
                waited, timeout=self._keep_alive_s, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                return
            await self._send(send, _COMMENT)

    async def _send(self, send: Send, body: bytes, *, is_last: bool = False) -> None:
        async with asyncio.timeout(self._send_timeout_s):
            await send({"type": "http.response.body", "body": body, "more_body": not is_last})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _give_up(work: asyncio.Future[Any]) -> None:
    """End work that is not wanted any more, and wait until it has ended."""
    if not work.done():
        work.cancel()
        await asyncio.wait([work])
