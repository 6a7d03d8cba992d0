"""Media types are read as HTTP writes them, and the answer's is the one the caller likes best."""

import pytest

from gateway.web.media_types import (
    GRAPHQL_JSON,
    JSON,
    MediaType,
    is_json_in_utf8,
    negotiate,
    parse_media_type,
)


@pytest.mark.parametrize(
    ("text", "name", "parameters"),
    [
        ("application/json", JSON, {}),
        (" Application/JSON ", JSON, {}),
        ("application/json;charset=utf-8", JSON, {"charset": "utf-8"}),
        ('application/json ; Charset="UTF-8"', JSON, {"charset": "UTF-8"}),
        (r'text/plain; a="b\"c;d"; e=f', "text/plain", {"a": 'b"c;d', "e": "f"}),
        ("application/json;", JSON, {}),
        ("*/*;q=0.1", "*/*", {"q": "0.1"}),
    ],
)
def test_media_type_is_read(text: str, name: str, parameters: dict[str, str]) -> None:
    assert parse_media_type(text) == MediaType(name, parameters)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "json",
        "application",
        "application/",
        "/json",
        "application/json/x",
        "application/json x",
        "a/b;c",
        'a/b;c="d',
        "a/b;c=d;c=e",
        "application/json, text/plain",
        "application /json",
        "a/b;=d",
    ],
)
def test_what_is_no_media_type_is_not_read(text: str) -> None:
    assert parse_media_type(text) is None


@pytest.mark.parametrize(
    ("content_type", "is_taken"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ('APPLICATION/JSON;CHARSET="utf-8"', True),
        ("application/json; charset=utf-16", False),
        ("application/json; odata=verbose", False),
        ("text/plain", False),
        ("text/plain/application/json", False),
        ("text/plain; application/json", False),
        ("text/plain; x=application/json", False),
        ("application/json-patch+json", False),
        ("application/graphql+json", False),
        ("application/jsonx", False),
        ("", False),
    ],
)
def test_body_is_exactly_json_in_utf8(content_type: str, is_taken: bool) -> None:
    assert is_json_in_utf8(content_type) is is_taken


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL_JSON),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", GRAPHQL_JSON),
        ("application/json, application/graphql-response+json", JSON),
        ("application/json;q=0.5, application/graphql-response+json", GRAPHQL_JSON),
        ("application/graphql-response+json;q=0.9, application/json", JSON),
        ("text/event-stream, application/graphql-response+json, */*;q=0.1", GRAPHQL_JSON),
        ("text/html, */*", JSON),
        ("*/*, application/graphql-response+json", GRAPHQL_JSON),
        ("application/json;q=0, */*", None),
        ("application/json;q=nan", None),
        ("application/json; charset=utf-16", None),
        ("text/html", None),
        ("", None),
        ('text/html; x=", application/json"', None),
    ],
)
def test_answer_has_the_media_type_that_is_liked_best(accept: str | None, answered: str | None) -> None:
    assert negotiate(accept) == answered


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, None),
        ("*/*", None),
        ("application/*", None),
        ("text/html, */*;q=0.8", None),
        ("application/json", JSON),
        ("*/*, application/graphql-response+json;q=0.1", GRAPHQL_JSON),
    ],
)
def test_wildcards_are_not_enough_where_it_must_be_named(accept: str | None, answered: str | None) -> None:
    assert negotiate(accept, explicitly=True) == answered


def test_long_headers_are_read_in_one_pass() -> None:
    assert negotiate("a/b;" * 20_000) is None
    assert negotiate('a/b;c="' * 10_000) is None
    assert negotiate(", " * 30_000 + "application/json") == JSON
    assert negotiate('"' + r"\"" * 60_000) is None
    assert negotiate('"' + r"\"" * 60_000 + "\\") is None
    assert negotiate('text/html;x="' + r"\"" * 60_000 + '", application/json') == JSON
