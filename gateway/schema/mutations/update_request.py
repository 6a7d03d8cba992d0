"""updateRequest: only what is given changes, and nobody's edit is overwritten."""

import functools

import strawberry

from gateway.errors import InputError
from gateway.resolvers.changes.update_request import update_request
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import UpdateRequestInput, arguments_of
from gateway.schema.mutations.making import IdempotencyKey, RequestChangeResult, make_request_change
from gateway.schema.mutations.results import refusal_of
from gateway.schema.needs import mutation, require
from gateway.schema.scalars import BigInt


@strawberry.type
class UpdateRequest:
    """The mutation."""

    @mutation(
        needs=Right.DEFINE,
        concerns="name",
        description=(
            "Change fields of the request with this `name` as it was at `expectedVersion`, as `input` says. "
            "What may be edited depends on its state."
        ),
    )
    async def update_request(
        self,
        info: Info,
        name: str,
        expected_version: BigInt,
        input: UpdateRequestInput,  # noqa: A002 - GraphQL's word
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Edit the request."""
        if input.seed_reuse_reason:
            await require(info.context, Right.APPROVE, info.field_name, name)
        try:
            patch = input.patch()
        except InputError as error:
            return refusal_of(error)
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments=arguments_of(name=name, expected_version=expected_version, input=input),
            work=functools.partial(
                update_request,
                name=name,
                expected_version=expected_version,
                patch=patch,
                reuse_reason=input.seed_reuse_reason,
            ),
        )
