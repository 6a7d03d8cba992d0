"""Runs a plan: one statement for each level of rows, one call of a builder for each level of objects.

Whatever happens that is no ordinary value (a refusal, a null where none may be, a failure) ends it with an
error, and ordinary execution says what it is, in the same snapshot: one place knows how that is said.
"""

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from graphql import get_argument_values
from graphql.execution.values import VariableValues
from strawberry.types.arguments import convert_arguments

from gateway.resolvers.entity import sources_of
from gateway.resolvers.flat import first_statement, many_statement, one_statement, root_statement
from gateway.resolvers.loading import Choice, Slice, share_many, share_one
from gateway.resolvers.pages import ListArguments, Page, child_count, cut_page, root_count, slice_of
from gateway.resolvers.reading import Reading
from gateway.schema.arguments import choice_of, list_arguments
from gateway.schema.compiled.leaves import NotCoveredError
from gateway.schema.compiled.plans import (
    Called,
    Completion,
    Entry,
    Followed,
    ObjectPlan,
    PagePart,
    PagePlan,
    Read,
    RowPlan,
    TypeName,
)
from gateway.schema.connection import MAX_COUNT_AT_MOST
from gateway.schema.context import Context
from gateway.schema.links import Shape, spelled
from gateway.schema.node import read_column
from gateway.store.paging import encode_cursor

# Rows of a level after which other requests get their turn.
ROWS_AT_A_TIME = 200

Values = list[object]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Info:
    """What resolvers ask of `info`; anything else ends the run."""

    context: Context


