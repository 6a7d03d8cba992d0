"""The measure of a document found the simple way: every fragment written out wherever it is spread."""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from gateway.schema.cost import FieldShape, ListSize, SchemaShape
from gateway.schema.measures import Measure


def naive_measure(document: DocumentNode, shape: SchemaShape, numbers: Mapping[str, int]) -> Measure:
    """Return what the analyser must find; takes time that grows with the spread document."""
    return _Naive(document, shape, numbers).measure()


class _Naive:
    def __init__(self, document: DocumentNode, shape: SchemaShape, numbers: Mapping[str, int]) -> None:
        self.shape = shape
        self.numbers = numbers
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        (self.operation,) = (
            node for node in document.definitions if isinstance(node, OperationDefinitionNode)
        )

    def measure(self) -> Measure:
        root = self.shape.roots[self.operation.operation.value]
        return self.of(self.operation.selection_set, root)

    def of(self, selections: SelectionSetNode, type_name: str | None) -> Measure:
        result = Measure()
        for node, on_type in self.spread(selections, type_name):
            result = self.add(result, node, on_type)
        return result

    def spread(self, selections: SelectionSetNode, on: str | None) -> Iterator[tuple[FieldNode, str | None]]:
        # Fields before fragments, as the analyser goes: it decides which of two equal pages is named.
        spreads = []
        inline = []
        for node in selections.selections:
            match node:
                case FieldNode():
                    yield node, on
                case InlineFragmentNode():
                    inline.append(node)
                case FragmentSpreadNode():
                    spreads.append(self.fragments[node.name.value])
        for node in inline:
            yield from self.spread(
                node.selection_set, node.type_condition.name.value if node.type_condition else on
            )
        for fragment in spreads:
            yield from self.spread(fragment.selection_set, fragment.type_condition.name.value)

    def add(self, so_far: Measure, node: FieldNode, on_type: str | None) -> Measure:
        name = node.name.value
        child = Measure()
        objects = per_item = 0
        page, page_at = so_far.largest_page, so_far.largest_page_at
        if node.selection_set is not None:
            shape = self.shape.fields.get(on_type or "", {}).get(name)
            child = self.of(node.selection_set, shape.type_name if shape else None)
            if child.largest_page > page:
                page, page_at = child.largest_page, child.largest_page_at
            repeats, page_size = 1, 1
            if shape is not None:
                repeats, asked = self.size(shape.repeats, node)
                if asked > page:
                    page, page_at = asked, name
                page_size, asked = self.size(shape.page, node)
                if asked > page:
                    page, page_at = asked, name
            each = 1 + child.objects + child.per_item * page_size
            objects, per_item = self.share(shape, repeats, each)
        return Measure(
            depth=max(so_far.depth, child.depth + 1),
            fields=so_far.fields + 1 + child.fields,
            root_fields=so_far.root_fields + 1,
            aliases=so_far.aliases + child.aliases + (node.alias is not None),
            objects=so_far.objects + objects,
            per_item=so_far.per_item + per_item,
            selects_data=so_far.selects_data or name not in {"__schema", "__type", "__typename"},
            largest_page=page,
            largest_page_at=page_at,
        )

    def share(self, shape: FieldShape | None, repeats: int, each: int) -> tuple[int, int]:
        return (0, each) if shape is not None and shape.is_page_item else (repeats * each, 0)

    def size(self, size: int | ListSize, node: FieldNode) -> tuple[int, int]:
        """Return the size, and what was asked for to get it (0 for nothing)."""
        if isinstance(size, int):
            return size, 0
        asked = []
        for argument in node.arguments or ():
            if argument.name.value in size.arguments:
                match argument.value:
                    case IntValueNode():
                        asked.append(int(argument.value.value))
                    case ListValueNode():
                        asked.append(len(argument.value.values))
                    case VariableNode():
                        asked.append(self.numbers[argument.value.name.value])
        return (max(0, *asked), max(0, *asked)) if asked else (size.default, 0)
