"""The answer to `missingSeeds`: which seeds of a step no attempt has finished, by number."""

from typing import Annotated

import strawberry

from gateway.domain.seeds import format_seeds
from gateway.errors import ChangeRefusedError
from gateway.resolvers.missing_seeds import find_missing_seeds
from gateway.schema.context import Info
from gateway.schema.scalars import BigInt


@strawberry.type(description="A closed range of seeds.")
class SeedSpan:
    """A range."""

    first: BigInt = strawberry.field(description="The first seed.")
    last: BigInt = strawberry.field(description="The last seed, included.")


@strawberry.type(
    description=(
        "The seeds of a step that no attempt has finished, from PanDA's own record of its jobs, asked now. "
        "While an attempt runs, seeds that it has not come to are among them."
    )
)
class MissingSeeds:
    """What a step lacks."""

    step_key: str = strawberry.field(description="The step.")
    count: BigInt = strawberry.field(description="How many are missing; `recoverStep` asks for this number.")
    expected: BigInt = strawberry.field(description="How many the request has.")
    seeds: list[SeedSpan] = strawberry.field(description="The missing ones, ascending.")
    text: str = strawberry.field(description="The missing ones in one text: 20003,20017-20019.")
    attempts: list[str] = strawberry.field(description="The attempts that were looked at, oldest first.")
    is_running: bool = strawberry.field(description="Whether one of them still runs.")


@strawberry.type(description="Which seeds are missing cannot be told now.")
class SeedsUnknown:
    """No answer."""

    code: str = strawberry.field(description="Machine-readable reason, for example NOT_FOUND.")
    message: str = strawberry.field(description="Why, and what to do, in a sentence.")


MissingSeedsResult = Annotated[
    MissingSeeds | SeedsUnknown,
    strawberry.union("MissingSeedsResult", description="The missing seeds, or why they cannot be told."),
]


async def missing_seeds(info: Info, key: str) -> MissingSeedsResult:
    """Ask PanDA which seeds of a step are missing."""
    context = info.context
    try:
        async with context.database.snapshot() as session:
            found = await find_missing_seeds(session, context.services.records, key)
    except ChangeRefusedError as error:
        return SeedsUnknown(code=error.code, message=error.message)
    return MissingSeeds(
        step_key=found.step_key,
        count=BigInt(found.count),
        expected=BigInt(found.expected),
        seeds=[SeedSpan(first=BigInt(each.first), last=BigInt(each.last)) for each in found.seeds],
        text=format_seeds(found.seeds),
        attempts=list(found.attempts),
        is_running=found.is_running,
    )
