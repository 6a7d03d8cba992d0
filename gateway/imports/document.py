"""Reading JSON from outside as it comes: doubled keys, NaN and endless numbers are noticed, not passed on."""

import json
import math
from typing import Final, NoReturn

from gateway.errors import ImportFileError
from gateway.sync.intake import DoubledKeys

# The whole world above file level is tens of MB at a hundred times today's size.
MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
# An int64 has 19 digits; converting much longer ones costs time for nothing.
_MAX_DIGITS: Final = 30


def read_document(document: bytes, *, name: str) -> dict[str, object]:
    """Return the JSON object; raises ImportFileError when it is none or too large.

    `NaN` becomes a NaN, which no field takes; `Infinity` becomes one, which only a quota takes; an integer of
    more than thirty digits becomes a NaN; an object with a key that stands twice becomes `DoubledKeys`.
    """
    if len(document) > MAX_DOCUMENT_BYTES:
        _refuse(
            name, f"has {len(document):,} bytes; at most {MAX_DOCUMENT_BYTES:,} are read. Split it by source."
        )
    try:
        content = json.loads(document, object_pairs_hook=_object, parse_constant=float, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"{name} is not JSON: {what_is_not_json(error)}. Export it again.") from error
    if not isinstance(content, dict):
        _refuse(name, "is not a JSON object. Its keys are the names of the sources.")
    if isinstance(content, DoubledKeys):
        _refuse(name, "has a key that stands twice at its top. Keep one of them.")
    return content


def what_is_not_json(error: ValueError | RecursionError) -> str:
    """Say where a document stops being JSON, for somebody who will look there."""
    match error:
        case json.JSONDecodeError():
            return f"it cannot be read on from line {error.lineno}, column {error.colno}"
        case UnicodeDecodeError():
            return f"byte {error.start + 1} is not UTF-8 text"
        case RecursionError():
            return "it is nested too deep"
        case _:
            return "it has a number that is too long"


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    return content if len(content) == len(pairs) else DoubledKeys(content)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.nan


def _refuse(name: str, what: str) -> NoReturn:
    raise ImportFileError(f"{name} {what}")
