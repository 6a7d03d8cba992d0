"""Seeds: shared ones are found in any order and number, and only where they matter."""

import random
from dataclasses import replace
from itertools import combinations

import pytest

from gateway.domain.checks.seeds import (
    COUNTERPARTS_NAMED,
    panda_used_declared_seeds,
    seed_overlaps,
    seeds_fit_events,
)
from gateway.domain.facts import RequestFacts
from gateway.domain.findings import Evidence, Severity, request_subject, task_subject
from gateway.domain.seeds import SeedRange
from gateway.domain.states import Intent
from tests.domain.samples import REQUEST, SCRIPTS, SIMULATION, TASK

EARLIER = replace(REQUEST, name="PROD2025-015", seeds=SeedRange(30_001, 40_001))


def test_a_shared_seed_is_found_on_the_later_request() -> None:
    (found,) = seed_overlaps([REQUEST, EARLIER])

    assert (found.invariant, found.code, found.severity) == (1, "seed-overlap", Severity.BLOCKER)
    assert found.subject == request_subject("PROD2025-016")
    assert found.message == "PROD2025-016 and PROD2025-015 share seeds 40001: 4000 events exist twice."
    assert found.evidence == (
        Evidence("overlaps with", "PROD2025-015", request_subject("PROD2025-015")),
        Evidence("shared seeds", "40001"),
        Evidence("duplicate events", "4000"),
        Evidence("physics key", str(REQUEST.physics_key)),
    )


def test_neighbouring_ranges_do_not_overlap() -> None:
    assert seed_overlaps([REQUEST, replace(EARLIER, seeds=SeedRange(30_001, 40_000))]) == ()


@pytest.mark.parametrize(
    "other",
    [
        replace(EARLIER, software_version="4.1.7.1"),
        replace(EARLIER, polarization="UL"),
        replace(EARLIER, geometry=frozenset({"DSSD"})),
    ],
)
def test_seeds_may_be_shared_across_physics_keys(other: RequestFacts) -> None:
    assert seed_overlaps([REQUEST, other]) == ()


def test_a_script_that_was_not_recorded_makes_the_overlap_possible() -> None:
    unrecorded = replace(EARLIER, steps=())

    (found,) = seed_overlaps([REQUEST, unrecorded])

    assert (found.code, found.severity) == ("seed-overlap-possible", Severity.WARNING)
    assert found.message == (
        "PROD2025-016 and PROD2025-015 share seeds 40001, and one did not record its script."
    )
    assert seed_overlaps([unrecorded, REQUEST]) == (found,)


def test_two_recorded_scripts_of_different_versions_may_share_seeds() -> None:
    other = replace(EARLIER, steps=(replace(SIMULATION, script=f"{SCRIPTS}_D0sig/simu.C"),))

    assert seed_overlaps([REQUEST, other]) == ()


def test_a_flag_that_leaked_into_the_tag_exempts_nothing() -> None:
    assert len(seed_overlaps([REQUEST, replace(EARLIER, tag=f"{EARLIER.tag} test")])) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(EARLIER, is_test=True),
        replace(EARLIER, intent=Intent.OBSOLETE),
        replace(EARLIER, intent=Intent.CANCELLED),
        replace(EARLIER, intended_repeats=frozenset({"PROD2025-016"})),
    ],
)
def test_exempt_requests_are_told_only_when_asked_for(other: RequestFacts) -> None:
    assert seed_overlaps([REQUEST, other]) == ()
    assert [found.severity for found in seed_overlaps([REQUEST, other], include_exempt=True)] == [
        Severity.INFO
    ]


def test_a_repeat_exempts_its_pair_and_no_other() -> None:
    repeat = replace(REQUEST, name="PROD2025-017", intended_repeats=frozenset({"PROD2025-016"}))

    found = seed_overlaps([REQUEST, EARLIER, repeat])

    assert {(one.subject.key, one.evidence[0].value) for one in found} == {
        ("PROD2025-016", "PROD2025-015"),
        ("PROD2025-017", "PROD2025-015"),
    }


def test_the_sweep_finds_what_comparing_all_pairs_finds() -> None:
    draw = random.Random(20250505)
    requests = []
    for number in range(1, 60):
        first = draw.randint(1, 3000)
        seeds = SeedRange(first, first + draw.randint(0, 60))
        requests.append(replace(REQUEST, name=f"PROD2025-{number:03d}", seeds=seeds))

    found = {(one.subject.key, one.evidence[0].value) for one in seed_overlaps(requests)}

    assert found == {
        (later.name, earlier.name)
        for earlier, later in combinations(requests, 2)
        if earlier.seeds.overlap(later.seeds)
    }
    assert len(found) == 48


def test_a_request_names_at_most_twenty_counterparts_so_that_work_stays_bounded() -> None:
    requests = [replace(REQUEST, name=f"PROD2025-{number:03d}") for number in range(1, 101)]

    found = seed_overlaps(requests)

    assert len(found) == sum(min(earlier, COUNTERPARTS_NAMED) for earlier in range(100))
    assert len({one.key for one in found}) == len(found)


def test_fifty_five_thousand_requests_with_one_shared_seed_give_one_finding() -> None:
    requests = [
        replace(REQUEST, name=f"PROD2025-{number:03d}", seeds=SeedRange(number * 10, number * 10 + 9))
        for number in range(1, 55_000)
    ]
    requests.append(replace(REQUEST, name="PROD2025-99999", seeds=SeedRange(777, 777)))

    (found,) = seed_overlaps(requests)

    assert (found.subject.key, found.evidence[0].value) == ("PROD2025-99999", "PROD2025-077")


def test_as_many_seeds_as_jobs_are_enough() -> None:
    assert seeds_fit_events(REQUEST) == ()


def test_a_wrong_number_of_seeds_says_where_they_should_end() -> None:
    (found,) = seeds_fit_events(replace(REQUEST, seeds=SeedRange(40_001, 49_999)))

    assert (found.code, found.severity) == ("seed-count", Severity.BLOCKER)
    assert found.message == "PROD2025-016 needs 10000 seeds for its events but has 9999."
    assert found.evidence == (
        Evidence("events", "40000000"),
        Evidence("events per file", "4000"),
        Evidence("seeds", "40001-49999"),
    )
    assert found.suggestion == "End the seeds at 50000."


def test_a_smaller_last_file_is_only_a_warning() -> None:
    (found,) = seeds_fit_events(replace(REQUEST, events=39_999_999))

    assert (found.code, found.severity) == ("event-remainder", Severity.WARNING)
    assert found.message == "The last file of PROD2025-016 would hold 3999 events only."


def test_no_events_cannot_be_divided_into_jobs() -> None:
    (found,) = seeds_fit_events(replace(REQUEST, events_per_file=0))

    assert (found.code, found.severity) == ("events-not-positive", Severity.BLOCKER)


def test_other_seeds_in_panda_are_found_on_the_task() -> None:
    (found,) = panda_used_declared_seeds(REQUEST, replace(TASK, seeds=SeedRange(1, 10_000)))

    assert (found.invariant, found.subject) == (14, task_subject(370))
    assert found.message == "Task 370 used seeds 1-10000, but PROD2025-016 declares 40001-50000."
    assert found.evidence == (
        Evidence("declared seeds", "40001-50000", request_subject("PROD2025-016")),
        Evidence("seeds in PanDA", "1-10000"),
    )


def test_seeds_that_agree_or_are_not_known_are_no_finding() -> None:
    assert panda_used_declared_seeds(REQUEST, TASK) == ()
    assert panda_used_declared_seeds(REQUEST, replace(TASK, seeds=None)) == ()
