"""From a valid operation to its plan; what plans cannot say is not covered, and says so."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from sqlalchemy import inspect as inspect_model
from strawberry.types.field import StrawberryField

from gateway.auth.permissions import Right
from gateway.resolvers.entity import Entity
from gateway.resolvers.flat import Attribute
from gateway.schema.compiled.leaves import NAMES, NotCoveredError, expression, leaf_writer, nullable
from gateway.schema.compiled.plans import (
    Build,
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
from gateway.schema.links import FOLLOWS, Follow, Shape
from gateway.schema.reads import KEY, READS

_DEFINITION: Final = "strawberry-definition"

Fields = Mapping[str, Sequence[FieldDetails]]


@dataclass(frozen=True, slots=True)
class _Draft:
    """The entries of a level of rows and the columns they need, before it is known where those stand."""

    type_: GraphQLObjectType
    entity: Entity[Any]
    entries: Sequence[Entry]
    wanted: frozenset[str]


class Compiler:
    """Makes the plan of one operation, with these values of the variables that decide what is selected.

    With `whole_rows`, what relations lead to is read with every column, for resolvers that follow them too.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
        *,
        whole_rows: bool,
    ) -> None:
        self._schema = schema
        self._whole_rows = whole_rows
        self._operation = operation
        self._fragments = {name: FragmentDetails(node) for name, node in fragments.items()}
        self._variables = variables

    def compile(self) -> ObjectPlan:
        """Return the plan of the operation; raises NotCoveredError for what only execution can do."""
        type_ = self._schema.query_type
        if type_ is None:
            raise NotCoveredError("there are no queries")
        found = collect_fields(self._schema, self._fragments, self._variables, type_, self._operation)
        return replace(self._objects(type_, found.grouped_field_set), variables=self._variables_below())

    def _variables_below(self) -> frozenset[str]:
        """Return the variables that stand anywhere but in the arguments of a root field."""
        names: set[str] = set()
        work: list[Any] = [details.definition for details in self._fragments.values()]
        for selection in self._operation.selection_set.selections:
            work += [selection.selection_set] if isinstance(selection, FieldNode) else [selection]
        while work:
            node = work.pop()
            if isinstance(node, VariableNode):
                names.add(node.name.value)
            elif isinstance(node, list | tuple):
                work.extend(node)
            elif node is not None and hasattr(node, "keys"):
                work.extend(getattr(node, key) for key in node.keys)
        return frozenset(names)

    def _objects(self, type_: GraphQLObjectType, fields: Fields) -> ObjectPlan:
        entries = [self._entry(type_, key, details) for key, details in fields.items()]
        names = [f"a{number}" for number in range(len(entries))]
        made = [f"{entry.key!r}: {name}" for entry, name in zip(entries, names, strict=True)]
        return ObjectPlan(entries, _builder(["o", *names], made, {}))

    def _subfields(self, type_: GraphQLObjectType, details: Sequence[FieldDetails]) -> Fields:
        found = collect_subfields(
            self._schema, self._fragments, self._variables, self._operation, type_, list(details)
        )
        return found.grouped_field_set

    def _entry(self, type_: GraphQLObjectType, key: str, details: Sequence[FieldDetails]) -> Entry:
        node = details[0].node
        name = node.name.value
        if name == "__typename":
            return TypeName(key, type_.name)
        definition = type_.fields.get(name)
        if definition is None:
            raise NotCoveredError(f"{name} is answered from the schema")
        declared: StrawberryField = definition.extensions[_DEFINITION]
        metadata: Mapping[Any, Any] = declared.metadata or {}
        if FOLLOWS in metadata:
            return self._followed(key, definition, declared, metadata[FOLLOWS], details)
        completion = self._completion(definition.type, details)
        resolver = declared.base_resolver
        if resolver is None:
            leaf, _ = nullable(definition.type)
            return Read(
                key,
                declared.python_name,
                completion,
                leaf if is_leaf_type(leaf) else None,
            )
        is_simple = not definition.args and not declared.extensions
        return Called(
            key,
            definition,
            node,
            completion,
            cast("Any", resolver.wrapped_func) if is_simple else None,
            takes_info=resolver.info_parameter is not None,
            needs=metadata.get(READS),
        )

    def _completion(self, type_: GraphQLOutputType, details: Sequence[FieldDetails]) -> Completion:
        named, is_nullable = nullable(type_)
        if isinstance(named, GraphQLList):
            return Completion(is_nullable, items=self._completion(named.of_type, details))
        if is_leaf_type(named):
            return Completion(is_nullable, leaf=leaf_writer(named))
        if isinstance(named, GraphQLObjectType):
            possible = {named.name: named}
        else:
            possible = {each.name: each for each in self._schema.get_possible_types(cast("Any", named))}
        plans: dict[str, ObjectPlan] = {}

        def plan_of(type_name: str) -> ObjectPlan:
            """Make the plan of a type when the first such object comes: most of a union never do."""
            if type_name not in plans:
                if type_name not in possible:
                    raise NotCoveredError(f"{type_name} is none of the types that may stand here")
                found = possible[type_name]
                plans[type_name] = self._objects(found, self._subfields(found, details))
            return plans[type_name]

        return Completion(is_nullable, objects=plan_of)

    def _followed(
        self,
        key: str,
        definition: GraphQLField,
        declared: StrawberryField,
        follow: Follow,
        details: Sequence[FieldDetails],
    ) -> Followed:
        named, is_nullable = nullable(definition.type)
        followed = Followed(key, definition, declared, details[0].node, follow, is_nullable, (), False)
        if follow.shape in {Shape.LINK, Shape.LINKS}:
            type_ = _item_type(named) if isinstance(named, GraphQLList) else cast("GraphQLObjectType", named)
            draft = self._draft(type_, self._subfields(type_, details), follow.entity)
            followed.is_whole = self._whole_rows
            every = frozenset(inspect_model(follow.entity.model).column_attrs.keys())
            followed.columns = _columns(follow.entity, every if self._whole_rows else draft.wanted)
            followed.child = _rows(draft, followed.columns)
        else:
            page_type = cast("GraphQLObjectType", named)
            followed.columns, followed.page = self._page(page_type, details, follow.entity)
        return followed

    def _page(
        self, type_: GraphQLObjectType, details: Sequence[FieldDetails], entity: Entity[Any]
    ) -> tuple[Sequence[Attribute], PagePlan]:
        edge_type = _item_type(nullable(type_.fields["edges"].type)[0])
        node_type = cast("GraphQLObjectType", nullable(edge_type.fields["node"].type)[0])
        place_type = cast("GraphQLObjectType", nullable(type_.fields["pageInfo"].type)[0])
        # Cursors are made of whatever the list is sorted by.
        wanted = {column.key for column in (*entity.sorts.values(), *entity.key_columns)}
        drafts: dict[str, _Draft] = {}
        parts: dict[str, Sequence[tuple[str, str]]] = {}
        fields = self._subfields(type_, details)
        for key, found in fields.items():
            match found[0].node.name.value:
                case "nodes":
                    drafts[key] = self._draft(node_type, self._subfields(node_type, found), entity)
                case "edges":
                    inside = self._subfields(edge_type, found)
                    nodes = [each for each in inside.values() if each[0].node.name.value == "node"]
                    if len(nodes) > 1:
                        raise NotCoveredError("the node of an edge is asked for under several names")
                    if nodes:
                        drafts[key] = self._draft(node_type, self._subfields(node_type, nodes[0]), entity)
                    parts[key] = [(name, each[0].node.name.value) for name, each in inside.items()]
                case "pageInfo":
                    place = self._subfields(place_type, found)
                    parts[key] = [(name, each[0].node.name.value) for name, each in place.items()]
                case _:
                    pass
        for draft in drafts.values():
            wanted |= draft.wanted
        columns = _columns(entity, wanted)
        made = [
            PagePart(
                key,
                found[0].node.name.value,
                type_.fields.get(found[0].node.name.value),
                found[0].node,
                _rows(drafts[key], columns) if key in drafts else None,
                parts.get(key, ()),
            )
            for key, found in fields.items()
        ]
        return columns, PagePlan(type_.name, edge_type.name, made)

    def _draft(self, type_: GraphQLObjectType, fields: Fields, entity: Entity[Any]) -> _Draft:
        mapped = frozenset(inspect_model(entity.model).column_attrs.keys())
        entries = [self._entry(type_, key, details) for key, details in fields.items()]
        wanted: set[str] = set()
        for entry in entries:
            match entry:
                case Read():
                    if entry.name not in mapped or entry.leaf is None:
                        raise NotCoveredError(f"{type_.name}.{entry.name} is no column")
                    wanted.add(entry.name)
                case Called():
                    needs = mapped if entry.needs is None else entry.needs
                    if KEY in needs:
                        needs = needs - {KEY} | {column.key for column in entity.key_columns}
                    wanted |= needs
                case Followed():
                    if entry.follow.relation is not None:
                        wanted.add(entry.follow.relation.parent_key.key)
                    if entry.follow.needs is not Right.READ:
                        wanted |= mapped
                case TypeName():
                    pass
        return _Draft(type_, entity, entries, frozenset(wanted))


