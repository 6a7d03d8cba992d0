"""The trail of who did what, for those who may see it."""

import datetime as dt

import strawberry

from gateway.resolvers.entities import AUDIT_ENTRY
from gateway.schema.enums import AuditOutcome
from gateway.schema.node import RowType
from gateway.schema.scalars import BigInt
from gateway.store.audit import AuditRow


@strawberry.type(
    description=(
        "One thing that somebody did, or was refused. Entries are only ever added, and each is bound to the "
        "one before it: `gateway audit verify` finds an altered one."
    )
)
class AuditEntry(RowType):
    """An entry of the trail."""

    row: strawberry.Private[AuditRow]
    entity = AUDIT_ENTRY

    number: BigInt = strawberry.field(description="Its place in the trail, from 1 on, without gaps.")
    at: dt.datetime = strawberry.field(description="When it was done, UTC.")
    actor: str = strawberry.field(
        description="Who did it: IAM user name, id of a program's client, or a job of the gateway."
    )
    action: str = strawberry.field(description="What was done: the mutation's name, or login, logout.")
    object_kind: str = strawberry.field(description="What kind of thing it was done to; empty for none.")
    object_key: str = strawberry.field(description="Which one: its name, task id or DID; empty for none.")
    before: str | None = strawberry.field(description="What changed, as JSON text; null for nothing.")
    after: str | None = strawberry.field(description="What it changed to, as JSON text; null for nothing.")
    upstream_call: str | None = strawberry.field(
        description="The call that was made of PanDA, Rucio or IAM; null when there was none."
    )
    jti: str | None = strawberry.field(
        description=(
            "The id of the access token it was done with; `session:` and the beginning of its hash for a "
            "browser's session, whose login and logout say it too; `spdgw_` and its number for a token of "
            "one's own; null for what the gateway did by itself, and for a login that was refused."
        )
    )
    reason: str | None = strawberry.field(
        description="Why, in the person's words or in those of what refused it; null when not said."
    )
    hash: str = strawberry.field(description="SHA-256 of this entry and of the hash before it, hexadecimal.")

    @strawberry.field(description="What became of it.")
    def outcome(self) -> AuditOutcome:
        """Return the outcome."""
        return AuditOutcome(self.row.outcome)
