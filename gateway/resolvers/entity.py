"""Entities and relations: the two declarations that pages, filters and batch loaders are made from.

An entity says what of a table may be filtered and sorted by; a relation says once how rows of one entity lead
to rows of another. Nothing else in the program joins tables for reading.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, Table, and_, inspect, select
from sqlalchemy.orm import InstrumentedAttribute

from gateway.store.base import Base, Remembered
from gateway.store.filtering import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    DerivedField,
    FilterField,
    Not,
    Related,
    to_sql,
)
from gateway.store.paging import Order, SortKey
from gateway.store.sources import SourceName
from gateway.store.values import INT64_MAX, INT64_MIN

Row = TypeVar("Row", bound=Base)
Parent = TypeVar("Parent", bound=Base)
Child = TypeVar("Child", bound=Base)


@dataclass(frozen=True, slots=True, eq=False)
class Entity(Generic[Row]):
    """A kind of row that the schema shows: its table, its owner, and what may be filtered and sorted.

    `filters` and `sorts` are keyed by the Python name of the schema's field. `sorts_across` are sort names of
    the rows that a relation to one leads to, as in "request.energy_gev". `source` is None for what we own.
    `ends` is a column of ours that says since when a row no longer stands, hidden then like what is gone at
    its owner. `default_order` lists sort names, "-" in front for descending. `relations` is filled by the
    relations themselves, which is how a filter finds them by name.
    """

    name: str
    model: type[Row]
    filters: Mapping[str, FilterField | DerivedField]
    sorts: Mapping[str, InstrumentedAttribute[Any]]
    default_order: tuple[str, ...]
    sorts_across: tuple[str, ...] = ()
    source: SourceName | None = None
    ends: InstrumentedAttribute[Any] | None = None
    relations: dict[str, "Relation[Any, Any]"] = field(default_factory=dict)

    @property
    def key_columns(self) -> list[InstrumentedAttribute[Any]]:
        """The primary key, as mapped attributes in order."""
        mapper = inspect(self.model)
        return [
            cast("InstrumentedAttribute[Any]", getattr(self.model, mapper.get_property_by_column(column).key))
            for column in mapper.primary_key
        ]

    @property
    def sources(self) -> frozenset[SourceName]:
        """Whose copies its rows are: one source, or none for what we own."""
        return frozenset() if self.source is None else frozenset({self.source})

    @property
    def present(self) -> ColumnElement[bool] | None:
        """Return "the row is not gone" as SQL, for what can go or end; None for all else of ours."""
        return present_in(self.model) if self.ends is None else self.ends.is_(None)

    def order(self, names: tuple[str, ...] = ()) -> Order:
        """Return the total order for sort names, by default the entity's own, ended by the primary key."""
        names = names or self.default_order
        keys = [self._sort_key(name.removeprefix("-"), is_descending=name.startswith("-")) for name in names]
        taken = {key.attribute for key in keys}
        keys += [_sort_key(column) for column in self.key_columns if column.key not in taken]
        return tuple(keys)

    def sources_of_order(self, names: tuple[str, ...]) -> frozenset[SourceName]:
        """Return whose copies are read to sort by these names, beside the rows themselves."""
        across = (name.removeprefix("-").split(".")[0] for name in names if "." in name)
        return frozenset().union(*(self.relations[relation].sources for relation in across))

    def _sort_key(self, name: str, *, is_descending: bool) -> SortKey:
        if name not in self.sorts_across:
            return _sort_key(self.sorts[name], is_descending=is_descending)
        to, _, theirs = name.partition(".")
        relation = self.relations[to]
        return SortKey(
            name.replace(".", "__"),
            relation.value(relation.child.sorts[theirs]),
            is_nullable=True,
            is_descending=is_descending,
            is_beside=True,
        )

    def exists(self, relation: str, condition: Condition) -> ColumnElement[bool]:
        """Return "some row reached by the relation meets the condition" as SQL."""
        return self.relations[relation].exists(condition)


@dataclass(frozen=True, slots=True)
class Link:
    """A table of pairs between two entities: its column equal to the parent's, and to the child's.

    `only` keeps the pairs with a value in a column; `order` puts the children in the pairs' order. `source`
    is None for pairs of ours.
    """

    model: type[Base]
    to_parent: InstrumentedAttribute[Any]
    to_child: InstrumentedAttribute[Any]
    only: tuple[InstrumentedAttribute[Any], str] | None = None
    order: InstrumentedAttribute[Any] | None = None
    source: SourceName | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """Which pairs count, as SQL."""
        conditions = [self.only[0] == self.only[1]] if self.only else []
        present = present_in(self.model)
        return conditions if present is None else [*conditions, present]


