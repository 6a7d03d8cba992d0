"""relateRequests and unrelateRequests: which request extends, repeats or supersedes which."""

import enum
import functools
from typing import Annotated

import strawberry

from gateway.resolvers.changes.relate_requests import EXTENDS, REPEATS, SUPERSEDES, relate, unrelate
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import arguments_of
from gateway.schema.mutations.making import IdempotencyKey, RequestChangeResult, make_request_change
from gateway.schema.needs import mutation


class RelationKind(enum.StrEnum):
    """How a request is related to another."""

    EXTENDS = EXTENDS
    REPEATS = REPEATS
    SUPERSEDES = SUPERSEDES


strawberry.enum(
    RelationKind,
    name="RelationKind",
    description=(
        "How a request is related to another. EXTENDS adds more of the same, with other seeds; REPEATS makes "
        "the same again, so that seeds may be the same; SUPERSEDES is to be used instead of it."
    ),
)

Other = Annotated[
    str, strawberry.argument(description="Name of the request that is extended, repeated or superseded.")
]


@strawberry.type
class RelateRequests:
    """The mutations."""

    @mutation(
        needs=Right.DEFINE,
        concerns="name",
        description="Record how the request with this `name` is related to another, as `kind` says.",
    )
    async def relate_requests(
        self,
        info: Info,
        name: str,
        kind: RelationKind,
        other: Other,
        idempotency_key: IdempotencyKey,
        note: Annotated[str | None, strawberry.argument(description="Why, in words.")] = None,
    ) -> RequestChangeResult:
        """Record the relation."""
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments=arguments_of(name=name, kind=kind.value, other=other, note=note),
            work=functools.partial(relate, name=name, kind=kind.value, other=other, note=note),
        )

    @mutation(
        needs=Right.DEFINE,
        concerns="name",
        description="Take back what was recorded about the request with this `name` and another by `kind`.",
    )
    async def unrelate_requests(
        self, info: Info, name: str, kind: RelationKind, other: Other, idempotency_key: IdempotencyKey
    ) -> RequestChangeResult:
        """Take the relation back."""
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments=arguments_of(name=name, kind=kind.value, other=other),
            work=functools.partial(unrelate, name=name, kind=kind.value, other=other),
        )