def _columns(entity: Entity[Any], wanted: set[str] | frozenset[str]) -> Sequence[Attribute]:
    return [getattr(entity.model, name) for name in sorted(wanted)]


def _rows(draft: _Draft, columns: Sequence[Attribute]) -> RowPlan:
    """Return the plan of a level whose rows have these columns, after what they were found by."""
    places = {column.key: place for place, column in enumerate(columns, start=1)}
    names: dict[str, object] = {}
    made: list[str] = []
    lists: list[Called | Followed] = []
    for number, entry in enumerate(draft.entries):
        match entry:
            case Read():
                column = getattr(draft.entity.model, entry.name).property.columns[0]
                leaf = cast("GraphQLLeafType", entry.leaf)
                value = expression(f"r[{places[entry.name]}]", leaf, column.type, names, f"w{number}")
                if not entry.completion.is_nullable and column.nullable:
                    value = f"(n if (n := {value}) is not None else refuse('null where none may be'))"
                made.append(f"{entry.key!r}: {value}")
            case TypeName():
                made.append(f"{entry.key!r}: {entry.name!r}")
            case _:
                made.append(f"{entry.key!r}: a{len(lists)}")
                lists.append(entry)
    build = _builder(["r", *(f"a{number}" for number in range(len(lists)))], made, names)
    shown = draft.type_.extensions[_DEFINITION].origin
    return RowPlan(shown, places, lists, build, all(_is_traceable(entry) for entry in lists))


