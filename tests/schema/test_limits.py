"""The analyser counts what a document asks for in one pass, and the limits name what they found."""

import dataclasses

import pytest
from graphql import build_schema, get_introspection_query, parse
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.errors import BadValueError, LimitError
from gateway.schema.cost import DEFAULT_LIST, DEFAULT_PAGE, shape_of
from gateway.schema.limits import Limits, refuse_measure, refuse_outline, refuse_text
from gateway.schema.measures import CEILING, Measured, measure, page_numbers
from gateway.schema.outline import Outline, outline_of
from gateway.schema.plans import read_plan
from tests.schema.naive import naive_measure

SHAPE = shape_of(
    build_schema(
        """
        type Query { a: Node b: Node leaf: Int page(first: Int, last: Int): Page listed(ids: [ID]): [Node] }
        type Node { a: Node leaf: String many: [Node] few: [Node] page(first: Int = 20): Page }
        type Page { edges: [Edge] nodes: [Node] total: Int groups(first: Int): [Node] }
        type Edge { node: Node }
        """
    ),
    {"Node.few": 3},
)


def read(query: str) -> Outline:
    return outline_of(parse(query), SHAPE)


def measured(query: str, **variables: object) -> Measured:
    outline = read(query)
    return measure(outline, outline.operations[0], page_numbers(outline, outline.operations[0], variables))


def code_of(error: pytest.ExceptionInfo[LimitError]) -> tuple[str, int | None, int]:
    return error.value.code, error.value.found, error.value.limit


@pytest.mark.parametrize(
    ("query", "objects"),
    [
        ("{ leaf }", 0),
        ("{ a { leaf } }", 1),
        ("{ a { a { leaf } } b { leaf } }", 3),
        ("{ a { few { leaf } } }", 1 + 3),
        ("{ a { many { leaf } } }", 1 + DEFAULT_LIST),
        ("{ a { few { few { leaf } } } }", 1 + 3 * (1 + 3)),
        ("{ page(first: 7) { nodes { leaf } } }", 1 + 7),
        ("{ page(last: 4) { nodes { leaf } } }", 1 + 4),
        ("{ page(first: 7, last: 9) { nodes { leaf } } }", 1 + 9),
        ("{ page { nodes { leaf } } }", 1 + DEFAULT_PAGE),
        ("{ a { page { nodes { leaf } } } }", 1 + 1 + 20),
        ("{ page(first: 5) { total } }", 1),
        ("{ page(first: 5) { edges { node { leaf } } } }", 1 + 5 * (1 + 1)),
        ("{ page(first: 5) { nodes { leaf } edges { node { leaf } } } }", 1 + 5 + 5 * 2),
        ("{ page(first: 5) { nodes { page(first: 2) { nodes { leaf } } } } }", 1 + 5 * (1 + 1 + 2)),
        ("{ page(first: 5) { groups(first: 3) { leaf } } }", 1 + 3),
        ("{ page(first: -5) { nodes { leaf } } }", 1),
        ('{ listed(ids: ["1", "2", "3"]) { a { leaf } } }', 3 * 2),
        ("{ page(first: 5) { ...P } } fragment P on Page { nodes { leaf } }", 1 + 5),
        ("{ page(first: 5) { ... on Page { ... { nodes { leaf } } } } }", 1 + 5),
        ("{ unknown { a { leaf } } }", 2),
        ("{ a { leaf @skip(if: true) few @skip(if: true) { leaf } } }", 1 + 3),
    ],
)
def test_objects_are_estimated_from_page_sizes_and_list_bounds(query: str, objects: int) -> None:
    assert measured(query).measure.objects == objects


@pytest.mark.parametrize(
    ("variables", "page"),
    [
        ({}, 30),
        ({"n": 12}, 12),
        ({"n": 12.0}, 12),
        ({"n": None}, DEFAULT_PAGE),
        ({"n": "12"}, DEFAULT_PAGE),
        ({"n": True}, DEFAULT_PAGE),
        ({"n": -3}, 0),
        ({"other": 999}, 30),
    ],
)
def test_page_size_is_read_from_variables_before_defaults(variables: dict[str, object], page: int) -> None:
    query = "query($n: Int = 30) { page(first: $n) { nodes { leaf } } }"

    assert measured(query, **variables).measure.objects == 1 + page


def test_list_of_ids_counts_by_its_length() -> None:
    found = measured("query($ids: [ID!]!) { listed(ids: $ids) { leaf } }", ids=["1", "2", "3", "4"]).measure

    assert (found.objects, found.largest_page, found.largest_page_at) == (4, 4, "listed")


def test_depth_fields_and_aliases_are_counted_through_fragments() -> None:
    found = measured(
        "{ x: a { ...N } b { y: leaf ...N } } fragment N on Node { z: leaf few { leaf ...M } }"
        " fragment M on Node { w: leaf }"
    ).measure

    assert (found.depth, found.fields, found.root_fields, found.aliases) == (3, 11, 2, 6)


