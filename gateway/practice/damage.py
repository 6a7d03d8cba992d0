"""The list in an answer's body, whatever its shape, made empty, halved or doubled; all else stays as it is.

Known shapes: one JSON value a line, a JSON array, an envelope around one ("Resources", "data"), and an object
that is itself a listing keyed by name.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

Values = Sequence[object]
Listing = Mapping[str, object]

_ENVELOPES: Final = ("Resources", "data")


def emptied(body: bytes) -> bytes:
    """The same answer without any entry."""
    return _changed(body, lambda _values: [])


def halved(body: bytes) -> bytes:
    """The same answer without the second half of its entries; counts beside the list are kept."""
    return _changed(body, lambda values: values[: len(values) // 2])


def doubled(body: bytes) -> bytes:
    """The same answer with each entry twice; an object has its keys twice, which JSON allows to write."""
    return _changed(body, lambda values: [one for value in values for one in (value, value)])


def _changed(body: bytes, change: Callable[[Sequence[str]], Sequence[str]]) -> bytes:
    """Apply a change to the entries' texts: texts, because an object of Python cannot hold a key twice."""
    try:
        whole = json.loads(body)
    except ValueError:
        lines = [line + "\n" for line in body.decode().split("\n") if line.strip()]
        return "".join(change(lines)).encode()
    match whole:
        case list():
            return _array(whole, change).encode()
        case dict():
            for name in _ENVELOPES:
                if isinstance(whole.get(name), list | dict):
                    entries = whole.pop(name)
                    text = _array(entries, change) if isinstance(entries, list) else _object(entries, change)
                    around = json.dumps(whole)[1:-1]
                    return f"{{{around}{', ' if around else ''}{json.dumps(name)}: {text}}}".encode()
            return _object(whole, change).encode()
        case _:
            return body


def _array(values: Values, change: Callable[[Sequence[str]], Sequence[str]]) -> str:
    return "[" + ", ".join(change([json.dumps(value) for value in values])) + "]"


def _object(listing: Listing, change: Callable[[Sequence[str]], Sequence[str]]) -> str:
    return "{" + ", ".join(change([f"{json.dumps(k)}: {json.dumps(v)}" for k, v in listing.items()])) + "}"
