"""Lines as filters of requests: what `domain.lines` reads, as a condition and as a filter in GraphQL."""

from collections.abc import Mapping
from typing import Annotated, Final

import strawberry
from strawberry.utils.str_converters import to_camel_case

from gateway.domain.lines import KEYS, Bound, Sign, Term, read_line
from gateway.domain.states import Intent
from gateway.errors import LineError
from gateway.schema.scalars import BigInt, Json
from gateway.store.filtering import AllOf, AnyOf, Comparison, Condition, Not, Operator, Related, known

# A key that is one field of the request.
_FIELDS: Final = {
    "name": "name",
    "stage": "stage_name",
    "energy": "energy_gev",
    "collision": "collision_type",
    "polarization": "polarization",
    "tag": "tag",
    "software": "software_version",
    "events": "events",
    "priority": "priority",
    "campaign": "campaign_name",
    "by": "requested_by",
    "test": "is_test",
    "intent": "intent",
    "execution": "execution",
}
# A key that is a field further away: the relations that lead there, and the field's name.
_AWAY: Final = {
    "geometry": (("geometries",), "name"),
    "site": (("datasets", "replicas", "storage", "site"), "name"),
    "storage": (("datasets", "replicas"), "rse_name"),
}
_PARTS: Final = frozenset({"name", "tag"})
_LISTS: Final = frozenset({"intent", "execution"})
_SIGNS: Final = {
    Sign.IS: Operator.EQ,
    Sign.ABOVE: Operator.GT,
    Sign.FROM: Operator.GTE,
    Sign.BELOW: Operator.LT,
    Sign.TO: Operator.LTE,
}
_LOOKED_IN: Final = ("name", "tag", "description", "requested_by")


def condition_of_line(line: str) -> Condition:
    """Translate a line about requests; raises LineError saying where it cannot be understood."""
    return AllOf(
        tuple(
            Not(known(condition.part)) if isinstance(condition, Not) else condition
            for condition in map(_condition, read_line(line))
        )
    )


def filter_of(condition: Condition) -> Mapping[str, object]:
    """Write a condition of this module as the input RequestFilter."""
    match condition:
        case AllOf(parts):
            written = [dict(filter_of(part)) for part in parts]
            keys = [key for part in written for key in part]
            if len(keys) == len(set(keys)):
                return {key: value for part in written for key, value in part.items()}
            return {"and": written}
        case AnyOf(parts):
            return {"or": [filter_of(part) for part in parts]}
        case Not(part):
            return {"not": filter_of(part)}
        case Related(relation, inner):
            return {to_camel_case(relation): filter_of(inner)}
        case Comparison(field, operator, value):
            if field == "is_test":
                return {"isTest": value}
            given = list(value) if isinstance(value, tuple) else value
            return {to_camel_case(field): given if field in _LISTS else {operator.value: given}}


def _condition(term: Term) -> Condition:
    found = AnyOf(tuple(_choice(term.key, bounds) for bounds in term.choices))
    if term.key in _LISTS or term.key == "status":
        found = _states(term)
    condition: Condition = found.parts[0] if len(found.parts) == 1 else _as_list(found)
    return Not(condition) if term.is_not else condition


def _as_list(found: AnyOf) -> Condition:
    """Several values of one field are one comparison with a list."""
    parts = found.parts
    values = [part.value for part in parts if isinstance(part, Comparison) and part.operator is Operator.EQ]
    fields = {part.field for part in parts if isinstance(part, Comparison)}
    if len(values) == len(parts) and len(fields) == 1:
        return Comparison(fields.pop(), Operator.IN, tuple(values))
    return found


def _choice(key: str, bounds: tuple[Bound, ...]) -> Condition:
    if key == "":
        word = bounds[0].value
        return AnyOf(tuple(Comparison(field, Operator.CONTAINS, word) for field in _LOOKED_IN))
    if key == "seed":
        first = bounds[0].value
        last = bounds[-1].value
        inside = (
            Comparison("seed_first", Operator.LTE, last),
            Comparison("seed_last", Operator.GTE, first),
        )
        return Related("seed_ranges", AllOf(inside))
    if key in _AWAY:
        relations, field = _AWAY[key]
        condition: Condition = Comparison(field, Operator.EQ, bounds[0].value)
        for relation in reversed(relations):
            condition = Related(relation, condition)
        return condition
    if key in _PARTS:
        return Comparison(key, Operator.CONTAINS, bounds[0].value)
    field = _FIELDS.get(key, key)
    parts = tuple(Comparison(field, _SIGNS[bound.sign], _plain(key, bound.value)) for bound in bounds)
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _states(term: Term) -> AnyOf:
    words = [str(bounds[0].value) for bounds in term.choices]
    intents = tuple(
        word
        for word in words
        if term.key == "intent" or (term.key == "status" and word in Intent.__members__)
    )
    executions = tuple(word for word in words if word not in intents)
    return AnyOf(
        tuple(
            Comparison(field, Operator.IN, found)
            for field, found in (("intent", intents), ("execution", executions))
            if found
        )
    )


def _plain(key: str, value: object) -> object:
    return float(str(value)) if key == "energy" else value


@strawberry.type(description="A key that a line may have.")
class LineKey:
    """A key."""

    key: str = strawberry.field(description="What is written before the colon.")
    meaning: str = strawberry.field(description="What its values are.")


@strawberry.type(description="What a line says of requests.")
class Line:
    """A line that was read."""

    filter: Json = strawberry.field(description="The same as a value of RequestFilter.")
    words: list[str] = strawberry.field(description="Words that are looked for in names and descriptions.")
    keys: list[LineKey] = strawberry.field(description="All keys that a line may have.")


@strawberry.type(description="A line cannot be understood; the place is counted in characters from 1.")
class LineProblem:
    """A line that could not be read."""

    message: str = strawberry.field(description="What is wrong and what to write, in a sentence or two.")
    position: BigInt = strawberry.field(description="The first character that is wrong.")
    length: BigInt = strawberry.field(description="How many characters are meant.")


LineResult = Annotated[
    Line | LineProblem,
    strawberry.union("LineResult", description="What the line says, or where it cannot be understood."),
]


@strawberry.type
class LineQueries:
    """The question."""

    @strawberry.field(
        description=(
            "Read a line such as `stage:S2 energy:27 site:JINR status:PARTIAL events:>40M` and say what it "
            "means; `requests(filter: { line: ... })` asks for what it finds."
        )
    )
    def read_line(self, line: str) -> LineResult:
        """Return what the line says."""
        try:
            terms = read_line(line)
        except LineError as error:
            return LineProblem(
                message=error.message,
                position=BigInt(error.start + 1),
                length=BigInt(error.end - error.start),
            )
        return Line(
            filter=Json(filter_of(AllOf(tuple(_condition(term) for term in terms)))),
            words=[str(term.choices[0][0].value) for term in terms if not term.key],
            keys=[LineKey(key=name, meaning=key.meaning) for name, key in KEYS.items()],
        )
