"""cloneRequest and cloneStep: the next batch like the last, or one step of it made anew."""

import functools
from collections.abc import Mapping
from typing import Annotated

import strawberry

from gateway.domain.names import step_kind
from gateway.errors import InputError
from gateway.resolvers.changes.change import Made, Work
from gateway.resolvers.changes.clone_request import clone_request, clone_step
from gateway.resolvers.changes.update_request import Patch
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import UpdateRequestInput, arguments_of
from gateway.schema.mutations.making import IdempotencyKey, make, shown_requests
from gateway.schema.mutations.results import Conflict, Invalid, Refused, refusal_of
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.schema.types.requests import Request
from gateway.store.base import JsonValue

Changes = Annotated[
    UpdateRequestInput | None,
    strawberry.argument(description="What the clones are to have otherwise than their source."),
]
SourceVersion = Annotated[
    BigInt | None,
    strawberry.argument(
        description="The version of the source that was looked at; another one now is a Conflict."
    ),
]


@strawberry.type(description="The clones that were made, each a draft that extends its source.")
class RequestsCloned:
    """Clones."""

    requests: list[Request] = strawberry.field(description="The clones, by name.")
    is_repeated: bool = strawberry.field(
        description="True when they were made before under the same idempotency key, and not again."
    )


CloneResult = Annotated[
    RequestsCloned | Conflict | Invalid | Refused,
    strawberry.union("CloneResult", description="The clones, or why none was made."),
]


@strawberry.type
class CloneRequest:
    """The mutations."""

    @mutation(
        needs=Right.DEFINE,
        concerns="name",
        description=(
            "Clone the request with this `name`, all or none of the clones: each gets the next name and the "
            "next free seeds, one behind the other. What a clone keeps is shown by `previewClone`."
        ),
    )
    async def clone_request(
        self,
        info: Info,
        name: str,
        idempotency_key: IdempotencyKey,
        times: Annotated[
            int, strawberry.argument(description="How many clones are to be made, 1 to 50.")
        ] = 1,
        changes: Changes = None,
        expected_version: SourceVersion = None,
    ) -> CloneResult:
        """Make the clones."""
        try:
            patch = patch_of(changes)
        except InputError as error:
            return refusal_of(error)
        return await _cloned(
            info,
            idempotency_key,
            arguments_of(name=name, times=times, changes=changes, expected_version=expected_version),
            functools.partial(
                clone_request, name=name, times=times, changes=patch, expected_version=expected_version
            ),
        )

    @mutation(
        needs=Right.DEFINE,
        concerns="name",
        description=(
            "Make a request that makes one step of the request with this `name` anew, for example its RECO "
            "with another script, from what the step before it wrote. It has the same seeds: no new events "
            "are simulated."
        ),
    )
    async def clone_step(
        self,
        info: Info,
        name: str,
        kind: Annotated[str, strawberry.argument(description="The step to make anew: RECO, DIGI, ...")],
        idempotency_key: IdempotencyKey,
        changes: Changes = None,
        expected_version: SourceVersion = None,
    ) -> CloneResult:
        """Make the clone of a step."""
        try:
            patch, wanted = patch_of(changes), step_kind(kind)
        except InputError as error:
            return refusal_of(error)
        return await _cloned(
            info,
            idempotency_key,
            arguments_of(name=name, kind=kind, changes=changes, expected_version=expected_version),
            functools.partial(
                clone_step, name=name, kind=wanted, changes=patch, expected_version=expected_version
            ),
        )


def patch_of(changes: UpdateRequestInput | None) -> Patch:
    """The patch of a clone; nothing where nothing is to be otherwise.

    Raises InputError for seeds to be used again: a clone has its own.
    """
    if changes is None:
        return Patch({})
    if changes.seed_reuse_reason:
        raise InputError("A clone gets seeds of its own: `seedReuseReason` has no meaning here.")
    return changes.patch()


async def _cloned(info: Info, key: str, arguments: Mapping[str, JsonValue], work: Work) -> CloneResult:
    made = await make(info, key=key, arguments=arguments, work=work)
    if not isinstance(made, Made):
        return made
    return RequestsCloned(
        requests=await shown_requests(info, made.texts("requests")),
        is_repeated=made.is_repeated,
    )
