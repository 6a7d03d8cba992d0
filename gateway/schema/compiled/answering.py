"""Runs a plan: one statement for each level of rows, one call of a builder for each level of objects.

Whatever happens that is no ordinary value (a refusal, a null where none may be, a failure) ends it with an
error, and ordinary execution says what it is, in the same snapshot: one place knows how that is said.
"""

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

import orjson
from graphql import get_argument_values
from graphql.execution.values import VariableValues
from strawberry.types.arguments import convert_arguments

from gateway.resolvers.entity import Entity, Relation, is_of_one_row
from gateway.resolvers.flat import first_statement, many_statement, one_statement, root_statement
from gateway.resolvers.loading import ALL_PRESENT, Choice, Slice, share_many, share_one
from gateway.resolvers.pages import ListArguments, Page, child_count, cut_page, root_count, slice_of
from gateway.resolvers.reading import Reading
from gateway.schema.arguments import choice_of, list_arguments
from gateway.schema.compiled.leaves import NotCoveredError
from gateway.schema.compiled.parts import KeptParts, Life, Part, Trace, all_of
from gateway.schema.compiled.plans import (
    Called,
    Completion,
    Entry,
    Followed,
    ObjectPlan,
    PagePart,
    PagePlan,
    PageRead,
    Read,
    RowPlan,
    TypeName,
)
from gateway.schema.connection import MAX_COUNT_AT_MOST
from gateway.schema.context import Context
from gateway.schema.links import Shape, spelled
from gateway.schema.node import read_column
from gateway.store.paging import encode_cursor
from gateway.store.row_changes import NOTED
from gateway.store.sources import SourceName
from gateway.store.versions import looking, note_looked, note_table

# Rows of a level after which other requests get their turn.
ROWS_AT_A_TIME = 200

# Stands on both sides of a part's number, until its JSON is put there.
_MARK: Final = b"\0"

Values = list[object]
OfRows = Callable[[RowPlan, Sequence[Any]], Awaitable[Sequence[object]]]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Info:
    """What resolvers ask of `info`; anything else ends the run."""

    context: Context


@dataclass(frozen=True, slots=True)
class Data:
    """The JSON of an answer's data, and the lives of the parts in it that are kept."""

    json: bytes
    parts: Sequence[Life] = ()


@dataclass(frozen=True, slots=True)
class Owners:
    """For which parts the rows of a level are read, by row, and where that is noted."""

    trace: Trace
    bits: Sequence[int]

    def by_key(self, keys: Sequence[object]) -> dict[object, int]:
        """Return for which parts each key is looked for; a row without one leads nowhere."""
        found: dict[object, int] = {}
        for key, bits in zip(keys, self.bits, strict=True):
            if key is not None:
                found[key] = found.get(key, 0) | bits
        return found


