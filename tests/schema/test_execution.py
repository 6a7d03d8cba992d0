"""Executing requests: what is answered, what is refused, what is said, and what is kept."""

import asyncio
import json

import orjson
import pytest
import strawberry
from graphql import parse
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from strawberry.extensions import SchemaExtension
from structlog.testing import capture_logs

from gateway.errors import LimitError, SetupError
from gateway.schema.answers import CLOSED_ARGUMENT, INTERNAL_ERROR, objects_in
from gateway.schema.execution import MAX_LOGGED_FAILURES, Executor, OperationRequest
from gateway.schema.limits import Limits
from gateway.schema.plans import PlanCache, read_plan
from tests.web.hostile import HONEST
from tests.web.sample import OpenSample, SampleViewer, sample_executor, sample_schema

OPEN = SampleViewer(may_introspect=True)
CLOSED = SampleViewer(may_introspect=False)


async def ask(
    query: str,
    viewer: SampleViewer = OPEN,
    executor: Executor[SampleViewer] | None = None,
    **variables: object,
) -> dict[str, object]:
    request = OperationRequest(query, variables=variables)
    answer = await (executor or sample_executor()).execute(request, viewer)
    content = json.loads(answer.body)
    assert isinstance(content, dict)
    return content


async def first_error(query: str, viewer: SampleViewer = OPEN, **variables: object) -> tuple[str, str]:
    """Return code and message of the first problem."""
    content = await ask(query, viewer, **variables)
    error = content["errors"][0]  # type: ignore[index]
    return error["extensions"]["code"], error["message"]


async def test_answer_carries_data_and_the_extensions_of_the_context() -> None:
    content = await ask('{ note(text: "fresh") }')

    assert content == {"data": {"note": "analyst"}, "extensions": {"noted": "fresh"}}


async def test_chosen_operation_is_executed() -> None:
    request = OperationRequest("query A { me } query B { again: me }", operation_name="B")

    answer = await sample_executor().execute(request, OPEN)

    assert json.loads(answer.body) == {"data": {"again": "analyst"}}


@pytest.mark.parametrize("name", [None, "C"])
async def test_unclear_operation_is_refused(name: str | None) -> None:
    request = OperationRequest("query A { me } query B { me }", operation_name=name)

    answer = await sample_executor().execute(request, OPEN)

    assert [problem.code for problem in answer.problems] == ["OPERATION_NOT_FOUND"]


async def test_mutation_is_executed_only_where_it_may() -> None:
    request = OperationRequest('mutation { rename(id: "1", name: "x") }')
    contexts = OpenSample()
    executor = sample_executor(contexts)

    refused = await executor.execute(request, OPEN, only_queries=True)
    opened_for_refused = contexts.opened
    done = await executor.execute(request, OPEN)

    assert [problem.code for problem in refused.problems] == ["ONLY_QUERIES"]
    assert opened_for_refused == 0
    assert done.data_json == b'{"rename":"1 is x"}'


@pytest.mark.parametrize(
    ("field", "code", "message"),
    [
        ("refused", "FORBIDDEN", "analyst may not do this: the right 'read_quotas' is needed"),
        ("unnamed", "BAD_NAME", "PROD-x is no name of a request"),
        ("coded", "TEAPOT", "told by a code"),
    ],
)
async def test_error_on_purpose_keeps_its_code_and_message(field: str, code: str, message: str) -> None:
    content = await ask(f"{{ {field} me }}")

    assert content["data"] == {field: None, "me": "analyst"}
    (error,) = content["errors"]  # type: ignore[misc]
    assert (error["extensions"]["code"], error["message"]) == (code, message)
    assert (error["path"], error["locations"]) == ([field], [{"line": 1, "column": 3}])


@pytest.mark.parametrize("field", ["broken", "uncoded", "tooLarge", "endless"])
async def test_failure_of_ours_is_masked_and_logged_under_an_id(field: str) -> None:
    with capture_logs() as logged:
        content = await ask(f"{{ {field} me }}")

    assert content["data"] == {field: None, "me": "analyst"}
    (error,) = content["errors"]  # type: ignore[misc]
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "correlationId": "c0ffee"}
    assert error["message"] == "something failed on our side; the operators find it in the log as c0ffee"
    (entry,) = logged
    assert (entry["action"], entry["id"], entry["place"]) == ("graphql.failed", "c0ffee", field)
    assert "Traceback" in entry["traceback"] or field in {"uncoded", "tooLarge", "endless"}