@dataclass(frozen=True, slots=True, eq=False)
class Relation(Generic[Parent, Child]):
    """How rows of one entity lead to rows of another: equal values of `parent_key` and `child_key`.

    With `link`, the way goes through a table of pairs. `is_many` says whether a parent may have several;
    then `order` (sort names of the child) is how they come.
    """

    name: str
    parent: Entity[Parent]
    child: Entity[Child]
    parent_key: InstrumentedAttribute[Any]
    child_key: InstrumentedAttribute[Any]
    is_many: bool
    order: tuple[str, ...] = ()
    link: Link | None = None

    def __post_init__(self) -> None:
        self.parent.relations[self.name] = self

    @property
    def sources(self) -> frozenset[SourceName]:
        """Whose copies are read to follow it."""
        through = self.link.source if self.link else None
        return self.child.sources if through is None else self.child.sources | {through}

    def key_of(self, row: Parent) -> object:
        """Return the value that the parent row offers to the relation; None leads nowhere."""
        return getattr(row, self.parent_key.key)

    def keys_of(self, rows: Iterable[Parent]) -> list[object]:
        """Return what `key_of` gives for each of many rows."""
        return list(map(attrgetter(self.parent_key.key), rows))

    @property
    def matched_column(self) -> InstrumentedAttribute[Any]:
        """The column that is compared with the parent's value: the child's own, or the link's."""
        return self.link.to_parent if self.link else self.child_key

    def value(self, column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
        """Return a column of the one child as SQL about the parent's table; null where there is no child.

        Of several children with one key that counts which following the relation gives: the last that is
        present. Raises TypeError for relations to many, through pairs, or within a table.
        """
        if self.is_many or self.link or self.child.model is self.parent.model:
            raise TypeError(f"{self.parent.name}.{self.name} does not lead to one row of another table")
        found = select(column).where(self.child_key == self.parent_key)
        keys = self.child.key_columns
        if [self.child_key.key] != [key.key for key in keys]:
            present = [] if self.child.present is None else [self.child.present.desc()]
            found = found.order_by(*present, *(key.desc() for key in keys)).limit(1)
        return found.correlate(cast("Table", self.parent.model.__table__)).scalar_subquery()

    def exists(self, condition: Condition) -> ColumnElement[bool]:
        """Return "some child meets the condition" as SQL about the parent's table."""
        child_table = cast("Table", self.child.model.__table__)
        parent_table = cast("Table", self.parent.model.__table__)
        statement = select(self.matched_column).select_from(child_table)
        if self.link:
            statement = statement.join(self.link.model, self.link.to_child == self.child_key)
            statement = statement.where(*self.link.conditions)
        statement = statement.where(to_sql(condition, self.child))
        if (present := self.child.present) is not None:
            statement = statement.where(present)
        if child_table is parent_table:
            # Within one table a correlated subquery would need an alias; a set of keys does not.
            return and_(
                self.parent_key.is_not(None),
                self.parent_key.in_(statement.where(self.matched_column.is_not(None))),
            )
        return statement.where(self.matched_column == self.parent_key).correlate(parent_table).exists()


def sources_of(condition: Condition, entity: Entity[Any]) -> frozenset[SourceName]:
    """Return whose copies a condition on the entity's rows reads, beside the rows themselves."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*(sources_of(part, entity) for part in parts))
        case Not(part):
            return sources_of(part, entity)
        case Related(name, inner):
            relation = entity.relations[name]
            return relation.sources | sources_of(inner, relation.child)
        case Comparison(field):
            meaning = entity.filters[field]
            return meaning.sources if isinstance(meaning, DerivedField) else frozenset()


def is_of_one_row(condition: Condition, entity: Entity[Any]) -> bool:
    """Whether a condition looks at nothing but the row itself."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return all(is_of_one_row(part, entity) for part in parts)
        case Not(part):
            return is_of_one_row(part, entity)
        case Related():
            return False
        case Comparison(field):
            return isinstance(entity.filters[field], FilterField)


def present_in(model: type[Base]) -> ColumnElement[bool] | None:
    """Return "the row is not gone" as SQL, for remembered tables; None for what we own."""
    return model.gone_at.is_(None) if issubclass(model, Remembered) else None


def _sort_key(column: InstrumentedAttribute[Any], *, is_descending: bool = False) -> SortKey:
    table_column = cast("ColumnElement[Any]", column)
    return SortKey(
        column.key, table_column, bool(getattr(column.property.columns[0], "nullable", False)), is_descending
    )


def by(column: InstrumentedAttribute[Any], to_stored: Callable[[Any], object] | None = None) -> FilterField:
    """Declare that a field is filtered by this column."""
    element = cast("ColumnElement[Any]", column)
    return FilterField(element) if to_stored is None else FilterField(element, to_stored)


def derived(one_of: Callable[[Sequence[object]], ColumnElement[bool]], source: SourceName) -> DerivedField:
    """Declare that a field, which is derived from copies of a source, is filtered by its values."""
    return DerivedField(one_of, frozenset({source}))


def mev_of_gev(value: object) -> object:
    """Return an energy in GeV as the MeV that are stored; not rounded, so 4.0001 GeV matches none.

    What no column could hold stays a float, which both databases compare with whole numbers all the same.
    """
    mev = Decimal(str(value)) * 1000
    is_storable = INT64_MIN <= mev <= INT64_MAX and mev == mev.to_integral_value()
    return int(mev) if is_storable else float(mev)
