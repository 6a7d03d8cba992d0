"""The schema is what is committed, says what everything means, and agrees with what is behind it."""

import dataclasses
import enum
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_non_null_type,
    parse,
    validate,
)
from graphql import (
    build_schema as schema_of_text,
)
from strawberry.utils.str_converters import to_camel_case

from gateway.resolvers import entities
from gateway.resolvers.entity import Entity
from gateway.schema import filters, sorts
from gateway.schema.arguments import EntityFilter
from gateway.schema.build import SHOWN_AS, build_schema
from gateway.schema.node import RowType, global_id
from gateway.schema.synced import Synced
from gateway.store.base import Remembered
from tests.support.asking import Asker
from tests.support.databases import counted_statements
from tests.support.postgres import ROOT

QUERIES = Path(__file__).parent / "queries"
SCHEMA = build_schema()

ENTITIES: Mapping[str, Entity[Any]] = {
    value.name: value for value in vars(entities).values() if isinstance(value, Entity)
}
FILTERS = {
    name.removesuffix("Filter"): value
    for name, value in vars(filters).items()
    if inspect.isclass(value) and issubclass(value, EntityFilter) and value is not EntityFilter
}
SORTS = {
    name.removesuffix("SortField"): value
    for name, value in vars(sorts).items()
    if name.endswith("SortField") and issubclass(value, enum.Enum)
}
TYPES = {shown.__name__: shown for shown in SHOWN_AS.values()}
COMBINATIONS = {"and_", "or_", "not_"}
# A filter that is a text of several, read by `domain.lines`.
LINES = {"line"}

# What has no field of its name: a finding shows the request itself.
DECLARED_BUT_NOT_SHOWN = {"Finding.request_name"}


def undescribed(schema: GraphQLSchema) -> list[str]:
    """Return every type, field, argument, input field and enum value that nobody has described."""
    return sorted(_undescribed(schema))


def _undescribed(schema: GraphQLSchema) -> Iterator[str]:
    for type_ in schema.type_map.values():
        if type_.name.startswith("__") or type_.name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        if not type_.description:
            yield type_.name
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                if not field.description:
                    yield f"{type_.name}.{name}"
                yield from (
                    f"{type_.name}.{name}({argument}:)"
                    for argument, given in field.args.items()
                    if not (given.description or _says_all(field.description, argument))
                )
        if isinstance(type_, GraphQLInputObjectType):
            yield from (
                f"{type_.name}.{name}" for name, field in type_.fields.items() if not field.description
            )
        if isinstance(type_, GraphQLEnumType):
            yield from (
                f"{type_.name}.{name}"
                for name, value in type_.values.items()
                if not (value.description or _is_named(schema, type_, name))
            )


def unsaid_nulls(schema: GraphQLSchema) -> list[str]:
    """Return every field that may be null and does not say when."""
    return sorted(
        f"{type_.name}.{name}"
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if not is_non_null_type(field.type) and "null" not in (field.description or "").lower()
    )


def _says_all(description: str | None, argument: str) -> bool:
    """Whether a field's own description says what its argument is: it names it, or it takes only a key."""
    words = (description or "").replace("`", "").split()
    return argument in words or "with this" in (description or "") or "with these" in (description or "")


def _is_named(schema: GraphQLSchema, type_: GraphQLEnumType, value: str) -> bool:
    """Whether an enum's description names the value, or it is a sort field of a described type."""
    named = type_.name.removesuffix("SortField")
    if named != type_.name:
        sorted_type = schema.type_map.get(named)
        fields = sorted_type.fields if isinstance(sorted_type, GraphQLObjectType) else {}
        return to_camel_case(value.lower()) in fields
    return value in (type_.description or "").replace(",", " ").replace(":", " ").replace(".", " ").split()


def test_the_committed_schema_is_that_of_the_code() -> None:
    committed = (ROOT / "schema.graphql").read_text()

    assert committed == SCHEMA.as_str() + "\n", "write it again with `make schema`"


def test_everything_in_the_schema_is_described() -> None:
    assert undescribed(SCHEMA._schema) == []


def test_what_is_not_described_is_found() -> None:
    poor = schema_of_text(
        """
        type Query { "Things." things(first: Int, "Which." filter: ThingFilter): [Thing!]! }
        "A thing." type Thing { name: String "Its colour." colour: Colour }
        "Which things." input ThingFilter { name: String }
        "What it looks like: RED." enum Colour { RED, BLUE, "Green." GREEN }
        "What things can be sorted by." enum ThingSortField { NAME, SHADE }
        """
    )

    assert undescribed(poor) == [
        "Colour.BLUE",
        "Query",
        "Query.things(first:)",
        "Thing.name",
        "ThingFilter.name",
        "ThingSortField.SHADE",
    ]


def test_every_field_that_may_be_null_says_when() -> None:
    assert unsaid_nulls(SCHEMA._schema) == []


