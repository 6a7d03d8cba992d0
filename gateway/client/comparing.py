"""What became of the rows of a list between two moments: new ones, gone ones, changed ones."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.errors import InputError

Row = Mapping[str, Any]


def differences(
    before: Iterable[Row], after: Iterable[Row], key: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield one row for each new row, each gone one, and each changed field, in the order of the keys.

    A row is known by the field `key`, the first one that is asked for if none is named. Raises InputError for
    a list whose rows have no such field, or have it twice.
    """
    earlier, later = list(before), list(after)
    name = key or next((field for row in (*later, *earlier) for field in row), "")
    old, new = _by_key(earlier, name), _by_key(later, name)
    for value in sorted({*old, *new}, key=lambda one: (str(type(one)), one)):
        if value not in old:
            yield {name: value, "change": "new", "field": None, "before": None, "after": None}
        elif value not in new:
            yield {name: value, "change": "gone", "field": None, "before": None, "after": None}
        else:
            for field in new[value]:
                was, now = old[value].get(field), new[value][field]
                if was != now:
                    yield {name: value, "change": "changed", "field": field, "before": was, "after": now}


def _by_key(rows: Iterable[Row], name: str) -> dict[Any, Row]:
    found: dict[Any, Row] = {}
    for row in rows:
        value = row.get(name)
        if value is None or isinstance(value, dict | list) or value in found:
            raise InputError(f"rows are not told apart by {name!r}: ask for a field that names each, first")
        found[value] = row
    return found
