"""What took how long, told to whoever listens: spans with names and numbers, never with what people typed.

Without a listener, which is how the program starts, all of this costs next to nothing. Who listens, and where
spans go, is decided at the top (`gateway.telemetry`); everything below only says what begins and ends.
"""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final, Protocol

Value = str | int | float | bool


class SpanKind(StrEnum):
    """On which side of a call a span stands."""

    INSIDE = "internal"
    ANSWERING = "server"
    ASKING = "client"


class Span(Protocol):
    """Something under way."""

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens: what is costly to find out need not be, otherwise."""
        ...

    def rename(self, name: str) -> None:
        """Give it the name that only came out meanwhile."""
        ...

    def tell(self, attributes: Mapping[str, Value]) -> None:
        """Say something of it, by OpenTelemetry's names; no value may be a secret or a text of somebody's."""
        ...


class Tracer(Protocol):
    """Hears of spans."""

    def span(
        self, name: str, kind: SpanKind, carrier: Mapping[str, str] | None
    ) -> AbstractContextManager[Span]:
        """Give a span that is under way within the block."""
        ...


class _Unheard:
    is_heard = False

    def rename(self, name: str) -> None:
        """Nobody listens."""

    def tell(self, attributes: Mapping[str, Value]) -> None:
        """Nobody listens."""


_UNHEARD: Final = _Unheard()


class _Listening:
    """The one listener of this process, if there is one."""

    tracer: Tracer | None = None


class _Count:
    __slots__ = ("statements",)

    def __init__(self) -> None:
        self.statements = 0


_count: ContextVar[_Count | None] = ContextVar("count", default=None)


@contextlib.contextmanager
def heard_by(tracer: Tracer) -> Iterator[None]:
    """Let a tracer hear of every span of this process meanwhile."""
    before, _Listening.tracer = _Listening.tracer, tracer
    try:
        yield
    finally:
        _Listening.tracer = before


@contextlib.contextmanager
def span(
    name: str, kind: SpanKind = SpanKind.INSIDE, *, carrier: Mapping[str, str] | None = None
) -> Iterator[Span]:
    """Say that something is under way; an exception that leaves the block is told by the name of its type.

    `carrier` are the headers in which a caller may name the trace that it belongs to.
    """
    tracer = _Listening.tracer
    if tracer is None:
        yield _UNHEARD
        return
    with tracer.span(name, kind, carrier) as under_way:
        try:
            yield under_way
        except BaseException as error:
            under_way.tell({"error.type": type(error).__name__})
            raise


@contextlib.contextmanager
def counting_statements(under_way: Span) -> Iterator[None]:
    """Tell a span how many statements were sent to the database meanwhile."""
    if not under_way.is_heard:
        yield
        return
    count = _Count()
    token = _count.set(count)
    try:
        yield
    finally:
        _count.reset(token)
        under_way.tell({"gateway.statements": count.statements})


def note_statement() -> None:
    """Note that a statement was sent to the database."""
    count = _count.get()
    if count is not None:
        count.statements += 1
