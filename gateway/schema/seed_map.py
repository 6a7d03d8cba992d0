"""The seeds of one physics: who holds which, and where the next free ones begin."""

from typing import Annotated

import strawberry

from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import INT64_MAX, count_seeds
from gateway.errors import NumberError
from gateway.schema.context import Info
from gateway.schema.mutations.making import shown_request
from gateway.schema.scalars import BigInt
from gateway.schema.types.requests import Request
from gateway.store.seed_ledger import HeldSeeds, held_seeds, next_free_seeds

PhysicsKeyText = Annotated[
    str,
    strawberry.argument(
        description="The physics, as `SeedRange.physicsKey` says it; only seeds of the same can overlap."
    ),
]


@strawberry.type(description="A range in the map of seeds, as a request holds it.")
class SeedMapRange:
    """A range."""

    held: strawberry.Private[HeldSeeds]

    @strawberry.field(description="First seed of the range.")
    def seed_first(self) -> BigInt:
        """Return the first seed."""
        return BigInt(self.held.seeds.first)

    @strawberry.field(description="Last seed of the range, included.")
    def seed_last(self) -> BigInt:
        """Return the last seed."""
        return BigInt(self.held.seeds.last)

    @strawberry.field(description="Name of the request that holds it; null for one set aside by hand.")
    def request_name(self) -> str | None:
        """Return the holder's name."""
        return self.held.request_name

    @strawberry.field(description="Why it may overlap others; null when it may not.")
    def exempt_reason(self) -> str | None:
        """Return the reason."""
        return self.held.exempt_reason

    @strawberry.field(
        description=(
            "False where the script was not recorded on one side: it may be the same physics, and counts as "
            "such when free seeds are looked for."
        )
    )
    def is_same_script(self) -> bool:
        """Return whether the script is known to be the same."""
        return self.held.is_same_script

    @strawberry.field(description="The request that holds it; null for a range set aside by hand.")
    async def request(self, info: Info) -> Request | None:
        """Return the holder."""
        name = self.held.request_name
        return None if name is None else await shown_request(info, name)


@strawberry.type(description="All seeds of one physics that are taken, ascending. Owned by the gateway.")
class SeedMap:
    """The map."""

    physics_key: str = strawberry.field(description="The physics, in its canonical text.")
    ranges: list[SeedMapRange] = strawberry.field(description="What is held, by the first seed.")
    seeds_taken: BigInt = strawberry.field(description="How many different seeds are held.")
    next_free: BigInt = strawberry.field(
        description="The first seed that a new request would get: behind all others, gaps are not filled."
    )


@strawberry.type(description="Seeds in one piece that nobody holds.")
class FreeSeeds:
    """A free range."""

    seed_first: BigInt = strawberry.field(description="First seed of the range.")
    seed_last: BigInt = strawberry.field(description="Last seed of the range, included.")


async def seed_map(info: Info, physics_key: str) -> SeedMap:
    """Return the map of a physics key; raises NamingError for a text that is none."""
    key = PhysicsKey.parse(physics_key)
    held = await held_seeds(info.context.reading.rows, key)
    free = await next_free_seeds(info.context.reading.rows, key, 1)
    return SeedMap(
        physics_key=str(key),
        ranges=[SeedMapRange(held=each) for each in held],
        seeds_taken=BigInt(count_seeds(each.seeds for each in held)),
        next_free=BigInt(free.first),
    )


async def free_seeds(info: Info, physics_key: str, count: int) -> FreeSeeds:
    """Return the range that a request of so many jobs would get now, without taking it."""
    if not 1 <= count <= INT64_MAX // 2:
        raise NumberError("`count` is a whole number above 0.")
    seeds = await next_free_seeds(info.context.reading.rows, PhysicsKey.parse(physics_key), count)
    return FreeSeeds(seed_first=BigInt(seeds.first), seed_last=BigInt(seeds.last))