def test_each_fragment_is_measured_once() -> None:
    count = 35
    fragments = "".join(f"fragment F{n} on Node {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count))
    query = f"{{ a {{ ...F0 }} }} {fragments} fragment F{count} on Node {{ leaf }}"
    document = parse(query)

    outline = outline_of(document, SHAPE)
    found = measure(outline, outline.operations[0], {})

    assert found.measure.fields == 1 + 2**count
    assert found.visited == 2 * count + 1 + 2
    assert outline.visited == found.visited + count + 2
    assert outline.visited < document.token_count


def test_sums_stop_at_the_ceiling() -> None:
    fragments = "".join(f"fragment F{n} on Node {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))

    found = measured(f"{{ a {{ ...F0 }} }} {fragments} fragment F200 on Node {{ few {{ leaf }} }}").measure

    assert (found.fields, found.objects) == (CEILING, CEILING)


@pytest.mark.parametrize(
    "query",
    [
        "{ a { ...F } } fragment F on Node { leaf a { ...F } }",
        "{ a { ...F } } fragment F on Node { ...G leaf } fragment G on Node { ...F leaf }",
        "{ a { ...F } } fragment F on Node { leaf ...F ...F ...Missing }",
    ],
)
def test_cycles_and_missing_fragments_end(query: str) -> None:
    found = measured(query)

    assert found.measure.fields <= 4
    assert found.visited <= 6


def test_fragment_order_puts_spread_fragments_first() -> None:
    outline = read("fragment A on Node { ...B ...C } fragment B on Node { ...C } fragment C on Node { leaf }")

    assert outline.fragment_order == ["C", "B", "A"] or outline.fragment_order.index("A") == 2


@pytest.mark.parametrize(
    ("query", "counted", "found", "limit"),
    [
        ("{ a { leaf } }", "DEPTH", 2, {"depth": 1}),
        ("{ a { leaf } }", "FIELDS", 2, {"fields": 1}),
        ("{ a { leaf } }", "COST", 1, {"cost": 0}),
        ("{ a { leaf } b { leaf } }", "ROOT_FIELDS", 2, {"root_fields": 1}),
        ("{ x: leaf y: leaf }", "ALIASES", 2, {"aliases": 1}),
        ("{ page(first: 8) { total } }", "PAGE_SIZE", 8, {"page_size": 7}),
        ("{ x: __typename y: __typename }", "ALIASES", 2, {"introspection_aliases": 1}),
    ],
)
def test_measure_above_a_limit_is_refused_and_at_it_is_not(
    query: str, counted: str, found: int, limit: dict[str, int]
) -> None:
    (allowed,) = limit.values()
    found_measure = measured(query).measure

    with pytest.raises(LimitError) as refused:
        refuse_measure(found_measure, dataclasses.replace(Limits(), **limit))

    assert code_of(refused) == (f"LIMIT_{counted}", found, allowed)
    assert str(found) in refused.value.message
    assert f"the limit is {allowed}" in refused.value.message
    refuse_measure(found_measure, dataclasses.replace(Limits(), **dict.fromkeys(limit, found)))


@pytest.mark.parametrize(
    ("query", "counted", "found", "limit"),
    [
        ("query A { leaf } query B { leaf }", "OPERATIONS", 2, {"operations": 1}),
        ("fragment A on Node { leaf } fragment A on Node { leaf }", "FRAGMENTS", 2, {"fragments": 1}),
        ("query @x { leaf @y ... @z { leaf } }", "DIRECTIVES", 3, {"directives": 2}),
        ("query($v: Int @x) { ...F @y } fragment F on Query @z { leaf }", "DIRECTIVES", 3, {"directives": 2}),
        ("{ leaf leaf ... { leaf } }", "REPEATS", 3, {"repeats": 2}),
        ("{ leaf: a leaf }", "REPEATS", 2, {"repeats": 1}),
        ("{ leaf(x: [[1]]) }", "VALUE_DEPTH", 3, {"value_depth": 2}),
        ("query($v: I = {a: {b: 1}}) { leaf }", "VALUE_DEPTH", 3, {"value_depth": 2}),
        ("{ leaf @x(y: [[1]]) }", "VALUE_DEPTH", 3, {"value_depth": 2}),
        ("{ leaf(x: {a: 1 b: 2 c: 3}) }", "OBJECT_FIELDS", 3, {"object_fields": 2}),
    ],
)
def test_document_above_a_limit_is_refused_and_at_it_is_not(
    query: str, counted: str, found: int, limit: dict[str, int]
) -> None:
    outline = read(query)

    with pytest.raises(LimitError) as refused:
        refuse_outline(outline, dataclasses.replace(Limits(), **limit))

    assert code_of(refused) == (f"LIMIT_{counted}", found, found - 1)
    refuse_outline(outline, dataclasses.replace(Limits(), **dict.fromkeys(limit, found)))


@pytest.mark.parametrize(("text", "limit", "found"), [("é" * 6, 11, 12), ("x" * 12, 11, 12), ("𝔊", 3, 4)])
def test_document_is_measured_in_bytes(text: str, limit: int, found: int) -> None:
    with pytest.raises(LimitError) as refused:
        refuse_text(text, dataclasses.replace(Limits(), document_bytes=limit))

    assert code_of(refused) == ("LIMIT_DOCUMENT_BYTES", found, limit)
    refuse_text(text, dataclasses.replace(Limits(), document_bytes=found))


def test_tokens_and_comments_stop_the_parser() -> None:
    limits = dataclasses.replace(Limits(), tokens=5, comments=1)

    with pytest.raises(LimitError) as too_many_tokens:
        read_plan("{ a b c d }", SHAPE, limits)
    with pytest.raises(LimitError) as too_many_comments:
        read_plan("#1\n#2\n{ a }", SHAPE, limits)

    assert too_many_tokens.value.code == too_many_comments.value.code == "LIMIT_TOKENS"
    assert read_plan("{ a b c }", SHAPE, limits).document.token_count == 5
    assert read_plan("#1\n{ a }", SHAPE, limits).outline.visited == 2


def test_standard_introspection_is_exempt_from_depth_and_cost_but_not_from_size() -> None:
    nothing = dataclasses.replace(Limits(), depth=1, cost=0)
    outline = read(get_introspection_query())
    found = measure(outline, outline.operations[0], {}).measure

    refuse_outline(outline, Limits())
    refuse_measure(found, nothing)
    with pytest.raises(LimitError) as refused:
        refuse_measure(found, dataclasses.replace(nothing, fields=10))

    assert (found.selects_data, outline.asks_introspection) == (False, True)
    assert refused.value.code == "LIMIT_FIELDS"


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { fields { type { name } } } } leaf }",
        "{ __schema { types { fields { type { name } } } } ...F } fragment F on Query { leaf }",
    ],
)
def test_introspection_beside_other_fields_is_not_exempt(query: str) -> None:
    found = measured(query).measure

    with pytest.raises(LimitError) as refused:
        refuse_measure(found, dataclasses.replace(Limits(), depth=4))

    assert found.selects_data
    assert refused.value.code == "LIMIT_DEPTH"


