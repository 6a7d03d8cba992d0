"""Reading PanDA's envelope `{"success": ..., "message": ..., "data": ...}`, whole or element by element.

A list of thousands of tasks is read one task at a time, so that memory is bounded by one task and not by the
answer. PanDA marks moments as `{"__datetime__": "2026-11-22T12:30:47"}`, naive UTC; they come out as ISO.
"""

import codecs
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from gateway.errors import GarbledError
from gateway.upstreams.http import MAX_BODY_BYTES, MAX_LINE_BYTES, Answer, pieces_of

Kept = TypeVar("Kept")

_BLANK: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What PanDA said: `success` is about the call; the data of a command say whether it was taken."""

    success: bool
    message: str
    data: object


def envelope_of(source: str, content: bytes) -> Envelope:
    """Return the envelope in a whole body; anything else, HTML and Python text too, is a GarbledError."""
    try:
        found = _DECODER.decode(content.decode())
    except (ValueError, RecursionError) as error:
        raise _not_json(source, content.lstrip()[:1] == b"<") from error
    if not isinstance(found, dict):
        raise GarbledError(source, f"{source} sent JSON that is not its envelope")
    return _envelope(source, found)


async def collect(
    answer: Answer, keep: Callable[[object], Kept], *, max_bytes: int = MAX_BODY_BYTES
) -> tuple[Envelope, list[Kept]]:
    """Read an envelope to its end; return it with what `keep` makes of each element of its list `data`.

    The envelope's own `data` are None when they were a list. Raises GarbledError for a body that is cut, not
    framed, not an envelope, larger than `max_bytes`, or has an element larger than 4 MiB.
    """
    reader = _Reader(answer.source, keep)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        async for piece in pieces_of(answer, max_bytes=max_bytes):
            reader.feed(decoder.decode(piece))
        reader.feed(decoder.decode(b"", final=True))
    except (UnicodeDecodeError, RecursionError) as error:
        raise _not_json(answer.source, html=False) from error
    return reader.finish(), reader.kept


class _Reader:
    """Takes text in any pieces and keeps of it only what is not understood yet."""

    def __init__(self, source: str, keep: Callable[[Any], Any]) -> None:
        self.source = source
        self.kept: list[Any] = []
        self._keep = keep
        self._text = ""
        self._place: Callable[[int], int | None] = self._before_object
        self._fields: dict[str, object] = {}

    def feed(self, text: str) -> None:
        """Understand as much as can be understood."""
        self._text += text
        at = 0
        while (after := self._step(at)) is not None:
            at = after
        self._text = self._text[at:]
        if len(self._text) > MAX_LINE_BYTES:
            raise GarbledError(self.source, f"{self.source} sent an element that is far too large")

    def finish(self) -> Envelope:
        """Return the envelope, which must have been closed, with nothing behind it."""
        if self._place != self._after_object:
            raise GarbledError(self.source, f"{self.source} ended its answer in the middle")
        return _envelope(self.source, self._fields)

    def _step(self, at: int) -> int | None:
        """Take one token or value at a position; None when more text is needed."""
        while at < len(self._text) and self._text[at] in _BLANK:
            at += 1
        return self._place(at) if at < len(self._text) else None

    def _before_object(self, at: int) -> int:
        if self._text[at] != "{":
            raise _not_json(self.source, html=self._text[at] == "<")
        self._place = self._in_object
        return at + 1

    def _in_object(self, at: int) -> int | None:
        if self._text[at] == "}":
            self._place = self._after_object
            return at + 1
        if self._text[at] == ",":
            return at + 1
        key, end = self._value(at)
        if end is None:
            return None
        while end < len(self._text) and self._text[end] in _BLANK:
            end += 1
        if not isinstance(key, str) or self._text[end : end + 1] not in {"", ":"}:
            raise _not_json(self.source, html=False)
        start = end + 1
        while start < len(self._text) and self._text[start] in _BLANK:
            start += 1
        if start >= len(self._text):
            return None
        if key == "data" and self._text[start] == "[":
            self._fields["data"] = None
            self._place = self._in_list
            return start + 1
        value, end = self._value(start)
        if end is None:
            return None
        self._fields[key] = value
        return end

    def _in_list(self, at: int) -> int | None:
        if self._text[at] == "]":
            self._place = self._in_object
            return at + 1
        if self._text[at] == ",":
            return at + 1
        value, end = self._value(at)
        if end is not None:
            self.kept.append(self._keep(value))
        return end

    def _after_object(self, at: int) -> int:
        del at
        raise GarbledError(self.source, f"{self.source} sent something behind the end of its answer")

    def _value(self, at: int) -> tuple[object, int | None]:
        """The value at a position and where it ends; no end while it or what must follow is not there."""
        try:
            value, end = _DECODER.raw_decode(self._text, at)
        except ValueError as error:
            if not self._may_be_cut(at):
                raise _not_json(self.source, html=False) from error
            return None, None
        # A number goes on until something else follows.
        return (value, end) if end < len(self._text) else (None, None)

    def _may_be_cut(self, at: int) -> bool:
        """Whether more text could make a value of what is there: containers, texts, and words begun."""
        begun = self._text[at : at + 9]
        return begun[0] in '{["-0123456789' or any(
            word.startswith(begun) for word in ("true", "false", "null", "NaN", "Infinity")
        )


def _envelope(source: str, fields: dict[str, object]) -> Envelope:
    success = fields.get("success")
    if not isinstance(success, bool):
        raise GarbledError(source, f"{source} sent JSON that does not say whether the call succeeded")
    return Envelope(success, str(fields.get("message") or ""), fields.get("data"))


def _not_json(source: str, html: bool) -> GarbledError:
    looks = "HTML" if html else "something else"
    return GarbledError(source, f"{source} sent {looks} where JSON was promised")


def _moment(found: dict[str, Any]) -> object:
    """A marked moment as an ISO text; any other object as it is."""
    text = found.get("__datetime__")
    if len(found) != 1 or not isinstance(text, str):
        return found
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return (read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)).isoformat()


_DECODER: Final = json.JSONDecoder(object_hook=_moment, parse_constant=lambda _name: None)
