"""Filter and sort arguments: the typed inputs people write, and their translation to plain conditions."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import strawberry

from gateway.errors import FilterError
from gateway.resolvers.loading import Choice
from gateway.resolvers.pages import ListArguments
from gateway.schema.lines import condition_of_line
from gateway.schema.scalars import BigInt
from gateway.store.filtering import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Not,
    Operator,
    Related,
    known,
)
from gateway.store.paging import MAX_SORT_KEYS, PageArguments

# Relations that a filter may follow one inside the other. People need four (requests with tasks with jobs at
# queues of a site), but among four none twice: going round multiplies the rows that the database looks at.
MAX_FILTER_HOPS = 4
MAX_HOPS_GOING_ROUND = 3

_OPERATORS = {
    "eq": Operator.EQ,
    "ne": Operator.NE,
    "in_": Operator.IN,
    "gt": Operator.GT,
    "gte": Operator.GTE,
    "lt": Operator.LT,
    "lte": Operator.LTE,
    "contains": Operator.CONTAINS,
    "starts_with": Operator.STARTS_WITH,
    "is_null": Operator.IS_NULL,
}


class OperatorInput:
    """Base of the inputs that compare one field; several operators given together must all hold."""


class EntityFilter:
    """Base of the inputs that filter a kind of row.

    Every field names a filter or a relation of the entity, or is one of and, or, not.
    """

    entity_name: ClassVar[str]


def _any(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="Compares a text. Several operators given together must all hold.")
class TextFilter(OperatorInput):
    """Comparisons of text."""

    eq: str | None = _any("Exactly this; null finds rows without a value.")
    ne: str | None = _any("Anything but this, rows without a value included.")
    in_: list[str] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="One of these, at most 1000."
    )
    contains: str | None = _any("Contains this, upper and lower case alike; no wildcards.")
    starts_with: str | None = _any("Starts with this, upper and lower case alike; no wildcards.")
    is_null: bool | None = _any("True: rows without a value; false: rows with one.")


@strawberry.input(description="Compares a whole number. Several operators given together must all hold.")
class IntFilter(OperatorInput):
    """Comparisons of whole numbers."""

    eq: BigInt | None = _any("Exactly this; null finds rows without a value.")
    ne: BigInt | None = _any("Anything but this, rows without a value included.")
    in_: list[BigInt] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="One of these, at most 1000."
    )
    gt: BigInt | None = _any("Greater than this.")
    gte: BigInt | None = _any("This or greater.")
    lt: BigInt | None = _any("Less than this.")
    lte: BigInt | None = _any("This or less.")
    is_null: bool | None = _any("True: rows without a value; false: rows with one.")


@strawberry.input(description="Compares a decimal number. Several operators given together must all hold.")
class DecimalFilter(OperatorInput):
    """Comparisons of decimal numbers."""

    eq: float | None = _any("Exactly this; null finds rows without a value.")
    ne: float | None = _any("Anything but this, rows without a value included.")
    in_: list[float] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="One of these, at most 1000."
    )
    gt: float | None = _any("Greater than this.")
    gte: float | None = _any("This or greater.")
    lt: float | None = _any("Less than this.")
    lte: float | None = _any("This or less.")
    is_null: bool | None = _any("True: rows without a value; false: rows with one.")


@strawberry.input(description="Compares a moment (UTC). Several operators given together must all hold.")
class MomentFilter(OperatorInput):
    """Comparisons of moments."""

    eq: dt.datetime | None = _any("Exactly this moment; null finds rows without a value.")
    ne: dt.datetime | None = _any("Any moment but this, rows without a value included.")
    gt: dt.datetime | None = _any("After this moment.")
    gte: dt.datetime | None = _any("At this moment or after.")
    lt: dt.datetime | None = _any("Before this moment.")
    lte: dt.datetime | None = _any("At this moment or before.")
    is_null: bool | None = _any("True: rows without a value; false: rows with one.")


@strawberry.enum(
    description="ASC: the smallest first. DESC: the largest first. Rows without a value come last in both."
)
class Direction(enum.Enum):
    """Up or down."""

    ASC = "ASC"
    DESC = "DESC"


class SortInput(Protocol):
    """What every sort input has."""

    @property
    def by(self) -> enum.Enum:
        """The sort name."""
        ...

    @property
    def direction(self) -> Direction:
        """Up or down."""
        ...


def list_arguments(
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    filter_: EntityFilter | None = None,
    sort: Sequence[SortInput] | None = None,
    include_gone: bool = False,
) -> ListArguments:
    """Check a page's arguments and free them of GraphQL; raise FilterError for what cannot be used."""
    return ListArguments(
        page=PageArguments.checked(first=first, after=after, last=last, before=before),
        condition=EVERYTHING if filter_ is None else condition_of(filter_),
        sort=_sort_names(sort),
        includes_gone=include_gone,
    )


