"""Rows of answers as a pandas frame: a column for each field, of a type with room for what is missing."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
# Whole numbers beyond 2^53 come as digits, so that nobody rounds them.
_LARGE: Final = re.compile(r"-?\d{16,19}")


def frame_of(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a frame of rows: what is nested becomes columns such as `request.name`, lists stay as they are.

    Whole numbers are Int64, other numbers Float64, truths boolean, moments datetime64 in UTC, texts string:
    all of them can be missing. A column of which nothing is known has the type object.
    """
    flat = [dict(_flat(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return pd.DataFrame({name: _column([row.get(name) for row in flat]) for name in names})


def _flat(row: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _column(values: Sequence[Any]) -> "pd.Series[Any]":
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        return pd.Series(values, dtype="boolean")
    if known and all(_is_whole(value) for value in known):
        whole = [None if value is None else int(value) for value in values]
        return pd.Series(whole, dtype="Int64")
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return pd.Series(values, dtype="Float64")
    if known and all(isinstance(value, str) and _MOMENT.fullmatch(value) for value in known):
        moments = [None if value is None else _moment(value) for value in values]
        return pd.Series(moments, dtype="datetime64[us, UTC]")
    if known and all(isinstance(value, str) for value in known):
        return pd.Series(values, dtype="string")
    return pd.Series(values, dtype="object")


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return _LARGE.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)
