"""How deep, wide and dear an operation is, added up from its outline with every fragment measured once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.schema.outline import Level, OperationOutline, Outline, number_of

# Sums stop here, far above every limit: a hundred doubling fragments must not make hundred-digit numbers.
CEILING = 10**12


class Measure(NamedTuple):
    """What one selection set, with everything below it, amounts to.

    `objects` counts the objects estimated to be returned, apart from the items of the page that the set
    itself is the connection of: of those, one item amounts to `per_item` objects.
    """

    depth: int = 0
    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    objects: int = 0
    per_item: int = 0
    selects_data: bool = False
    largest_page: int = 0
    largest_page_at: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """The measure of an operation, and how many selections were looked at to find it."""

    measure: Measure
    visited: int


def page_numbers(
    outline: Outline, operation: OperationOutline, variables: Mapping[str, object]
) -> dict[str, int]:
    """Return the numbers that the variables used as page sizes have, given ones before defaults."""
    numbers = {
        name: number for name, number in operation.default_numbers.items() if name in outline.page_variables
    }
    for name in outline.page_variables & variables.keys():
        number = number_of(variables[name])
        if number is None:
            numbers.pop(name, None)
        else:
            numbers[name] = number
    return numbers


def measure(outline: Outline, operation: OperationOutline, numbers: Mapping[str, int]) -> Measured:
    """Return what an operation amounts to when its page variables have these numbers.

    Directives are not evaluated: a skipped field counts. Spreads of unknown fragments, and spreads that close
    a cycle, count nothing; validation refuses both.
    """
    fragments: dict[str, Measure] = {}
    visited = 0
    for name in outline.fragment_order:
        levels = outline.fragments[name]
        fragments[name] = _definition(levels, fragments, numbers)
        visited += _size(levels)
    return Measured(_definition(operation.levels, fragments, numbers), visited + _size(operation.levels))


def _size(levels: Sequence[Level]) -> int:
    return sum(len(level.fields) + len(level.spreads) for level in levels)


def _definition(
    levels: Sequence[Level], fragments: Mapping[str, Measure], numbers: Mapping[str, int]
) -> Measure:
    # A level stands after the level that holds it, so from the end every child is known before its parent.
    measures = [Measure()] * len(levels)
    for index in range(len(levels) - 1, -1, -1):
        measures[index] = _level(levels[index], measures, fragments, numbers)
    return measures[0]


def _level(
    level: Level,
    children: Sequence[Measure],
    fragments: Mapping[str, Measure],
    numbers: Mapping[str, int],
) -> Measure:
    depth = aliases = objects = per_item = 0
    fields = root_fields = len(level.fields)
    selects_data = level.selects_data
    page, page_at = 0, ""
    for use in level.fields:
        aliases += use.is_aliased
        if use.child is None:
            depth = max(depth, 1)
            continue
        child = children[use.child]
        depth = max(depth, child.depth + 1)
        fields += child.fields
        aliases += child.aliases
        if child.largest_page > page:
            page, page_at = child.largest_page, child.largest_page_at
        sizes = []
        for amount in (use.repeats, use.page):
            asked = amount.asked(numbers)
            sizes.append(amount.default if asked is None else asked)
            if asked is not None and asked > page:
                page, page_at = asked, amount.asked_at
        each = 1 + child.objects + child.per_item * sizes[1]
        if use.is_page_item:
            per_item += each
        else:
            objects += sizes[0] * each
    for name in level.spreads:
        spread = fragments.get(name)
        if spread is None:
            continue
        depth = max(depth, spread.depth)
        fields += spread.fields
        root_fields += spread.root_fields
        aliases += spread.aliases
        objects += spread.objects
        per_item += spread.per_item
        selects_data |= spread.selects_data
        if spread.largest_page > page:
            page, page_at = spread.largest_page, spread.largest_page_at
    return Measure(
        depth=depth,
        fields=min(fields, CEILING),
        root_fields=min(root_fields, CEILING),
        aliases=min(aliases, CEILING),
        objects=min(objects, CEILING),
        per_item=min(per_item, CEILING),
        selects_data=selects_data,
        largest_page=page,
        largest_page_at=page_at,
    )
