"""Whole lists as documents that read them page by page: which lists there are, and what of a row is shown.

An export asks what anybody may ask in GraphQL: the same rights, filters and limits hold by themselves.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from gateway.errors import InputError

# Rows of one page: as many as one query may ask for.
PAGE_ROWS: Final = 1_000
# Columns of one export, and steps from a row to what one of them shows.
MAX_COLUMNS: Final = 60
MAX_STEPS: Final = 5

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_ARGUMENTS: Final = ("filter", "sort", "includeGone")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that can be exported: the type of its rows, and the types of the arguments that choose them."""

    name: str
    row_type: GraphQLObjectType
    arguments: Mapping[str, str]

    def default_columns(self) -> tuple[Path, ...]:
        """Return the fields of a row that are values by themselves, in their order in the schema."""
        return tuple((name,) for name, field in self.row_type.fields.items() if _is_value(field))

    def columns(self, text: str) -> tuple[Path, ...]:
        """Return the columns that a text such as `name,site.name` asks for; raise InputError for others."""
        columns = tuple(tuple(part.strip().split(".")) for part in text.split(","))
        if len(columns) > MAX_COLUMNS:
            raise InputError(f"an export has at most {MAX_COLUMNS} columns; {len(columns)} are asked for")
        for column in columns:
            self._check(column)
        if len(set(columns)) != len(columns):
            raise InputError("a column is asked for twice")
        return columns

    def document(self, columns: Sequence[Path]) -> str:
        """Return the query that reads one page of the list with these columns."""
        declared = "".join(f" ${name}: {type_}" for name, type_ in self.arguments.items())
        given = "".join(f", {name}: ${name}" for name in self.arguments)
        return (
            f"query Export($first: Int $after: String{declared}) {{"
            f" {self.name}(first: $first, after: $after{given}) {{"
            f" pageInfo {{ hasNextPage endCursor }} nodes {{ {_selection(columns)} }} }} }}"
        )

    def _check(self, column: Path) -> None:
        said = ".".join(column)[:100]
        type_: GraphQLObjectType | GraphQLInterfaceType = self.row_type
        for place, name in enumerate(column):
            field = type_.fields.get(name) if _NAME.fullmatch(name) else None
            is_last = place == len(column) - 1
            if field is None or _needs_arguments(field) or (_is_list(field.type) and not is_last):
                raise InputError(f"{self.name} have no column {said!r}: {type_.name} has nothing like it")
            named = get_named_type(field.type)
            if is_last and is_leaf_type(named):
                return
            if is_last or not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
                raise InputError(f"{said!r} is no value by itself; name one of its fields, {said}.name or so")
            type_ = named


def listings_of(schema: GraphQLSchema) -> Mapping[str, Listing]:
    """Return the lists of a schema that are read in pages, by name."""
    root = schema.query_type
    found: dict[str, Listing] = {}
    for name, field in (root.fields if root else {}).items():
        page = get_named_type(field.type)
        if not {"first", "after"} <= field.args.keys() or not isinstance(page, GraphQLObjectType):
            continue
        row_type = get_named_type(page.fields["nodes"].type)
        if isinstance(row_type, GraphQLObjectType):
            # Without the mark of what must be given: what has a default need not be.
            given = [key for key in _ARGUMENTS if key in field.args]
            arguments = {key: str(field.args[key].type).removesuffix("!") for key in given}
            found[name] = Listing(name, row_type, arguments)
    return found


def value_at(row: object, column: Path) -> object:
    """Return what a row says in a column; None where a step leads to nothing."""
    value = row
    for name in column:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _selection(columns: Sequence[Path]) -> str:
    below: dict[str, list[Path]] = {}
    for column in columns:
        below.setdefault(column[0], [])
        if len(column) > 1:
            below[column[0]].append(column[1:])
    return " ".join(name if not rest else f"{name} {{ {_selection(rest)} }}" for name, rest in below.items())


def _is_value(field: GraphQLField) -> bool:
    is_leaf = is_leaf_type(get_named_type(field.type))
    return is_leaf and not _is_list(field.type) and not _needs_arguments(field)


def _needs_arguments(field: GraphQLField) -> bool:
    return any(isinstance(argument.type, GraphQLNonNull) for argument in field.args.values())


def _is_list(type_: GraphQLOutputType) -> bool:
    while isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLList)
