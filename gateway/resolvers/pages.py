"""Pages of rows: of a whole table, or of the children of many parents at once; and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select

from gateway.resolvers.entity import Child, Entity, Parent, Relation, Row, sources_of
from gateway.resolvers.loading import Slice, load_count, load_first, with_beside
from gateway.resolvers.reading import Reading
from gateway.store.filtering import EVERYTHING, Condition
from gateway.store.paging import Order, PageArguments, beside, decode_cursor

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ListArguments:
    """What a list field was asked for, checked and free of GraphQL."""

    page: PageArguments
    condition: Condition = EVERYTHING
    sort: tuple[str, ...] = ()
    includes_gone: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Rows of a list in order, with what lies beyond them."""

    rows: Sequence[Item]
    order: Order
    has_previous: bool
    has_next: bool


async def root_page(reading: Reading, entity: Entity[Row], arguments: ListArguments) -> Page[Row]:
    """Return one page of the entity's rows: one statement."""
    slice_ = slice_of(entity, arguments)
    order = entity.order(slice_.sort)
    statement = slice_.select_from(select(entity.model, *beside(order)), entity)
    statement = statement.order_by(*slice_.order_by(entity)).limit(slice_.rows)
    sources = entity.sources | slice_.sources(entity)
    rows = [with_beside(found, order) for found in await reading.rows(statement, sources=sources)]
    return cut_page(rows, order, arguments.page)


async def child_page(
    reading: Reading, relation: Relation[Parent, Child], parent: Parent, arguments: ListArguments
) -> Page[Child]:
    """Return one page of the parent's children: one statement for all parents that ask alike."""
    slice_ = slice_of(relation.child, arguments, default_sort=relation.order)
    rows = await load_first(reading, relation, parent, slice_)
    return cut_page(rows, relation.child.order(slice_.sort), arguments.page)


async def root_count(
    reading: Reading, entity: Entity[Any], arguments: ListArguments, at_most: int | None = None
) -> int:
    """Return how many rows the whole list has; with `at_most`, counting stops one beyond it."""
    uncut = _uncut(arguments)
    if at_most is None:
        statement = uncut.select_from(select(func.count()).select_from(entity.model), entity)
    else:
        some = uncut.select_from(select(entity.key_columns[0]), entity).limit(at_most + 1).subquery()
        statement = select(func.count()).select_from(some)
    sources = entity.sources | sources_of(arguments.condition, entity)
    [(count,)] = await reading.rows(statement, sources=sources)
    return int(count)


async def child_count(
    reading: Reading, relation: Relation[Parent, Child], parent: Parent, arguments: ListArguments
) -> int:
    """Return how many children the parent has: one statement for all parents that ask alike."""
    return await load_count(reading, relation, parent, _uncut(arguments))


def slice_of(entity: Entity[Any], arguments: ListArguments, *, default_sort: tuple[str, ...] = ()) -> Slice:
    """Return which rows a page is made from, one more than it shows; raises CursorError."""
    sort = arguments.sort or default_sort
    if arguments.page.cursor is not None:
        decode_cursor(entity.order(sort), arguments.page.cursor)
    return Slice(
        condition=arguments.condition,
        sort=sort,
        rows=arguments.page.rows + 1,
        cursor=arguments.page.cursor,
        is_backward=arguments.page.is_backward,
        includes_gone=arguments.includes_gone,
    )


def _uncut(arguments: ListArguments) -> Slice:
    """Return the whole list as a slice, for counting."""
    return Slice(arguments.condition, (), 0, None, is_backward=False, includes_gone=arguments.includes_gone)


def cut_page(rows: Sequence[Item], order: Order, page: PageArguments) -> Page[Item]:
    """Return the page made from the rows of its slice."""
    has_more = len(rows) > page.rows
    kept = list(rows[: page.rows])
    if page.is_backward:
        kept.reverse()
        return Page(kept, order, has_previous=has_more, has_next=page.cursor is not None)
    return Page(kept, order, has_previous=page.cursor is not None, has_next=has_more)
