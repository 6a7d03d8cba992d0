"""Whatever is sent, the answer is never a failure of ours.

GATEWAY_FUZZ_EXAMPLES says how many examples each test tries; the same number gives the same examples.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from graphql import introspection_from_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.schema.build import build_schema
from tests.contracts.test_schema import ASKED, QUERIES

# Enough to meet every argument of every list a few times, in about ten seconds.
EXAMPLES = int(os.environ.get("GATEWAY_FUZZ_EXAMPLES", "150"))

fuzzed = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
)

SCHEMA = schemathesis.graphql.from_dict(introspection_from_schema(build_schema()._schema))
# Asking only: the world is shared with other tests.
QUESTIONS = [
    operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
    if operation.label.startswith("Query.")
]

TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z_]\w*|\d+|\.\.\.|\s+|#[^\n]*|.', re.DOTALL)
NASTY = (
    *'{}()[]:$!@|&="\\#,\0\ufeff',
    *("...", "null", "true", "-1", "0", "1e400", "9223372036854775808", '""', '"\\u0000"', '"\\ud800"'),
    *("__typename", "__schema", "__proto__", "constructor", "fragment", "query", "mutation", "subscription"),
    *("first", "last", "after", "filter: {not: {}}", "sort: []", "@skip(if: true)", "@include(if: $x)", "id"),
    *("и", "\u202e", "\U0001f600", '"' + "x" * 1200 + '"', '"""block"""', "nodes { id }", "search"),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


async def assert_no_failure(client: httpx2.AsyncClient, content: bytes) -> None:
    response = await client.post("/graphql", content=content, headers={"content-type": "application/json"})

    answer = response.json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert response.status_code < 500, (content, answer)
    assert "INTERNAL_ERROR" not in codes, (content, answer)
    assert "data" in answer or codes


def body_of(query: str, variables: object = None) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode("utf-8", "surrogatepass")


@st.composite
def broken_queries(draw: st.DrawFn) -> bytes:
    """A valid query of ours in which a few tokens were lost, doubled, moved or replaced."""
    name = draw(st.sampled_from(sorted(ASKED)))
    tokens = TOKEN.findall((QUERIES / f"{name}.graphql").read_text())
    for _ in range(draw(st.integers(1, 4))):
        tokens = changed(tokens, draw)
    variables = draw(
        st.just(ASKED[name][1])
        | st.dictionaries(st.sampled_from(sorted({*ASKED[name][1], "first", "after"})), VALUES, max_size=3)
    )
    return body_of("".join(tokens), variables)


def changed(tokens: Sequence[str], draw: st.DrawFn) -> list[str]:
    if not tokens:
        return [draw(st.sampled_from(NASTY))]
    at = draw(st.integers(0, len(tokens) - 1))
    before, after = list(tokens[:at]), list(tokens[at + 1 :])
    match draw(st.sampled_from(["lose", "double", "replace", "swap", "cut"])):
        case "lose":
            return before + after
        case "double":
            return [*before, *tokens[at : at + 1] * 2, *after]
        case "replace":
            return [*before, draw(st.sampled_from(NASTY)), *after]
        case "swap":
            other = draw(st.integers(0, len(tokens) - 1))
            swapped = list(tokens)
            swapped[at], swapped[other] = swapped[other], swapped[at]
            return swapped
        case _:
            return before


@st.composite
def broken_bytes(draw: st.DrawFn) -> bytes:
    """The body of a valid request in which a few bytes were changed."""
    name = draw(st.sampled_from(sorted(ASKED)))
    body = bytearray(body_of((QUERIES / f"{name}.graphql").read_text(), ASKED[name][1]))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(body) - 1))
        body[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(body)


def test_every_question_of_the_schema_is_fuzzed() -> None:
    query = build_schema()._schema.query_type
    assert query is not None

    assert {operation.label for operation in QUESTIONS} == {f"Query.{name}" for name in query.fields}


@fuzzed
@given(case=st.sampled_from(QUESTIONS).flatmap(lambda operation: operation.as_strategy()))
async def test_questions_made_from_the_schema_are_answered(client: httpx2.AsyncClient, case: Any) -> None:
    await assert_no_failure(client, body_of(case.body))


@fuzzed
@given(body=broken_queries())
async def test_broken_queries_are_refused_or_answered(client: httpx2.AsyncClient, body: bytes) -> None:
    await assert_no_failure(client, body)


@fuzzed
@given(body=broken_bytes())
async def test_broken_bytes_are_refused_or_answered(client: httpx2.AsyncClient, body: bytes) -> None:
    await assert_no_failure(client, body)


@fuzzed
@given(name=st.sampled_from(sorted(ASKED)), variables=VALUES)
async def test_any_variables_are_refused_or_answered(
    client: httpx2.AsyncClient, name: str, variables: object
) -> None:
    query = (QUERIES / f"{name}.graphql").read_text()

    await assert_no_failure(client, body_of(query, variables))


async def test_a_failure_of_ours_would_be_seen() -> None:
    """The control: an application that fails as ours must not."""

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        body = b'{"errors": [{"message": "x", "extensions": {"code": "INTERNAL_ERROR"}}], "data": null}'
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    transport = httpx2.ASGITransport(app=failing)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        with pytest.raises(AssertionError, match="INTERNAL_ERROR"):
            await assert_no_failure(client, b"{}")


def test_the_queries_that_are_broken_are_whole_before() -> None:
    for path in Path(QUERIES).iterdir():
        assert "".join(TOKEN.findall(path.read_text())) == path.read_text()
