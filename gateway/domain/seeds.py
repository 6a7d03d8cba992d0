"""Arithmetic of seeds: one seed makes one job and one file, so seeds are how a production is counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from gateway.errors import NumberError

INT64_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class SeedRange:
    """A closed range, both ends taken: 10001-20000 holds 10,000 seeds. Seeds start at 1."""

    first: int
    last: int

    def __post_init__(self) -> None:
        """Refuse an empty, reversed or unstorable range."""
        if not 1 <= self.first <= self.last <= INT64_MAX:
            raise NumberError(
                f"{self.first}-{self.last} is not a range of seeds. "
                f"Give two whole numbers from 1 to {INT64_MAX}, the smaller first."
            )

    @property
    def count(self) -> int:
        """How many seeds, hence jobs, the range holds."""
        return self.last - self.first + 1

    def __contains__(self, seed: int) -> bool:
        return self.first <= seed <= self.last

    def covers(self, other: Self) -> bool:
        """Whether every seed of the other range is in this one."""
        return self.first <= other.first and other.last <= self.last

    def overlap(self, other: Self) -> "SeedRange | None":
        """The seeds in both ranges; None when there are none."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return SeedRange(first, last) if first <= last else None

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def jobs_for(events: int, events_per_file: int) -> int:
    """How many jobs make that many events; the last one makes the remainder, if there is one.

    Raises NumberError unless both are above zero.
    """
    if events <= 0 or events_per_file <= 0:
        raise NumberError(
            f"{events} events in files of {events_per_file} cannot be counted. Give numbers above 0."
        )
    return -(-events // events_per_file)


def next_free(count: int, taken: Iterable[SeedRange]) -> SeedRange:
    """The first `count` seeds in one piece behind everything taken, starting at 1 when nothing is.

    Gaps are left alone: a gap is usually a request that was withdrawn, and its seeds may have been used.
    """
    first = max((held.last for held in taken), default=0) + 1
    return SeedRange(first, first + count - 1)


def compact(seeds: Iterable[int]) -> tuple[SeedRange, ...]:
    """The seeds as ascending ranges that do not touch; repeated seeds count once."""
    return merge(SeedRange(seed, seed) for seed in seeds)


def merge(ranges: Iterable[SeedRange]) -> tuple[SeedRange, ...]:
    """The same seeds in the fewest ranges, ascending."""
    merged: list[SeedRange] = []
    for held in sorted(ranges):
        if merged and held.first <= merged[-1].last + 1:
            merged[-1] = SeedRange(merged[-1].first, max(merged[-1].last, held.last))
        else:
            merged.append(held)
    return tuple(merged)


def missing_seeds(expected: SeedRange, present: Iterable[SeedRange]) -> tuple[SeedRange, ...]:
    """The seeds of `expected` in none of `present`, ascending; empty when nothing is missing.

    Give single seeds through `compact`.
    """
    inside = (part for held in present if (part := held.overlap(expected)) is not None)
    ends = [expected.first - 1]
    for held in merge(inside):
        ends += [held.first, held.last]
    ends.append(expected.last + 1)
    gaps = list(pairwise(ends))[::2]
    return tuple(SeedRange(before + 1, after - 1) for before, after in gaps if after - before > 1)


def count_seeds(ranges: Iterable[SeedRange]) -> int:
    """How many different seeds the ranges hold together."""
    return sum(held.count for held in merge(ranges))


def format_seeds(ranges: Iterable[SeedRange]) -> str:
    """The seeds as people write them, `1-3,7,9-12`; an empty text for none."""
    return ",".join(str(held) for held in merge(ranges))


def parse_seeds(text: str) -> tuple[SeedRange, ...]:
    """Read `1-3,7,9-12`, blanks allowed, into ascending ranges; an empty text is no seeds.

    Raises NumberError for anything else. A person's single range goes through `numbers.parse_seed_range`.
    """
    parts = text.split(",") if text.strip() else []
    return merge(_parse_part(part.strip(), text) for part in parts)


def _parse_part(part: str, whole: str) -> SeedRange:
    first, dash, last = part.partition("-")
    ends = [end.strip() for end in ([first, last] if dash else [first, first])]
    # Nineteen digits hold any int64; more would only cost time.
    if not all(end.isascii() and end.isdigit() and len(end) <= 19 for end in ends):
        raise NumberError(
            f"{part!r} in {whole[:80]!r} is not a seed or a range of seeds. Write them like 1-3,7,9-12."
        )
    return SeedRange(int(ends[0]), int(ends[1]))