@dataclass(slots=True)
class Answering:
    """One run of a plan, with the values of the operation's variables.

    With `kept`, rows of root lists are taken from the parts kept there, and those read are kept.
    """

    context: Context
    variables: VariableValues
    converting: Any
    kept: KeptParts | None = None
    _asked: Hashable = None
    _placed: list[bytes] = field(default_factory=list)
    _parts: list[Part] = field(default_factory=list)
    _info: _Info = field(init=False)

    def __post_init__(self) -> None:
        self._info = _Info(self.context)

    @property
    def _reading(self) -> Reading:
        return self.context.reading

    async def root(self, plan: ObjectPlan) -> Data:
        """Return the data of the answer; raises TypeError for what JSON cannot say."""
        if self._reading.seen is None:
            self.kept = None
        values = self.variables.coerced
        self._asked = self.context.rights, tuple((name, repr(values.get(name))) for name in plan.variables)
        [data] = await self._of_objects(plan, [None])
        json = orjson.dumps(data)
        if self._placed:
            # Where parts go there are their numbers, between bytes that JSON never holds.
            pieces = json.split(_MARK)
            pieces[1::2] = [self._placed[int(number)] for number in pieces[1::2]]
            json = b"".join(pieces)
        return Data(json, [part.life for part in self._parts])

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

    async def _of_root_rows(
        self, plan: RowPlan, rows: Sequence[Any], entity: Entity[Any]
    ) -> Sequence[object]:
        """Return the objects of a root list's rows, as marks where they are parts of their own."""
        kept, reading = self.kept, self._reading
        if kept is None or not plan.is_traceable or entity.model.__tablename__ not in NOTED:
            return await self._of_rows(plan, rows)
        places = [plan.places[column.key] for column in entity.key_columns]
        keys = [tuple(row[place] for place in places) for row in rows]
        group = kept.group(plan, self._asked)
        found = kept.find(group, keys, reading.look, reading.is_past)
        missing = [place for place, part in enumerate(found) if part is None]
        objects: list[object] = [None] * len(rows)
        if missing:
            trace = Trace(len(missing))
            some = [rows[place] for place in missing]
            owners = Owners(trace, [1 << number for number in range(len(missing))])
            [column, *_] = entity.key_columns
            of_key = owners.by_key([row[plan.places[column.key]] for row in some])
            trace.note_points(entity.model.__tablename__, column.key, of_key)
            with looking() as looked:
                made = await self._of_rows(plan, some, owners)
            trace.note_tables(looked.tables, trace.everybody)
            trace.asks_moment |= looked.asks_moment
            if self.context.is_own_affair or reading.is_of_the_moment or not trace.is_known:
                looked.tables |= trace.tables.keys() | {column[0] for column in trace.points}
                looked.asks_moment |= trace.asks_moment
                note_looked(looked)
                for place, each in zip(missing, made, strict=True):
                    objects[place] = each
            else:
                texts = [(keys[place], orjson.dumps(each)) for place, each in zip(missing, made, strict=True)]
                read = kept.keep(group, trace, texts, reading.look, reading.good_until)
                for place, new in zip(missing, read, strict=True):
                    found[place] = new
        for place, part in enumerate(found):
            if part is not None:
                objects[place] = orjson.Fragment(b"%b%d%b" % (_MARK, len(self._placed), _MARK))
                self._placed.append(part.json)
                self._parts.append(part)
        await reading.touch(frozenset().union(*(part.touched for part in found if part is not None)))
        return objects

    async def _of_rows(
        self, plan: RowPlan, rows: Sequence[Any], owners: Owners | None = None
    ) -> list[dict[str, object]]:
        if not rows:
            return []
        followed = [entry for entry in plan.lists if isinstance(entry, Followed)]
        called = [entry for entry in plan.lists if isinstance(entry, Called)]
        shown = [plan.shown.of(row) for row in rows] if called else []
        # Relations first: resolvers find then what they led to.
        values = {
            **_by_key(followed, await _together([self._followed(entry, rows, owners) for entry in followed])),
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

    async def _followed(self, entry: Followed, rows: Sequence[Any], owners: Owners | None = None) -> Values:
        if not self.context.may(entry.follow.needs):
            viewer = self.context.viewer
            if not all(entry.follow.is_own(row, viewer) for row in rows):
                raise NotCoveredError("a right that the viewer does not have")
        match entry.follow.shape:
            case Shape.LINK:
                return await self._link(entry, rows, owners)
            case Shape.LINKS:
                return await self._links(entry, rows, owners)
            case Shape.CONNECTION:
                return await self._pages(entry, rows, owners)
            case Shape.ROOT_CONNECTION:
                return [await self._root_page(entry)]

    async def _link(self, entry: Followed, rows: Sequence[Any], owners: Owners | None) -> Values:
        relation, child = cast("Any", entry.follow.relation), cast("RowPlan", entry.child)
        keys = relation.keys_of(rows)
        statement = entry.statement(
            None,
            lambda: one_statement(relation, entry.columns, is_postgresql=self._reading.is_postgresql),
        )
        of_key = None if owners is None else owners.by_key(keys)
        read = await self._read(statement, keys, relation, ALL_PRESENT, owners, of_key)
        found = {row[0]: row for row in read}
        if entry.is_whole:
            share_one(self._reading, relation, {key: found.get(key) for key in keys if key is not None})
        made = await self._of_rows(child, list(found.values()), _owners_of(owners, of_key, list(found)))
        by_key = dict(zip(found, made, strict=True))
        values: Values = [by_key.get(key) for key in keys]
        if not entry.is_nullable and None in values:
            raise NotCoveredError("null where none may be")
        return values

    async def _links(self, entry: Followed, rows: Sequence[Any], owners: Owners | None) -> Values:
        relation, child = cast("Any", entry.follow.relation), cast("RowPlan", entry.child)
        choice: Choice = choice_of(**self._arguments(entry))
        statement = entry.statement(
            choice,
            lambda: many_statement(
                relation, entry.columns, choice, is_postgresql=self._reading.is_postgresql
            ),
        )
        keys = relation.keys_of(rows)
        of_key = None if owners is None else owners.by_key(keys)
        found = await self._read(statement, keys, relation, choice, owners, of_key)
        if entry.is_whole:
            shared: dict[object, list[Any]] = {key: [] for key in keys if key is not None}
            for row in found:
                shared[row[0]].append(row)
            share_many(self._reading, relation, choice, shared)
        made = await self._of_rows(child, found, _owners_of(owners, of_key, [row[0] for row in found]))
        by_key: dict[object, Values] = defaultdict(list)
        for row, value in zip(found, made, strict=True):
            by_key[row[0]].append(value)
        return [by_key.get(key, []) for key in keys]

    async def _pages(self, entry: Followed, rows: Sequence[Any], owners: Owners | None) -> Values:
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
        of_key = None if owners is None else owners.by_key(keys)
        by_key: dict[object, list[Any]] = defaultdict(list)
        for row in await self._read(statement, keys, relation, slice_, owners, of_key):
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

        async def of_rows(plan: RowPlan, rows: Sequence[Any]) -> Sequence[object]:
            return await self._of_rows(plan, rows, _owners_of(owners, of_key, [row[0] for row in rows]))

        return await self._of_pages(cast("PagePlan", entry.page), pages, count_up_to, of_rows)

    async def _root_page(self, entry: Followed) -> object:
        entity = entry.follow.entity
        arguments: ListArguments = list_arguments(**self._arguments(entry))
        slice_: Slice = slice_of(entity, arguments)
        statement = entry.statement(slice_, lambda: root_statement(entity, entry.columns, slice_))
        sources = entity.sources | slice_.sources(entity)
        rows = await self._root_rows(entry, slice_, statement, sources)
        page = cut_page(rows, entity.order(slice_.sort), arguments.page)

        async def count_up_to(at_most: int | None) -> Values:
            return [await root_count(self._reading, entity, arguments, at_most)]

        async def of_rows(plan: RowPlan, rows: Sequence[Any]) -> Sequence[object]:
            return await self._of_root_rows(plan, rows, entity)

        [made] = await self._of_pages(cast("PagePlan", entry.page), [page], count_up_to, of_rows)
        return made

    async def _root_rows(
        self, entry: Followed, slice_: Slice, statement: Any, sources: frozenset[SourceName]
    ) -> Sequence[Any]:
        """Return the rows of a root page: those read last, if none of its tables was written since."""
        reading, last = self._reading, entry.page_read
        if self.kept is None or not self.kept.keeps_pages or reading.seen is None:
            return await reading.rows_for(statement, (), sources=sources)
        if last is not None and last.slice_ == slice_ and reading.seen.is_same(last.seen, last.tables):
            for table in last.tables:
                note_table(table)
            await reading.touch(sources)
            return last.rows
        with looking() as looked:
            rows = await reading.rows_for(statement, (), sources=sources)
        note_looked(looked)
        if not looked.asks_moment and len(rows) <= ROWS_AT_A_TIME:
            entry.page_read = PageRead(slice_, rows, frozenset(looked.tables), reading.seen)
        return rows

    async def _of_pages(
        self, plan: PagePlan, pages: Sequence[Page[Any]], count_up_to: Any, of_rows: OfRows
    ) -> Values:
        lists = [await self._page_part(plan, part, pages, count_up_to, of_rows) for part in plan.parts]
        keys = [part.key for part in plan.parts]
        return [dict(zip(keys, values, strict=True)) for values in zip(*lists, strict=True)]

    async def _page_part(
        self,
        plan: PagePlan,
        part: PagePart,
        pages: Sequence[Page[Any]],
        count_up_to: Any,
        of_rows: OfRows,
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
                made: Sequence[object] = ()
                if part.rows is not None:
                    made = await of_rows(part.rows, [row for page in pages for row in page.rows])
                if part.name == "nodes":
                    return _in_pages(made, pages)
                return _in_pages(_edges(plan, part, pages, made), pages)

    async def _read(
        self,
        statement: Any,
        keys: Sequence[object],
        relation: Relation[Any, Any],
        chosen: Choice | Slice,
        owners: Owners | None,
        of_key: Mapping[object, int] | None,
    ) -> Sequence[Any]:
        wanted = [key for key in dict.fromkeys(keys) if key is not None]
        if not wanted:
            return ()
        sources = relation.sources | chosen.sources(relation.child)
        if owners is None or of_key is None:
            return await self._reading.rows_for(statement, wanted, sources=sources)
        with looking() as looked:
            rows = await self._reading.rows_for(statement, wanted, sources=sources)
        trace, everybody = owners.trace, all_of(of_key)
        matched = relation.matched_column
        table = matched.class_.__tablename__
        trace.note_points(table, matched.key, of_key)
        # What else the statement names may have been read anywhere.
        exact = {table} if is_of_one_row(chosen.condition, relation.child) else set()
        trace.note_tables(looked.tables - exact, everybody)
        trace.note_touched(sources, everybody)
        trace.asks_moment |= looked.asks_moment
        return rows

    def _arguments(self, entry: Followed) -> dict[str, Any]:
        if not entry.node.arguments:
            return {}
        given = get_argument_values(entry.definition, entry.node, self.variables)
        registry = self.converting
        return spelled(
            convert_arguments(given, entry.declared.arguments, registry.scalar_registry, registry.config)
        )


def _owners_of(
    owners: Owners | None, of_key: Mapping[object, int] | None, keys: Sequence[object]
) -> Owners | None:
    """Return for which parts rows were read that were found by these keys."""
    if owners is None or of_key is None:
        return None
    return Owners(owners.trace, [of_key.get(key, owners.trace.everybody) for key in keys])


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
    plan: PagePlan, part: PagePart, pages: Sequence[Page[Any]], nodes: Sequence[object]
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


def _in_pages(made: Sequence[object], pages: Sequence[Page[Any]]) -> Values:
    values: Values = []
    start = 0
    for page in pages:
        values.append(list(made[start : start + len(page.rows)]))
        start += len(page.rows)
    return values
