"""Batch loaders made from relations: however many parents ask, one statement answers.

This is the only module that knows aiodataloader. A call reads as a sentence:
`await load_many(reading, TASKS_BY_REQUEST, request)`.
"""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from aiodataloader import DataLoader
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute

from gateway.resolvers.entity import Child, Entity, Parent, Relation, Row, sources_of
from gateway.resolvers.reading import Reading, unbroken
from gateway.store.filtering import EVERYTHING, Condition, to_sql
from gateway.store.keys import key_in
from gateway.store.paging import Order, beside, beyond, decode_cursor, order_by
from gateway.store.sources import SourceName

BatchFunction = Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which children of a parent are wanted, and in which order (sort names); by itself all present ones."""

    condition: Condition = EVERYTHING
    sort: tuple[str, ...] = ()
    includes_gone: bool = False

    def sources(self, entity: Entity[Any]) -> frozenset[SourceName]:
        """Return whose copies choosing and ordering rows of the entity read, beside the rows themselves."""
        return sources_of(self.condition, entity) | entity.sources_of_order(self.sort)


ALL_PRESENT = Choice()


async def load_many(
    reading: Reading, relation: Relation[Parent, Child], parent: Parent, choice: Choice = ALL_PRESENT
) -> Sequence[Child]:
    """Return the parent's children that are chosen, in the relation's order unless the choice has one.

    One statement for all parents that ask alike.
    """
    key = relation.key_of(parent)
    if key is None:
        return ()
    loader = _loader(reading, (relation, choice), _batch_many(reading, relation, choice))
    return cast("Sequence[Child]", await unbroken(loader.load(key)))


async def load_one(reading: Reading, relation: Relation[Parent, Child], parent: Parent) -> Child | None:
    """Return the row the relation leads to, gone or not, or None if our copy does not have it."""
    key = relation.key_of(parent)
    if key is None:
        return None
    loader = _loader(reading, relation, _batch_one(reading, relation))
    return cast("Child | None", await unbroken(loader.load(key)))


def share_many(
    reading: Reading, relation: Relation[Any, Any], choice: Choice, found: Mapping[object, Sequence[Any]]
) -> None:
    """Let `load_many` find children that were read already, by what their parents offer."""
    loader = _loader(reading, (relation, choice), _batch_many(reading, relation, choice))
    for key, children in found.items():
        loader.prime(key, children)


def share_one(reading: Reading, relation: Relation[Any, Any], found: Mapping[object, Any]) -> None:
    """Let `load_one` find rows that were read already, by what their parents offer."""
    loader = _loader(reading, relation, _batch_one(reading, relation))
    for key, row in found.items():
        loader.prime(key, row)


async def load_by_key(reading: Reading, entity: Entity[Row], key: tuple[object, ...]) -> Row | None:
    """Return the row with this primary key, gone or not, or None."""
    loader = _loader(reading, entity, _batch_by_key(reading, entity))
    return cast("Row | None", await unbroken(loader.load(key)))


async def load_by(
    reading: Reading, entity: Entity[Row], column: InstrumentedAttribute[Any], value: object
) -> Row | None:
    """Return the row with this value in a unique column, gone or not, or None."""
    loader = _loader(reading, (entity, column.key), _batch_by(reading, entity, column))
    return cast("Row | None", await unbroken(loader.load(value)))


async def load_count(
    reading: Reading, relation: Relation[Parent, Child], parent: Parent, slice_: "Slice"
) -> int:
    """Return how many children of the parent the slice's condition holds for."""
    key = relation.key_of(parent)
    if key is None:
        return 0
    loader = _loader(reading, (relation, "count", slice_), _batch_count(reading, relation, slice_))
    return cast("int", await unbroken(loader.load(key)))


async def load_first(
    reading: Reading, relation: Relation[Parent, Child], parent: Parent, slice_: "Slice"
) -> Sequence[Child]:
    """Return at most `slice_.rows` of the parent's children, one statement for all parents that ask alike."""
    key = relation.key_of(parent)
    if key is None:
        return ()
    loader = _loader(reading, (relation, slice_), _batch_first(reading, relation, slice_))
    return cast("Sequence[Child]", await unbroken(loader.load(key)))


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows of a list are wanted: condition, order (sort names), from where, how many, which way."""

    condition: Condition
    sort: tuple[str, ...]
    rows: int
    cursor: str | None
    is_backward: bool
    includes_gone: bool

    def select_from(self, statement: Select[Any], entity: Entity[Any]) -> Select[Any]:
        """Add the condition, the cursor and the presence of rows to a statement over the entity's table."""
        statement = statement.where(to_sql(self.condition, entity))
        if not self.includes_gone and (present := entity.present) is not None:
            statement = statement.where(present)
        if self.cursor is not None:
            order = entity.order(self.sort)
            values = decode_cursor(order, self.cursor)
            statement = statement.where(beyond(order, values, is_backward=self.is_backward))
        return statement

    def sources(self, entity: Entity[Any]) -> frozenset[SourceName]:
        """Return whose copies choosing and ordering rows of the entity read, beside the rows themselves."""
        return sources_of(self.condition, entity) | entity.sources_of_order(self.sort)

    def order_by(self, entity: Entity[Any]) -> list[ColumnElement[Any]]:
        """Return the ORDER BY terms in the direction the rows are read."""
        return order_by(entity.order(self.sort), is_backward=self.is_backward)


