"""serviceHealth: how services are and were, as looking at them found."""

import datetime as dt
from typing import Annotated

import strawberry

from gateway.resolvers.health import CheckHistory, check_histories
from gateway.schema.context import Info
from gateway.schema.scalars import BigInt
from gateway.store.health import HealthSpan


@strawberry.type(description="A time in which looks at a service found the same; an hour at most.")
class HealthPeriod:
    """A part of a check's history."""

    began_at: dt.datetime = strawberry.field(description="The first such look, UTC.")
    last_at: dt.datetime = strawberry.field(description="The last such look, UTC.")
    is_ok: bool = strawberry.field(description="Whether it was well.")
    message: str = strawberry.field(description="What the last of these looks found, in words.")
    looks: BigInt = strawberry.field(description="How many looks there were.")
    latency_s: float | None = strawberry.field(
        description="How long they took on average, seconds; null where no time is taken."
    )
    latency_max_s: float | None = strawberry.field(description="The longest of them, seconds; null likewise.")
    value: float | None = strawberry.field(
        description="What the last of them measured; null where nothing is."
    )

    @classmethod
    def of(cls, span: HealthSpan) -> "HealthPeriod":
        """Show a part of a history."""
        mean_s = None if span.latency_sum_s is None else span.latency_sum_s / max(span.looks, 1)
        return cls(
            began_at=span.began_at,
            last_at=span.last_at,
            is_ok=span.is_ok,
            message=span.message,
            looks=BigInt(span.looks),
            latency_s=mean_s,
            latency_max_s=span.latency_max_s,
            value=span.value,
        )


@strawberry.type(
    description=(
        "Something that is looked at every minute or so: a service, the storages as a whole, or what an "
        "administrator described in a file."
    )
)
class ServiceCheck:
    """A check with its history."""

    name: str = strawberry.field(description="The check's name, for example panda.")
    title: str = strawberry.field(description="What is looked at.")
    group: str = strawberry.field(description="What it belongs to: services, storage, computing, ...")
    is_ok: bool = strawberry.field(description="Whether the last look found it well.")
    message: str = strawberry.field(description="What the last look found, in words.")
    last_at: dt.datetime = strawberry.field(description="When it was last looked at, UTC.")
    failures: BigInt = strawberry.field(
        description="Failed looks in a row up to now; people are told after two."
    )
    value: float | None = strawberry.field(description="What the last look measured; null where nothing is.")
    availability: float | None = strawberry.field(
        description="The part of the looks of the time asked for that found it well; null without a look."
    )
    latency_s: float | None = strawberry.field(
        description="How long they took on average, seconds; null where no time is taken."
    )
    periods: list[HealthPeriod] = strawberry.field(
        description="The history of the time asked for, the oldest first; the newest 500 of many."
    )

    @classmethod
    def of(cls, history: CheckHistory) -> "ServiceCheck":
        """Show a check."""
        last = history.last
        return cls(
            name=last.name,
            title=last.title,
            group=last.group_name,
            is_ok=last.is_ok,
            message=last.message,
            last_at=last.last_at,
            failures=BigInt(last.failures),
            value=last.value,
            availability=history.availability,
            latency_s=history.latency_s,
            periods=[HealthPeriod.of(span) for span in history.spans],
        )


@strawberry.type
class HealthQueries:
    """The question."""

    @strawberry.field(
        description="How the services are that this gateway looks at, and how they were, by group and name."
    )
    async def service_health(
        self,
        info: Info,
        hours: Annotated[
            int, strawberry.argument(description="How far back the history goes, 1 to 2160 hours.")
        ] = 24,
    ) -> list[ServiceCheck]:
        """Return the checks."""
        return [ServiceCheck.of(history) for history in await check_histories(info.context.reading, hours)]
