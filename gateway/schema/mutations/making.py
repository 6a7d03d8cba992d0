"""How a mutation's resolver makes its change and shows what came of it, the same for all of them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

import strawberry

from gateway.errors import ChangeRefusedError, InputError, MissingError, RefusedError, SeedOverlapError
from gateway.resolvers.changes.change import Asked, Made, Work, make_change
from gateway.resolvers.entities import REQUEST
from gateway.resolvers.loading import load_by_key
from gateway.schema.context import Info
from gateway.schema.mutations.results import Conflict, Invalid, Refused, refusal_of
from gateway.schema.needs import record_refusal
from gateway.schema.types.requests import Request
from gateway.store.base import JsonValue

IdempotencyKey = Annotated[
    str,
    strawberry.argument(
        description=(
            "Any text of up to 200 characters that you use for this change only, for example a UUID. Asked "
            "again under the same key, the change is not made again and the first answer is given, for 90 "
            "days; the same key with other arguments is refused."
        )
    ),
]


async def make(
    info: Info, *, key: str, arguments: Mapping[str, JsonValue], work: Work
) -> Made | Refused | Conflict | Invalid:
    """Make the change that the field is named after; give back what was made, or why nothing was.

    What is read afterwards in the operation sees the change.
    """
    context = info.context
    asked = Asked(context.viewer, context.reading.now, info.field_name, key, arguments)
    try:
        made = await make_change(context.database, asked, work)
    except (ChangeRefusedError, InputError, SeedOverlapError) as error:
        return refusal_of(error)
    except RefusedError as refused:
        await record_refusal(context, info.field_name, str(arguments.get("name", "")), refused)
        raise
    await context.renew()
    return made


@strawberry.type(description="The change was made to the request, which is shown as it is now.")
class RequestChanged:
    """A request after a change."""

    request: Request = strawberry.field(description="The request after the change.")
    is_repeated: bool = strawberry.field(
        description="True when it was made before under the same idempotency key, and not again."
    )


RequestChangeResult = Annotated[
    RequestChanged | Conflict | Invalid | Refused,
    strawberry.union("RequestChangeResult", description="The changed request, or why nothing was changed."),
]


async def make_request_change(
    info: Info, *, key: str, arguments: Mapping[str, JsonValue], work: Work
) -> RequestChangeResult:
    """Make a change whose answer names its `request`, and show that."""
    made = await make(info, key=key, arguments=arguments, work=work)
    if not isinstance(made, Made):
        return made
    request = await shown_request(info, made.text("request"))
    return RequestChanged(request=request, is_repeated=made.is_repeated)


async def shown_request(info: Info, name: str) -> Request:
    """Show the request of this name, which must be there; raises MissingError otherwise."""
    row = await load_by_key(info.context.reading, REQUEST, (name,))
    if row is None:
        raise MissingError(f"There is no request {name[:64]!r}.")
    return Request.of(row)


async def shown_requests(info: Info, names: Sequence[str]) -> list[Request]:
    """Show the requests of these names in one statement; raises MissingError for one that is not there."""
    return list(await asyncio.gather(*(shown_request(info, name) for name in names)))