@dataclass(slots=True)
class Answering:
    """One run of a plan, with the values of the operation's variables."""

    context: Context
    variables: VariableValues
    converting: Any
    _info: _Info = field(init=False)

    def __post_init__(self) -> None:
        self._info = _Info(self.context)

    @property
    def _reading(self) -> Reading:
        return self.context.reading

    async def root(self, plan: ObjectPlan) -> dict[str, object]:
        """Return the data of the answer."""
        [data] = await self._of_objects(plan, [None])
        return data

    async def _of_objects(self, plan: ObjectPlan, objects: Sequence[Any]) -> list[dict[str, object]]:
        # Relations first: resolvers find then what they led to.
        lists = {
            **await self._entries([each for each in plan.entries if isinstance(each, Followed)], objects),
            **await self._entries([each for each in plan.entries if not isinstance(each, Followed)], objects),
        }
        return plan.build(objects, *(lists[entry.key] for entry in plan.entries))

    async def _entries(self, entries: Sequence[Entry], objects: Sequence[Any]) -> dict[str, Values]:
        return _by_key(entries, await _together([self._of_entry(entry, objects) for entry in entries]))

    async def _of_entry(self, entry: Entry, objects: Sequence[Any]) -> Values:
        match entry:
            case TypeName():
                return [entry.name] * len(objects)
            case Read():
                found = [read_column(each, entry.name) for each in objects]
                return await self._completed(entry.completion, found)
            case Called():
                return await self._called(entry, objects)
            case Followed():
                return await self._followed(entry, [getattr(each, "row", None) for each in objects])

    async def _of_rows(self, plan: RowPlan, rows: Sequence[Any]) -> list[dict[str, object]]:
        if not rows:
            return []
        followed = [entry for entry in plan.lists if isinstance(entry, Followed)]
        called = [entry for entry in plan.lists if isinstance(entry, Called)]
        shown = [plan.shown.of(row) for row in rows] if called else []
        # Relations first: resolvers find then what they led to.
        values = {
            **_by_key(followed, await _together([self._followed(entry, rows) for entry in followed])),
            **_by_key(called, await _together([self._called(entry, shown) for entry in called])),
        }
        lists = [values[entry.key] for entry in plan.lists]
        if len(rows) <= ROWS_AT_A_TIME:
            return plan.build(rows, *lists)
        built: list[dict[str, object]] = []
        for start in range(0, len(rows), ROWS_AT_A_TIME):
            end = start + ROWS_AT_A_TIME
            built += plan.build(rows[start:end], *(values[start:end] for values in lists))
            await asyncio.sleep(0)
        return built

    async def _called(self, entry: Called, objects: Sequence[Any]) -> Values:
        if entry.simple is not None:
            call, info = entry.simple, self._info
            found = [call(each, info) if entry.takes_info else call(each) for each in objects]
        else:
            given = get_argument_values(entry.definition, entry.node, self.variables)
            resolve = cast("Any", entry.definition.resolve)
            found = [resolve(each, self._info, **given) for each in objects]
        if found and inspect.isawaitable(found[0]):
            found = await _together(found)
        return await self._completed(entry.completion, found)

    async def _completed(self, completion: Completion, values: Sequence[Any]) -> Values:
        there = [value for value in values if value is not None]
        if len(there) != len(values) and not completion.is_nullable:
            raise NotCoveredError("null where none may be")
        if completion.leaf is not None:
            leaf = completion.leaf
            done: Values = [leaf(value) for value in there]
        elif completion.items is not None:
            if not all(isinstance(value, list | tuple) for value in there):
                raise NotCoveredError("a list that is none")
            flat = await self._completed(completion.items, [item for value in there for item in value])
            done, start = [], 0
            for value in there:
                done.append(flat[start : start + len(value)])
                start += len(value)
        else:
            done = await self._of_any_type(completion, there)
        if len(there) == len(values):
            return done
        rest = iter(done)
        return [None if value is None else next(rest) for value in values]

    async def _of_any_type(self, completion: Completion, objects: Sequence[Any]) -> Values:
        if completion.objects is None:
            raise NotCoveredError("a type of no kind")
        places: dict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(objects):
            places[type(each).__strawberry_definition__.name].append(place)
        done: Values = [None] * len(objects)
        for type_name, at in places.items():
            made = await self._of_objects(completion.objects(type_name), [objects[place] for place in at])
            for place, value in zip(at, made, strict=True):
                done[place] = value
        return done

    async def _followed(self, entry: Followed, rows: Sequence[Any]) -> Values:
        if not self.context.may(entry.follow.needs):
            viewer = self.context.viewer
            if not all(entry.follow.is_own(row, viewer) for row in rows):
                raise NotCoveredError("a right that the viewer does not have")
        match entry.follow.shape:
            case Shape.LINK:
                return await self._link(entry, rows)
            case Shape.LINKS:
                return await self._links(entry, rows)
            case Shape.CONNECTION:
                return await self._pages(entry, rows)
            case Shape.ROOT_CONNECTION:
                return [await self._root_page(entry)]

    async def _link(self, entry: Followed, rows: Sequence[Any]) -> Values:
        relation, child = cast("Any", entry.follow.relation), cast("RowPlan", entry.child)
        keys = relation.keys_of(rows)
        statement = entry.statement(
            None,
            lambda: one_statement(relation, entry.columns, is_postgresql=self._reading.is_postgresql),
        )
        found = {row[0]: row for row in await self._read(statement, keys, relation.sources)}
        if entry.is_whole:
            share_one(self._reading, relation, {key: found.get(key) for key in keys if key is not None})
        made = await self._of_rows(child, list(found.values()))
        by_key = dict(zip(found, made, strict=True))
        values: Values = [by_key.get(key) for key in keys]
        if not entry.is_nullable and None in values:
            raise NotCoveredError("null where none may be")
        return values

    async def _links(self, entry: Followed, rows: Sequence[Any]) -> Values:
        relation, child = cast("Any", entry.follow.relation), cast("RowPlan", entry.child)
        choice: Choice = choice_of(**self._arguments(entry))
        statement = entry.statement(
            choice,
            lambda: many_statement(
                relation, entry.columns, choice, is_postgresql=self._reading.is_postgresql
            ),
        )
        keys = relation.keys_of(rows)
        sources = relation.sources | sources_of(choice.condition, relation.child)
        found = await self._read(statement, keys, sources)
        if entry.is_whole:
            of_key: dict[object, list[Any]] = {key: [] for key in keys if key is not None}
            for row in found:
                of_key[row[0]].append(row)
            share_many(self._reading, relation, choice, of_key)
        made = await self._of_rows(child, found)
        by_key: dict[object, Values] = defaultdict(list)
        for row, value in zip(found, made, strict=True):
            by_key[row[0]].append(value)
        return [by_key.get(key, []) for key in keys]

    async def _pages(self, entry: Followed, rows: Sequence[Any]) -> Values:
        relation = cast("Any", entry.follow.relation)
        arguments: ListArguments = list_arguments(**self._arguments(entry))
        slice_ = slice_of(relation.child, arguments, default_sort=relation.order)
        statement = entry.statement(
            slice_,
            lambda: first_statement(
                relation, entry.columns, slice_, is_postgresql=self._reading.is_postgresql
            ),
        )
        keys = relation.keys_of(rows)
        sources = relation.sources | sources_of(slice_.condition, relation.child)
        by_key: dict[object, list[Any]] = defaultdict(list)
        for row in await self._read(statement, keys, sources):
            by_key[row[0]].append(row)
        order = relation.child.order(slice_.sort)
        pages = [cut_page(by_key.get(key, ()), order, arguments.page) for key in keys]

        async def counts() -> Sequence[int]:
            return await asyncio.gather(
                *(child_count(self._reading, relation, row, arguments) for row in rows)
            )

        async def count_up_to(at_most: int | None) -> Values:
            exact = await counts()
            return [each if at_most is None else min(each, at_most + 1) for each in exact]

        return await self._of_pages(cast("PagePlan", entry.page), pages, count_up_to)

    async def _root_page(self, entry: Followed) -> object:
        entity = entry.follow.entity
        arguments: ListArguments = list_arguments(**self._arguments(entry))
        slice_: Slice = slice_of(entity, arguments)
        statement = entry.statement(slice_, lambda: root_statement(entity, entry.columns, slice_))
        sources = entity.sources | sources_of(arguments.condition, entity)
        rows = await self._reading.rows_for(statement, (), sources=sources)
        page = cut_page(rows, entity.order(slice_.sort), arguments.page)

        async def count_up_to(at_most: int | None) -> Values:
            return [await root_count(self._reading, entity, arguments, at_most)]

        [made] = await self._of_pages(cast("PagePlan", entry.page), [page], count_up_to)
        return made

    async def _of_pages(self, plan: PagePlan, pages: Sequence[Page[Any]], count_up_to: Any) -> Values:
        lists = [await self._page_part(plan, part, pages, count_up_to) for part in plan.parts]
        keys = [part.key for part in plan.parts]
        return [dict(zip(keys, values, strict=True)) for values in zip(*lists, strict=True)]

    async def _page_part(
        self, plan: PagePlan, part: PagePart, pages: Sequence[Page[Any]], count_up_to: Any
    ) -> Values:
        match part.name:
            case "__typename":
                return [plan.type_name] * len(pages)
            case "totalCount":
                given = get_argument_values(cast("Any", part.definition), part.node, self.variables)
                at_most = given.get("atMost")
                if at_most is not None and not 0 <= at_most <= MAX_COUNT_AT_MOST:
                    raise NotCoveredError("a count that is refused")
                write = cast("Any", part.definition).type.of_type.coerce_output_value
                return [write(count) for count in await count_up_to(at_most)]
            case "pageInfo":
                return [{key: _place_of(page, name) for key, name in part.parts} for page in pages]
            case _:
                made: list[dict[str, object]] = []
                if part.rows is not None:
                    made = await self._of_rows(part.rows, [row for page in pages for row in page.rows])
                if part.name == "nodes":
                    return _in_pages(made, pages)
                return _in_pages(_edges(plan, part, pages, made), pages)

    async def _read(self, statement: Any, keys: Sequence[object], sources: Any) -> Sequence[Any]:
        wanted = [key for key in dict.fromkeys(keys) if key is not None]
        return await self._reading.rows_for(statement, wanted, sources=sources) if wanted else ()

    def _arguments(self, entry: Followed) -> dict[str, Any]:
        if not entry.node.arguments:
            return {}
        given = get_argument_values(entry.definition, entry.node, self.variables)
        registry = self.converting
        return spelled(
            convert_arguments(given, entry.declared.arguments, registry.scalar_registry, registry.config)
        )


