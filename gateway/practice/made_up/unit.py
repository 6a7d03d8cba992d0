"""Making the units of a world one after another, each by its own chance, the same for the same seed."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final

from gateway.domain.seeds import SeedRange
from gateway.practice.made_up.shape import (
    FIRST_TASK_ID,
    REQUESTS_PER_UNIT,
    SCRIPT_VERSIONS,
    TASKS_PER_UNIT,
    UnitRows,
)

# A world of ten units and more spreads over ten years, a smaller one over one.
_LARGE: Final = 10
_DAYS_OF_A_LARGE_WORLD: Final = 3650
_DAYS_OF_A_SMALL_WORLD: Final = 365
_NEWEST: Final = dt.timedelta(days=30)


class World:
    """What the units share: the calendar, the names and seeds given so far, and the people."""

    def __init__(self, scale: int, *, seed: int, at: dt.datetime, users: Sequence[str]) -> None:
        self.at = at.replace(microsecond=0)
        self.users = users
        self._requests = scale * REQUESTS_PER_UNIT
        self._seed = seed
        self._days = _DAYS_OF_A_LARGE_WORLD if scale >= _LARGE else _DAYS_OF_A_SMALL_WORLD
        self._numbers: Counter[int] = Counter()
        self._last_seed: Counter[str] = Counter()

    def random(self, unit: int) -> Random:
        """A source of chance for one unit that does not depend on the others."""
        return Random(f"{self._seed}:{unit}")  # noqa: S311 - practice data, not secrets

    def created_at(self, request: int) -> dt.datetime:
        """When the n-th request was made: evenly over the years, the last ones a month ago."""
        age = self._days * (1 - request / self._requests)
        return self.at - _NEWEST - dt.timedelta(days=int(age), hours=request % 24)

    def years(self) -> range:
        """The years in which requests were made."""
        return range((self.created_at(0) - dt.timedelta(days=1)).year, self.at.year + 1)

    def next_name(self, year: int) -> str:
        """The next request name of the year."""
        self._numbers[year] += 1
        return f"PROD{year}-{self._numbers[year]:03d}"

    def next_seeds(self, physics_key: str, count: int) -> SeedRange:
        """The next seeds of a physics key."""
        first = self._last_seed[physics_key] + 1
        self._last_seed[physics_key] += count
        return SeedRange(first, first + count - 1)


class Unit:
    """One unit while it is being made: its place in the world, its chance, and the rows it adds to."""

    def __init__(self, world: World, number: int, rows: UnitRows) -> None:
        self.world = world
        self.number = number
        self.rows = rows
        self.chance = world.random(number)
        self.script_version = f"V{number % SCRIPT_VERSIONS:02d}"
        self._next_task_id = FIRST_TASK_ID + number * TASKS_PER_UNIT

    def created_at(self, index: int) -> dt.datetime:
        """When the unit's n-th request was made."""
        return self.world.created_at(self.number * REQUESTS_PER_UNIT + index)

    def task_id(self) -> int:
        """The next task id; they grow from unit to unit."""
        self._next_task_id += 1
        return self._next_task_id - 1

    def expiry(self) -> dt.datetime:
        """Some day of the next year."""
        return self.world.at + dt.timedelta(days=self.chance.randrange(1, 400))
