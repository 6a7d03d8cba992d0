"""Looking one thing up by the key people know: the thing, or an answer that says why there is none.

"It does not exist" and "nobody can know" are different answers, and both are data, not errors.
"""

import datetime as dt
from typing import Annotated, Any

import strawberry

from gateway.resolvers.entity import Entity
from gateway.resolvers.loading import load_by_key
from gateway.schema.context import Info
from gateway.schema.enums import SourceName
from gateway.schema.types.datasets import Dataset
from gateway.schema.types.people import Person
from gateway.schema.types.requests import Request
from gateway.schema.types.sites import Site
from gateway.schema.types.storages import Storage
from gateway.schema.types.tasks import Task
from gateway.store.values import storable


@strawberry.type(
    description=(
        "There is no such thing: for things of ours this is certain; for things of another service its last "
        "complete listing, at `asOf`, did not contain it."
    )
)
class Absent:
    """The thing does not exist."""

    message: str = strawberry.field(description="What was looked for and not found, in a sentence.")
    key: str = strawberry.field(description="The key that was looked for.")
    owner: SourceName | None = strawberry.field(description="Whose listing lacked it; null for what we own.")
    as_of: dt.datetime = strawberry.field(description="The moment for which this is true, UTC.")
    is_stale: bool = strawberry.field(description="Whether that moment is longer ago than promised.")


@strawberry.type(
    description=(
        "Nobody can say whether it exists: our copy does not have it, and its owner has never been listed "
        "completely, or not yet at the moment that was asked of (`asOf`)."
    )
)
class Unknown:
    """Nobody can know whether the thing exists."""

    message: str = strawberry.field(description="What was looked for and why nobody knows, in a sentence.")
    key: str = strawberry.field(description="The key that was looked for.")
    owner: SourceName | None = strawberry.field(
        description="The service that owns such things; never null, nullable to be asked for beside `Absent`."
    )
    reason: str = strawberry.field(description="Why it has not been listed, as far as we know.")


RequestResult = Annotated[
    Request | Absent,
    strawberry.union("RequestResult", description="A request, or the certainty that there is none."),
]
TaskResult = Annotated[
    Task | Absent | Unknown,
    strawberry.union("TaskResult", description="A task, or why there is none to show."),
]
DatasetResult = Annotated[
    Dataset | Absent | Unknown,
    strawberry.union("DatasetResult", description="A dataset, or why there is none to show."),
]
SiteResult = Annotated[
    Site | Absent | Unknown,
    strawberry.union("SiteResult", description="A site, or why there is none to show."),
]
StorageResult = Annotated[
    Storage | Absent | Unknown,
    strawberry.union("StorageResult", description="A storage, or why there is none to show."),
]
PersonResult = Annotated[
    Person | Absent | Unknown,
    strawberry.union("PersonResult", description="A person, or why there is none to show."),
]


async def look_up(info: Info, entity: Entity[Any], key: object) -> Any:
    """Return what has this primary key, or Absent, or Unknown."""
    row = await load_by_key(info.context.reading, entity, (storable(key),))
    return await no_such_thing(info, entity, key) if row is None else info.context.show(row)


async def no_such_thing(info: Info, entity: Entity[Any], key: object) -> Absent | Unknown:
    """Say why there is nothing with this key."""
    reading = info.context.reading
    what = f"{entity.name.lower()} {str(key)[:100]!r}"
    if entity.source is None:
        return Absent(
            message=f"There is no {what}.",
            key=str(key),
            owner=None,
            as_of=reading.as_of or reading.now,
            is_stale=False,
        )
    await reading.sources()
    fresh = reading.freshness(entity.source)
    if fresh.complete_at is None:
        return Unknown(
            message=(
                f"Nobody can say whether there is a {what}: {entity.source.name} was never listed completely."
            ),
            key=str(key),
            owner=entity.source,
            reason=fresh.reason or "only parts of it have been read so far",
        )
    known_from = reading.known_from(entity.source)
    if reading.as_of is not None and (known_from is None or reading.as_of < known_from):
        return Unknown(
            message=(
                f"Nobody can say whether there was a {what} then: {entity.source.name} was not yet listed."
            ),
            key=str(key),
            owner=entity.source,
            reason=f"its first complete listing is of {(known_from or fresh.complete_at).isoformat()}",
        )
    return Absent(
        message=f"{entity.source.name} had no {what} in its last complete listing.",
        key=str(key),
        owner=entity.source,
        as_of=reading.as_of or fresh.complete_at,
        is_stale=fresh.is_stale,
    )
