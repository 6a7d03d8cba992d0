"""Findings in the schema: what the checks say, with the evidence."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import FINDING
from gateway.schema.enums import Severity, SubjectKind
from gateway.schema.links import link
from gateway.schema.node import Node, RowType
from gateway.schema.scalars import BigInt
from gateway.store.findings import FindingRow

if TYPE_CHECKING:
    from gateway.schema.types.requests import Request

LazyRequest = Annotated["Request", strawberry.lazy("gateway.schema.types.requests")]


@strawberry.type(
    description=(
        "What a check found in the present data: which rule, about what, with which numbers, and what could "
        "be done. Found anew at each reconciliation. Owned by the gateway."
    )
)
class Finding(Node, RowType):
    """A finding."""

    row: strawberry.Private[FindingRow]
    entity = FINDING

    invariant: BigInt = strawberry.field(description="Number of the invariant in the documentation.")
    code: str = strawberry.field(description="Short name of what was found, for example seed-overlap.")
    subject_key: str = strawberry.field(description="Key of what it is about.")
    message: str = strawberry.field(description="What was found, in a sentence.")
    suggestion: str | None = strawberry.field(description="What could be done; null when nothing is known.")
    first_found_at: dt.datetime = strawberry.field(description="When it was first found, UTC.")
    last_found_at: dt.datetime = strawberry.field(description="When it was last found, UTC.")
    resolved_at: dt.datetime | None = strawberry.field(
        description="When it was first no longer found, UTC; null while it stands."
    )
    acknowledged_at: dt.datetime | None = strawberry.field(
        description="When somebody took note of it and let it stand, UTC; null while nobody has."
    )
    acknowledged_by: str | None = strawberry.field(
        description="IAM user name of who took note of it; null while nobody has."
    )
    acknowledged_reason: str | None = strawberry.field(
        description="Why it may stand; null while nobody has taken note of it."
    )
    request: LazyRequest | None = link(
        r.REQUEST_BY_FINDING, "The request it is about; null when it is about no request of ours."
    )

    @strawberry.field(description="How bad it is.")
    def severity(self) -> Severity:
        """Return the severity as an enum."""
        return Severity(self.row.severity)

    @strawberry.field(description="Kind of what it is about.")
    def subject_kind(self) -> SubjectKind:
        """Return the kind as an enum."""
        return SubjectKind(self.row.subject_kind)

    @strawberry.field(
        description="The numbers and names that it rests on; long lists of names end with 'and N more'."
    )
    def evidence(self) -> list["Evidence"]:
        """Return the evidence."""
        given = self.row.evidence if isinstance(self.row.evidence, list) else []
        return [
            Evidence(label=str(item["label"]), value=str(item["value"]))
            for item in given
            if isinstance(item, dict)
        ]


@strawberry.type(description="One number or name that a finding rests on.")
class Evidence:
    """A piece of evidence."""

    label: str = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="Its value, as text.")
