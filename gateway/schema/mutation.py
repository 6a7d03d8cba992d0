"""The root of all changes; each declares its right (`schema.needs`), and expected refusals are data."""

import datetime as dt
from typing import Annotated

import strawberry

from gateway.resolvers.sync_now import sync_now
from gateway.schema.context import Info
from gateway.schema.enums import Right, SourceName
from gateway.schema.mutations.create_request import CreateRequest
from gateway.schema.mutations.update_request import UpdateRequest
from gateway.schema.needs import mutation


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


@strawberry.type(description="Everything that can be changed.")
class Mutation(CreateRequest, UpdateRequest):
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
