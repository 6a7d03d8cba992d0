"""Counts: events fit jobs, and output per job is as usual."""

from dataclasses import replace

import pytest

from gateway.domain.checks.counts import events_match_jobs, output_per_job_is_usual
from gateway.domain.facts import TaskFacts
from gateway.domain.findings import Evidence, task_subject
from gateway.domain.forecast import TaskUse
from tests.domain.samples import TASK

HISTORY = (TaskUse(356, 100, 100_000), TaskUse(358, 300, 300_000))


def made(size_bytes: int) -> TaskFacts:
    return replace(TASK, jobs_finished=100, output_bytes=size_bytes)


def test_events_off_by_ten_are_found_with_the_factor() -> None:
    (found,) = events_match_jobs(replace(TASK, events_reported=4_000_000))

    assert (found.invariant, found.subject) == (12, task_subject(370))
    assert found.message == "Task 370 shows 4000000 events, but 10000 jobs of 4000 make 40000000."
    assert found.evidence == (
        Evidence("events shown", "4000000"),
        Evidence("events per job", "4000"),
        Evidence("finished jobs", "10000"),
        Evidence("events made", "40000000"),
        Evidence("factor", "10"),
    )


def test_no_events_at_all_are_found_without_dividing_by_them() -> None:
    (found,) = events_match_jobs(replace(TASK, events_reported=0))

    assert found.evidence[-1] == Evidence("factor", "infinite")


@pytest.mark.parametrize(
    "task",
    [
        TASK,
        replace(TASK, events_reported=None),
        replace(TASK, events_per_job=None),
        replace(TASK, jobs_finished=None),
    ],
)
def test_events_that_fit_or_are_not_known_are_no_finding(task: TaskFacts) -> None:
    assert events_match_jobs(task) == ()


@pytest.mark.parametrize("size_bytes", [98_999, 101_001])
def test_output_more_than_one_per_cent_off_is_found(size_bytes: int) -> None:
    (found,) = output_per_job_is_usual(made(size_bytes), HISTORY)

    assert (found.invariant, found.code) == (12, "unusual-output-size")
    assert found.evidence == (
        Evidence("bytes per job", str(round(size_bytes / 100))),
        Evidence("usual bytes per job", "1000"),
        Evidence("compared with", "358", task_subject(358), is_detail=True),
        Evidence("compared with", "356", task_subject(356), is_detail=True),
    )


@pytest.mark.parametrize("size_bytes", [99_000, 101_000])
def test_output_within_one_per_cent_is_usual(size_bytes: int) -> None:
    assert output_per_job_is_usual(made(size_bytes), HISTORY) == ()


def test_a_task_is_not_compared_with_itself_or_with_nothing() -> None:
    assert output_per_job_is_usual(made(1), (TaskUse(370, 100, 100_000), TaskUse(371, 0, 0))) == ()
    assert output_per_job_is_usual(replace(made(1), output_bytes=None), HISTORY) == ()
    assert output_per_job_is_usual(replace(made(1), jobs_finished=0), HISTORY) == ()
