"""How values of columns become values of JSON: as small pieces of Python for the builders of `builders`."""

import math
from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLLeafType, GraphQLNonNull, GraphQLOutputType
from sqlalchemy import JSON, BigInteger, Boolean, Float, Integer, String
from sqlalchemy.types import TypeEngine

from gateway.errors import GatewayError
from gateway.schema.scalars import MAX_EXACT_JSON
from gateway.store.base import UtcDateTime


class NotCoveredError(GatewayError):
    """This query is answered by ordinary execution; never seen by users."""


def refuse(what: str) -> Any:
    """Give the query up; used in expressions."""
    raise NotCoveredError(f"{what}: ordinary execution says what it is")


class Written(dict[object, object]):
    """The JSON of values that come again and again, such as those of enums."""

    def __init__(self, write: Callable[[object], object]) -> None:
        super().__init__({None: None})
        self._write = write

    def __missing__(self, value: object) -> object:
        written = self._write(value)
        if len(self) < _KEPT_VALUES:
            self[value] = written
        return written


# More different values than any enum has; beyond that they are written anew.
_KEPT_VALUES: Final = 64

# What expressions may name.
NAMES: Final[dict[str, object]] = {
    "isfinite": math.isfinite,
    "refuse": refuse,
    "MAX": MAX_EXACT_JSON,
    "MIN": -MAX_EXACT_JSON,
}


def expression(
    value: str, leaf: GraphQLLeafType, column: TypeEngine[Any], names: dict[str, object], name: str
) -> str:
    """Return Python that writes a column's value; `names` gets, under `name`, what it calls.

    orjson writes moments as `datetime.isoformat` does, and all else as graphql-core would have left it.
    """
    match leaf.name, column:
        case (("String" | "ID"), String()):
            return value
        case "Boolean", Boolean():
            return value
        case "JSON", JSON():
            return value
        case "DateTime", UtcDateTime():
            return value
        case "BigInt", (BigInteger() | Integer()):
            return f"(v if (v := {value}) is None or MIN <= v <= MAX else str(v))"
        case "Float", Float():
            return f"(v if (v := {value}) is None or isfinite(v) else refuse('a number that is not finite'))"
        case _:
            names[name] = Written(leaf_writer(leaf))
            return f"{name}[{value}]"


def leaf_writer(leaf: GraphQLLeafType) -> Callable[[object], object]:
    """Return what writes one value that is not None, as graphql-core does."""

    def write(value: object) -> object:
        written = leaf.coerce_output_value(value)
        return refuse("a value that is nothing") if written is None else written

    return write


def nullable(type_: GraphQLOutputType) -> tuple[GraphQLOutputType, bool]:
    """Return a type without "never null", and whether it may be null."""
    return (type_.of_type, False) if isinstance(type_, GraphQLNonNull) else (type_, True)
