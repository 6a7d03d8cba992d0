"""What a GraphQL request gets back: data, problems with codes, extensions; and how errors become problems.

No message leaves here that was written for a programmer: it is ours, or graphql-core's about the document.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import orjson
from graphql import GraphQLError, GraphQLSyntaxError
from graphql.validation.validate import ValidationAbortedError
from strawberry.exceptions import StrawberryInputCoercionError

from gateway.errors import GatewayError, InputError, LimitError

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
INTERNAL_ERROR = "INTERNAL_ERROR"

# graphql-core prints the offending part of the document again, which may be most of it.
MAX_MESSAGE_CHARACTERS = 300

# What is said instead of names to those who may not introspect: types, fields and arguments in a message
# would tell them the schema piece by piece.
CLOSED_DOCUMENT = "this place in the document does not fit the schema"
CLOSED_VARIABLE = "the value of variable {variable} does not fit its type"
CLOSED_ARGUMENT = "an argument at this place has a value that does not fit its type"

# After these words graphql-core 3.3 and Strawberry 0.341 quote Python's own message, or the repr of a value;
# only what is in front of them is kept. Held by tests.
_PYTHON_FOLLOWS = re.compile(r", but encountered error |(?<=\")\. |[,;] found: | Found: ")


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `errors`; lines and columns count from 1, `path` is None outside of execution."""

    message: str
    code: str
    locations: tuple[tuple[int, int], ...] = ()
    path: tuple[str | int, ...] | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the entry as the specification shapes it."""
        entry: dict[str, object] = {"message": self.message}
        if self.locations:
            entry["locations"] = [{"line": line, "column": column} for line, column in self.locations]
        if self.path is not None:
            entry["path"] = list(self.path)
        entry["extensions"] = {**self.details, "code": self.code}
        return entry


class PartOf(Protocol):
    """A piece of an answer's data."""

    @property
    def is_alive(self) -> bool:
        """Whether the newest look at the database found that it would be read again as it is."""
        ...


@dataclass(slots=True)
class Answer:
    """An answer and its JSON; `is_executed` is False if nothing was executed, and then there is no `data`.

    `data_json` and `extensions` are what the body was made of. `version` is the number of the state of the
    data that the answer is at least as new as, None where nobody counts; `age_s` is for how long it was not
    looked whether that is still the newest. `parts` are those pieces of the data whose rows are watched one
    by one; what else it was read from is watched by tables.
    """

    body: bytes
    is_executed: bool
    problems: tuple[Problem, ...] = ()
    data_json: bytes | None = None
    extensions: Mapping[str, object] = field(default_factory=dict)
    version: int | None = None
    age_s: float = 0.0
    parts: Sequence[PartOf] = ()

    @property
    def data(self) -> Mapping[str, object] | None:
        """What was asked for, read from its JSON; None if nothing was executed."""
        data: Mapping[str, object] | None = None if self.data_json is None else orjson.loads(self.data_json)
        return data


def refusal(problems: Sequence[Problem]) -> Answer:
    """Return the answer to a request of which nothing was executed."""
    body = orjson.dumps({"errors": [problem.as_json() for problem in problems]})
    return Answer(body, is_executed=False, problems=tuple(problems))


@dataclass(frozen=True, slots=True)
class Cost:
    """How many objects an operation was estimated to return, and how many it might have been at most."""

    requested: int
    maximum: int


def executed(
    data: Mapping[str, object] | None,
    problems: Sequence[Problem],
    extensions: Mapping[str, object],
    cost: Cost | None = None,
) -> Answer:
    """Return the answer of an execution; with its cost, requested and actual, if an estimate is given.

    Raises TypeError if a resolver returned what JSON cannot say. NaN and infinities become null.
    """
    return executed_with_cost(orjson.dumps(data), problems, extensions, cost)


def executed_with_cost(
    data_json: bytes, problems: Sequence[Problem], extensions: Mapping[str, object], cost: Cost | None
) -> Answer:
    """Return the answer of an execution whose data is JSON already, with its cost if an estimate is given."""
    if cost is not None:
        actual = objects_in(data_json)
        said = {"requested": cost.requested, "actual": actual, "maximum": cost.maximum}
        extensions = {**extensions, "cost": said}
    return executed_from_json(data_json, extensions, problems)


def objects_in(data_json: bytes) -> int:
    """Return how many objects the JSON of an answer's data holds, itself not counted.

    An object begins with a brace and a quote, and then the name of a field. In a string a quote is escaped,
    so there only a brace at its end looks the same, and what follows that is no name.
    """
    found = data_json.count(b'{"') - sum(data_json.count(b'{"' + end) for end in (b",", b"}", b"]"))
    return max(0, found - 1)


