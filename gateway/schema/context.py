"""What lives as long as one operation and reaches its resolvers as `info.context`."""

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strawberry.types import Info as StrawberryInfo

from gateway.auth.allowance import REFUSED, Allowance
from gateway.auth.viewer import Viewer
from gateway.domain.freshness import Freshness
from gateway.resolvers.previewing import Cvmfs, NoCvmfs
from gateway.resolvers.reading import Reading
from gateway.resolvers.services import Services
from gateway.schema.enums import Right
from gateway.store.base import Base
from gateway.store.database import Database
from gateway.store.feed import Feed
from gateway.store.sources import SourceName

if TYPE_CHECKING:
    from gateway.schema.node import RowType

ShownAs = Mapping[type[Base], "type[RowType]"]
Clock = Callable[[], dt.datetime]


class Context:
    """Who asks, the one snapshot the operation reads, and the database that mutations write to.

    `is_own_affair` says that more was asked for than rights and the snapshot: who the viewer is, or what
    another service or a later snapshot says. Such an answer is good for this one operation only.
    """

    def __init__(
        self,
        viewer: Viewer,
        reading: Reading,
        shown_as: ShownAs,
        database: Database,
        cvmfs: Cvmfs | None = None,
        services: Services | None = None,
        allowance: Allowance | None = None,
        changes: Allowance | None = None,
    ) -> None:
        self._viewer = viewer
        self.reading = reading
        self.shown_as = shown_as
        self._database = database
        self._cvmfs = cvmfs or NoCvmfs()
        self._services = services or Services()
        self._allowance = allowance
        self._changes = changes
        self.cost = 0
        self.is_own_affair = False

    def spend_refusal(self) -> None:
        """Take a refused change off what the viewer may change; raise TooManyError when that is used up."""
        if self._changes is not None:
            self._changes.spend(self._viewer, REFUSED)

    @property
    def allowance(self) -> Allowance | None:
        """How much each viewer may ask in a while; None for as much as they like."""
        self.is_own_affair = True
        return self._allowance

    @property
    def viewer(self) -> Viewer:
        """Who asks."""
        self.is_own_affair = True
        return self._viewer

    @property
    def rights(self) -> frozenset[Right]:
        """What the viewer may do: all that an answer may depend on which others get too."""
        return self._viewer.rights

    def may(self, right: Right) -> bool:
        """Whether the viewer holds a right."""
        return self._viewer.may(right)

    def require(self, right: Right) -> None:
        """Return if the viewer holds the right; raise RefusedError naming it otherwise."""
        self._viewer.require(right)

    @property
    def database(self) -> Database:
        """The database, for whoever writes or reads past the snapshot."""
        self.is_own_affair = True
        return self._database

    @property
    def cvmfs(self) -> Cvmfs:
        """What releases there are."""
        self.is_own_affair = True
        return self._cvmfs

    @property
    def services(self) -> Services:
        """What sends commands elsewhere and asks there."""
        self.is_own_affair = True
        return self._services

    def show(self, row: Base) -> "RowType":
        """Return the row as the type of the schema that shows such rows."""
        return self.shown_as[type(row)].of(row)

    async def renew(self) -> None:
        """Let what is read from now on see what was committed since, in a new snapshot."""
        self.is_own_affair = True
        self.reading = await self.reading.renewed()

    def response_extensions(self) -> Mapping[str, object]:
        """Say how fresh every source is that the operation touched, and of which moment the answer is.

        Beside a past moment stands, for each source, from when on it is known what the source did not have.
        """
        touched = self.reading.freshness_said()
        said = freshness_extension(touched)
        if self.reading.as_of is None:
            return said
        known = {source.value: _iso(self.reading.known_from(source)) for source in sorted(touched)}
        return {**said, "asOf": _iso(self.reading.as_of), "knownFrom": known}

    def go_back(self, moment: dt.datetime) -> None:
        """Read everything as it was at a past moment; raises InputError for one that is to come."""
        self.reading.go_back(moment)


def freshness_extension(said: Mapping[SourceName, Freshness]) -> dict[str, object]:
    """Return how fresh sources are as answers say it in `extensions`."""
    return {
        "freshness": {
            source.value: {
                "syncedAt": _iso(fresh.synced_at),
                "ageSeconds": None if fresh.age_s is None else round(fresh.age_s),
                "isStale": fresh.is_stale,
                "reason": fresh.reason,
            }
            for source, fresh in sorted(said.items())
        }
    }


Info = StrawberryInfo[Context, None]


@dataclass(slots=True)
class Following:
    """Where a subscription hears of changes, and the number of the last one its reader knows already.

    What the resolver enters on `stack` ends with the subscription.
    """

    feed: Feed
    after: int | None
    stack: contextlib.AsyncExitStack


FollowingInfo = StrawberryInfo[Following, None]


class ContextOpener:
    """Opens the context of each operation on a database; refuses viewers who may not read."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        shown_as: ShownAs,
        feed: Feed,
        cvmfs: Cvmfs | None = None,
        services: Services | None = None,
        allowance: Allowance | None = None,
        changes: Allowance | None = None,
    ) -> None:
        self._allowance = allowance
        self._changes = changes
        self._services = services or Services()
        self._database = database
        self._clock = clock
        self._shown_as = shown_as
        self._feed = feed
        self._cvmfs = cvmfs or NoCvmfs()

    @contextlib.asynccontextmanager
    async def __call__(self, viewer: Viewer) -> AsyncIterator[Context]:
        """Give the context; its snapshot ends with it."""
        viewer.require(Right.READ)
        async with self._database.snapshot() as session:
            reading = Reading(session, self._clock())
            context = Context(
                viewer,
                reading,
                self._shown_as,
                self._database,
                self._cvmfs,
                self._services,
                self._allowance,
                self._changes,
            )
            try:
                yield context
            finally:
                await context.reading.end()

    @contextlib.asynccontextmanager
    async def follow(self, viewer: Viewer, after: int | None) -> AsyncIterator[Following]:
        """Give what a subscription follows; raises EventsError when this process serves enough of them.

        It holds no snapshot: each of its answers is read from one of its own, opened as for a query.
        """
        viewer.require(Right.READ)
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(self._feed.seat(viewer.subject))
            yield Following(self._feed, after, stack)


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
