"""Conditions on rows, as plain values, and their translation to SQL.

A condition names fields and relations, never columns; what the names mean is declared by the entity it is
asked of. Values only ever become bound parameters.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true

from gateway.errors import FilterError
from gateway.store.sources import SourceName
from gateway.store.values import storable

# An IN list longer than this is a table of its own; ask in several questions instead.
MAX_IN_VALUES = 1000


class Operator(enum.StrEnum):
    """How a field is compared with a value."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    IS_NULL = "isNull"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field compared with one value (a tuple of values for IN)."""

    field: str
    operator: Operator
    value: object


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; with no parts, always true."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; with no parts, never true."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Related:
    """At least one row reached by the relation meets the condition."""

    relation: str
    condition: "Condition"


Condition = Comparison | AllOf | AnyOf | Not | Related
EVERYTHING = AllOf()


@dataclass(frozen=True, slots=True)
class FilterField:
    """What a field name means in SQL, and how a value given by a person becomes one that is stored."""

    column: ColumnElement[Any]
    to_stored: Callable[[Any], object] = field(default=lambda value: value)


@dataclass(frozen=True, slots=True)
class DerivedField:
    """A value that is no column, is never null and is compared by equality only.

    `one_of` says in SQL that a row's value is one of these; `sources` names the services it is derived from.
    """

    one_of: Callable[[Sequence[object]], ColumnElement[bool]]
    sources: frozenset[SourceName] = frozenset()


class Filterable(Protocol):
    """What can be filtered: an entity with named fields, and the relations that lead away from it."""

    @property
    def filters(self) -> Mapping[str, FilterField | DerivedField]:
        """The fields that conditions may name."""
        ...

    def exists(self, relation: str, condition: Condition) -> ColumnElement[bool]:
        """Return "some row reached by the relation meets the condition" as SQL."""
        ...


def to_sql(condition: Condition, entity: Filterable) -> ColumnElement[bool]:
    """Translate a condition on the entity's rows; raise FilterError for a value that cannot be compared."""
    match condition:
        case Comparison():
            meaning = entity.filters[condition.field]
            if isinstance(meaning, DerivedField):
                return _derived(condition, meaning)
            return _comparison(condition, meaning)
        case AllOf(parts):
            return and_(true(), *(to_sql(part, entity) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(to_sql(part, entity) for part in parts))
        case Not(part):
            return not_(to_sql(part, entity))
        case Related(relation, inner):
            return entity.exists(relation, inner)


def _comparison(comparison: Comparison, meaning: FilterField) -> ColumnElement[bool]:
    column, value = meaning.column, comparison.value
    if not isinstance(value, tuple):
        storable(value)
    match comparison.operator:
        case Operator.IS_NULL:
            return column.is_(None) if value else column.is_not(None)
        case Operator.IN:
            return column.in_(_stored_values(comparison, meaning))
        case Operator.CONTAINS:
            return func.lower(column).contains(str(value).lower(), autoescape=True)
        case Operator.STARTS_WITH:
            return func.lower(column).startswith(str(value).lower(), autoescape=True)
        case Operator.EQ:
            return column == meaning.to_stored(value)
        case Operator.NE:
            return column.is_distinct_from(meaning.to_stored(value))
        case Operator.GT:
            return column > meaning.to_stored(value)
        case Operator.GTE:
            return column >= meaning.to_stored(value)
        case Operator.LT:
            return column < meaning.to_stored(value)
        case Operator.LTE:
            return column <= meaning.to_stored(value)


def _derived(comparison: Comparison, meaning: DerivedField) -> ColumnElement[bool]:
    match comparison.operator:
        case Operator.IN if isinstance(comparison.value, tuple):
            return meaning.one_of(comparison.value)
        case Operator.IS_NULL:
            return false() if comparison.value else true()
        case _:
            raise FilterError(f"{comparison.field} is compared with a list of its values only")


def _stored_values(comparison: Comparison, meaning: FilterField) -> Sequence[object]:
    values = comparison.value
    if not isinstance(values, tuple):
        raise FilterError(f"the filter on {comparison.field} needs a list of values for `in`")
    if len(values) > MAX_IN_VALUES:
        raise FilterError(
            f"the filter on {comparison.field} lists {len(values)} values, "
            f"at most {MAX_IN_VALUES} are allowed: ask in several queries"
        )
    return [meaning.to_stored(storable(value)) for value in values]


def known(condition: Condition) -> Condition:
    """Make a condition false, where SQL would say unknown, for rows without the value it compares.

    Only what is false has an opposite that is true: without this, `not` would find as little of such rows as
    the condition itself, and `not: { x: { eq: 1 } }` would differ from `x: { ne: 1 }`.
    """
    match condition:
        case Comparison(field, operator) if operator not in {Operator.NE, Operator.IS_NULL}:
            return AllOf((Comparison(field, Operator.IS_NULL, False), condition))
        case AllOf(parts):
            return AllOf(tuple(known(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(known(part) for part in parts))
        case _:
            return condition
