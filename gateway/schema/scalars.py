"""Scalars of ours: whole numbers beyond 32 bits, moments that may be days, and JSON as it was kept."""

import datetime as dt
import re
from typing import NewType

import strawberry
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode

from gateway.store.values import INT64_MAX, INT64_MIN

# The largest whole number a JavaScript client reads without rounding.
MAX_EXACT_JSON = 2**53 - 1

# No 64-bit number is longer. Python itself would read "1_000", " 5" and the digits of every script.
_DECIMAL = re.compile("-?[0-9]{1,19}")


# A whole day and nothing else: a moment without a zone could be any of a day's 25 hours, and is refused.
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _serialize(value: int) -> int | str:
    return value if -MAX_EXACT_JSON <= value <= MAX_EXACT_JSON else str(value)


def _parse(value: object) -> int:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not INT64_MIN <= value <= INT64_MAX:
        raise GraphQLError("BigInt must be a whole number within 64 bits, as a number or a decimal string")
    return value


def _parse_literal(node: ValueNode, _variables: object = None) -> int:
    return _parse(node.value if isinstance(node, IntValueNode | StringValueNode) else None)


def _parse_moment(value: object) -> dt.datetime:
    if isinstance(value, str):
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return moment.replace(tzinfo=dt.UTC) if _DAY.fullmatch(value) else moment
    raise GraphQLError("DateTime must be a moment like 2025-03-01T12:00:00Z, or a day like 2025-03-01")


BigInt = NewType("BigInt", int)
Json = NewType("Json", object)

SCALARS = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description=(
            "A whole number of 64 bits: counts, sizes in bytes, events. A JSON number up to 2^53 - 1; beyond "
            "that, where JavaScript would round, a string of decimal digits. Both are accepted as input."
        ),
        serialize=_serialize,
        parse_value=_parse,
        parse_literal=_parse_literal,
    ),
    dt.datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment, ISO 8601 with its zone; answers are in UTC. As input a day is taken too: 2025-03-01 "
            "is its first moment in UTC, so a month is `gte` its first day and `lt` the next month's."
        ),
        serialize=dt.datetime.isoformat,
        parse_value=_parse_moment,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="A value kept as it came from a file or a source; its shape is not promised.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
