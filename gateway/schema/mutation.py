"""The root of all changes; each declares its right (`schema.needs`), and expected refusals are data."""

import datetime as dt
from typing import Annotated

import strawberry

from gateway.resolvers.release_removals import release_removals
from gateway.resolvers.sync_now import sync_now
from gateway.schema.context import Info
from gateway.schema.enums import Right, SourceName
from gateway.schema.mutations.access_tokens import AccessTokens
from gateway.schema.mutations.clone_task import CloneTask
from gateway.schema.mutations.end_logins import EndLogins
from gateway.schema.mutations.notifications import NotificationMutations
from gateway.schema.mutations.repair import RepairMutations
from gateway.schema.mutations.requests import RequestMutations
from gateway.schema.mutations.rules import RuleMutations
from gateway.schema.mutations.steer import SteerMutations
from gateway.schema.mutations.submit import SubmitMutations
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt


@strawberry.type(description="The source will be read within seconds, if a worker runs.")
class SyncEnqueued:
    """The wish was taken."""

    jobs: list[str] = strawberry.field(description="The readings that were asked for, by name.")


@strawberry.type(description="The source was read or asked for less than a minute ago; nothing was changed.")
class TooSoon:
    """The wish came too early."""

    message: str = strawberry.field(description="Why nothing was done, in a sentence.")
    until: dt.datetime = strawberry.field(description="When it may be asked for again, UTC.")


@strawberry.type(
    description=(
        "This gateway does not read the source: its data, if any, came as a snapshot. Nothing was done."
    )
)
class NotRead:
    """There is nothing to read."""

    message: str = strawberry.field(description="Why nothing was done and what to do, in a sentence.")


SyncNowResult = Annotated[
    SyncEnqueued | TooSoon | NotRead,
    strawberry.union("SyncNowResult", description="Whether the source will be read at once."),
]


@strawberry.type(
    description=(
        "What was held may go: the next complete reading, within seconds, marks as gone what it still lacks."
    )
)
class RemovalsReleased:
    """The word was taken."""

    job: str = strawberry.field(description="The reading whose rows were released.")
    rows: BigInt = strawberry.field(description="How many rows may go.")
    sections: list[str] = strawberry.field(description="Which kinds of rows they are.")


@strawberry.type(description="There is nothing to release; nothing was changed.")
class NothingHeld:
    """The reading holds nothing."""

    message: str = strawberry.field(description="What was looked for and not found, in a sentence.")


ReleaseRemovalsResult = Annotated[
    RemovalsReleased | NothingHeld,
    strawberry.union("ReleaseRemovalsResult", description="Whether rows were released."),
]


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    RequestMutations,
    SubmitMutations,
    CloneTask,
    RepairMutations,
    SteerMutations,
    RuleMutations,
    AccessTokens,
    EndLogins,
    NotificationMutations,
):
    """The root of all changes; each file of `schema.mutations` adds its own."""

    @mutation(
        needs=Right.OPERATE,
        concerns="source",
        description="Ask for a source to be read at once; at most once a minute.",
    )
    async def sync_now(self, info: Info, source: SourceName) -> SyncNowResult:
        """Enqueue the source's jobs, or say why not."""
        context = info.context
        wish = await sync_now(context.database, context.viewer, source, now=context.reading.now)
        if wish.too_soon_until is not None:
            return TooSoon(
                message=f"{source.name} was read or asked for less than a minute ago.",
                until=wish.too_soon_until,
            )
        if not wish.jobs:
            return NotRead(
                message=f"{source.name} is not read by this gateway: give its address in the settings."
            )
        return SyncEnqueued(jobs=list(wish.jobs))

    @mutation(
        needs=Right.OPERATE,
        concerns="job",
        description=(
            "Say that rows which were missing all at once are truly gone; see `held` of a source's jobs."
        ),
    )
    async def release_removals(
        self,
        info: Info,
        source: Annotated[SourceName, strawberry.argument(description="Whose reading it is.")],
        job: Annotated[str, strawberry.argument(description="The reading, for example rucio.rules.")],
        reason: Annotated[
            str, strawberry.argument(description="Why you believe it, in words; kept in the trail.")
        ],
    ) -> ReleaseRemovalsResult:
        """Release what the job holds, or say that it holds nothing."""
        context = info.context
        released = await release_removals(
            context.database, context.viewer, source, job, reason=reason, now=context.reading.now
        )
        if not released.rows_by_section:
            return NothingHeld(message=f"{source.name} has no reading {job[:64]} that holds anything.")
        return RemovalsReleased(job=job, rows=BigInt(released.rows), sections=list(released.rows_by_section))