@pytest.mark.parametrize(
    "literal", ["1e999", "-1e999", "9" * 65, "0." + "1" * 65, '"a\\u0000"', '[{a: "\\u0000"}]']
)
def test_literal_that_fits_no_type_is_refused(literal: str) -> None:
    with pytest.raises(BadValueError):
        read(f"{{ leaf(x: {literal}) }}")


@pytest.mark.parametrize("literal", ["1e308", "9" * 64, '"a\\u0001"', '"\\u{1F600}"', "null", "$v", "RED"])
def test_literal_that_may_fit_is_left_to_its_type(literal: str) -> None:
    assert read(f"{{ leaf(x: {literal}) }}").visited == 4


FIELDS = st.sampled_from(
    [
        "leaf",
        "a { %s }",
        "b { %s }",
        "few { %s }",
        "many { %s }",
        "page(first: 3) { %s }",
        "page { %s }",
        "nodes { %s }",
        "edges { %s }",
        "node { %s }",
        "x: leaf",
        "y: a { %s }",
        "... { %s }",
        "... on Page { %s }",
        "listed(ids: [1, 2]) { %s }",
        "groups(first: $n) { %s }",
    ]
)


@st.composite
def selections(draw: st.DrawFn, fragments: int, depth: int = 0) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        if fragments and draw(st.booleans()):
            parts.append(f"...F{draw(st.integers(0, fragments - 1))}")
            continue
        template = draw(FIELDS)
        if "%s" in template:
            inner = "leaf" if depth > 3 else draw(selections(fragments, depth + 1))
            template = template.replace("%s", inner)
        parts.append(template)
    return " ".join(parts)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw a document whose fragments spread only those before them, so that spreading all of them ends."""
    count = draw(st.integers(0, 4))
    types = st.sampled_from(["Node", "Page", "Query", "Edge"])
    fragments = [f"fragment F{n} on {draw(types)} {{ {draw(selections(n))} }}" for n in range(count)]
    operation = f"query($n: Int) {{ {draw(selections(count))} }}"
    return " ".join(draw(st.permutations([*fragments, operation])))


@seed(20251013)
@settings(max_examples=300, deadline=None)
@given(documents(), st.integers(-2, 9))
def test_measure_equals_that_of_the_document_with_all_fragments_written_out(query: str, number: int) -> None:
    found = measured(query, n=number).measure

    assert found == naive_measure(parse(query), SHAPE, {"n": number})


@seed(20251013)
@settings(max_examples=200, deadline=None)
@given(documents())
def test_work_grows_with_the_document_and_not_with_what_it_spreads(query: str) -> None:
    document = parse(query)
    outline = outline_of(document, SHAPE)

    assert outline.visited <= document.token_count
    assert measure(outline, outline.operations[0], {}).visited <= outline.visited