async def test_log_of_a_failure_holds_neither_query_nor_variables() -> None:
    with capture_logs() as logged:
        await ask(
            'query Confidential($t: String!) { broken echo(text: $t) other: echo(text: "literal token") }',
            t="variable token",
        )

    written = json.dumps(logged)
    assert "secret internals" in written
    assert not [word for word in ("Confidential", "variable token", "literal token") if word in written]


async def test_many_equal_failures_are_logged_a_few_times() -> None:
    with capture_logs() as logged:
        content = await ask('{ tasks(ids: ["1", "2", "3", "4", "5", "6", "7", "8"]) { broken } }')

    assert len(content["errors"]) == 8  # type: ignore[arg-type]
    assert len(logged) == MAX_LOGGED_FAILURES + 1
    assert logged[-1]["failures"] == 8


async def test_failure_of_a_required_field_nulls_the_data_but_was_executed() -> None:
    with capture_logs():
        answer = await sample_executor().execute(OperationRequest("{ fatal }"), OPEN)

    assert answer.is_executed
    assert json.loads(answer.body)["data"] is None


async def test_text_that_json_cannot_say_is_a_failure_of_ours() -> None:
    with capture_logs() as logged:
        content = await ask("{ halfAPair }")

    assert "data" not in content
    assert content["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"  # type: ignore[index]
    assert len(logged) == 1


async def test_context_that_cannot_be_opened_is_a_failure_of_ours() -> None:
    contexts = OpenSample()
    contexts.fails = True
    with capture_logs() as logged:
        content = await ask("{ me }", executor=sample_executor(contexts))

    assert "secret address" not in json.dumps(content)
    assert content["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"  # type: ignore[index]
    assert "secret address" in logged[0]["traceback"]


async def test_wrong_variables_are_refused_before_a_context_is_opened() -> None:
    contexts = OpenSample()

    content = await ask(
        "query($n: Int) { requests(first: $n) { totalCount } }", executor=sample_executor(contexts), n="x"
    )

    assert "data" not in content
    assert contexts.opened == 0


@pytest.mark.parametrize(
    ("query", "variables", "code", "message"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        (
            "{ mee }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
            "Cannot query field 'mee' on type 'Query'. Did you mean 'me'?",
        ),
        (
            '{ sized(size: "x") }',
            {},
            "GRAPHQL_VALIDATION_FAILED",
            "Expected value of type 'Size': a size is written as decimal digits in a string",
        ),
        ('{ fragile(value: "x") }', {}, "GRAPHQL_VALIDATION_FAILED", "Expected value of type 'Fragile'"),
        (
            "query($s: Size!) { sized(size: $s) }",
            {"s": "x"},
            "BAD_USER_INPUT",
            "Variable '$s' has invalid value: Expected value of type 'Size':"
            " a size is written as decimal digits in a string",
        ),
        (
            "query($v: Fragile!) { fragile(value: $v) }",
            {"v": "x"},
            "BAD_USER_INPUT",
            "Variable '$v' has invalid value: Expected value of type 'Fragile'",
        ),
        (
            "query($f: RequestFilter) { requests(filter: $f) { totalCount } }",
            {"f": {"nam": None}},
            "BAD_USER_INPUT",
            "Variable '$f' has invalid value: Expected value of type 'RequestFilter' not to include unknown"
            " field 'nam'. Did you mean 'name'?",
        ),
        (
            "query($t: String!) { echo(text: $t) }",
            {"t": None},
            "BAD_USER_INPUT",
            "Variable '$t' has invalid value: Expected value of non-null type 'String!' not to be null.",
        ),
        (
            "query($t: String!) { echo(text: $t) }",
            {"t": "\0"},
            "BAD_VALUE",
            "a text contains a NUL character (U+0000), which cannot be stored",
        ),
        (
            "query($t: String!) { echo(text: $t) }",
            {"t": "\ud800"},
            "BAD_VALUE",
            "a text contains half of a surrogate pair, which is not a character",
        ),
        (
            "query($v: Float!) { number(value: $v) }",
            {"v": float("nan")},
            "BAD_VALUE",
            "a number in the variables is not finite",
        ),
        (
            "query($v: Float!) { number(value: $v) }",
            {"v": 2**63},
            "BAD_VALUE",
            "an integer in the variables does not fit into 64 bits",
        ),
        ("{ number(value: 1e400) }", {}, "BAD_VALUE", "a number is too large to be finite"),
    ],
)
async def test_bad_input_is_answered_in_words_without_python(
    query: str, variables: dict[str, object], code: str, message: str
) -> None:
    assert await first_error(query, **variables) == (code, message)


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        (
            'query($t: String = "a") { echo(text: $t) }',
            {"t": None},
            "Argument 'text' has invalid value: Expected variable '$t' provided to non-null type 'String!'"
            " not to be null.",
        ),
        ('{ byGlobalId(id: "no id") }', {}, 'Value cannot represent a GlobalID: "no id".'),
    ],
)
async def test_argument_that_fails_in_execution_is_bad_input_too(
    query: str, variables: dict[str, object], message: str
) -> None:
    with capture_logs() as logged:
        told = await first_error(query, OPEN, **variables)
        told_closed = await first_error(query, CLOSED, **variables)

    assert told == ("BAD_USER_INPUT", message)
    assert told_closed == ("BAD_USER_INPUT", CLOSED_ARGUMENT)
    assert logged == []


