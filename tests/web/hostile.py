"""Documents and bodies that nobody sends in good faith, each with the code it must be refused with."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hostile:
    """One bad request; `status` is that of an answer in application/graphql-response+json."""

    name: str
    body: bytes
    code: str
    status: int = 400
    content_type: str = "application/json"


def document(name: str, query: str, code: str, **variables: object) -> Hostile:
    return Hostile(name, json.dumps({"query": query, "variables": variables}).encode(), code)


def raw(name: str, body: bytes, code: str = "BAD_REQUEST", **other: str | int) -> Hostile:
    return Hostile(name, body, code, **other)  # type: ignore[arg-type]


def doubling_fragments(count: int) -> str:
    """Return a document whose fields double with each fragment: 2 to the power of `count` in all."""
    fragments = "".join(
        f"fragment F{n} on ProductionRequest {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count - 1)
    )
    return (
        f'{{ request(id: "1") {{ ...F0 }} }} {fragments} fragment F{count - 1} on ProductionRequest {{ id }}'
    )


def ring(count: int) -> str:
    fragments = "".join(
        f"fragment F{n} on ProductionRequest {{ ...F{(n + 1) % count} }}" for n in range(count)
    )
    return f'{{ request(id: "1") {{ ...F0 }} }} {fragments}'


def overlapping_fragments(count: int) -> str:
    spreads = " ".join(f"...F{n}" for n in range(count))
    fragments = "".join(
        f"fragment F{n} on ProductionRequest {{ name tasks {{ id datasets {{ name replicas {{ name }} }} }}"
        f" related {{ edges {{ node {{ id name }} }} }} }}"
        for n in range(count)
    )
    return f'{{ request(id: "1") {{ {spreads} }} }} {fragments}'


def crossing_fragments(count: int) -> str:
    """Return fragments that each spread the next at two places, so that every pair is compared."""
    inner = "".join(
        f"fragment F{n} on Site {{ datasets {{ name replicas {{ ...F{n + 1} ...G{n + 1} }} }} }}"
        f"fragment G{n} on Site {{ datasets {{ name replicas {{ ...F{n + 1} ...G{n + 1} }} }} }}"
        for n in range(count)
    )
    last = f"fragment F{count} on Site {{ name }} fragment G{count} on Site {{ name }}"
    return '{ request(id: "1") { tasks { datasets { replicas { ...F0 ...G0 } } } } } ' + inner + last


def deep_sites(levels: int) -> str:
    return (
        '{ request(id: "1") { tasks { datasets { '
        + "replicas { datasets { " * levels
        + "name"
        + " } }" * levels
        + " } } } }"
    )


def deep_variable(levels: int) -> object:
    value: object = {"name": {"eq": "x"}}
    for _ in range(levels):
        value = {"or": [value]}
    return value


MANY = 5_000

HOSTILE = [
    document("doubling fragments, n = 35", doubling_fragments(35), "LIMIT_FIELDS"),
    document("doubling fragments, n = 100", doubling_fragments(100), "LIMIT_FRAGMENTS"),
    document(
        "a fragment that spreads itself",
        '{ request(id: "1") { ...F } } fragment F on ProductionRequest '
        "{ related { edges { node { ...F } } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    document("a ring of 30 fragments", ring(30), "GRAPHQL_VALIDATION_FAILED"),
    document("a ring of 100 fragments", ring(100), "LIMIT_FRAGMENTS"),
    document("5,000 times the same field", "{ " + "me " * MANY + "}", "LIMIT_TOKENS"),
    document("1,000 times the same field", "{ " + "me " * 1_000 + "}", "LIMIT_REPEATS"),
    document(
        "300 equal nested fields", "{ " + 'request(id: "1") { tasks { id } } ' * 100 + "}", "LIMIT_REPEATS"
    ),
    document(
        "equal nested fields in inline fragments",
        "{ " + '... { request(id: "1") { name } } ' * 100 + "}",
        "LIMIT_REPEATS",
    ),
    document("overlapping fragments, n = 38", overlapping_fragments(38), "LIMIT_COMPARISONS"),
    document("overlapping fragments, n = 400", overlapping_fragments(400), "LIMIT_DOCUMENT_BYTES"),
    document("crossing fragments", crossing_fragments(14), "LIMIT_FIELDS"),
    document(
        "2,000 unused fragments",
        "{ me } " + "".join(f"fragment F{n} on Query {{ me }} " for n in range(2_000)),
        "LIMIT_DOCUMENT_BYTES",
    ),
    document(
        "150 unused fragments",
        "{ me } " + "".join(f"fragment F{n} on Query {{ me }} " for n in range(150)),
        "LIMIT_FRAGMENTS",
    ),
    document("200 operations", "".join(f"query Q{n} {{ me }} " for n in range(200)), "LIMIT_OPERATIONS"),
    document(
        "5,000 aliases", "{ " + "".join(f"a{n}: me " for n in range(MANY)) + "}", "LIMIT_DOCUMENT_BYTES"
    ),
    document("400 aliases", "{ " + "".join(f"a{n}: me " for n in range(400)) + "}", "LIMIT_ROOT_FIELDS"),
    document(
        "aliases below the root",
        '{ request(id: "1") { ' + "".join(f"a{n}: name " for n in range(100)) + "} }",
        "LIMIT_ALIASES",
    ),
    document(
        "20 aliased connections",
        "{ "
        + "".join(
            f"a{n}: requests(first: 1000) {{ edges {{ node {{ tasks {{ id }} }} }} }} " for n in range(20)
        )
        + "}",
        "LIMIT_COST",
    ),
    document(
        "connections inside connections",
        "{ requests(first: 100) { edges { node { related(first: 100) "
        "{ edges { node { related(first: 100) { edges { node { id } } } } } } } } } }",
        "LIMIT_COST",
    ),
    document("a page of a million", "{ requests(first: 1000000) { totalCount } }", "LIMIT_PAGE_SIZE"),
    document(
        "a page of a million by a variable",
        "query($n: Int) { requests(first: $n) { totalCount } }",
        "LIMIT_PAGE_SIZE",
        n=1_000_000,
    ),
    document(
        "a page of 10^20",
        "{ requests(first: 100000000000000000000) { totalCount } }",
        "LIMIT_PAGE_SIZE",
    ),
    document(
        "a page of 10^20 by default",
        "query($n: Int = 100000000000000000000) { requests(first: $n) { totalCount } }",
        "LIMIT_PAGE_SIZE",
    ),
    document(
        "a page of 10^308 by a variable",
        "query($n: Int) { requests(first: $n) { totalCount } }",
        "LIMIT_PAGE_SIZE",
        n=1e308,
    ),
    # What is written into messages: looked through once, not once for each letter.
    document("a name of 15,000 letters", "{ " + "a" * 15_000 + " }", "GRAPHQL_VALIDATION_FAILED"),
    document(
        "an argument's name of 15,000 letters",
        "{ echo(" + "a" * 15_000 + ": 1) }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    document(
        "an enum value of 15,000 letters",
        "{ requests(filter: { stage: " + "A" * 15_000 + " }) { totalCount } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    document(
        "an enum value of 60,000 letters by a variable",
        "query($f: RequestFilter) { requests(filter: $f) { totalCount } }",
        "BAD_USER_INPUT",
        f={"stage": "A" * 60_000},
    ),
    document(
        "5,000 ids",
        "query($ids: [ID!]!) { tasks(ids: $ids) { id } }",
        "LIMIT_PAGE_SIZE",
        ids=[str(n) for n in range(4_000)],
    ),
    document("30 levels of fields", deep_sites(15), "LIMIT_DEPTH"),
    document("5,000 levels of fields", "{ a " * MANY + "}" * MANY, "LIMIT_DOCUMENT_BYTES"),
    document("500 levels of fields", "{a" * 400 + "}" * 400, "GRAPHQL_PARSE_FAILED"),
    document(
        "5,000 levels of lists", "{ echo(text: " + "[" * MANY + "]" * MANY + ") }", "GRAPHQL_PARSE_FAILED"
    ),
    document("150 levels of lists", "{ echo(text: " + "[" * 150 + "]" * 150 + ") }", "LIMIT_VALUE_DEPTH"),
    document(
        "100 levels of input objects",
        "{ requests(filter: " + "{or: " * 100 + "{}" + "}" * 100 + ") { totalCount } }",
        "LIMIT_VALUE_DEPTH",
    ),
    document(
        "300 unknown fields of an input object",
        "{ requests(filter: {" + " ".join(f"x{n}: 1" for n in range(300)) + "}) { totalCount } }",
        "LIMIT_OBJECT_FIELDS",
    ),
    document(
        "a variable nested 100 levels deep",
        "query($f: RequestFilter) { requests(filter: $f) { totalCount } }",
        "LIMIT_VALUE_DEPTH",
        f=deep_variable(100),
    ),
    document(
        "10,000 values in a variable",
        "query($f: RequestFilter) { requests(filter: $f) { totalCount } }",
        "LIMIT_VALUES",
        f={"name": {"in": [""] * 10_000}},
    ),
    document("100 directives", "{ me " + "@include(if: true) " * 100 + "}", "LIMIT_DIRECTIVES"),
    document("300 unknown directives", "{ me " + "@x " * 300 + "}", "LIMIT_DIRECTIVES"),
    document("a string of 1 MB", '{ echo(text: "' + "x" * 50_000 + '") }', "LIMIT_DOCUMENT_BYTES"),
    document("a comment of 50 kB", "#" + "x" * 50_000 + "\n{ me }", "LIMIT_DOCUMENT_BYTES"),
    document("8,000 comments", "#\n" * 8_000 + "{ me }", "LIMIT_TOKENS"),
    document(
        "a block string of newlines",
        '{ echo(text: """' + "\n" * 15_000 + '""") { x } }',
        "GRAPHQL_VALIDATION_FAILED",
    ),
    document(
        "1,000 unknown fields",
        '{ request(id: "1") { ' + " ".join(f"u{n}" for n in range(1_000)) + " } }",
        "LIMIT_FIELDS",
    ),
    document(
        "deep introspection",
        "{ __schema { types { " + "fields { type { " * 20 + "name" + " } }" * 20 + " } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    document(
        "introspection many times",
        "{ " + "".join(f"a{n}: __schema {{ types {{ name }} }} " for n in range(10)) + "}",
        "LIMIT_ALIASES",
    ),
    document(
        "a huge integer in the document",
        "{ requests(first: " + "9" * 5_000 + ") { totalCount } }",
        "BAD_VALUE",
    ),
    document(
        "an integer above 32 bits",
        "{ requests(filter: {events: 5000000000}) { totalCount } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    document("a float that is not finite", "{ number(value: 1e999) }", "BAD_VALUE"),
    document("NUL in the document", '{ echo(text: "\\u0000") }', "BAD_VALUE"),
    document("NUL between tokens", "{ me \0 }", "BAD_VALUE"),
    document("NUL in a variable", "query($t: String!) { echo(text: $t) }", "BAD_VALUE", t="a\0b"),
    document("half a surrogate pair in the document", '{ echo(text: "\\ud800") }', "GRAPHQL_PARSE_FAILED"),
    document("__proto__ as a field", "{ __proto__ { x } constructor }", "GRAPHQL_VALIDATION_FAILED"),
    document(
        "__proto__ in an input",
        "query($f: RequestFilter) { requests(filter: $f) { totalCount } }",
        "BAD_USER_INPUT",
        f={"__proto__": {"is_admin": True}},
    ),
    document(
        "a variable of the wrong type",
        "query($n: Int) { requests(first: $n) { totalCount } }",
        "BAD_USER_INPUT",
        n={"a": 1},
    ),
    document("a subscription", "subscription { me }", "SUBSCRIPTION_NOT_SERVED"),
    document("a type definition", "type Query { me: String }", "OPERATION_NOT_FOUND"),
    document("@defer", "{ ... @defer { me } }", "GRAPHQL_VALIDATION_FAILED"),
    document("half a document", "{ requests(first:", "GRAPHQL_PARSE_FAILED"),
    document("no document", "", "BAD_REQUEST"),
    raw("a body of 10 MB", b" " * 10_000_000, "BODY_TOO_LARGE", status=413),
    raw(
        "a body of 66 kB",
        b'{"query": "{ me }", "variables": {"a": "' + b"x" * 66_000 + b'"}}',
        "BODY_TOO_LARGE",
        status=413,
    ),
    raw("an empty body", b""),
    raw("half a body", b'{"query": "{ me'),
    raw("invalid UTF-8", b'{"query": "{ me \xff\xfe }"}'),
    raw("UTF-16", '{"query": "{ me }"}'.encode("utf-16")),
    raw("half a surrogate pair in JSON", b'{"query": "{ me }", "variables": {"a": "\\ud800"}}'),
    raw("NaN", b'{"query": "{ me }", "variables": {"a": NaN}}'),
    raw("Infinity", b'{"query": "{ me }", "variables": {"a": Infinity}}'),
    raw("a number that is not finite", b'{"query": "{ me }", "variables": {"a": 1e999}}'),
    raw("JSON nested 20,000 levels deep", b"[" * 20_000 + b"]" * 20_000),
    raw(
        "variables nested 900 levels deep",
        b'{"query": "{ me }", "variables": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
        "LIMIT_VALUE_DEPTH",
    ),
    raw("a number as body", b"5"),
    raw("null as body", b"null"),
    raw("a list as body", b'[{"query": "{ me }"}]', "BATCHING_REFUSED"),
    raw(
        "500 requests in a list", b"[" + b",".join([b'{"query": "{ me }"}'] * 500) + b"]", "BATCHING_REFUSED"
    ),
    raw("a number as query", b'{"query": 7}'),
    raw("variables that are no object", b'{"query": "{ me }", "variables": "x"}'),
    raw("an operation name that is no string", b'{"query": "{ me }", "operationName": ["x"]}'),
    raw(
        "an unknown operation name",
        b'{"query": "{ me }", "operationName": "__proto__"}',
        "OPERATION_NOT_FOUND",
    ),
    raw("extensions that are no object", b'{"query": "{ me }", "extensions": []}'),
    raw(
        "text/plain", b'{"query": "{ me }"}', "UNSUPPORTED_MEDIA_TYPE", status=415, content_type="text/plain"
    ),
    raw(
        "text/plain/application/json",
        b'{"query": "{ me }"}',
        "UNSUPPORTED_MEDIA_TYPE",
        status=415,
        content_type="text/plain/application/json",
    ),
    raw(
        "text/plain;application/json",
        b'{"query": "{ me }"}',
        "UNSUPPORTED_MEDIA_TYPE",
        status=415,
        content_type="text/plain; application/json",
    ),
    raw(
        "application/json in Latin-1",
        b'{"query": "{ me }"}',
        "UNSUPPORTED_MEDIA_TYPE",
        status=415,
        content_type="application/json; charset=iso-8859-1",
    ),
    raw(
        "a form",
        b"query=%7B+me+%7D",
        "UNSUPPORTED_MEDIA_TYPE",
        status=415,
        content_type="application/x-www-form-urlencoded",
    ),
    raw(
        "a multipart upload",
        b"--x--",
        "UNSUPPORTED_MEDIA_TYPE",
        status=415,
        content_type="multipart/form-data; boundary=x",
    ),
]

HONEST = [
    "{ me }",
    "{ __typename }",
    "query Mine { me }",
    "{ requests { totalCount } }",
    "{ requests(first: 1000) { totalCount edges { cursor node { id name } } pageInfo { hasNextPage } } }",
    "{ requests(first: 50) { edges { node { tasks { id stage datasets { name replicas { name } } } } } } }",
    '{ request(id: "13") { id name tasks { id stage datasets { name replicas { name } } } } }',
    '{ request(id: "absent") { name } }',
    '{ request(id: "13") { related(first: 5) { edges { node { name related { totalCount } } } } } }',
    '{ a: request(id: "1") { ...R } b: request(id: "2") { ...R } } fragment R on ProductionRequest { id }',
    '{ tasks(ids: ["1", "2", "3"]) { id stage } }',
    '{ requests(filter: {name: {eq: "PROD2025-013"}}) { totalCount } }',
    "{ requests(filter: {or: [{energyGev: 27.0}, {stage: RECONSTRUCTION}]}) { totalCount } }",
    '{ requests(filter: {name: {in: ["a", "b"]}, events: 40000000}) { totalCount } }',
    '{ echo(text: "событие 𝔊") }',
    '{ echo(text: """a block\n  of text""") }',
    "{ number(value: -1.5e3) }",
    '{ sized(size: "9007199254740993") }',
    "{ me @include(if: true) again: me @skip(if: true) }",
    "# a comment\n{ me, }",
    "{ ... on Query { me } ...Q } fragment Q on Query { me }",
    '{ __type(name: "Task") { name fields { name type { name kind ofType { name } } } } }',
    "{ __schema { queryType { name } types { name } } me }",
    'mutation { rename(id: 1, name: "x") }',
    '{ request(id: "1") { '
    + " ".join(f"...C{n}" for n in range(25))
    + " } } "
    + " ".join(f"fragment C{n} on ProductionRequest {{ id name tasks {{ id stage }} }}" for n in range(25)),
]
