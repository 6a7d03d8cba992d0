"""adoptDatasets: datasets that no attempt wrote, given to a request."""

import functools
from typing import Annotated

import strawberry

from gateway.domain.names import step_kind
from gateway.errors import InputError
from gateway.resolvers.changes.adopt_datasets import adopt_datasets
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import arguments_of
from gateway.schema.mutations.making import IdempotencyKey, RequestChangeResult, make_request_change
from gateway.schema.mutations.results import refusal_of
from gateway.schema.needs import mutation


@strawberry.type
class AdoptDatasets:
    """The mutation."""

    @mutation(
        needs=Right.ACKNOWLEDGE,
        concerns="request_name",
        description=(
            "Take datasets of production scopes that no attempt wrote, orphans for example, as outputs of a "
            "step of a request, whatever their names say. All or none; adopted again they go to another "
            "request. Nothing changes in Rucio."
        ),
    )
    async def adopt_datasets(
        self,
        info: Info,
        dids: Annotated[list[str], strawberry.argument(description="The datasets, scope:name, up to 100.")],
        request_name: Annotated[str, strawberry.argument(description="The request they belong to.")],
        kind: Annotated[str, strawberry.argument(description="The step whose outputs they are: SIM, ...")],
        reason: Annotated[str, strawberry.argument(description="Why, in a sentence.")],
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Adopt the datasets."""
        try:
            wanted = step_kind(kind)
        except InputError as error:
            return refusal_of(error)
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments=arguments_of(dids=dids, request=request_name, kind=kind, reason=reason),
            work=functools.partial(
                adopt_datasets, dids=dids, request_name=request_name, kind=wanted, reason=reason
            ),
        )
