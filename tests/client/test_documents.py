"""What the client makes of GraphQL documents."""

import pytest
from graphql import OperationDefinitionNode, parse, validate

from gateway.client.documents import CURSOR, kind_of, paged
from gateway.errors import InputError
from gateway.schema.build import build_schema

SCHEMA = build_schema()._schema


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("{ a }", "query"),
        ("query mutation { a }", "mutation"),
        ('# mutation\nquery { a(text: "mutation") { mutation } }', "query"),
        ("mutation { a }", "mutation"),
        ("fragment F on T { a } subscription S { b }", "subscription"),
        ('{ a(text: """ " mutation { """) }', "query"),
    ],
)
def test_what_a_document_does_is_seen_outside_of_its_brackets(document: str, kind: str) -> None:
    # A query that is called mutation is asked once only: that is the safe side.
    assert kind_of(document) == kind


@pytest.mark.parametrize(
    "document",
    [
        "{ tasks { nodes { jediTaskId } } }",
        'query { tasks(filter: {status: {eq: "done"}}) { nodes { jediTaskId } } }',
        "query Q { t: tasks(first: 3) { totalCount nodes { jediTaskId request { name } } } }",
        "query Q($f: TaskFilter) { tasks(filter: $f) { pageInfo { hasNextPage } nodes { name } } }",
        'query Q($f: TaskFilter = {status: {eq: "a)b"}}) # a {\n{ tasks(filter: $f) { nodes { name } } }',
        'query @skip(if: false) { tasks(filter: {name: {contains: "{"}}) { nodes { name } } }',
    ],
)
def test_a_list_gets_what_turning_its_pages_needs(document: str) -> None:
    turned = paged(document)

    parsed = parse(turned.document)
    [operation] = parsed.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert (operation.variable_definitions or ())[0].variable.name.value == CURSOR
    assert "hasNextPage endCursor" in turned.document
    assert turned.field in {"tasks", "t"}
    if "@skip" not in document:
        assert validate(SCHEMA, parsed) == []


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("mutation { a { nodes { b } } }", "not of a change"),
        ("{ tasks { totalCount } }", "asks for no rows"),
        ("{ viewer }", "is no list with `nodes`"),
        ("{ tasks { nodes { a } } datasets { nodes { did } } }", "made of one list"),
        ('{ tasks(after: "x") { nodes { a } } }', "the pages are turned for you"),
        ("{ tasks(last: 3) { nodes { a } } }", "the pages are turned for you"),
        ("{ tasks { nodes { a }", "is never closed"),
        ("{ tasks ? }", "this is no GraphQL from '? }' on"),
        ("", "it has no { ... }"),
    ],
)
def test_what_has_no_pages_is_told(document: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace("{", r"\{").replace("?", r"\?").replace(".", r"\.")):
        paged(document)
