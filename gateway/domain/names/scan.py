"""Reading a name from left to right, so that a refusal can say at which character it stopped making sense."""

import re
from typing import NoReturn

from gateway.errors import NamingError

# Names are at most 256 characters; what is longer is somebody's paste and is not repeated in full.
SHOWN_CHARACTERS = 80


def shown(text: str) -> str:
    """The text in quotes, control characters made visible, cut when it is long."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…")


class Scanner:
    """A place in a text that moves right as the parts of a grammar are taken from it."""

    __slots__ = ("_at", "_example", "_kind", "_text")

    def __init__(self, kind: str, text: str, example: str) -> None:
        self._kind = kind
        self._text = text
        self._example = example
        self._at = 0

    def take(self, pattern: re.Pattern[str], expected: str) -> str:
        """Take the part that matches here, or raise NamingError saying what was expected."""
        found = pattern.match(self._text, self._at)
        if found is None:
            self.fail(expected)
        self._at = found.end()
        return found.group()

    def take_if(self, pattern: re.Pattern[str]) -> str | None:
        """Take the part if it is here; None leaves the place unmoved."""
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()

    def literal(self, text: str) -> None:
        """Take exactly this text, or raise NamingError."""
        if not self._text.startswith(text, self._at):
            self.fail(shown(text))
        self._at += len(text)

    def end(self) -> None:
        """Demand that nothing is left, or raise NamingError."""
        if self._at != len(self._text):
            self.fail("the end")

    def fail(self, expected: str) -> NoReturn:
        """Raise NamingError for the present place."""
        rest = self._text[self._at :]
        found = f"found {shown(rest)}" if rest else "the text ends there"
        raise NamingError(
            f"{shown(self._text)} is not {self._kind}: at character {self._at + 1} "
            f"{expected} is expected, {found}. Write it like {self._example}."
        )


def require(field: str, value: str, pattern: re.Pattern[str], rule: str) -> None:
    """Raise NamingError unless the whole value matches; `rule` is a sentence saying what a good value is."""
    if pattern.fullmatch(value) is None:
        raise NamingError(f"{shown(value)} cannot be used as {field}. {rule}")


def require_whole(field: str, value: int, lowest: int, highest: int) -> None:
    """Raise NamingError unless the number lies within both ends."""
    if not lowest <= value <= highest:
        raise NamingError(f"{value} cannot be used as {field}. Give a number from {lowest} to {highest}.")
