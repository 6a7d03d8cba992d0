"""createRequest: a draft with a name and seeds of its own."""

import functools

import strawberry

from gateway.errors import InputError
from gateway.resolvers.changes.create_request import create_request
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import CreateRequestInput, arguments_of
from gateway.schema.mutations.making import IdempotencyKey, RequestChangeResult, make_request_change
from gateway.schema.mutations.results import refusal_of
from gateway.schema.needs import mutation, require


@strawberry.type
class CreateRequest:
    """The mutation."""

    @mutation(
        needs=Right.DEFINE,
        description=(
            "Make a request as a draft, as `input` says: the gateway gives it a name and, unless seeds are "
            "named, the next free seeds of its physics."
        ),
    )
    async def create_request(
        self,
        info: Info,
        input: CreateRequestInput,  # noqa: A002 - GraphQL's word
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Make the request."""
        if input.seed_reuse_reason:
            await require(info.context, Right.APPROVE, info.field_name)
        try:
            definition = input.definition()
        except InputError as error:
            return refusal_of(error)
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments=arguments_of(input=input),
            work=functools.partial(
                create_request, definition=definition, reuse_reason=input.seed_reuse_reason
            ),
        )
