"""What the cost estimate must know of a schema: for every field that returns objects, how many it may return.

Read once at start-up from the arguments and types of the schema; it deliberately knows nothing of documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    IntValueNode,
    get_named_type,
    is_composite_type,
)

from gateway.errors import SetupError

# What a connection returns when neither `first` nor `last` is given: the default page of the store.
DEFAULT_PAGE = 50

# A plain list whose length nobody declared. Most of ours hold the few parts of one thing (steps, attempts,
# groups); a list that can be longer should be a connection, or be declared.
DEFAULT_LIST = 10

# The arguments that say how long a page is (Relay's connection specification).
PAGE_ARGUMENTS = ("first", "last")

# The arguments that list what to return, one object for each (Relay's plural identifying root field, and
# federation's).
LISTING_ARGUMENTS = ("ids", "representations")


@dataclass(frozen=True, slots=True)
class ListSize:
    """A size read from arguments: their number, or their length if they are lists; `default` without them."""

    arguments: tuple[str, ...]
    default: int


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field that returns objects: of which type, how many, and the page size it hands down."""

    type_name: str
    repeats: int | ListSize = 1
    page: int | ListSize = DEFAULT_PAGE
    is_page_item: bool = False


@dataclass(frozen=True, slots=True)
class SchemaShape:
    """The fields that return objects, by type and name, and the root types by operation."""

    fields: Mapping[str, Mapping[str, FieldShape]]
    roots: Mapping[str, str]


def shape_of(schema: GraphQLSchema, bounds: Mapping[str, int] | None = None) -> SchemaShape:
    """Return the shape of a schema; `bounds` gives the longest usual length of plain lists as "Type.field".

    Raises SetupError if a bound names a field that is not there: a renamed field must not lose its bound.
    """
    declared = dict(bounds or {})
    composites = [
        type_
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    ]
    page_types = {
        get_named_type(field.type).name
        for type_ in composites
        for field in type_.fields.values()
        if _page_size(field) is not None and not _is_list(field.type)
    }
    # As many as there are: introspection is estimated when it shares an operation with other fields.
    bound_by_name = {"__Schema.types": len(schema.type_map), **declared}
    fields: dict[str, dict[str, FieldShape]] = {}
    for type_ in composites:
        fields[type_.name] = {
            name: _field_shape(field, bound_by_name.get(f"{type_.name}.{name}"), type_.name in page_types)
            for name, field in type_.fields.items()
            if is_composite_type(get_named_type(field.type))
        }
    missing = sorted(name for name in declared if not _is_known(fields, name))
    if missing:
        raise SetupError(
            f"list bounds name fields that return no objects in the schema: {', '.join(missing)}"
        )
    if schema.query_type is not None:
        fields[schema.query_type.name] |= {
            "__schema": FieldShape("__Schema"),
            "__type": FieldShape("__Type"),
        }
    roots = {
        kind: type_.name
        for kind, type_ in (
            ("query", schema.query_type),
            ("mutation", schema.mutation_type),
            ("subscription", schema.subscription_type),
        )
        if type_ is not None
    }
    return SchemaShape(fields, roots)


def _is_known(fields: Mapping[str, Mapping[str, FieldShape]], name: str) -> bool:
    type_name, _, field_name = name.partition(".")
    return field_name in fields.get(type_name, {})


def _field_shape(field: GraphQLField, bound: int | None, is_in_page: bool) -> FieldShape:
    type_name = get_named_type(field.type).name
    page = _page_size(field)
    if not _is_list(field.type):
        return FieldShape(type_name, page=page or DEFAULT_PAGE)
    if bound is not None:
        return FieldShape(type_name, repeats=bound)
    if page is not None:
        return FieldShape(type_name, repeats=page)
    listing = tuple(name for name in LISTING_ARGUMENTS if name in field.args)
    if listing:
        return FieldShape(type_name, repeats=ListSize(listing, DEFAULT_LIST))
    if is_in_page:
        return FieldShape(type_name, is_page_item=True)
    return FieldShape(type_name, repeats=DEFAULT_LIST)


def _page_size(field: GraphQLField) -> ListSize | None:
    arguments = tuple(name for name in PAGE_ARGUMENTS if name in field.args)
    if not arguments:
        return None
    defaults = [_default_number(field.args[name]) for name in arguments]
    return ListSize(
        arguments, max((number for number in defaults if number is not None), default=DEFAULT_PAGE)
    )


def _default_number(argument: GraphQLArgument) -> int | None:
    """Return the default a resolver gets; graphql-core 3.3 keeps it in one of three places."""
    if argument.default is not None and isinstance(argument.default.literal, IntValueNode):
        return int(argument.default.literal.value)
    value = argument.default.value if argument.default is not None else argument.default_value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_list(type_: GraphQLOutputType) -> bool:
    while isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLList)
