"""What the rest of the program needs of another service, and nothing about how it is asked.

An adapter translates the service's own words into records whose fields are ours (docs/snapshot.md lists them
by section). It never judges them: `sync` types each record, sets bad ones aside, and decides what a listing
proves.
"""

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.store.sources import SourceName

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one section ("tasks", "rules", ...), as an upstream gave them at `taken_at`.

    `taken_at` is the upstream's own clock, from the Date header of its answer: later questions about changes
    are asked from there, so that no difference between clocks can lose a row.

    `whole_of`, a field and its value, promises that the page holds all records with that value, such as the
    job counts of one task. What the copy has beside them is gone at once: that is a definite answer.
    """

    section: str
    records: Sequence[Record]
    taken_at: dt.datetime
    whole_of: tuple[str, object] | None = None


class Feed(Protocol):
    """One kind of reading: the records of a few sections of one service.

    Both ways of reading yield pages within bounded memory and time, and raise an `UpstreamError` the moment
    anything is wrong with an answer. Ending without an error is the promise that the reading was complete:
    every stream was seen to its end, every page was there, every count agreed.
    """

    @property
    def name(self) -> str:
        """The job's name, for example "rucio.datasets"."""
        ...

    @property
    def source(self) -> SourceName:
        """The service."""
        ...

    @property
    def sections(self) -> Sequence[str]:
        """The sections whose records it reads; a complete reading contains all rows of each."""
        ...

    @property
    def lists_everything(self) -> bool:
        """Whether what `everything` lacks at its clean end is gone.

        False for a feed that only reads a part each time; it says with `whole_of` what its pages prove.
        """
        ...

    def everything(self) -> AsyncIterator[Page]:
        """Read all records."""
        ...

    def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Read at least the records that changed since a moment of the upstream's clock.

        A feed whose service cannot tell raises NotOfferedError and is read whole each time.
        """
        ...


class CallBounds(Protocol):
    """How a service is called at most, and how long is waited for it; seconds."""

    @property
    def at_once(self) -> int:
        """Calls in flight at the same time."""
        ...

    @property
    def per_second(self) -> float:
        """Calls begun in a second, over a longer time."""
        ...

    @property
    def burst(self) -> int:
        """Calls begun at once after a quiet time."""
        ...

    @property
    def connect_s(self) -> float:
        """Until a connection is there."""
        ...

    @property
    def read_s(self) -> float:
        """For the next piece of an answer."""
        ...

    @property
    def deadline_s(self) -> float:
        """For a whole answer."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """What a look at an upstream found, for `gateway doctor`: in words, with what to do about it."""

    source: SourceName
    is_ok: bool
    version: str | None
    capabilities: Mapping[str, bool]
    clock_ahead_s: float | None
    advice: Sequence[str]


class Upstream(Protocol):
    """One service: what can be read from it, and how it is."""

    @property
    def source(self) -> SourceName:
        """The service."""
        ...

    @property
    def feeds(self) -> Sequence[Feed]:
        """The readings it offers."""
        ...

    async def look(self) -> Health:
        """Ask it a few cheap questions; never raises."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...
