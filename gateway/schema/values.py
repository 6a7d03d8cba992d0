"""Which values may come in at all, whatever type they are for: text, numbers and nesting of variables."""

import math
from collections.abc import Mapping

from gateway.errors import BadValueError, LimitError

# The longest 64-bit integer has 20 characters and the longest double 25; Python refuses 4,300 with a message
# of its own, and turning thousands of digits into a number costs time that grows with their square.
MAX_NUMBER_CHARACTERS = 64

# GraphQL's own Int has 32 bits and our BigInt 64; nothing larger can be stored.
MAX_INTEGER = 2**63 - 1
MIN_INTEGER = -(2**63)


def check_text(text: str) -> None:
    """Return if a text can be stored and sent; raise BadValueError naming the character that cannot.

    PostgreSQL refuses NUL in a text, UTF-8 has no lone surrogates; both would fail late and unclearly.
    """
    if "\0" in text:
        raise BadValueError("a text contains a NUL character (U+0000), which cannot be stored")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise BadValueError("a text contains half of a surrogate pair, which is not a character")


def check_variables(variables: Mapping[str, object], *, max_depth: int, max_values: int) -> None:
    """Return if every value in the variables, at any depth, can be a value of some type.

    Raises BadValueError for the value, LimitError for too many values or too deep nesting.
    """
    seen = 0
    work: list[tuple[object, int]] = [(variables, 0)]
    while work:
        value, depth = work.pop()
        seen += 1
        if depth > max_depth:
            raise LimitError(
                "VALUE_DEPTH",
                f"a variable is nested more than {max_depth} levels deep; the limit is {max_depth}",
                found=None,
                limit=max_depth,
            )
        match value:
            case str():
                check_text(value)
            case int():
                if not MIN_INTEGER <= value <= MAX_INTEGER:
                    raise BadValueError("an integer in the variables does not fit into 64 bits")
            case float():
                if not math.isfinite(value):
                    raise BadValueError("a number in the variables is not finite")
            case Mapping():
                for key in value:
                    check_text(str(key))
                work.extend((item, depth + 1) for item in value.values())
            case list():
                work.extend((item, depth + 1) for item in value)
            case _:
                pass
        if seen + len(work) > max_values:
            raise LimitError(
                "VALUES",
                f"the variables hold more than {max_values} values; the limit is {max_values}",
                found=None,
                limit=max_values,
            )
