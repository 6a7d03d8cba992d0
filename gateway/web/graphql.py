"""GraphQL over HTTP, after the draft of the specification, strict where a browser could be misused."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Generic

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError, TransportError
from gateway.schema.answers import Answer
from gateway.schema.execution import Executor, V
from gateway.web.event_stream import EventStreamResponse, single_event_response
from gateway.web.media_types import JSON, accepts_events, negotiate
from gateway.web.parameters import read_get, read_last_event_id, read_max_age, read_post
from gateway.web.responses import answer_response, refusal_response
from gateway.web.revalidation import revalidated
from gateway.web.stored_documents import StoredDocuments

# Four times the longest document: the rest is for variables, such as a thousand ids.
MAX_BODY_BYTES = 64 * 1024

_METHODS = "GET, POST"

# Sites a browser may send a GET from; without the header it is no browser, or one that asks us itself.
_OWN_SITES = frozenset({"same-origin", "none"})


class GraphQLEndpoint(Generic[V]):
    """An ASGI application that answers GraphQL requests.

    `viewer_of` decides who asks; it raises UnauthenticatedError or RefusedError for those who may not ask at
    all. It is called before the body is read.
    """

    def __init__(
        self,
        executor: Executor[V],
        viewer_of: Callable[[Request], Awaitable[V]],
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
        documents: StoredDocuments | None = None,
    ) -> None:
        self._executor = executor
        self._viewer_of = viewer_of
        self._max_body_bytes = max_body_bytes
        self._documents = documents or StoredDocuments()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; failures of ours go up to `RequestLog`."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = ", ".join(request.headers.getlist("accept")) or None
        media_type = negotiate(accept)
        takes_events = accepts_events(accept)
        try:
            if request.method not in {"GET", "POST"}:
                raise TransportError(
                    405, "METHOD_NOT_ALLOWED", "use POST, or GET for queries", allow=_METHODS
                )
            if request.method == "GET":
                media_type = negotiate(accept, explicitly=True)
                _refuse_foreign_get(request)
            if media_type is None and not takes_events:
                raise TransportError(
                    406,
                    "NOT_ACCEPTABLE",
                    "answers are application/graphql-response+json, application/json or, for subscriptions, "
                    "text/event-stream; name one in Accept",
                )
            viewer = await self._viewer_of(request)
            is_get = request.method == "GET"
            if is_get:
                asked = read_get(request, self._max_body_bytes, self._documents)
            else:
                asked = await read_post(request, self._max_body_bytes, self._documents)
            asked = replace(asked, max_age_s=read_max_age(request))
            if not takes_events:
                answer = await self._executor.execute(asked, viewer, only_queries=is_get)
                return revalidated(request, answer, answer_response(answer, media_type or JSON))
            after = read_last_event_id(request)
            begun = await self._executor.answer_or_subscribe(asked, viewer, only_queries=is_get, after=after)
        except GatewayError as error:
            return refusal_response(error, media_type or JSON)
        if not isinstance(begun, Answer):
            return EventStreamResponse(begun)
        # Some clients name the event stream in every request, and expect JSON for what is no subscription.
        return single_event_response(begun) if media_type is None else answer_response(begun, media_type)


def _refuse_foreign_get(request: Request) -> None:
    """Raise TransportError for a GET that another site may have made a browser send.

    A browser sends a GET for an image or a link without asking us, with the cookies of whoever sits there.
    """
    if request.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        raise TransportError(403, "CROSS_SITE", "GET is not answered to other sites; use POST")
    if "cookie" in request.headers:
        raise TransportError(403, "CROSS_SITE", "GET is not answered with cookies; use POST")
