"""The root of all subscriptions: each tells that something changed, and shows it as it is now."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

import strawberry

from gateway.resolvers import entities as e
from gateway.resolvers.loading import load_by_key
from gateway.schema.context import Context, FollowingInfo
from gateway.schema.enums import SourceName
from gateway.schema.scalars import BigInt
from gateway.schema.types.requests import Request
from gateway.schema.types.sources import Source
from gateway.schema.types.tasks import Task
from gateway.store.base import Base
from gateway.store.events import Change, EventKind
from gateway.store.values import storable, storable_text


@dataclass(frozen=True, slots=True)
class RowChange:
    """A change, and how the row it is about is read."""

    change: Change

    @property
    def number(self) -> int:
        """The event's number."""
        return self.change.number

    async def read(self, context: Context) -> object | None:
        """Return the row as the schema shows it now; None if a task names a request that nobody made."""
        row = await self._row(context)
        return None if row is None else context.show(row)

    async def _row(self, context: Context) -> Base | None:
        key = self.change.key
        match self.change.kind:
            case EventKind.TASK:
                task: Base | None = await load_by_key(context.reading, e.TASK, (int(key),))
                return task
            case EventKind.REQUEST:
                request: Base | None = await load_by_key(context.reading, e.REQUEST, (key,))
                return request
            case EventKind.SYNC:
                return (await context.reading.sources()).get(key)


@strawberry.type(
    description=(
        "Everything that can be followed, as an event stream (`Accept: text/event-stream`). An event tells "
        "that something changed and shows it as it is when the event is sent; several changes in short order "
        "may be told as one."
    )
)
class Subscription:
    """The root of all subscriptions."""

    @strawberry.subscription(
        description=(
            "Each change of the task with this `jediTaskId`, or without it of any: new, changed or gone in "
            "our copy of PanDA, or with other job counts or datasets than before."
        )
    )
    async def task_changed(
        self, info: FollowingInfo, jedi_task_id: BigInt | None = None
    ) -> AsyncGenerator[Task, None]:
        """Follow tasks."""
        key = None if jedi_task_id is None else str(storable(jedi_task_id))
        return await follow(info, EventKind.TASK, key)

    @strawberry.subscription(
        description=(
            "Each change of the request with this `name`, or without it of any: decided by people, or moved "
            "on by one of its tasks or datasets, rules and replicas included."
        )
    )
    async def request_changed(
        self, info: FollowingInfo, name: str | None = None
    ) -> AsyncGenerator[Request, None]:
        """Follow requests."""
        key = None if name is None else storable_text(name.strip().upper())
        return await follow(info, EventKind.REQUEST, key)

    @strawberry.subscription(
        description=(
            "Each end of a reading of the `source` that is named, or without it of any. Whether it ended "
            "well is in the source's `error` and `jobs`."
        )
    )
    async def sync_changed(
        self, info: FollowingInfo, source: SourceName | None = None
    ) -> AsyncGenerator[Source, None]:
        """Follow sources."""
        return await follow(info, EventKind.SYNC, None if source is None else source.value)


async def follow(info: FollowingInfo, kind: EventKind, key: str | None) -> AsyncGenerator[Any, None]:
    """Begin to read changes now, until the subscription ends, and return them as what execution reads from.

    What a subscription's resolver gives is not shown: each event is read in a snapshot of its own.
    """
    following = info.context
    changes = await following.stack.enter_async_context(
        following.feed.reading(kind, key, after=following.after)
    )
    return _updates(changes)


async def _updates(changes: AsyncIterator[Change]) -> AsyncGenerator[RowChange, None]:
    async for change in changes:
        yield RowChange(change)
