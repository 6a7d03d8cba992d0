"""Which DIDs a search means, with the surprises of Rucio 41.5 on PostgreSQL."""

import ast
import datetime as dt
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from gateway.practice.rucio_catalogue import Row, RucioError

_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "all": ("CONTAINER", "DATASET"),
    "collection": ("CONTAINER", "DATASET"),
    "container": ("CONTAINER",),
    "dataset": ("DATASET",),
    "file": (),
}
_OLD_NAMES: Final[Mapping[str, str]] = {
    "created_after": "created_at.gte",
    "created_before": "created_at.lte",
}
_MOMENTS: Final = frozenset({"created_at", "closed_at", "expired_at"})


def groups_of(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    """The filters of a request: groups of which one must fit, as a Python literal; or raise RucioError."""
    text = parameters.get("filters")
    if text is None:
        return [
            {key: v for key, v in parameters.items() if key not in {"type", "limit", "long", "recursive"}}
        ]
    try:
        read = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        # Rucio does not catch it: an answer in HTML without a class.
        raise RucioError(500, "", "malformed node or string") from error
    return [dict(group) for group in (read if isinstance(read, list) else [read])]


def found(rows: Iterator[Row], groups: list[dict[str, str]], kind: str) -> Iterator[Row]:
    """The rows that fit one of the groups, each once; or raise RucioError."""
    if kind not in _TYPES:
        raise RucioError(409, "UnsupportedOperation", f"{kind} is not a valid type.")
    tests = [[(_OLD_NAMES.get(key, key), value) for key, value in group.items()] for group in groups]
    for row in rows:
        if row["did_type"] in _TYPES[kind] and any(all(_fits(row, *test) for test in one) for one in tests):
            yield row


def _fits(row: Row, key: str, value: str) -> bool:
    column, _, operator = key.partition(".")
    if column in _MOMENTS and operator in {"gte", "lte", "gt", "lt"}:
        return _is_when(row[column], operator, _read(value))
    if column == "name" and not operator:
        # Only the star is a wildcard.
        return fnmatchcase(row["name"], value.replace("[", "[[]").replace("?", "[?]"))
    if column in {"account", "task_id", "campaign", "project", "datatype"} and not operator:
        return str(row[column]) == str(value)
    # Whatever is no column Rucio looks for in the JSON metadata, where `updated_at` and `is_open` are not:
    # nothing is found, and nothing is said.
    return False


def _read(text: str) -> dt.datetime:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
    raise RucioError(500, "DatabaseException", "An unknown Database Exception has occurred.")


def _is_when(moment: dt.datetime | None, operator: str, other: dt.datetime) -> bool:
    if moment is None:
        return False
    match operator:
        case "gte":
            return moment >= other
        case "lte":
            return moment <= other
        case "gt":
            return moment > other
        case _:
            return moment < other