def with_beside(found: Sequence[Any], order: Order) -> Any:
    """Return the row that comes first, knowing what its order has selected beside it at the end."""
    keys = [key.attribute for key in order if key.is_beside]
    for name, value in zip(keys, found[len(found) - len(keys) :], strict=True):
        setattr(found[0], name, value)
    return found[0]


def present_last(entity: Entity[Any]) -> list[ColumnElement[bool]]:
    """Return the ORDER BY terms that put rows which are gone before those that are present."""
    return [] if entity.present is None else [entity.present]


def _loader(reading: Reading, identity: Hashable, batch: BatchFunction) -> DataLoader[Any, Any]:
    loader = reading.loaders.get(identity)
    if loader is None:
        loader = reading.loaders[identity] = DataLoader(batch)
    return loader


def _children(relation: Relation[Parent, Child]) -> Select[Any]:
    """Select (matched key, child) pairs of a relation, without saying for which parents yet."""
    statement = select(relation.matched_column.label("matched_key"), relation.child.model)
    if relation.link:
        statement = statement.join(relation.link.model, relation.link.to_child == relation.child_key)
        statement = statement.where(*relation.link.conditions)
    return statement


def _batch_many(reading: Reading, relation: Relation[Parent, Child], choice: Choice) -> BatchFunction:
    sources = relation.sources | choice.sources(relation.child)

    async def batch(keys: list[Any]) -> list[Any]:
        statement = _children(relation).where(relation.matched_column.in_(keys))
        statement = statement.where(to_sql(choice.condition, relation.child))
        if not choice.includes_gone and (present := relation.child.present) is not None:
            statement = statement.where(present)
        if not choice.sort and relation.link is not None and relation.link.order is not None:
            statement = statement.order_by(relation.link.order)
        statement = statement.order_by(*order_by(relation.child.order(choice.sort or relation.order)))
        found: dict[object, list[object]] = defaultdict(list)
        for matched_key, child in await reading.rows(statement, sources=sources):
            found[matched_key].append(child)
        return [found.get(key, ()) for key in keys]

    return batch


def _batch_one(reading: Reading, relation: Relation[Parent, Child]) -> BatchFunction:
    async def batch(keys: list[Any]) -> list[Any]:
        statement = _children(relation).where(relation.matched_column.in_(keys))
        # A name may stand twice (PanDA allows it, and what is gone keeps its own): the last row read counts,
        # which is the newest of those that are present.
        statement = statement.order_by(*present_last(relation.child), *relation.child.key_columns)
        found: dict[object, object] = {}
        for matched_key, child in await reading.rows(statement, sources=relation.sources):
            found[matched_key] = child
        return [found.get(key) for key in keys]

    return batch


def _batch_by_key(reading: Reading, entity: Entity[Row]) -> BatchFunction:
    columns = entity.key_columns

    async def batch(keys: list[Any]) -> list[Any]:
        statement = select(entity.model).where(key_in(columns, keys))
        found = {
            tuple(getattr(row, column.key) for column in columns): row
            for (row,) in await reading.rows(statement, sources=entity.sources)
        }
        return [found.get(key) for key in keys]

    return batch


def _batch_by(reading: Reading, entity: Entity[Row], column: InstrumentedAttribute[Any]) -> BatchFunction:
    async def batch(keys: list[Any]) -> list[Any]:
        statement = (
            select(entity.model).where(column.in_(keys)).order_by(*present_last(entity), *entity.key_columns)
        )
        found = {
            getattr(row, column.key): row for (row,) in await reading.rows(statement, sources=entity.sources)
        }
        return [found.get(key) for key in keys]

    return batch


def _batch_count(reading: Reading, relation: Relation[Parent, Child], slice_: Slice) -> BatchFunction:
    sources = relation.sources | slice_.sources(relation.child)

    async def batch(keys: list[Any]) -> list[Any]:
        pairs = _children(relation).where(relation.matched_column.in_(keys))
        statement = (
            slice_.select_from(pairs, relation.child)
            .with_only_columns(relation.matched_column, func.count())
            .group_by(relation.matched_column)
        )
        found: dict[object, object] = {}
        for matched_key, count in await reading.rows(statement, sources=sources):
            found[matched_key] = count
        return [found.get(key, 0) for key in keys]

    return batch


def _batch_first(reading: Reading, relation: Relation[Parent, Child], slice_: Slice) -> BatchFunction:
    child = relation.child
    key_columns = child.key_columns
    order = child.order(slice_.sort)
    sources = relation.sources | slice_.sources(child)
    number = func.row_number().over(partition_by=relation.matched_column, order_by=slice_.order_by(child))

    async def batch(keys: list[Any]) -> list[Any]:
        pairs = _children(relation).where(relation.matched_column.in_(keys))
        numbered = (
            slice_.select_from(pairs, child)
            .with_only_columns(
                relation.matched_column.label("matched_key"), number.label("number"), *key_columns
            )
            .subquery()
        )
        statement = (
            select(numbered.c.matched_key, child.model, *beside(order))
            .join(numbered, and_(*(column == numbered.c[column.key] for column in key_columns)))
            .where(numbered.c.number <= slice_.rows)
            .order_by(numbered.c.matched_key, numbered.c.number)
        )
        found: dict[object, list[object]] = defaultdict(list)
        for matched_key, *row in await reading.rows(statement, sources=sources):
            found[matched_key].append(with_beside(row, order))
        return [found.get(key, ()) for key in keys]

    return batch
