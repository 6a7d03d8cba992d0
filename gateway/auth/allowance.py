"""How much each viewer may ask in a while, counted by what their queries cost and not by how many they are.

The cost is the executor's own estimate: how many objects an answer may hold. What is left grows evenly. Each
process counts for itself.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.auth.viewer import Viewer
from gateway.errors import TooManyError

# Viewers that are remembered; the ones that were quiet longest are forgotten first, with a full allowance.
MAX_VIEWERS: Final = 10_000
# What a change takes from the allowance of changes, and what one takes in addition that is refused: each of
# these leaves an entry in a trail from which nothing can be taken away.
CHANGE: Final = 10
REFUSED: Final = 60
# What even the smallest query takes.
LEAST: Final = 10


@dataclass(frozen=True, slots=True)
class Left:
    """How many objects a viewer may ask for in all, how many of those are left, and when it is all again."""

    limit: int
    remaining: int
    full_in_s: float


class Allowance:
    """An allowance of `most` at once for each viewer, which fills up within `fill_s` seconds.

    Those who are not logged in share one.
    """

    def __init__(self, most: float, fill_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._per_s = most / fill_s
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, viewer: Viewer) -> "Left":
        """Return what the viewer may still ask for."""
        left, at = self._left.get(viewer.subject or "", (self._most, 0.0))
        left = min(self._most, left + max(0.0, self._clock() - at) * self._per_s)
        return Left(
            limit=round(self._most), remaining=max(0, int(left)), full_in_s=(self._most - left) / self._per_s
        )

    def owe(self, viewer: Viewer, cost: int) -> None:
        """Take off what was found to cost more only when it was there: it is given, and the next waits.

        A debt is never more than the whole allowance.
        """
        now = self._clock()
        key = viewer.subject or ""
        left, at = self._left.pop(key, (self._most, now))
        left = min(self._most, left + (now - at) * self._per_s) - cost
        self._left[key] = (max(left, -self._most), now)

    def spend(self, viewer: Viewer, cost: int) -> None:
        """Take a query's cost off the viewer's allowance; raise TooManyError saying when there is enough.

        What costs more than the whole allowance is given to whoever has all of it.
        """
        wanted = min(max(cost, LEAST), self._most)
        key = viewer.subject or ""
        now = self._clock()
        left, at = self._left.pop(key, (self._most, now))
        left = min(self._most, left + (now - at) * self._per_s)
        enough = left >= wanted
        self._left[key] = (left - wanted if enough else left, now)
        if len(self._left) > MAX_VIEWERS:
            self._left.popitem(last=False)
        if not enough:
            wait_s = math.ceil((wanted - left) / self._per_s)
            raise TooManyError(
                f"you have asked for much in a short time; ask again in {wait_s} s, or for less at once",
                retry_after_s=wait_s,
            )
