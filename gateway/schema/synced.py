"""How remembered things say from whom and from when they are."""

import datetime as dt
from typing import Any

import strawberry

from gateway.domain.freshness import Freshness
from gateway.schema.context import Info
from gateway.schema.enums import SourceName
from gateway.schema.reads import reads


@strawberry.interface(
    description=(
        "A copy of something another service owns. Every value of such a type is from `source`, as it was at "
        "`syncedAt`; it may have changed there since."
    )
)
class Synced:
    """What every remembered type says about itself."""

    row: strawberry.Private[Any]

    @strawberry.field(description="The service that owns this and told us.", metadata=reads("source"))
    def source(self) -> SourceName:
        """Return the owner."""
        return SourceName(self.row.source)

    @strawberry.field(description="When we last saw it at its owner, UTC.", metadata=reads("last_seen_at"))
    def synced_at(self) -> dt.datetime:
        """Return when the row was last seen."""
        seen: dt.datetime = self.row.last_seen_at
        return seen

    @strawberry.field(description="How long ago `syncedAt` was, seconds.", metadata=reads("last_seen_at"))
    def age_seconds(self, info: Info) -> int:
        """Return the age of the row; never negative."""
        seen: dt.datetime = self.row.last_seen_at
        return max(0, round((info.context.reading.now - seen).total_seconds()))

    @strawberry.field(
        description=(
            "True when the owner has been silent for longer than promised, or its data is on hold: the value "
            "may be out of date, and `staleReason` says why."
        ),
        metadata=reads("source"),
    )
    def is_stale(self, info: Info) -> bool:
        """Return whether the source is stale."""
        return info.context.reading.is_stale(SourceName(self.row.source))

    @strawberry.field(
        description="Why the value may be out of date, in words; null while it is fresh.",
        metadata=reads("source"),
    )
    def stale_reason(self, info: Info) -> str | None:
        """Return why the source is stale."""
        return _freshness(info, self.row.source).reason

    @strawberry.field(description="When we saw it for the first time, UTC.", metadata=reads("first_seen_at"))
    def first_seen_at(self) -> dt.datetime:
        """Return when the row was first seen."""
        seen: dt.datetime = self.row.first_seen_at
        return seen

    @strawberry.field(
        description="Since when it has had its present content, as far as we saw, UTC.",
        metadata=reads("changed_at"),
    )
    def changed_at(self) -> dt.datetime:
        """Return when the row last changed."""
        changed: dt.datetime = self.row.changed_at
        return changed

    @strawberry.field(
        description=(
            "When a complete listing of its owner first lacked it, UTC; null while it is there. "
            "Gone things are hidden from lists unless `includeGone` is true."
        ),
        metadata=reads("gone_at"),
    )
    def gone_at(self) -> dt.datetime | None:
        """Return when the row went."""
        gone: dt.datetime | None = self.row.gone_at
        return gone


def _freshness(info: Info, source: str) -> Freshness:
    return info.context.reading.freshness(SourceName(source))