def test_a_null_that_is_not_explained_is_found() -> None:
    poor = schema_of_text(
        """
        type Query { "Things; null without the right." things: [String!] "All." all: [String] one: Int! }
        """
    )

    assert unsaid_nulls(poor) == ["Query.all"]


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_is_one_of_its_entity(name: str) -> None:
    given = {field.name for field in dataclasses.fields(FILTERS[name])} - COMBINATIONS - LINES

    assert given <= ENTITIES[name].filters.keys() | ENTITIES[name].relations.keys()


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_that_an_entity_declares_is_offered(name: str) -> None:
    given = {field.name for field in dataclasses.fields(FILTERS[name])}

    assert ENTITIES[name].filters.keys() <= given


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_can_be_combined(name: str) -> None:
    assert {field.name for field in dataclasses.fields(FILTERS[name])} >= COMBINATIONS


@pytest.mark.parametrize("name", SORTS)
def test_what_can_be_sorted_by_is_what_the_entity_declares(name: str) -> None:
    assert {value.value for value in SORTS[name]} == {*ENTITIES[name].sorts, *ENTITIES[name].sorts_across}


@pytest.mark.parametrize("name", sorted(ENTITIES.keys() & SCHEMA._schema.type_map.keys()))
def test_the_names_of_an_entity_are_those_of_its_type(name: str) -> None:
    entity = ENTITIES[name]
    type_ = SCHEMA._schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)

    unknown = {
        filter_
        for filter_ in (*entity.filters, *entity.sorts)
        if to_camel_case(filter_) not in type_.fields and f"{name}.{filter_}" not in DECLARED_BUT_NOT_SHOWN
    }

    assert unknown == set()
    assert {name.removeprefix("-") for name in entity.default_order} <= entity.sorts.keys()


@pytest.mark.parametrize("name", TYPES)
def test_every_plain_field_of_a_type_is_a_column_of_its_row(name: str) -> None:
    [model] = [model for model, shown in SHOWN_AS.items() if shown is TYPES[name]]

    assert missing_columns(TYPES[name], model) == []


def missing_columns(shown: type[Any], model: type[Any]) -> list[str]:
    """Return the fields of a type that have neither a resolver nor a column."""
    fields = shown.__strawberry_definition__.fields
    return [
        field.python_name
        for field in fields
        if field.base_resolver is None and not hasattr(model, field.python_name)
    ]


def test_a_field_without_a_column_is_found() -> None:
    @strawberry.type
    class Wrong(RowType):
        name: str
        colour: str

    assert missing_columns(Wrong, entities.SITE.model) == ["colour"]


@pytest.mark.parametrize("model", [model for model in SHOWN_AS if issubclass(model, Remembered)])
def test_every_remembered_type_says_from_whom_and_from_when_it_is(model: type[Any]) -> None:
    shown = SHOWN_AS[model]
    type_ = SCHEMA._schema.type_map[shown.__name__]

    assert issubclass(shown, Synced)
    assert isinstance(type_, GraphQLObjectType)
    assert "Synced" in {interface.name for interface in type_.interfaces}
    assert {"source", "syncedAt", "ageSeconds", "isStale", "staleReason", "goneAt"} <= type_.fields.keys()


def test_nothing_of_ours_says_that_it_is_a_copy() -> None:
    ours = [shown for model, shown in SHOWN_AS.items() if not issubclass(model, Remembered)]

    assert [shown.__name__ for shown in ours if issubclass(shown, Synced)] == []


# Every query of the folder: how many statements it takes on the practice world, and with which variables.
ASKED: Mapping[str, tuple[int, dict[str, object]]] = {
    "campaigns": (7, {}),
    "datasets_at_jinr": (5, {}),
    "expiring": (7, {"before": "2026-04-01T00:00:00Z"}),
    "findings": (9, {"severities": ["BLOCKER", "WARNING"]}),
    "freshness": (3, {}),
    "nodes": (
        8,
        {
            "ids": [
                global_id("Request", ("PROD2025-013",)),
                global_id("Task", (362,)),
                global_id("Site", ("JINR",)),
            ]
        },
    ),
    "page": (12, {"first": 50}),
    "people": (15, {}),
    "production": (30, {"name": "PROD2025-013"}),
    "sampo": (8, {"name": "PROD2025-013"}),
    "search": (11, {"text": "013"}),
    "sites": (12, {}),
    "statistics": (6, {}),
    "storages": (10, {}),
    "talk": (3, {}),
    "tasks": (11, {}),
}


def query(name: str) -> str:
    return (QUERIES / f"{name}.graphql").read_text()


def test_every_query_of_the_folder_is_tried() -> None:
    assert {path.stem for path in QUERIES.iterdir()} == set(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_queries_of_yesterday_are_valid_today(name: str) -> None:
    assert validate(SCHEMA._schema, parse(query(name))) == []


def test_a_query_for_what_is_no_longer_there_is_found() -> None:
    wrong = query("page").replace("displayName", "fullName")

    assert len(validate(SCHEMA._schema, parse(wrong))) == 1


@pytest.mark.parametrize("name", ASKED)
async def test_queries_are_answered_in_so_many_statements(ask: Asker, name: str) -> None:
    count, variables = ASKED[name]

    with counted_statements(ask.database) as statements:
        data = await ask(query(name), **variables)

    assert len(statements) == count
    assert all(data.values())
