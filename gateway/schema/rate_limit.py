"""How much the viewer may still ask for."""

import datetime as dt

import strawberry

from gateway.schema.context import Info


@strawberry.type(
    description=(
        "How much you may still ask for. What counts is how many objects a query may return, by an estimate "
        "that is made before it is executed; `extensions.cost` of each answer says it as `requested`, and "
        "beside it how many objects there were. The allowance fills up evenly, and each process of the "
        "gateway has its own."
    )
)
class RateLimit:
    """What is left of the viewer's allowance."""

    cost: int = strawberry.field(description="What this operation took off: its estimate, objects.")
    limit: int = strawberry.field(description="The whole allowance, objects.")
    remaining: int = strawberry.field(description="What is left of it after this operation, objects.")
    reset_at: dt.datetime = strawberry.field(description="When all of it will be there again, UTC.")


def rate_limit(info: Info) -> RateLimit | None:
    """Return what is left for whoever asks; None where everybody may ask as much as they like."""
    context = info.context
    if context.allowance is None:
        return None
    left = context.allowance.left(context.viewer)
    full_at = context.reading.now + dt.timedelta(seconds=left.full_in_s)
    return RateLimit(cost=context.cost, limit=left.limit, remaining=left.remaining, reset_at=full_at)
