"""Scalars of ours: whole numbers beyond 32 bits, and JSON that is shown as it was kept."""

import re
from typing import NewType

import strawberry
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode

from gateway.store.values import INT64_MAX, INT64_MIN

# The largest whole number a JavaScript client reads without rounding.
MAX_EXACT_JSON = 2**53 - 1

# No 64-bit number is longer. Python itself would read "1_000", " 5" and the digits of every script.
_DECIMAL = re.compile("-?[0-9]{1,19}")


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
    Json: strawberry.scalar(
        name="JSON",
        description="A value kept as it came from a file or a source; its shape is not promised.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
