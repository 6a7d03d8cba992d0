"""Answers dated by a twin's own clock, which tests drive; uvicorn's `date_header` must be off then."""

import datetime as dt
from collections.abc import Callable
from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Clock = Callable[[], dt.datetime]


def dated(app: ASGIApp, clock: Clock) -> ASGIApp:
    """Return the application with a Date header from the clock on each answer."""

    async def with_date(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", [])))
                headers["date"] = format_datetime(clock().astimezone(dt.UTC), usegmt=True)
                message = {**message, "headers": headers.raw}
            await send(message)

        await app(scope, receive, send_dated if scope["type"] == "http" else send)

    return with_date
