"""A small schema with everything the HTTP tests need: connections, lists, inputs, and fields that fail."""

import enum
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry import relay
from strawberry.schema.config import StrawberryConfig

from gateway.errors import NamingError, RefusedError
from gateway.schema.execution import Executor, OperationContext
from gateway.schema.limits import Limits


@dataclass(frozen=True, slots=True)
class SampleViewer:
    name: str = "analyst"
    may_introspect: bool = True


@dataclass(slots=True)
class SampleContext:
    viewer: SampleViewer
    notes: dict[str, object] = field(default_factory=dict)
    cost: int = 0

    def response_extensions(self) -> Mapping[str, object]:
        return self.notes


SampleInfo = strawberry.Info[SampleContext, None]


@strawberry.enum
class Stage(enum.Enum):
    GENERATION = "gen"
    RECONSTRUCTION = "reco"


@strawberry.type
class Dataset:
    name: str

    @strawberry.field
    def replicas(self) -> list["Site"]:
        return [Site(name="JINR"), Site(name="PNPI")]


@strawberry.type
class Site:
    name: str

    @strawberry.field
    def datasets(self) -> list[Dataset]:
        return [Dataset(name="d1")]


@strawberry.type
class Task:
    id: strawberry.ID
    stage: Stage = Stage.GENERATION

    @strawberry.field
    async def datasets(self) -> list[Dataset]:
        return [Dataset(name=f"data.{self.id}")]

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError("secret internals of the task")


@strawberry.type
class RequestEdge:
    cursor: str
    node: "ProductionRequest"


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class RequestConnection:
    edges: list[RequestEdge]
    page_info: PageInfo
    total_count: int


@strawberry.type
class ProductionRequest:
    id: strawberry.ID
    name: str

    @strawberry.field
    def tasks(self) -> list[Task]:
        return [Task(id=strawberry.ID(f"{self.id}.{n}")) for n in range(2)]

    @strawberry.field
    def related(self, first: int = 2) -> RequestConnection:
        return page_of(first)


def page_of(first: int) -> RequestConnection:
    nodes = [
        ProductionRequest(id=strawberry.ID(str(n)), name=f"PROD2025-{n:03}") for n in range(min(first, 3))
    ]
    edges = [RequestEdge(cursor=node.id, node=node) for node in nodes]
    return RequestConnection(edges=edges, page_info=PageInfo(has_next_page=False), total_count=3)


@strawberry.input
class TextFilter:
    eq: str | None = None
    is_in: list[str] | None = strawberry.field(name="in", default=None)


@strawberry.input
class RequestFilter:
    name: TextFilter | None = None
    energy_gev: float | None = None
    events: int | None = None
    stage: Stage | None = None
    either: list["RequestFilter"] | None = strawberry.field(name="or", default=None)


def read_size(value: object) -> int:
    if not isinstance(value, str) or not value.isdecimal():
        raise NamingError("a size is written as decimal digits in a string")
    return int(value)


Size = NewType("Size", int)
Fragile = NewType("Fragile", int)


@strawberry.type
class Query:
    @strawberry.field
    def me(self) -> str:
        return "analyst"

    @strawberry.field
    def requests(self, first: int | None = 50, filter: RequestFilter | None = None) -> RequestConnection:  # noqa: A002
        return page_of(0 if filter is not None else 50 if first is None else first)

    @strawberry.field
    def request(self, id: strawberry.ID) -> ProductionRequest | None:  # noqa: A002
        return None if id == "absent" else ProductionRequest(id=id, name=f"PROD2025-{id}")

    @strawberry.field
    def tasks(self, ids: list[strawberry.ID]) -> list[Task]:
        return [Task(id=id) for id in ids]  # noqa: A001

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def by_global_id(self, id: relay.GlobalID) -> str:  # noqa: A002
        return id.node_id

    @strawberry.field
    def sized(self, size: Size) -> str:
        return str(size)

    @strawberry.field
    def fragile(self, value: Fragile) -> str:
        return str(value)

    @strawberry.field
    def number(self, value: float) -> float:
        return value

    @strawberry.field
    def refused(self) -> str | None:
        raise RefusedError("analyst may not do this: the right 'read_quotas' is needed")

    @strawberry.field
    def unnamed(self) -> str | None:
        raise NamingError("PROD-x is no name of a request")

    @strawberry.field
    async def broken(self) -> str | None:
        raise RuntimeError("secret internals")

    @strawberry.field
    def coded(self) -> str | None:
        raise GraphQLError("told by a code", extensions={"code": "TEAPOT", "hint": "tea"})

    @strawberry.field
    def uncoded(self) -> str | None:
        raise GraphQLError("secret library message")

    @strawberry.field
    def too_large(self) -> int | None:
        return 5_000_000_000

    @strawberry.field
    def endless(self) -> float | None:
        return float("inf")

    @strawberry.field
    def half_a_pair(self) -> str | None:
        return "\ud800"

    @strawberry.field
    def fatal(self) -> str:
        raise RuntimeError("secret internals")

    @strawberry.field
    def note(self, info: SampleInfo, text: str) -> str:
        info.context.notes["noted"] = text
        return info.context.viewer.name


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, id: strawberry.ID, name: str) -> str:  # noqa: A002
        return f"{id} is {name}"


sample_schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(
        scalar_map={
            Size: strawberry.scalar(name="Size", serialize=str, parse_value=read_size),
            Fragile: strawberry.scalar(name="Fragile", serialize=str, parse_value=int),
        }
    ),
)


class OpenSample:
    """Opens contexts and counts them, so that a test can say that nothing was executed."""

    def __init__(self) -> None:
        self.opened = 0
        self.fails = False

    def __call__(self, viewer: SampleViewer) -> AbstractAsyncContextManager[OperationContext]:
        return self._open(viewer)

    @asynccontextmanager
    async def _open(self, viewer: SampleViewer) -> AsyncIterator[SampleContext]:
        self.opened += 1
        if self.fails:
            raise ConnectionError("secret address of the database")
        yield SampleContext(viewer)


def sample_executor(
    open_context: OpenSample | None = None, limits: Limits | None = None
) -> Executor[SampleViewer]:
    return Executor(
        sample_schema,
        open_context or OpenSample(),
        limits=limits,
        list_bounds={"ProductionRequest.tasks": 4},
        correlation_id=lambda: "c0ffee",
    )