SCHEMA_NAMES = [
    *(name for name in sample_schema._schema.type_map if not name.startswith("__")),
    "requests",
    "request",
    "isAdmin",
    "energyGev",
    "GENERATION",
    "RECONSTRUCTION",
    "Did you mean",
]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ mee }", {}),
        ("{ reqests }", {}),
        ("{ echo(txt: 1) }", {}),
        ("{ echo }", {}),
        ("query($f: RequestFiltr) { requests(filter: $f) { totalCount } }", {}),
        ("fragment F on RequestEdg { id } { ...F }", {}),
        ("{ tasks(ids: [true]) { id } }", {}),
        ("query($s: Float!) { number(value: $s) }", {"s": "x"}),
        ("query($f: Boolean!) { number(value: $f) }", {"f": True}),
    ],
)
async def test_nothing_of_the_schema_is_told_to_those_who_may_not_introspect(
    query: str, variables: dict[str, object]
) -> None:
    _, message = await first_error(query, CLOSED, **variables)
    _, open_message = await first_error(query, OPEN, **variables)

    assert [name for name in SCHEMA_NAMES if name in message] == []
    assert [name for name in SCHEMA_NAMES if name in open_message] != []


@pytest.mark.parametrize(
    "query",
    ["{ __schema { types { name } } }", '{ me ...F } fragment F on Query { __type(name: "Task") { name } }'],
)
async def test_introspection_is_a_right_of_the_viewer(query: str) -> None:
    executor = sample_executor()

    allowed = await ask(query, OPEN, executor)
    refused = await ask(query, CLOSED, executor)

    assert "data" in allowed
    assert "data" not in refused
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"  # type: ignore[index]


async def test_typename_is_open_to_everybody() -> None:
    assert await ask("{ __typename }", CLOSED) == {"data": {"__typename": "Query"}}


async def test_limit_that_was_passed_is_told_with_both_numbers() -> None:
    content = await ask("{ requests(first: 1001) { totalCount } }")

    (error,) = content["errors"]  # type: ignore[misc]
    assert error == {
        "message": "the field 'requests' asks for 1001 objects at once; the limit is 1000",
        "extensions": {"code": "LIMIT_PAGE_SIZE", "found": 1001, "limit": 1000},
    }


async def test_page_size_is_checked_again_for_every_set_of_variables() -> None:
    executor = sample_executor()
    query = "query($n: Int) { requests(first: $n) { totalCount } }"

    sizes = [10, 1001, 1000, 2000, None]
    answers = [await ask(query, OPEN, executor, n=size) for size in sizes]

    assert ["data" in answer for answer in answers] == [True, False, True, False, True]


