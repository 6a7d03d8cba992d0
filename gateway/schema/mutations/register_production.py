"""registerProduction: a request from a Sampo configuration."""

import functools
from typing import Annotated, cast

import strawberry

from gateway.domain.sampo import definition_of_sampo
from gateway.errors import InputError
from gateway.resolvers.changes.create_request import create_request
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.making import IdempotencyKey, RequestChangeResult, make_request_change
from gateway.schema.mutations.results import refusal_of
from gateway.schema.needs import mutation
from gateway.schema.scalars import Json
from gateway.store.base import JsonValue


@strawberry.type
class RegisterProduction:
    """The mutation."""

    @mutation(
        needs=Right.DEFINE,
        description=(
            "Make a request, as a draft, from a production configuration of Sampo: its steps, generator, "
            "geometry tag, job options and software version. The tag is derived, a name and free seeds are "
            "given; docs/sampo.md describes the form."
        ),
    )
    async def register_production(
        self,
        info: Info,
        config: Annotated[Json, strawberry.argument(description="The configuration, a JSON object.")],
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Make the request."""
        try:
            definition = definition_of_sampo(config)
        except InputError as error:
            return refusal_of(error)
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments={"config": cast("JsonValue", config)},
            work=functools.partial(create_request, definition=definition),
        )
