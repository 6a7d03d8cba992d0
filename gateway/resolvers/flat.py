"""Statements that read rows of a relation as plain columns, for all parents at once and without objects.

They choose and order the same rows as the batch loaders; only what is selected differs. Each takes the
parents' values as the parameter `keys`. The first column is what a row was found by.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Executable, Select, and_, any_, bindparam, func, literal, select
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import String, Text, TypeDecorator

from gateway.resolvers.entity import Entity, Relation
from gateway.resolvers.loading import Choice, Slice, present_last
from gateway.store.filtering import to_sql
from gateway.store.paging import beside, order_by

MATCHED = "matched_key"

Attribute = InstrumentedAttribute[Any]


def one_statement(
    relation: Relation[Any, Any], columns: Sequence[Attribute], *, is_postgresql: bool
) -> Executable:
    """Select what each key leads to; of several rows with one key the last counts."""
    statement = _children(relation, columns).where(_is_key(relation.matched_column, is_postgresql))
    child = relation.child
    if relation.link is None and [relation.child_key.key] == [key.key for key in child.key_columns]:
        return statement
    return statement.order_by(*present_last(child), *child.key_columns)


def many_statement(
    relation: Relation[Any, Any], columns: Sequence[Attribute], choice: Choice, *, is_postgresql: bool
) -> Executable:
    """Select the chosen children of each key, in their order."""
    child = relation.child
    statement = _children(relation, columns).where(_is_key(relation.matched_column, is_postgresql))
    statement = statement.where(to_sql(choice.condition, child))
    if not choice.includes_gone and (present := child.present) is not None:
        statement = statement.where(present)
    if not choice.sort and relation.link is not None and relation.link.order is not None:
        statement = statement.order_by(relation.link.order)
    return statement.order_by(*order_by(child.order(choice.sort or relation.order)))


def first_statement(
    relation: Relation[Any, Any], columns: Sequence[Attribute], slice_: Slice, *, is_postgresql: bool
) -> Executable:
    """Select at most `slice_.rows` children of each key, in the direction they are read."""
    child = relation.child
    keys = child.key_columns
    number = func.row_number().over(partition_by=relation.matched_column, order_by=slice_.order_by(child))
    pairs = _children(relation, ()).where(_is_key(relation.matched_column, is_postgresql))
    numbered = (
        slice_.select_from(pairs, child)
        .with_only_columns(relation.matched_column.label(MATCHED), number.label("number"), *keys)
        .subquery()
    )
    return (
        select(numbered.c.matched_key, *_named(columns), *beside(child.order(slice_.sort)))
        .join(numbered, and_(*(column == numbered.c[column.key] for column in keys)))
        .where(numbered.c.number <= slice_.rows)
        .order_by(numbered.c.matched_key, numbered.c.number)
    )


def root_statement(entity: Entity[Any], columns: Sequence[Attribute], slice_: Slice) -> Executable:
    """Select the rows of a slice of all rows; it takes no keys."""
    selected = (literal(0).label(MATCHED), *_named(columns), *beside(entity.order(slice_.sort)))
    every = cast("Select[Any]", select(*selected).select_from(entity.model))
    statement = slice_.select_from(every, entity)
    return statement.order_by(*slice_.order_by(entity)).limit(slice_.rows)


def _children(relation: Relation[Any, Any], columns: Sequence[Attribute]) -> Select[Any]:
    statement = select(relation.matched_column.label(MATCHED), *_named(columns)).select_from(
        relation.child.model
    )
    if relation.link:
        statement = statement.join(relation.link.model, relation.link.to_child == relation.child_key)
        statement = statement.where(*relation.link.conditions)
    return statement


def _named(columns: Sequence[Attribute]) -> list[ColumnElement[Any]]:
    """Return the columns under the names that rows are asked by; an expression has none by itself."""
    return [
        cast("ColumnElement[Any]", column if getattr(column, "name", None) == column.key else _label(column))
        for column in columns
    ]


def _label(column: Attribute) -> ColumnElement[Any]:
    return column.label(column.key)


def _is_key(column: Attribute, is_postgresql: bool) -> ColumnElement[bool]:
    """Return "the column is one of `keys`" as SQL, the same text for any number of them where that is known.

    A text is compared without its length: a cast to it would cut a longer key, which then finds another row.
    """
    element = cast("ColumnElement[Any]", column)
    if not is_postgresql:
        return element.in_(bindparam("keys", expanding=True))
    if isinstance(element.type, String):
        return element == any_(cast_to(bindparam("keys", type_=_TextArray()), ARRAY(Text())))
    return element == any_(bindparam("keys", type_=ARRAY(element.type)))


class _TextArray(TypeDecorator[Sequence[str]]):
    """Texts as PostgreSQL writes an array of them: the driver looks into each by itself to do the same."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, _dialect: Dialect) -> str | None:
        """Write an array of quoted texts."""
        if value is None:
            return None
        joined = "\0".join(value)
        if "\\" in joined or '"' in joined:
            joined = joined.replace("\\", "\\\\").replace('"', '\\"')
        return '{"' + joined.replace("\0", '","') + '"}' if value else "{}"