def executed_from_json(
    data_json: bytes, extensions: Mapping[str, object], problems: Sequence[Problem] = ()
) -> Answer:
    """Return the answer of an execution whose data is JSON already."""
    parts = [b"{"]
    if problems:
        parts += [b'"errors":', orjson.dumps([problem.as_json() for problem in problems]), b","]
    parts += [b'"data":', data_json]
    if extensions:
        parts += [b',"extensions":', orjson.dumps(dict(extensions))]
    parts.append(b"}")
    return Answer(b"".join(parts), True, tuple(problems), data_json, extensions)


def internal_problem(
    correlation_id: str,
    locations: tuple[tuple[int, int], ...] = (),
    path: tuple[str | int, ...] | None = None,
) -> Problem:
    """Return the entry for a failure of ours: no cause, but the id under which the log has it."""
    return Problem(
        f"something failed on our side; the operators find it in the log as {correlation_id}",
        INTERNAL_ERROR,
        locations,
        path,
        details={"correlationId": correlation_id},
    )


def gateway_problem(error: GatewayError) -> Problem:
    """Return the entry for an error raised on purpose."""
    details: dict[str, object] = {}
    if isinstance(error, LimitError):
        details = {"found": error.found, "limit": error.limit}
    return Problem(error.message, error.code, details=details)


def document_problem(error: GraphQLError, *, names_are_open: bool, limit: int) -> Problem:
    """Return the entry for what parsing or validation found; `limit` is the number of comparisons allowed."""
    if isinstance(error, GraphQLSyntaxError):
        return Problem(_cut(error.message), PARSE_FAILED, _locations(error))
    if isinstance(error, ValidationAbortedError):
        if error.message.startswith("Too many validation errors"):
            return Problem("there are more problems than are listed here", VALIDATION_FAILED)
        message = f"fields that overlap need more than {limit} comparisons; the limit is {limit}"
        return Problem(message, "LIMIT_COMPARISONS", details={"found": None, "limit": limit})
    if not names_are_open:
        return Problem(CLOSED_DOCUMENT, VALIDATION_FAILED, _locations(error))
    return Problem(_without_python(error), VALIDATION_FAILED, _locations(error))


def variable_problem(error: GraphQLError, *, names_are_open: bool) -> Problem:
    """Return the entry for a variable whose value does not fit."""
    if not names_are_open:
        # The error points at the definition of the variable, which starts with its name.
        node = error.nodes[0] if error.nodes else None
        name = getattr(getattr(getattr(node, "variable", None), "name", None), "value", None)
        message = CLOSED_VARIABLE.format(variable=f"${name}" if name else "")
        return Problem(message, BAD_USER_INPUT, _locations(error))
    return Problem(_without_python(error), BAD_USER_INPUT, _locations(error))


def field_problem(
    error: GraphQLError, *, names_are_open: bool, report: Callable[[Exception, Sequence[str | int]], str]
) -> Problem:
    """Return the entry for an error in a field.

    An error that nobody raised on purpose is given to `report`, which returns the id it was logged under.
    """
    path = tuple(error.path or ())
    chain = list(_causes(error))
    cause = chain[-1]
    if isinstance(cause, GatewayError):
        known = gateway_problem(cause)
        return Problem(known.message, known.code, _locations(error), path, known.details)
    extensions = dict(error.extensions or {})
    if isinstance(cause, GraphQLError) and isinstance(extensions.get("code"), str):
        return Problem(_cut(error.message), str(extensions.pop("code")), _locations(error), path, extensions)
    # graphql-core points at the nodes of an argument it could not read, and at none when it could not write a
    # result: the first is the caller's mistake, the second ours.
    is_about_arguments = any(isinstance(link, GraphQLError) and link.nodes for link in chain[1:])
    if is_about_arguments or isinstance(cause, StrawberryInputCoercionError):
        message = _without_python(error) if names_are_open else CLOSED_ARGUMENT
        return Problem(message, BAD_USER_INPUT, _locations(error), path)
    return internal_problem(report(cause, path), _locations(error), path)


def is_bad_input(error: GraphQLError) -> bool:
    """Whether a field failed because what the caller gave cannot be used, and for no reason of ours."""
    return isinstance(list(_causes(error))[-1], InputError)


def _causes(error: GraphQLError) -> Iterator[Exception]:
    """Return the error and, one behind the other, the errors it stands for."""
    link: Exception | None = error
    while link is not None:
        yield link
        link = link.original_error if isinstance(link, GraphQLError) else None


def _without_python(error: GraphQLError) -> str:
    message = _PYTHON_FOLLOWS.split(error.message, maxsplit=1)[0].replace("not to be None", "not to be null")
    cause = list(_causes(error))[-1]
    if isinstance(cause, GatewayError) and cause.message not in message:
        message = f"{message}: {cause.message}"
    return _cut(message)


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE_CHARACTERS else message[: MAX_MESSAGE_CHARACTERS - 1] + "…"


def _locations(error: GraphQLError) -> tuple[tuple[int, int], ...]:
    return tuple((location.line, location.column) for location in error.locations or ())
