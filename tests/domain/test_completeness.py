"""How much of a production is there: the smaller of processed and registered, and null only with a reason."""

import pytest

from gateway.domain.completeness import NOTHING, UNKNOWN, Amount, Completeness, Output, Work, completeness_of

# Ten files of 4,000 events; the last one holds 1,000.
EVENTS, PER_FILE = 37_000, 4_000
EXPECTED = Amount(10, 37_000)


def counted(work: Work | None, *, was_judged: bool = False) -> Completeness:
    return completeness_of(EVENTS, PER_FILE, work, was_judged=was_judged)


def ran(jobs: int | None, *outputs: Output, is_listed: bool = True) -> Work:
    return Work(
        state="SUBMITTED",
        has_task=True,
        jobs_finished=jobs,
        outputs=outputs if outputs or is_listed else None,
    )


def test_everything_there_is_the_whole() -> None:
    found = counted(ran(10, Output(10, 37_000), Output(10, None)))

    assert found == Completeness(EXPECTED, EXPECTED, EXPECTED, 1.0, None)


def test_the_smallest_output_decides_what_is_registered() -> None:
    found = counted(ran(9, Output(9, None), Output(8, None)))

    assert found == Completeness(EXPECTED, Amount(9, 36_000), Amount(8, None), 0.8, None)


def test_what_rucio_lost_is_not_there_whatever_was_processed() -> None:
    found = counted(ran(10))

    assert found == Completeness(EXPECTED, EXPECTED, NOTHING, 0.0, None)


@pytest.mark.parametrize(
    ("work", "fraction", "reason"),
    [
        (ran(4, Output(None, None)), 0.4, "an output is still open, and Rucio counts when it is closed"),
        (ran(4, is_listed=False), 0.4, "Rucio was never listed completely"),
        (ran(None, Output(4, 16_000)), 0.4, "PanDA has not said how many jobs finished"),
        (
            ran(None, is_listed=False),
            None,
            "PanDA has not said how many jobs finished; Rucio was never listed completely",
        ),
    ],
)
def test_what_one_side_does_not_say_is_taken_from_the_other(
    work: Work, fraction: float | None, reason: str
) -> None:
    found = counted(work)

    assert (found.fraction, found.reason) == (fraction, reason)


@pytest.mark.parametrize("state", ["PLANNED", "REJECTED", "CANCELLED"])
def test_what_was_not_sent_made_nothing(state: str) -> None:
    work = Work(state=state, has_task=False, jobs_finished=None, outputs=None)

    assert counted(work) == Completeness(EXPECTED, NOTHING, NOTHING, 0.0, None)


@pytest.mark.parametrize("state", ["SENDING", "AMBIGUOUS", "SUBMITTED"])
def test_what_panda_may_have_is_not_known(state: str) -> None:
    work = Work(state=state, has_task=False, jobs_finished=None, outputs=None)

    found = counted(work)

    assert (found.processed, found.registered, found.fraction) == (UNKNOWN, UNKNOWN, None)


def test_no_attempt_made_nothing_unless_somebody_has_judged_a_result() -> None:
    assert counted(None) == Completeness(EXPECTED, NOTHING, NOTHING, 0.0, None)
    assert counted(None, was_judged=True) == Completeness(
        EXPECTED, UNKNOWN, UNKNOWN, None, "no attempt at it is known"
    )


def test_more_than_was_asked_for_is_not_more_than_the_whole() -> None:
    found = counted(ran(11, Output(11, 44_000)))

    assert (found.processed, found.fraction) == (Amount(11, 37_000), 1.0)