async def test_valid_documents_are_kept_and_refused_ones_are_not() -> None:
    executor = sample_executor()

    for query in [*HONEST, "{ mee }", "{", "{ requests(first: 5000) { totalCount } }"]:
        await executor.execute(OperationRequest(query), OPEN)

    assert len(executor.plans) == len(HONEST)
    assert executor.plans.get("{ me }") is executor.plans.get("{ me }")
    assert executor.plans.get("{ mee }") is None


def test_cache_of_plans_is_bounded_by_tokens() -> None:
    cache = PlanCache(capacity_tokens=10)
    shape = sample_executor()._shape

    for query in ("{ a b }", "{ c d }", "{ a b }", "{ e f g }"):
        if cache.get(query) is None:
            cache.put(query, read_plan(query, shape, Limits()))

    assert cache.get("{ c d }") is None
    assert (cache.get("{ a b }") is not None, cache.get("{ e f g }") is not None) == (True, True)
    assert cache.tokens == 9


async def test_private_schema_of_strawberry_is_what_its_own_execution_uses() -> None:
    ours = sample_executor()._schema

    theirs = await sample_schema.execute('{ request(id: "1") { id tasks { stage } } }')
    answer = await ask('{ request(id: "1") { id tasks { stage } } }')

    assert str(ours.query_type) == "Query"
    assert answer == {"data": theirs.data}


def test_schema_with_extensions_is_refused_at_start() -> None:
    @strawberry.type
    class Query:
        me: str = "analyst"

    schema = strawberry.Schema(query=Query, extensions=[SchemaExtension])

    with pytest.raises(SetupError):
        Executor(schema, OpenSample())


def test_parser_says_what_we_look_for_when_it_stops_at_a_limit() -> None:
    with pytest.raises(LimitError):
        read_plan("{ a }", sample_executor()._shape, Limits(tokens=2))
    assert parse("{ a }", max_lexical_tokens=3).token_count == 3


@st.composite
def damaged_documents(draw: st.DrawFn) -> str:
    """Draw an honest document with a few of its pieces cut out, doubled or swapped for strange ones."""
    text = draw(st.sampled_from(HONEST))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 20)))
        piece = draw(
            st.sampled_from(["", text[start:end] * 2, "{", "}", "...", "$n", '"', "\0", "@x", "9" * 70, "#"])
        )
        text = text[:start] + piece + text[end:]
    return text


@seed(20251013)
@settings(max_examples=400, deadline=None)
@given(damaged_documents(), st.booleans())
def test_damaged_document_is_answered_and_never_a_failure_of_ours(text: str, is_open: bool) -> None:
    executor = sample_executor()

    answer = asyncio.run(executor.execute(OperationRequest(text), SampleViewer(may_introspect=is_open)))

    assert INTERNAL_ERROR not in {problem.code for problem in answer.problems}
    assert answer.is_executed or answer.problems


@seed(20251013)
@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_of_a_variable_is_answered_and_never_a_failure_of_ours(value: object) -> None:
    executor = sample_executor()
    for query in (
        "query($v: RequestFilter) { requests(filter: $v) { totalCount } }",
        "query($v: Int) { requests(first: $v) { totalCount } }",
        "query($v: [ID!]!) { tasks(ids: $v) { id } }",
        "query($v: Size!) { sized(size: $v) }",
    ):
        answer = asyncio.run(executor.execute(OperationRequest(query, variables={"v": value}), OPEN))

        assert INTERNAL_ERROR not in {problem.code for problem in answer.problems}


@pytest.mark.parametrize(
    ("data", "objects"),
    [
        (None, 0),
        ({}, 0),
        ({"a": 1}, 0),
        ({"a": {"b": 1}, "c": [{"d": {"e": None}}, {"d": None}]}, 4),
        ({"a": '{"b": {"c": 1}}', "d": "{", "e": ["{", "}{"], "f": {"g": "x{"}}, 1),
    ],
)
def test_objects_of_an_answer_are_counted_in_its_json(data: object, objects: int) -> None:
    assert objects_in(orjson.dumps(data)) == objects
