"""Keyset pages: a page begins after a row, not after a count, so it keeps its place when rows are inserted.

Every order ends with the primary key, which makes it total; nulls come last in either direction, on both
databases. A cursor holds the sort values of its row and the order it was made for.
"""

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, false, or_

from gateway.errors import CursorError, FilterError
from gateway.store.values import storable

# More rows than this in one answer block the server for everyone else; exports are streamed instead.
MAX_PAGE_ROWS = 1000
DEFAULT_PAGE_ROWS = 50
MAX_SORT_KEYS = 5
# Longer than any cursor we make; checked before decoding.
MAX_CURSOR_CHARS = 4096


@dataclass(frozen=True, slots=True)
class SortKey:
    """One value of an order: the attribute it reads, its SQL, whether it may be null, its direction.

    `is_beside` says that the value is another row's, selected beside the row under the attribute's name.
    """

    attribute: str
    column: ColumnElement[Any]
    is_nullable: bool
    is_descending: bool = False
    is_beside: bool = False


Order = tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class PageArguments:
    """Relay's four arguments, checked: exactly one direction, at most MAX_PAGE_ROWS rows."""

    rows: int
    is_backward: bool
    cursor: str | None

    @classmethod
    def checked(
        cls, *, first: int | None, after: str | None, last: int | None, before: str | None
    ) -> "PageArguments":
        """Return the arguments, or raise FilterError saying which of them cannot be used together."""
        if first is not None and last is not None:
            raise FilterError("give `first` or `last`, not both: a page has one direction")
        if last is None and before is not None:
            raise FilterError("`before` needs `last`: say how many rows before the cursor you want")
        if last is not None and after is not None:
            raise FilterError("`after` cannot be used with `last`: use `before`, or `first` with `after`")
        name, rows = ("last", last) if last is not None else ("first", first)
        rows = DEFAULT_PAGE_ROWS if rows is None else rows
        if not 0 <= rows <= MAX_PAGE_ROWS:
            raise FilterError(f"`{name}` is {rows}: a page has 0 to {MAX_PAGE_ROWS} rows")
        return cls(rows=rows, is_backward=last is not None, cursor=before if last is not None else after)


def encode_cursor(order: Order, row: object) -> str:
    """Return the cursor of a row in an order."""
    values = [_to_json(getattr(row, key.attribute)) for key in order]
    return base64.urlsafe_b64encode(orjson.dumps([_signature(order), *values])).decode().rstrip("=")


def decode_cursor(order: Order, cursor: str) -> list[object]:
    """Return the sort values a cursor holds; raise CursorError if it is not one of ours for this order."""
    if len(cursor) > MAX_CURSOR_CHARS:
        raise CursorError("the cursor is too long to be one of ours: use one from `pageInfo` or `edges`")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = orjson.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise CursorError("the cursor is not one of ours: use one from `pageInfo` or `edges`") from error
    if not isinstance(parts, list) or len(parts) != len(order) + 1 or parts[0] != _signature(order):
        raise CursorError("the cursor belongs to another order or list: start again without it")
    return [_from_json(key, value) for key, value in zip(order, parts[1:], strict=True)]


def order_by(order: Order, *, is_backward: bool = False) -> list[ColumnElement[Any]]:
    """Return the ORDER BY terms, turned round for a page that is read from its end."""
    terms: list[ColumnElement[Any]] = []
    for key in order:
        if key.is_nullable:
            null_flag = key.column.is_(None)
            terms.append(null_flag.desc() if is_backward else null_flag.asc())
        terms.append(key.column.desc() if key.is_descending != is_backward else key.column.asc())
    return terms


def beside(order: Order) -> list[ColumnElement[Any]]:
    """Return what has to be selected beside the rows of an order, so that cursors can be made of them."""
    return [key.column.label(key.attribute) for key in order if key.is_beside]


def beyond(order: Order, values: Sequence[object], *, is_backward: bool) -> ColumnElement[bool]:
    """Return "the row comes after these sort values" (before them, for a backward page) as SQL."""
    alternatives: list[ColumnElement[bool]] = []
    equal_so_far: list[ColumnElement[bool]] = []
    for key, value in zip(order, values, strict=True):
        alternatives.append(and_(*equal_so_far, _beyond_key(key, value, is_backward=is_backward)))
        equal_so_far.append(key.column.is_(None) if value is None else key.column == value)
    return or_(*alternatives)


def _beyond_key(key: SortKey, value: object, *, is_backward: bool) -> ColumnElement[bool]:
    if value is None:
        return key.column.is_not(None) if is_backward else false()
    further = key.column < value if key.is_descending != is_backward else key.column > value
    return or_(further, key.column.is_(None)) if key.is_nullable and not is_backward else further


def _signature(order: Order) -> str:
    """Tell one order from another, briefly: the SQL of a value from beside is long."""
    return ",".join(
        f"{'-' if key.is_descending else ''}{key.attribute if key.is_beside else key.column}" for key in order
    )


def _to_json(value: object) -> object:
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else value


def _from_json(key: SortKey, value: object) -> object:
    wanted = key.column.type.python_type
    try:
        if value is None and key.is_nullable:
            return None
        if wanted is dt.datetime and isinstance(value, str):
            return storable(dt.datetime.fromisoformat(value))
        if type(value) is wanted or (wanted is float and type(value) is int):
            return storable(value)
    except (ValueError, FilterError) as error:
        raise CursorError("the cursor is damaged: use one from `pageInfo` or `edges`") from error
    raise CursorError("the cursor is damaged: use one from `pageInfo` or `edges`")
