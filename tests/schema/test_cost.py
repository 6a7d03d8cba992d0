"""The shape of a schema: what its fields may return, read from types and arguments."""

import pytest
from graphql import build_schema

from gateway.errors import SetupError
from gateway.schema.cost import DEFAULT_LIST, DEFAULT_PAGE, FieldShape, ListSize, shape_of
from tests.web.sample import sample_schema

SCHEMA = build_schema(
    """
    type Query { page(first: Int = 20, last: Int): Page items(first: Int): [Item!]! nodes(ids: [ID]): [Node] }
    type Mutation { change: Item }
    interface Node { id: ID! parts: [Item!] }
    type Item implements Node { id: ID! parts: [Item!] either: Either names: [String!]! }
    type Other { id: ID! }
    union Either = Item | Other
    type Page { edges: [Edge!]! info: Info! parts(first: Int): [Item!] }
    type Edge { node: Item! }
    type Info { more: Boolean! }
    """
)


def test_page_size_is_that_of_the_arguments_with_the_largest_default() -> None:
    shape = shape_of(SCHEMA)

    assert shape.fields["Query"]["page"] == FieldShape("Page", page=ListSize(("first", "last"), 20))
    assert shape.fields["Query"]["items"] == FieldShape("Item", repeats=ListSize(("first",), DEFAULT_PAGE))
    assert shape.fields["Query"]["nodes"] == FieldShape("Node", repeats=ListSize(("ids",), DEFAULT_LIST))


def test_lists_of_a_page_are_as_long_as_the_page_unless_they_say_otherwise() -> None:
    fields = shape_of(SCHEMA).fields["Page"]

    assert fields["edges"] == FieldShape("Edge", is_page_item=True)
    assert fields["info"] == FieldShape("Info")
    assert fields["parts"] == FieldShape("Item", repeats=ListSize(("first",), DEFAULT_PAGE))


def test_plain_list_has_its_declared_bound_or_the_default() -> None:
    fields = shape_of(SCHEMA, {"Item.parts": 4}).fields

    assert fields["Item"]["parts"].repeats == 4
    assert fields["Node"]["parts"].repeats == DEFAULT_LIST


def test_fields_without_objects_are_left_out() -> None:
    fields = shape_of(SCHEMA).fields

    assert set(fields["Item"]) == {"parts", "either"}
    assert fields["Item"]["either"] == FieldShape("Either")


def test_roots_and_introspection_are_known() -> None:
    shape = shape_of(SCHEMA)

    assert shape.roots == {"query": "Query", "mutation": "Mutation"}
    assert shape.fields["Query"]["__schema"] == FieldShape("__Schema")
    assert shape.fields["__Schema"]["types"].repeats == len(SCHEMA.type_map)


@pytest.mark.parametrize("name", ["Item.gone", "Gone.parts", "Item", "Item.names"])
def test_bound_of_a_field_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(SetupError, match=name):
        shape_of(SCHEMA, {name: 3})


def test_strawberry_schema_is_read_with_its_defaults() -> None:
    fields = shape_of(sample_schema._schema).fields

    assert fields["Query"]["requests"].page == ListSize(("first",), 50)
    assert fields["ProductionRequest"]["related"].page == ListSize(("first",), 2)
    assert fields["RequestConnection"]["edges"].is_page_item
    assert fields["Query"]["tasks"].repeats == ListSize(("ids",), DEFAULT_LIST)
