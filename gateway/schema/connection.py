"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import strawberry

from gateway.errors import FilterError
from gateway.resolvers.pages import Page
from gateway.schema.scalars import BigInt
from gateway.store.paging import encode_cursor

NodeType = TypeVar("NodeType")

# Counting further than this tells nobody anything that "more than" does not.
MAX_COUNT_AT_MOST = 1_000_000


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether more rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows come before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last row, to give as `after` for the next page; null on an empty page."
    )


@strawberry.type(description="One row of a page with its cursor.")
class Edge(Generic[NodeType]):
    """Relay's edge."""

    cursor: str = strawberry.field(
        description=(
            "Marks this row's place in this order. A page after it keeps its place when rows are inserted."
        )
    )
    node: NodeType = strawberry.field(description="The row itself.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[NodeType]):
    """Relay's connection; `nodes` is a short way to the rows without cursors."""

    page: strawberry.Private[Page[Any]]
    show: strawberry.Private[Callable[[Any], Any]]
    count: strawberry.Private[Callable[[int | None], Awaitable[int]]]

    @strawberry.field(description="The rows with their cursors.")
    def edges(self) -> list[Edge[NodeType]]:
        """Return the rows with cursors."""
        order = self.page.order
        return [Edge(cursor=encode_cursor(order, row), node=self.show(row)) for row in self.page.rows]

    @strawberry.field(description="The rows without cursors.")
    def nodes(self) -> list[NodeType]:
        """Return the rows."""
        return [self.show(row) for row in self.page.rows]

    @strawberry.field(description="Where this page stands in the list.")
    def page_info(self) -> PageInfo:
        """Return where the page stands."""
        rows, order = self.page.rows, self.page.order
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=encode_cursor(order, rows[0]) if rows else None,
            end_cursor=encode_cursor(order, rows[-1]) if rows else None,
        )

    @strawberry.field(
        description=(
            "How many rows the whole list has, exactly. With `atMost` counting stops there, which is cheap "
            'on huge lists: an answer larger than `atMost` means "more than that".'
        )
    )
    async def total_count(self, at_most: int | None = None) -> BigInt:
        """Return the number of rows of the whole list, or one more than `at_most`."""
        if at_most is not None and not 0 <= at_most <= MAX_COUNT_AT_MOST:
            raise FilterError(f"`atMost` is {at_most}: give 0 to {MAX_COUNT_AT_MOST}, or leave it out")
        return BigInt(await self.count(at_most))
