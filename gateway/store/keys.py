"""Primary keys of one or several columns, compared with many values at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import InstrumentedAttribute

RowKey = tuple[object, ...]


def key_in(
    columns: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]], keys: Sequence[RowKey]
) -> ColumnElement[bool]:
    """Return "the row's key is one of these" as SQL."""
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


def key_text(key: RowKey) -> str:
    """Return a key as one text, its parts joined by "|" (`sync.records` takes no part that contains it)."""
    return "|".join(str(part) for part in key)
