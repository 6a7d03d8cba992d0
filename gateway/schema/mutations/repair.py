"""recoverStep: an attempt with exactly the seeds that are missing, and never more."""

from typing import Annotated

import strawberry

from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange
from gateway.errors import ChangeRefusedError
from gateway.resolvers.changes.submit_steps import Wish
from gateway.resolvers.missing_seeds import check_recovery, find_missing_seeds
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.making import IdempotencyKey
from gateway.schema.mutations.submit import StepKey, SubmissionResult, submit
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.store.base import JsonValue

ExpectedCount = Annotated[
    BigInt,
    strawberry.argument(description="How many seeds you have seen missing; else nothing is done."),
]


@strawberry.type
class RepairMutations:
    """The mutation."""

    @mutation(
        needs=Right.REPAIR,
        concerns="key",
        description=(
            "Submit an attempt at a step with exactly the seeds that `missingSeeds` lists. `expectedCount` "
            "is "
            "the number that you have seen there: with any other, nothing is done."
        ),
    )
    async def recover_step(
        self, info: Info, key: StepKey, expected_count: ExpectedCount, idempotency_key: IdempotencyKey
    ) -> SubmissionResult:
        """Plan the attempt."""
        context = info.context
        why_not: ChangeRefusedError | None = None
        seeds: tuple[SeedRange, ...] = ()
        try:
            async with context.database.snapshot() as session:
                missing = await find_missing_seeds(session, context.services.records, key)
            seeds = missing.seeds
            check_recovery(missing, expected_count)
        except ChangeRefusedError as error:
            why_not = error
        request, _, kind = key.rpartition(".")
        wish = Wish(request, kinds=(StepKind(kind),), seeds=seeds, needs=Right.REPAIR)
        asked: dict[str, JsonValue] = {"key": key, "expectedCount": expected_count}
        return await submit(info, wish, idempotency_key, asked=asked, why_not=why_not)