def choice_of(
    *,
    filter_: EntityFilter | None = None,
    sort: Sequence[SortInput] | None = None,
    include_gone: bool = False,
) -> Choice:
    """Check a plain list's arguments, as those of a page are checked."""
    return Choice(
        condition=EVERYTHING if filter_ is None else condition_of(filter_),
        sort=_sort_names(sort),
        includes_gone=include_gone,
    )


def _sort_names(sort: Sequence[SortInput] | None) -> tuple[str, ...]:
    if sort is not None and len(sort) > MAX_SORT_KEYS:
        raise FilterError(f"{len(sort)} sort keys are given, at most {MAX_SORT_KEYS} are allowed")
    return tuple(f"{'-' if key.direction is Direction.DESC else ''}{key.by.value}" for key in sort or ())


def condition_of(filter_: EntityFilter, *, path: tuple[str, ...] = ()) -> Condition:
    """Translate a filter input; all that it states must hold, and what it leaves out does not matter.

    `path` names the relations followed so far. Raises FilterError for one that is too long or goes round.
    """
    if len(path) > MAX_FILTER_HOPS:
        raise FilterError(
            f"the filter follows more than {MAX_FILTER_HOPS} relations into each other: "
            "ask in several queries"
        )
    if len(path) > MAX_HOPS_GOING_ROUND and len(set(path)) != len(path):
        raise FilterError(f"the filter goes round by `{path[-1]}`: ask in several queries")
    return AllOf(tuple(_parts(filter_, path)))


def _parts(filter_: EntityFilter, path: tuple[str, ...]) -> Iterator[Condition]:
    for name, value in _given(filter_):
        match name, value:
            case "and_", list():
                yield AllOf(tuple(condition_of(part, path=path) for part in value))
            case "or_", list():
                yield AnyOf(tuple(condition_of(part, path=path) for part in value))
            case "not_", EntityFilter():
                yield Not(known(condition_of(value, path=path)))
            case "line", str():
                yield condition_of_line(value)
            case _, EntityFilter():
                yield Related(name, condition_of(value, path=(*path, name)))
            case _, OperatorInput():
                yield from _comparisons(name, value)
            case _, bool():
                yield Comparison(name, Operator.EQ, value)
            case _, list():
                yield Comparison(name, Operator.IN, tuple(_plain(item) for item in value))
            case _, None:
                pass
            case _:
                yield Comparison(name, Operator.EQ, _plain(value))


def _comparisons(field: str, operators: OperatorInput) -> Iterator[Condition]:
    for name, value in _given(operators):
        operator = _OPERATORS[name]
        if value is None:
            if operator is Operator.EQ:
                yield Comparison(field, Operator.IS_NULL, True)
            elif operator is Operator.NE:
                yield Comparison(field, Operator.IS_NULL, False)
        elif isinstance(value, list):
            yield Comparison(field, operator, tuple(value))
        else:
            yield Comparison(field, operator, value)


def _given(input_: EntityFilter | OperatorInput) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(input_):  # type: ignore[arg-type]
        value = getattr(input_, field.name)
        if value is not strawberry.UNSET:
            yield field.name, value


def _plain(value: object) -> object:
    return value.value if isinstance(value, enum.Enum) else value


Filter = TypeVar("Filter", bound=EntityFilter)
