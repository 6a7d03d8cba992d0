"""What changes answer: what was made, or why nothing was; every refusal is data with a code.

A client that only wants to know whether it worked asks `... on Refusal { code message }`.
"""

import strawberry

from gateway.domain.definitions import FieldProblem as FieldProblemValue
from gateway.domain.findings import Finding as FindingValue
from gateway.errors import GatewayError, InvalidChangeError, StaleEditError
from gateway.resolvers.changes.update_request import EditConflict
from gateway.schema.enums import Severity
from gateway.schema.scalars import BigInt
from gateway.schema.types.findings import Evidence


@strawberry.interface(
    description="A change that was not made; nothing was written. The same call may succeed later."
)
class Refusal:
    """Why nothing was changed."""

    code: str = strawberry.field(description="Machine-readable reason, for example STALE_EDIT.")
    message: str = strawberry.field(description="Why, and what to do, in a sentence or two.")


@strawberry.type(
    description=(
        "The present state of things does not allow it: there is no such thing (NOT_FOUND), its state "
        "forbids it (BAD_TRANSITION, REFUSED), the seeds are taken (SEED_OVERLAP), the idempotency key was "
        "used for another change (KEY_REUSED)."
    )
)
class Refused(Refusal):
    """The state of things is against it."""


@strawberry.type(description="One field of a stale edit, as texts; null where there is or was nothing.")
class FieldConflict:
    """A field that differs."""

    field: str = strawberry.field(description="The field, as it is called in the input.")
    seen: str | None = strawberry.field(
        description="Its value at the version the edit was made from; null too where that was not kept."
    )
    present: str | None = strawberry.field(description="Its value now; null where it has none.")
    wanted: str | None = strawberry.field(
        description="The value after the edit; null where it is taken away."
    )
    is_yours: bool = strawberry.field(description="Whether the edit names this field.")


@strawberry.type(
    description=(
        "Somebody changed the thing since the version the edit names. Compare, then edit the present version."
    )
)
class Conflict(Refusal):
    """The edit is stale."""

    key: str = strawberry.field(description="What was to be edited.")
    current_version: BigInt = strawberry.field(description="Its version now.")
    differences: list[FieldConflict] = strawberry.field(
        description="The fields that others changed meanwhile, and those that the edit would change."
    )


@strawberry.type(description="A field that cannot be as it was given.")
class FieldProblem:
    """What is wrong with a field."""

    field: str = strawberry.field(description="The field, as it is called in the input.")
    message: str = strawberry.field(description="What is wrong with it.")


@strawberry.type(
    description=(
        "What a check says about something that is not stored, or not yet: see Finding for what is said of "
        "stored data. Nothing is kept of it."
    )
)
class CheckResult:
    """The outcome of a check."""

    invariant: BigInt = strawberry.field(description="Number of the invariant in the documentation.")
    code: str = strawberry.field(description="Short name of what was found, for example seed-overlap.")
    severity: Severity = strawberry.field(description="How bad it is; a BLOCKER stops the change.")
    subject_kind: str = strawberry.field(description="Kind of what it is about, for example REQUEST.")
    subject_key: str = strawberry.field(description="Key of what it is about.")
    message: str = strawberry.field(description="What was found, in a sentence.")
    suggestion: str | None = strawberry.field(description="What could be done; null when nothing is known.")
    evidence: list[Evidence] = strawberry.field(description="The numbers and names that it rests on.")

    @classmethod
    def of(cls, finding: FindingValue) -> "CheckResult":
        """Show a finding."""
        return cls(
            invariant=BigInt(finding.invariant),
            code=finding.code,
            severity=finding.severity,
            subject_kind=finding.subject.kind.value,
            subject_key=finding.subject.key,
            message=finding.message,
            suggestion=finding.suggestion,
            evidence=[Evidence(label=item.label, value=item.value) for item in finding.evidence],
        )


@strawberry.type(
    description="What was asked for cannot be: single fields, or the whole by what the checks found."
)
class Invalid(Refusal):
    """The change would leave something wrong."""

    problems: list[FieldProblem] = strawberry.field(description="Fields that cannot be as they were given.")
    findings: list[CheckResult] = strawberry.field(description="What the checks found, the worst first.")


def refusal_of(error: GatewayError) -> Refused | Conflict | Invalid:
    """Show an error of a change as data."""
    match error:
        case StaleEditError():
            return Conflict(
                code=error.code,
                message=error.message,
                key=error.key,
                current_version=BigInt(error.version),
                differences=[
                    FieldConflict(
                        field=camel_case(each.field),
                        seen=each.seen,
                        present=each.present,
                        wanted=each.wanted,
                        is_yours=each.is_yours,
                    )
                    for each in error.differences
                    if isinstance(each, EditConflict)
                ],
            )
        case InvalidChangeError():
            return Invalid(
                code=error.code,
                message=error.message,
                problems=[
                    FieldProblem(field=camel_case(each.field), message=each.message)
                    for each in error.problems
                    if isinstance(each, FieldProblemValue)
                ],
                findings=[CheckResult.of(each) for each in error.findings if isinstance(each, FindingValue)],
            )
        case _:
            return Refused(code=error.code, message=error.message)


def camel_case(field: str) -> str:
    """A field's name as the schema spells it."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)
