"""The schema as an Apollo Federation 2 subgraph: other graphs add fields to our requests, tasks and sites.

What a router needs beside the schema is two root fields; the schema itself is the same, with the keys of its
types told. It is there only where GATEWAY_FEDERATION wants it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, NewType, cast

import strawberry
from graphql import DocumentNode, ObjectTypeDefinitionNode, parse, print_ast
from sqlalchemy.orm import InstrumentedAttribute

from gateway.auth.permissions import Right
from gateway.errors import FilterError, InputError
from gateway.resolvers import entities as e
from gateway.resolvers.entity import Entity
from gateway.resolvers.loading import load_by, load_by_key
from gateway.schema.context import Info
from gateway.schema.node import RowType, load_node
from gateway.schema.query import MAX_IDS, NODE_TYPES, Query
from gateway.schema.types.datasets import Dataset
from gateway.schema.types.people import Person
from gateway.schema.types.registries import Campaign
from gateway.schema.types.requests import Request
from gateway.schema.types.sites import Site
from gateway.schema.types.steps import Attempt, Step
from gateway.schema.types.storages import Storage
from gateway.schema.types.tasks import Task
from gateway.store.people import Person as PersonRow
from gateway.store.values import storable, storable_text

# The version whose directives are used; routers of later ones read it too.
_LINK: Final = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])\n\n'
)
# Types that other subgraphs are likely to have as well, with the same meaning (Relay's connections).
_SHAREABLE: Final = frozenset({"PageInfo"})
_ID: Final = "id"
_MACHINERY: Final = frozenset({"_Any", "_Entity", "_Service", "_entities", "_service"})


@dataclass(frozen=True, slots=True)
class Key:
    """The field by which other graphs name a thing, which is its primary key but for `_OTHER_COLUMNS`."""

    field: str
    entity: Entity[Any]


KEYS: Final[Mapping[str, Key]] = {
    "Attempt": Key("key", e.ATTEMPT),
    "Campaign": Key("name", e.CAMPAIGN),
    "Dataset": Key("did", e.DATASET),
    "Person": Key("username", e.PERSON),
    "Request": Key("name", e.REQUEST),
    "Site": Key("name", e.SITE),
    "Step": Key("key", e.STEP),
    "Storage": Key("name", e.STORAGE),
    "Task": Key("jediTaskId", e.TASK),
}
# A person's primary key is IAM's subject, which nobody knows by heart.
_OTHER_COLUMNS: Final[Mapping[str, InstrumentedAttribute[str]]] = {"Person": PersonRow.username}

AnyRepresentation = NewType("AnyRepresentation", object)
FEDERATION_SCALARS: Final = {
    AnyRepresentation: strawberry.scalar(
        name="_Any",
        description="A thing as another graph names it: its `__typename` and a key.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    )
}
Representations = Annotated[
    list[AnyRepresentation],
    strawberry.argument(description="Each with its `__typename`, and its `id` or its key."),
]
FederatedEntity = Annotated[
    Attempt | Campaign | Dataset | Person | Request | Site | Step | Storage | Task,
    strawberry.union("_Entity", description="What other graphs may name by its key."),
]


@strawberry.type(name="_Service", description="This subgraph, for routers.")
class FederatedService:
    """The subgraph."""

    sdl: str = strawberry.field(description="The schema with the keys of its types.")


def federated_query(sdl: Callable[[], str]) -> type[Query]:
    """Return the root of all queries with what a router asks; `sdl` gives the subgraph's text when asked."""

    @strawberry.type(name="Query", description="Everything that can be asked.")
    class FederatedQuery(Query):
        """The root of all queries, for routers too."""

        @strawberry.field(name="_service", description="This subgraph; refused without the right INTROSPECT.")
        def service(self, info: Info) -> FederatedService:
            """Return the subgraph, for those who may see the schema."""
            info.context.viewer.require(Right.INTROSPECT)
            return FederatedService(sdl=sdl())

        @strawberry.field(
            name="_entities",
            description="The things that another graph names, in order; null where there is no such.",
        )
        async def entities(
            self, info: Info, representations: Representations
        ) -> list[FederatedEntity | None]:
            """Return the things, in one statement for each type."""
            if len(representations) > MAX_IDS:
                raise FilterError(
                    f"{len(representations)} things are named, at most {MAX_IDS} are given at once"
                )
            found: Any = await asyncio.gather(*(_load(info, one) for one in representations))
            entities: list[FederatedEntity | None] = found
            return entities

    return FederatedQuery


async def _load(info: Info, representation: object) -> RowType | None:
    """Return what is named; raises InputError for what names nothing of ours."""
    if not isinstance(representation, dict):
        raise InputError("a representation is an object with `__typename` and a key")
    type_name = representation.get("__typename")
    key = KEYS.get(type_name) if isinstance(type_name, str) else None
    if key is None:
        raise InputError(f"{str(type_name)[:40]!r} is no type with a key; those are {', '.join(KEYS)}")
    if _ID in representation:
        return await load_node(info, str(representation[_ID]), {key.entity.name: NODE_TYPES[key.entity.name]})
    value = representation.get(key.field)
    if value is None:
        raise InputError(f"a {type_name} is named by its `{key.field}` or its `{_ID}`")
    reading = info.context.reading
    other = _OTHER_COLUMNS.get(key.entity.name)
    if other is not None:
        row = await load_by(reading, key.entity, other, storable_text(str(value)))
    else:
        [column] = key.entity.key_columns
        try:
            row = await load_by_key(reading, key.entity, (storable(column.type.python_type(value)),))
        except (TypeError, ValueError) as error:
            raise InputError(f"{str(value)[:40]!r} is no `{key.field}` of a {type_name}") from error
    return NODE_TYPES[key.entity.name].of_optional(row)


def subgraph_sdl(sdl: str) -> str:
    """Return a federated schema's text as a router composes it: with keys, without what is for routers."""
    kept = []
    for definition in parse(sdl).definitions:
        name = getattr(definition, "name", None)
        if name is not None and name.value in _MACHINERY:
            continue
        if isinstance(definition, ObjectTypeDefinitionNode):
            definition = _as_subgraph(definition)
        kept.append(definition)
    return _LINK + print_ast(DocumentNode(definitions=tuple(kept)))


def _as_subgraph(definition: ObjectTypeDefinitionNode) -> ObjectTypeDefinitionNode:
    """Return a type with its keys, and the root of queries without the fields for routers."""
    name = definition.name.value
    told = [f'@key(fields: "{field}")' for field in (KEYS[name].field, _ID)] if name in KEYS else []
    if name in _SHAREABLE:
        told.append("@shareable")
    [model] = parse(f"type T {' '.join(told)} {{ a: Int }}").definitions
    return ObjectTypeDefinitionNode(
        description=definition.description,
        name=definition.name,
        interfaces=definition.interfaces,
        directives=(
            *(definition.directives or ()),
            *(cast("ObjectTypeDefinitionNode", model).directives or ()),
        ),
        fields=tuple(field for field in definition.fields or () if field.name.value not in _MACHINERY),
    )