def _by_key(entries: Sequence[Entry], values: Sequence[Values]) -> dict[str, Values]:
    return {entry.key: each for entry, each in zip(entries, values, strict=True)}


async def _together(work: Sequence[Awaitable[Result]]) -> list[Result]:
    """Return what all of them give; side by side, so that their reads are made in one statement.

    All run to their end, failed or not: what is left over would read on beside ordinary execution.
    """
    if len(work) <= 1:
        return [await each for each in work]
    done = await asyncio.gather(*work, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return cast("list[Result]", done)


def _place_of(page: Page[Any], name: str) -> object:
    match name:
        case "hasNextPage":
            return page.has_next
        case "hasPreviousPage":
            return page.has_previous
        case "startCursor":
            return encode_cursor(page.order, page.rows[0]) if page.rows else None
        case "endCursor":
            return encode_cursor(page.order, page.rows[-1]) if page.rows else None
        case "__typename":
            return "PageInfo"
        case _:
            raise NotCoveredError(f"PageInfo.{name} is not known here")


def _edges(
    plan: PagePlan, part: PagePart, pages: Sequence[Page[Any]], nodes: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    place = 0
    for page in pages:
        for row in page.rows:
            edge: dict[str, object] = {}
            for key, name in part.parts:
                match name:
                    case "cursor":
                        edge[key] = encode_cursor(page.order, row)
                    case "node":
                        edge[key] = nodes[place]
                    case "__typename":
                        edge[key] = plan.edge_type_name
                    case _:
                        raise NotCoveredError(f"an edge's {name} is not known here")
            made.append(edge)
            place += 1
    return made


def _in_pages(made: Sequence[dict[str, object]], pages: Sequence[Page[Any]]) -> Values:
    values: Values = []
    start = 0
    for page in pages:
        values.append(list(made[start : start + len(page.rows)]))
        start += len(page.rows)
    return values
