"""commentOnRequest: what somebody has to say about a request."""

import functools
from typing import Annotated

import strawberry

from gateway.resolvers.changes.comment import add_comment
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import arguments_of
from gateway.schema.mutations.making import IdempotencyKey, RequestChangeResult, make_request_change
from gateway.schema.needs import mutation


@strawberry.type
class CommentOnRequest:
    """The mutation."""

    @mutation(
        needs=Right.COMMENT,
        concerns="name",
        description="Write a comment on the request with this `name`; comments cannot be changed.",
    )
    async def comment_on_request(
        self,
        info: Info,
        name: str,
        body: Annotated[str, strawberry.argument(description="The text, Markdown.")],
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Write the comment."""
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments=arguments_of(name=name, body=body),
            work=functools.partial(add_comment, name=name, body=body),
        )
