"""acknowledgeFindings, forgetAcknowledgement and adoptTask: what people do about what the checks found."""

import functools
from typing import Annotated

import strawberry

from gateway.domain.names import step_kind
from gateway.errors import InputError
from gateway.resolvers.changes.change import Made
from gateway.resolvers.changes.findings import acknowledge, adopt_task
from gateway.resolvers.entities import FINDING
from gateway.resolvers.loading import load_by_key
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import arguments_of
from gateway.schema.mutations.making import (
    IdempotencyKey,
    RequestChangeResult,
    make,
    make_request_change,
)
from gateway.schema.mutations.results import Conflict, Invalid, Refused, refusal_of
from gateway.schema.needs import mutation
from gateway.schema.node import key_of
from gateway.schema.scalars import BigInt
from gateway.schema.types.findings import Finding


@strawberry.type(description="The findings with what was noted of them.")
class FindingsNoted:
    """Findings."""

    findings: list[Finding] = strawberry.field(description="The findings as they are now.")
    is_repeated: bool = strawberry.field(
        description="True when it was done before under the same idempotency key, and not again."
    )


FindingsResult = Annotated[
    FindingsNoted | Conflict | Invalid | Refused,
    strawberry.union("FindingsResult", description="The findings, or why nothing was noted."),
]
FindingIds = Annotated[
    list[strawberry.ID], strawberry.argument(description="Global ids of the findings, up to 500.")
]


@strawberry.type
class FindingMutations:
    """The mutations."""

    @mutation(
        needs=Right.ACKNOWLEDGE,
        description=(
            "Take note of findings, by their global `ids`, with a reason: they stand on, and no longer want "
            "anybody. All or none."
        ),
    )
    async def acknowledge_findings(
        self,
        info: Info,
        ids: FindingIds,
        reason: Annotated[str, strawberry.argument(description="Why they may stand, in a sentence.")],
        idempotency_key: IdempotencyKey,
    ) -> FindingsResult:
        """Acknowledge the findings."""
        return await _noted(info, idempotency_key, ids, reason)

    @mutation(
        needs=Right.ACKNOWLEDGE,
        description="Take back what was noted of findings, by their global `ids`: they want somebody again.",
    )
    async def forget_acknowledgement(
        self, info: Info, ids: FindingIds, idempotency_key: IdempotencyKey
    ) -> FindingsResult:
        """Forget the acknowledgement."""
        return await _noted(info, idempotency_key, ids, None)

    @mutation(
        needs=Right.ACKNOWLEDGE,
        concerns="jedi_task_id",
        description=(
            "Take a PanDA task that no request claims as the next attempt at a step of a request. The task "
            "itself is not touched."
        ),
    )
    async def adopt_task(
        self,
        info: Info,
        jedi_task_id: Annotated[BigInt, strawberry.argument(description="PanDA's id of the task.")],
        request_name: Annotated[str, strawberry.argument(description="The request it belongs to.")],
        kind: Annotated[str, strawberry.argument(description="The step it is an attempt at: SIM, ...")],
        reason: Annotated[str, strawberry.argument(description="Why, in a sentence.")],
        idempotency_key: IdempotencyKey,
    ) -> RequestChangeResult:
        """Adopt the task."""
        try:
            wanted = step_kind(kind)
        except InputError as error:
            return refusal_of(error)
        return await make_request_change(
            info,
            key=idempotency_key,
            arguments=arguments_of(task=jedi_task_id, request=request_name, kind=kind, reason=reason),
            work=functools.partial(
                adopt_task,
                jedi_task_id=jedi_task_id,
                request_name=request_name,
                kind=wanted,
                reason=reason,
            ),
        )


async def _noted(info: Info, key: str, ids: list[strawberry.ID], reason: str | None) -> FindingsResult:
    try:
        keys = [str(key_of(id_, FINDING)[0]) for id_ in ids]
    except InputError as error:
        return refusal_of(error)
    made = await make(
        info,
        key=key,
        arguments=arguments_of(keys=keys, reason=reason),
        work=functools.partial(acknowledge, keys=keys, reason=reason),
    )
    if not isinstance(made, Made):
        return made
    rows = [await load_by_key(info.context.reading, FINDING, (each,)) for each in made.texts("findings")]
    return FindingsNoted(
        findings=[Finding.of(row) for row in rows if row is not None], is_repeated=made.is_repeated
    )
