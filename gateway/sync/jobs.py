"""The background jobs as data: which reading, how often, how long it may take, when its data is stale."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.upstreams.ports import CallBounds, Feed, Upstream


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a feed is read, seconds: for what changed, and whole; `stale_after_s` is the promise made.

    A run never takes longer than `deadline_s`. Whole readings are spread by up to a fifth of their period, so
    that several gateways do not ask at once.
    """

    changes_every_s: float
    whole_every_s: float
    deadline_s: float
    stale_after_s: float


@dataclass(frozen=True, slots=True)
class Job:
    """One reading of one source, with its pace and, if known, the bounds of its calls."""

    feed: Feed
    pace: Pace
    manners: CallBounds | None = None

    @property
    def name(self) -> str:
        """The feed's name."""
        return self.feed.name


# Measured on the real services (shared reference notes, November 2026): what each reading costs, and how old
# its data may get before somebody is misled. A catalogue of today's size is read whole in seconds.
PACES: Final[Mapping[str, Pace]] = MappingProxyType(
    {
        "panda.tasks": Pace(15, 900, 120, 120),
        # One task of 10,000 jobs takes PanDA some four minutes to describe.
        "panda.job_counts": Pace(15, 900, 900, 900),
        "rucio.datasets": Pace(60, 1800, 300, 600),
        "rucio.rules": Pace(60, 1800, 300, 600),
        "rucio.replicas": Pace(600, 600, 300, 1800),
        "rucio.storages": Pace(600, 600, 120, 1800),
        "cric.sites": Pace(600, 600, 60, 7200),
        "cric.queues": Pace(600, 600, 60, 7200),
        "cric.storage_endpoints": Pace(600, 600, 60, 7200),
        "cric.services": Pace(600, 600, 60, 7200),
        "cric.downtimes": Pace(600, 600, 60, 7200),
        "iam.people": Pace(300, 300, 120, 3600),
    }
)
# For a service on the same machine that exists to be watched: seconds, so that numbers are seen to move.
QUICK_PACES: Final[Mapping[str, Pace]] = MappingProxyType(
    {
        "panda.tasks": Pace(2, 60, 60, 30),
        "panda.job_counts": Pace(15, 15, 60, 60),
        "rucio.datasets": Pace(5, 60, 60, 20),
        "rucio.rules": Pace(5, 60, 60, 20),
        "rucio.replicas": Pace(10, 10, 60, 60),
        "rucio.storages": Pace(30, 30, 60, 120),
        "cric.sites": Pace(60, 60, 60, 240),
        "cric.queues": Pace(60, 60, 60, 240),
        "cric.storage_endpoints": Pace(60, 60, 60, 240),
        "cric.services": Pace(60, 60, 60, 240),
        "cric.downtimes": Pace(60, 60, 60, 240),
        "iam.people": Pace(30, 30, 60, 120),
    }
)
# For a feed nobody thought of: like the slow ones.
USUAL_PACE: Final = Pace(600, 600, 120, 7200)


def jobs_of(
    upstreams: Iterable[Upstream],
    paces: Mapping[str, Pace] = PACES,
    manners: CallBounds | None = None,
) -> Mapping[str, Job]:
    """Return a job for every feed of the upstreams, by name."""
    return {
        feed.name: Job(feed, paces.get(feed.name, USUAL_PACE), manners)
        for upstream in upstreams
        for feed in upstream.feeds
    }
