"""Seeds are counted, compared, found missing and written down without losing one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.seeds import (
    INT64_MAX,
    SeedRange,
    compact,
    count_seeds,
    format_seeds,
    jobs_for,
    merge,
    missing_seeds,
    next_free,
    parse_seeds,
)
from gateway.errors import NumberError

seed_sets = st.sets(st.integers(1, 60), max_size=40)


def seeds_in(ranges: tuple[SeedRange, ...]) -> set[int]:
    return {seed for held in ranges for seed in range(held.first, held.last + 1)}


def test_both_ends_of_a_range_count() -> None:
    seeds = SeedRange(10_001, 20_000)

    assert seeds.count == 10_000
    assert 10_001 in seeds
    assert 20_000 in seeds
    assert 20_001 not in seeds
    assert str(seeds) == "10001-20000"


@pytest.mark.parametrize(("first", "last"), [(0, 5), (5, 4), (-1, 4), (1, INT64_MAX + 1)])
def test_a_range_that_cannot_be_used_is_refused(first: int, last: int) -> None:
    with pytest.raises(NumberError):
        SeedRange(first, last)


def test_ranges_overlap_in_the_seeds_they_share() -> None:
    assert SeedRange(1, 5000).overlap(SeedRange(1, 10_000)) == SeedRange(1, 5000)
    assert SeedRange(1, 10).overlap(SeedRange(10, 12)) == SeedRange(10, 10)
    assert SeedRange(1, 10).overlap(SeedRange(11, 12)) is None


def test_a_range_covers_another_only_entirely() -> None:
    assert SeedRange(1, 10).covers(SeedRange(1, 10))
    assert not SeedRange(1, 10).covers(SeedRange(5, 11))


@pytest.mark.parametrize(
    ("events", "per_file", "jobs"), [(40_000_000, 4000, 10_000), (40_000_001, 4000, 10_001), (1, 4000, 1)]
)
def test_the_last_job_makes_the_remainder(events: int, per_file: int, jobs: int) -> None:
    assert jobs_for(events, per_file) == jobs


@pytest.mark.parametrize(("events", "per_file"), [(0, 4000), (4000, 0), (-1, 1)])
def test_no_jobs_are_counted_for_nothing(events: int, per_file: int) -> None:
    with pytest.raises(NumberError):
        jobs_for(events, per_file)


def test_the_next_seeds_lie_behind_all_that_are_taken() -> None:
    taken = [SeedRange(40_001, 50_000), SeedRange(1, 10_000)]

    assert next_free(10_000, taken) == SeedRange(50_001, 60_000)
    assert next_free(5, []) == SeedRange(1, 5)


def test_no_seeds_are_free_behind_the_last_one() -> None:
    with pytest.raises(NumberError):
        next_free(1, [SeedRange(1, INT64_MAX)])


@given(seed_sets)
def test_compact_ranges_hold_the_same_seeds_and_never_touch(seeds: set[int]) -> None:
    ranges = compact(seeds)

    assert seeds_in(ranges) == seeds
    assert all(left.last + 1 < right.first for left, right in pairwise(ranges))
    assert count_seeds(ranges) == len(seeds)


@given(seed_sets)
def test_missing_seeds_are_the_ones_that_are_not_there(present: set[int]) -> None:
    expected = SeedRange(10, 50)

    missing = missing_seeds(expected, compact(present))

    assert seeds_in(missing) == set(range(10, 51)) - present
    assert merge(missing) == missing


@given(seed_sets)
def test_seeds_read_back_from_their_text(seeds: set[int]) -> None:
    ranges = compact(seeds)

    assert parse_seeds(format_seeds(ranges)) == ranges


def test_seeds_are_written_as_people_write_them() -> None:
    assert format_seeds(compact([1, 2, 3, 7, 9, 10, 11, 12])) == "1-3,7,9-12"
    assert parse_seeds(" 9 - 12, 7 ,1-3") == (SeedRange(1, 3), SeedRange(7, 7), SeedRange(9, 12))
    assert parse_seeds(" ") == ()


@pytest.mark.parametrize("text", ["1-", "-3", "1,,2", "a", "1-2-3", "0", "²", "9" * 20])
def test_a_text_that_is_not_seeds_is_refused(text: str) -> None:
    with pytest.raises(NumberError):
        parse_seeds(text)


def test_ten_thousand_missing_seeds_of_a_huge_range_cost_little() -> None:
    present = compact(range(1, 10_001))

    assert missing_seeds(SeedRange(1, 10**12), present) == (SeedRange(10_001, 10**12),)
