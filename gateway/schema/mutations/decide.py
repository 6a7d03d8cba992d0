"""What people decide about a request: ready, approved, held, cancelled, accepted, rejected, obsolete."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import strawberry

from gateway.resolvers.changes import change_intent
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import arguments_of
from gateway.schema.mutations.making import IdempotencyKey, RequestChangeResult, make_request_change
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.store.base import JsonValue

ExpectedVersion = Annotated[
    BigInt,
    strawberry.argument(
        description="The version of the request that was looked at; another one now is a Conflict."
    ),
]
Reason = Annotated[str, strawberry.argument(description="Why, in a sentence; kept in its history.")]
OptionalReason = Annotated[
    str | None, strawberry.argument(description="Why, in a sentence; kept in its history.")
]

Decide = Callable[..., Awaitable[Mapping[str, JsonValue]]]


async def _decided(
    info: Info, decide: Decide, key: str, name: str, expected_version: int, **given: JsonValue
) -> RequestChangeResult:
    return await make_request_change(
        info,
        key=key,
        arguments=arguments_of(name=name, expected_version=expected_version, **given),
        work=functools.partial(decide, name=name, expected_version=expected_version, **given),
    )


@strawberry.type
class Decisions:
    """The mutations."""

    @mutation(
        needs=Right.DEFINE,
        concerns="name",
        description=(
            "Give the draft with this `name` to whoever approves: DRAFT becomes READY. Refused with the "
            "findings while a check blocks it."
        ),
    )
    async def make_request_ready(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        idempotency_key: IdempotencyKey,
        reason: OptionalReason = None,
    ) -> RequestChangeResult:
        """Make the request ready."""
        return await _decided(
            info, change_intent.make_ready, idempotency_key, name, expected_version, reason=reason
        )

    @mutation(
        needs=Right.APPROVE,
        concerns="name",
        description=(
            "Say that the request with this `name` may be submitted: READY becomes APPROVED. From then on "
            "only its priority, campaign and description can be edited."
        ),
    )
    async def approve_request(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        idempotency_key: IdempotencyKey,
        reason: OptionalReason = None,
    ) -> RequestChangeResult:
        """Approve the request."""
        return await _decided(
            info, change_intent.approve, idempotency_key, name, expected_version, reason=reason
        )

    @mutation(
        needs=Right.APPROVE,
        concerns="name",
        description=(
            "Put the request with this `name` on hold: nothing more is submitted for it. Its tasks run on; "
            "pause them one by one."
        ),
    )
    async def hold_request(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Hold the request."""
        return await _decided(
            info, change_intent.hold, idempotency_key, name, expected_version, reason=reason
        )

    @mutation(
        needs=Right.APPROVE,
        concerns="name",
        description="Put the request with this `name` back to where it was when it was held.",
    )
    async def take_request_off_hold(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        idempotency_key: IdempotencyKey,
        reason: OptionalReason = None,
    ) -> RequestChangeResult:
        """Take the request off hold."""
        return await _decided(
            info, change_intent.take_off_hold, idempotency_key, name, expected_version, reason=reason
        )

    @mutation(
        needs=Right.DEFINE,
        concerns="name",
        description=(
            "Give up the request with this `name` before it was submitted: DRAFT or READY becomes CANCELLED. "
            "Its seeds become free again if nothing was taken behind them. What is not one's own draft needs "
            "the right APPROVE."
        ),
    )
    async def cancel_request(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Cancel the request."""
        return await _decided(
            info, change_intent.cancel, idempotency_key, name, expected_version, reason=reason
        )

    @mutation(
        needs=Right.ACCEPT,
        concerns="name",
        description=(
            "Accept what the request with this `name` produced: SUBMITTED becomes ACCEPTED, and how complete "
            "it was is kept. Refused while a task runs, and for a partial result without a `reason`."
        ),
    )
    async def accept_request(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        idempotency_key: IdempotencyKey,
        reason: OptionalReason = None,
        completeness: Annotated[
            float | None,
            strawberry.argument(
                description="The part that is there, 0 to 1; only used where the tasks do not say it."
            ),
        ] = None,
    ) -> RequestChangeResult:
        """Accept the request."""
        return await _decided(
            info,
            change_intent.accept,
            idempotency_key,
            name,
            expected_version,
            reason=reason,
            completeness=completeness,
        )

    @mutation(
        needs=Right.ACCEPT,
        concerns="name",
        description="Reject what the request with this `name` produced: SUBMITTED becomes REJECTED.",
    )
    async def reject_request(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Reject the request."""
        return await _decided(
            info, change_intent.reject, idempotency_key, name, expected_version, reason=reason
        )

    @mutation(
        needs=Right.ACCEPT,
        concerns="name",
        description=(
            "Say that the accepted request with this `name` is not to be used any more: ACCEPTED becomes "
            "OBSOLETE, and its seeds may be used again."
        ),
    )
    async def make_request_obsolete(
        self,
        info: Info,
        name: str,
        expected_version: ExpectedVersion,
        reason: Reason,
        idempotency_key: IdempotencyKey,
        successor: Annotated[
            str | None, strawberry.argument(description="Name of the request to be used instead.")
        ] = None,
    ) -> RequestChangeResult:
        """Make the request obsolete."""
        return await _decided(
            info,
            change_intent.make_obsolete,
            idempotency_key,
            name,
            expected_version,
            reason=reason,
            successor=successor,
        )
