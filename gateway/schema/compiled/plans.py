"""What a selection comes to for many objects at once: what is read, what is called, what is built.

Plans hold no values: neither arguments nor who asks.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLLeafType
from sqlalchemy import Executable
from strawberry.types.field import StrawberryField

from gateway.resolvers.flat import Attribute
from gateway.resolvers.loading import Slice
from gateway.schema.links import Follow
from gateway.schema.node import RowType
from gateway.store.version_watch import Seen

# Makes the objects of one level: from the rows, and from one list of values for each entry that is no column.
Build = Callable[..., list[dict[str, object]]]

# Different lists asked of one field, whose statements are kept; beyond that they are made again.
KEPT_STATEMENTS = 16


@dataclass(frozen=True, slots=True)
class Completion:
    """How values of a type become JSON: exactly one of leaf, items and objects is there."""

    is_nullable: bool
    leaf: Callable[[object], object] | None = None
    items: "Completion | None" = None
    objects: "Callable[[str], ObjectPlan] | None" = None


@dataclass(frozen=True, slots=True)
class Called:
    """A field with a resolver; `simple` is the resolver itself when it takes no arguments.

    `needs` names the columns it takes from the row, None for any.
    """

    key: str
    definition: GraphQLField
    node: FieldNode
    completion: Completion
    simple: Callable[..., Any] | None
    takes_info: bool
    needs: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class PageRead:
    """The rows of a root page, the tables that they were read from, and the versions these had."""

    slice_: Slice
    rows: Sequence[Any]
    tables: frozenset[str]
    seen: Seen


@dataclass(slots=True)
class Followed:
    """A field that follows a relation: `columns` are read of the rows it leads to.

    Exactly one of `child` and `page` is there. With `is_whole` every column is read, and resolvers find the
    rows too. `statements` are kept by what was asked of the list, and the root page that was read last.
    """

    key: str
    definition: GraphQLField
    declared: StrawberryField
    node: FieldNode
    follow: Follow
    is_nullable: bool
    columns: Sequence[Attribute]
    is_whole: bool
    child: "RowPlan | None" = None
    page: "PagePlan | None" = None
    statements: dict[Hashable, Executable] = field(default_factory=dict)
    page_read: PageRead | None = None

    def statement(self, asked: Hashable, make: Callable[[], Executable]) -> Executable:
        """Return the statement for what is asked, made when it is asked for the first time."""
        known = self.statements.get(asked)
        if known is None:
            if len(self.statements) >= KEPT_STATEMENTS:
                self.statements.clear()
            known = self.statements[asked] = make()
        return known


@dataclass(frozen=True, slots=True)
class Read:
    """A field without a resolver: an attribute of the object or its row."""

    key: str
    name: str
    completion: Completion
    leaf: GraphQLLeafType | None


@dataclass(frozen=True, slots=True)
class TypeName:
    """The field `__typename`."""

    key: str
    name: str


Entry = Called | Followed | Read | TypeName


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """What is wanted of objects that resolvers returned.

    Of an operation's root, `variables` are those that lists of it ask for below their own arguments.
    """

    entries: Sequence[Entry]
    build: Build
    variables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What is wanted of rows of an entity that were read as columns.

    `places` says where in the row a column stands; `lists` are the entries whose values `build` is given.
    With `is_traceable` all that is read below is read along relations, for all rows of a level at once.
    """

    shown: type[RowType]
    places: Mapping[str, int]
    lists: Sequence[Called | Followed]
    build: Build
    is_traceable: bool


@dataclass(frozen=True, slots=True)
class PagePart:
    """A field of a page: `name` is nodes, edges, pageInfo, totalCount or __typename.

    `parts` are what is wanted inside of an edge or of the page's place: names and what they are called.
    """

    key: str
    name: str
    definition: GraphQLField | None
    node: FieldNode
    rows: RowPlan | None = None
    parts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What is wanted of pages."""

    type_name: str
    edge_type_name: str
    parts: Sequence[PagePart]