def _is_traceable(entry: Called | Followed) -> bool:
    """Whether a level can be read for many rows at once so that it is known what for which."""
    if isinstance(entry, Called):
        completion: Completion | None = entry.completion
        while completion is not None and completion.items is not None:
            completion = completion.items
        is_leaf = completion is not None and completion.leaf is not None
        return is_leaf and not inspect.iscoroutinefunction(entry.simple or entry.definition.resolve)
    if entry.page is None:
        return entry.child is not None and entry.child.is_traceable
    # Counts are made by loaders that several lists may share.
    return all(
        part.name != "totalCount" and (part.rows is None or part.rows.is_traceable)
        for part in entry.page.parts
    )


def _item_type(list_type: Any) -> GraphQLObjectType:
    return cast("GraphQLObjectType", nullable(list_type.of_type)[0])


def _builder(names: Sequence[str], made: Sequence[str], given: Mapping[str, object]) -> Build:
    """Return a function of as many lists as there are names, which makes one object of each position.

    Its text is made of numbers, names of columns and GraphQL names in quotes, which hold letters, digits and
    underscores: nothing that a user writes becomes Python.
    """
    lists = ", ".join(name.upper() for name in names)
    if len(names) == 1:
        loop = f"for {names[0]} in {lists}"
    else:
        loop = f"for {', '.join(names)} in zip({lists}, strict=True)"
    text = f"lambda {lists}: [{{{', '.join(made)}}} {loop}]"
    return cast("Build", eval(text, {**NAMES, **given, "__builtins__": {"zip": zip, "str": str}}))  # noqa: S307
