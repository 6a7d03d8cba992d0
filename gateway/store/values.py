"""Values from outside, before they are bound to a statement: what both databases can hold, nothing else."""

import datetime as dt

from gateway.errors import FilterError

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
# No name, key or search text of ours is longer.
MAX_TEXT_CHARS = 1000


def storable(value: object) -> object:
    """Return the value, or raise FilterError if a database could not even compare with it."""
    match value:
        case bool() | None:
            return value
        case int() if not INT64_MIN <= value <= INT64_MAX:
            raise FilterError(f"{value} is outside the 64-bit range")
        case str():
            return storable_text(value)
        case dt.datetime():
            _check_moment(value)
    return value


def storable_text(value: str) -> str:
    """Return the text, or raise FilterError for NUL, lone surrogates and texts longer than any name."""
    if len(value) > MAX_TEXT_CHARS:
        raise FilterError(f"the text has {len(value)} characters, at most {MAX_TEXT_CHARS} are allowed")
    if "\x00" in value:
        raise FilterError("the text contains a NUL character, which no name contains")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise FilterError("the text is not valid Unicode: it contains half of a surrogate pair") from error
    return value


def _check_moment(value: dt.datetime) -> None:
    if value.tzinfo is None:
        raise FilterError(f"{value.isoformat()} does not say its zone: end it with Z for UTC")
    try:
        value.astimezone(dt.UTC)
    except OverflowError as error:
        raise FilterError(f"{value.isoformat()} lies beyond the years 1 to 9999 of UTC") from error
