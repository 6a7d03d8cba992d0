"""Fields that follow a relation: declared in one line where the type is, resolved in one way here.

    steps: list[Step] = links(STEPS_BY_REQUEST, "The steps, in order.")

A link needs no import of the type it leads to: the context knows how each kind of row is shown.
"""

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import strawberry

from gateway.auth.viewer import Viewer
from gateway.resolvers.entity import Entity, Relation
from gateway.resolvers.loading import load_many, load_one
from gateway.resolvers.pages import child_count, child_page, root_count, root_page
from gateway.schema.arguments import EntityFilter, SortInput, choice_of, list_arguments
from gateway.schema.connection import Connection
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.store.paging import MAX_PAGE_ROWS, MAX_SORT_KEYS

# Under which the metadata of a field says that it follows a relation, for whoever reads without resolvers.
FOLLOWS: Final = "follows"


class Shape(enum.Enum):
    """How a field shows the rows it leads to."""

    LINK = "link"
    LINKS = "links"
    CONNECTION = "connection"
    ROOT_CONNECTION = "root_connection"


def _owned_by_nobody(_row: Any, _viewer: Viewer) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Follow:
    """What a field of this module was declared with; a root connection has an entity and no relation."""

    shape: Shape
    entity: Entity[Any]
    relation: Relation[Any, Any] | None = None
    needs: Right = Right.READ
    is_own: Callable[[Any, Viewer], bool] = _owned_by_nobody


def link(relation: Relation[Any, Any], description: str) -> Any:
    """Declare a field that is the one row a relation leads to, or null."""

    async def resolve(self: Any, info: Info) -> Any:
        row = await load_one(info.context.reading, relation, self.row)
        return None if row is None else info.context.show(row)

    return strawberry.field(
        resolver=_untyped(resolve),
        description=description,
        metadata={FOLLOWS: Follow(Shape.LINK, relation.child, relation)},
    )


def links(
    relation: Relation[Any, Any],
    filter_: type[EntityFilter],
    sort: type[SortInput],
    description: str,
    *,
    needs: Right = Right.READ,
    is_own: Callable[[Any, Viewer], bool] = _owned_by_nobody,
) -> Any:
    """Declare a field that is all rows a relation leads to; for lists that are short by nature.

    They are filtered and sorted like pages, and have no cursors. A viewer without the right it `needs` is
    refused, unless the row `is_own` to them.
    """

    async def resolve(self: Any, info: Info, **given: Any) -> Any:
        if not info.context.may(needs) and not is_own(self.row, info.context.viewer):
            info.context.require(needs)
        choice = choice_of(**spelled(given))
        rows = await load_many(info.context.reading, relation, self.row, choice)
        return [info.context.show(row) for row in rows]

    arguments = _choice_arguments(filter_, sort, relation.child)
    return strawberry.field(
        resolver=_with_arguments(resolve, arguments),
        description=description,
        metadata={FOLLOWS: Follow(Shape.LINKS, relation.child, relation, needs, is_own)},
    )


def connection(
    relation: Relation[Any, Any], filter_: type[EntityFilter], sort: type[SortInput], description: str
) -> Any:
    """Declare a field that is a page of the rows a relation leads to; for lists that can be long."""

    async def resolve(self: Any, info: Info, **given: Any) -> Connection[Any]:
        arguments = list_arguments(**spelled(given))
        reading, row = info.context.reading, self.row

        async def count(at_most: int | None) -> int:
            exact = await child_count(reading, relation, row, arguments)
            return exact if at_most is None else min(exact, at_most + 1)

        return Connection(
            page=await child_page(reading, relation, row, arguments), show=info.context.show, count=count
        )

    arguments = _PAGE_ARGUMENTS | _choice_arguments(filter_, sort, relation.child)
    return strawberry.field(
        resolver=_with_arguments(resolve, arguments),
        description=description,
        metadata={FOLLOWS: Follow(Shape.CONNECTION, relation.child, relation)},
    )


def root_connection(
    entity: Entity[Any],
    filter_: type[EntityFilter],
    sort: type[SortInput],
    description: str,
    *,
    needs: Right = Right.READ,
) -> Any:
    """Declare a root field that is a page of all rows of an entity.

    A viewer without the right it `needs` is refused.
    """

    async def resolve(self: Any, info: Info, **given: Any) -> Connection[Any]:  # noqa: ARG001 - the root is empty
        info.context.require(needs)
        arguments = list_arguments(**spelled(given))
        reading = info.context.reading

        async def count(at_most: int | None) -> int:
            return await root_count(reading, entity, arguments, at_most)

        return Connection(
            page=await root_page(reading, entity, arguments), show=info.context.show, count=count
        )

    arguments = _PAGE_ARGUMENTS | _choice_arguments(filter_, sort, entity)
    return strawberry.field(
        resolver=_with_arguments(resolve, arguments),
        description=description,
        metadata={FOLLOWS: Follow(Shape.ROOT_CONNECTION, entity, needs=needs)},
    )


def _untyped(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Take the return type off a resolver: the type of the field it is declared at counts."""
    resolve.__annotations__.pop("return", None)
    return resolve


def _described(type_: Any, description: str) -> Any:
    return Annotated[type_, strawberry.argument(description=description)]


# Arguments of a field: their types with descriptions, and their values when they are not given.
_Arguments = dict[str, tuple[Any, object]]

_PAGE_ARGUMENTS: _Arguments = {
    "first": (_described(int | None, f"How many rows, 0 to {MAX_PAGE_ROWS}."), strawberry.UNSET),
    "after": (_described(str | None, "Only rows after this cursor."), strawberry.UNSET),
    "last": (_described(int | None, "How many rows, counted from the end."), strawberry.UNSET),
    "before": (_described(str | None, "With `last`: only rows before this cursor."), strawberry.UNSET),
}


def _choice_arguments(filter_: type[EntityFilter], sort: type[SortInput], entity: Entity[Any]) -> _Arguments:
    """Return the arguments by which every list is narrowed and ordered."""
    arguments: _Arguments = {
        "filter": (_described(filter_ | None, "Only rows that meet this."), strawberry.UNSET),
        "sort": (
            _described(
                list[sort] | None,  # type: ignore[valid-type]
                f"Up to {MAX_SORT_KEYS} keys, the most important first; without it the list's own order.",
            ),
            strawberry.UNSET,
        ),
    }
    if entity.source is not None:
        arguments["include_gone"] = (
            _described(bool, "Also rows that are no longer at their owner; see `goneAt`."),
            False,
        )
    elif entity.ends is not None:
        arguments["include_resolved"] = (
            _described(bool, "Also what no longer stands; see `resolvedAt`."),
            False,
        )
    return arguments


def _with_arguments(resolve: Callable[..., Any], arguments: _Arguments) -> Callable[..., Any]:
    """Give a resolver arguments, so that Strawberry reads them from its signature."""
    resolve.__annotations__ = {"info": Info} | {name: type_ for name, (type_, _) in arguments.items()}
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    keyword = inspect.Parameter.KEYWORD_ONLY
    resolve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("self", positional),
            inspect.Parameter("info", positional, annotation=Info),
            *(
                inspect.Parameter(name, keyword, annotation=type_, default=default)
                for name, (type_, default) in arguments.items()
            ),
        ]
    )
    return resolve


_SPELLED = {"filter": "filter_", "include_resolved": "include_gone"}


def spelled(given: dict[str, Any]) -> dict[str, Any]:
    """Take "not given" for null; rename what would hide a built-in, and what means the same of other rows."""
    return {
        _SPELLED.get(name, name): None if value is strawberry.UNSET else value
        for name, value in given.items()
    }
