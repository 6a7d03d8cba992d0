"""A GraphQL document reduced to what the limits count, read in one pass that looks at every node once.

It works on documents that were parsed but not validated, so it believes nothing: fields, types and fragments
may not exist, fragments may spread themselves, values may be anything the grammar allows.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from gateway.errors import BadValueError
from gateway.schema.cost import FieldShape, ListSize, SchemaShape
from gateway.schema.values import MAX_NUMBER_CHARACTERS, check_text

# The fields by which a schema describes itself; `__typename` says nothing an object does not.
INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})
_META_FIELDS = INTROSPECTION_FIELDS | {"__typename"}


@dataclass(frozen=True, slots=True)
class Amount:
    """How many objects a field returns: the largest number given in the document or by a variable."""

    default: int
    given: int | None = None
    variables: tuple[str, ...] = ()
    asked_at: str = ""

    def asked(self, numbers: Mapping[str, int]) -> int | None:
        """Return the number asked for with these variables, None if it is left to the default."""
        asked = [numbers[name] for name in self.variables if name in numbers]
        if self.given is not None:
            asked.append(self.given)
        return max(0, *asked) if asked else None


@dataclass(frozen=True, slots=True)
class FieldUse:
    """One selected field; `child` is the index of its own selections among the levels of its definition."""

    is_aliased: bool
    child: int | None = None
    repeats: Amount = Amount(1)
    page: Amount = Amount(1)
    is_page_item: bool = False


@dataclass(slots=True)
class Level:
    """The selections of one selection set; inline fragments belong to the set they stand in."""

    fields: list[FieldUse] = field(default_factory=list)
    spreads: list[str] = field(default_factory=list)
    selects_data: bool = False
    response_names: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class OperationOutline:
    """One operation: its levels, the outermost first, and the numbers its variables have by default."""

    node: OperationDefinitionNode
    levels: list[Level]
    default_numbers: Mapping[str, int]


@dataclass(slots=True)
class Outline:
    """All that the limits need of one document.

    `fragment_order` names every fragment after the fragments it spreads; `visited` counts the nodes.
    """

    operations: list[OperationOutline] = field(default_factory=list)
    fragments: dict[str, list[Level]] = field(default_factory=dict)
    fragment_order: list[str] = field(default_factory=list)
    fragment_count: int = 0
    directive_count: int = 0
    most_repeats: int = 0
    most_object_fields: int = 0
    deepest_value: int = 0
    asks_introspection: bool = False
    page_variables: set[str] = field(default_factory=set)
    visited: int = 0


def outline_of(document: DocumentNode, shape: SchemaShape) -> Outline:
    """Return the outline of a parsed document.

    Raises BadValueError if a literal can be the value of no type. Definitions that are neither operations nor
    fragments are left to validation.
    """
    return _Reader(shape).read(document)


GREATEST_INT: Final = 2**31 - 1


def number_of(value: object) -> int | None:
    """Return the number of objects a variable's value asks for: an integer itself, a list by its length.

    What is no Int of GraphQL is refused later; until then it counts as the greatest one.
    """
    match value:
        case bool():
            return None
        case int():
            return min(value, GREATEST_INT)
        case float() if value.is_integer():
            return int(min(value, GREATEST_INT))
        case list():
            return len(value)
        case _:
            return None


class _Reader:
    def __init__(self, shape: SchemaShape) -> None:
        self._shape = shape
        self._outline = Outline()

    def read(self, document: DocumentNode) -> Outline:
        outline = self._outline
        for definition in document.definitions:
            outline.visited += 1
            if isinstance(definition, OperationDefinitionNode):
                self._read_directives(definition.directives or ())
                defaults: dict[str, int] = {}
                for variable in definition.variable_definitions or ():
                    outline.visited += 1
                    self._read_directives(variable.directives or ())
                    if variable.default_value is not None:
                        self._read_value(variable.default_value)
                        number = _literal_number(variable.default_value)
                        if number is not None:
                            defaults[variable.variable.name.value] = number
                root = self._shape.roots.get(definition.operation.value)
                levels = self._read_levels(definition.selection_set, root)
                outline.operations.append(OperationOutline(definition, levels, defaults))
            elif isinstance(definition, FragmentDefinitionNode):
                outline.fragment_count += 1
                self._read_directives(definition.directives or ())
                on_type = definition.type_condition.name.value
                outline.fragments[definition.name.value] = self._read_levels(
                    definition.selection_set, on_type
                )
        outline.fragment_order = _order(outline.fragments)
        return outline

    def _read_levels(self, selections: SelectionSetNode, type_name: str | None) -> list[Level]:
        levels = [Level()]
        # A list of work instead of recursion: the depth of a document must not become ours.
        work = [(selections, type_name, 0)]
        while work:
            selection_set, on_type, index = work.pop()
            level = levels[index]
            for node in selection_set.selections:
                self._outline.visited += 1
                self._read_directives(node.directives or ())
                match node:
                    case FieldNode():
                        shape = self._shape.fields.get(on_type or "", {}).get(node.name.value)
                        child = None
                        if node.selection_set is not None:
                            child = len(levels)
                            levels.append(Level())
                            work.append((node.selection_set, shape.type_name if shape else None, child))
                        self._read_field(node, shape, child, level)
                    case InlineFragmentNode():
                        condition = node.type_condition.name.value if node.type_condition else on_type
                        work.append((node.selection_set, condition, index))
                    case FragmentSpreadNode():
                        level.spreads.append(node.name.value)
        return levels

    def _read_field(self, node: FieldNode, shape: FieldShape | None, child: int | None, level: Level) -> None:
        outline = self._outline
        name = node.name.value
        response_name = node.alias.value if node.alias else name
        level.response_names[response_name] += 1
        outline.most_repeats = max(outline.most_repeats, level.response_names[response_name])
        outline.asks_introspection |= name in INTROSPECTION_FIELDS
        level.selects_data |= name not in _META_FIELDS
        arguments = {}
        for argument in node.arguments or ():
            outline.visited += 1
            self._read_value(argument.value)
            arguments[argument.name.value] = argument
        if child is None or shape is None:
            level.fields.append(FieldUse(node.alias is not None, child))
            return
        level.fields.append(
            FieldUse(
                is_aliased=node.alias is not None,
                child=child,
                repeats=self._amount(shape.repeats, arguments, name),
                page=self._amount(shape.page, arguments, name),
                is_page_item=shape.is_page_item,
            )
        )

    def _amount(self, size: int | ListSize, arguments: Mapping[str, ArgumentNode], name: str) -> Amount:
        if isinstance(size, int):
            return Amount(size)
        values = [arguments[name].value for name in size.arguments if name in arguments]
        variables = tuple(value.name.value for value in values if isinstance(value, VariableNode))
        self._outline.page_variables.update(variables)
        numbers = [number for value in values if (number := _literal_number(value)) is not None]
        return Amount(size.default, max(numbers, default=None), variables, name)

    def _read_directives(self, directives: Iterable[DirectiveNode]) -> None:
        for directive in directives:
            self._outline.visited += 1
            self._outline.directive_count += 1
            for argument in directive.arguments or ():
                self._outline.visited += 1
                self._read_value(argument.value)

    def _read_value(self, value: ValueNode) -> None:
        outline = self._outline
        work = [(value, 1)]
        while work:
            node, depth = work.pop()
            outline.visited += 1
            outline.deepest_value = max(outline.deepest_value, depth)
            match node:
                case IntValueNode() | FloatValueNode():
                    _check_number(node.value)
                case StringValueNode():
                    check_text(node.value)
                case ListValueNode():
                    work.extend((item, depth + 1) for item in node.values)
                case ObjectValueNode():
                    outline.most_object_fields = max(outline.most_object_fields, len(node.fields))
                    work.extend((item.value, depth + 1) for item in node.fields)
                case _:
                    pass


def _check_number(literal: str) -> None:
    if len(literal) > MAX_NUMBER_CHARACTERS:
        raise BadValueError(
            f"a number has {len(literal)} characters; the longest we read has {MAX_NUMBER_CHARACTERS}"
        )
    if not math.isfinite(float(literal)):
        raise BadValueError("a number is too large to be finite")


def _literal_number(value: ValueNode) -> int | None:
    match value:
        case IntValueNode():
            return min(int(value.value), GREATEST_INT)
        case ListValueNode():
            return len(value.values)
        case _:
            return None


def _order(fragments: Mapping[str, list[Level]]) -> list[str]:
    """Return the fragments, each after those it spreads; a spread that closes a cycle is passed over."""
    spreads = {name: {s for level in levels for s in level.spreads} for name, levels in fragments.items()}
    order: list[str] = []
    entered: set[str] = set()
    for start in fragments:
        path = [(start, iter(spreads[start]))] if start not in entered else []
        entered.add(start)
        while path:
            name, rest = path[-1]
            following = next((s for s in rest if s in spreads and s not in entered), None)
            if following is None:
                path.pop()
                order.append(name)
            else:
                entered.add(following)
                path.append((following, iter(spreads[following])))
    return order
