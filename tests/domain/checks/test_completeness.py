"""Completeness: losses are counted against the request and named seed by seed where PanDA says which."""

from dataclasses import replace

import pytest

from gateway.domain.checks.completeness import (
    lost_seeds,
    nothing_is_lost,
    outputs_have_equal_counts,
    reconstructed_seeds_were_simulated,
)
from gateway.domain.facts import TaskFacts
from gateway.domain.findings import Evidence, dataset_subject, request_subject, task_subject
from gateway.domain.seeds import SeedRange
from tests.domain.samples import DATASET, REQUEST, STEM, TASK

RECO_TASK = replace(
    TASK,
    jedi_task_id=371,
    name="PROD2025-016.RECO.1",
    status="finished",
    jobs_expected=9997,
    jobs_finished=9997,
)
GAPS = (SeedRange(40_005, 40_006), SeedRange(50_000, 50_000))


def test_losses_are_counted_against_the_request_and_named() -> None:
    (found,) = nothing_is_lost(REQUEST, replace(RECO_TASK, missing_seeds=GAPS))

    assert (found.invariant, found.code, found.subject) == (13, "jobs-lost", task_subject(371))
    assert found.message == "Task 371 (PROD2025-016.RECO.1) processed 9997 of 10000 jobs: 3 are lost."
    assert found.evidence == (
        Evidence("expected jobs", "10000", request_subject("PROD2025-016")),
        Evidence("processed jobs", "9997"),
        Evidence("jobs in PanDA", "9997"),
        Evidence("missing seeds", "40005-40006,50000"),
    )


def test_losses_whose_seeds_are_not_known_say_so() -> None:
    (found,) = nothing_is_lost(REQUEST, replace(RECO_TASK, missing_seeds=None, jobs_expected=None))

    assert found.evidence[2:] == (
        Evidence("jobs in PanDA", "not known"),
        Evidence("missing seeds", "not known"),
    )


@pytest.mark.parametrize(("status", "jobs"), [("done", 9999), ("finished", 10_000), ("done", 10_001)])
def test_a_state_that_contradicts_the_count_is_found(status: str, jobs: int) -> None:
    (found,) = nothing_is_lost(REQUEST, replace(TASK, status=status, jobs_finished=jobs))

    assert found.code == "state-contradicts-count"
    assert found.message == f"Task 370 is {status} with {jobs} of 10000 jobs of PROD2025-016."


@pytest.mark.parametrize(
    "task",
    [
        TASK,
        replace(TASK, status="running", jobs_finished=5),
        replace(TASK, status="failed", jobs_finished=0),
        replace(TASK, jobs_finished=None),
        replace(TASK, status="hibernating", jobs_finished=5),
    ],
)
def test_complete_going_or_unknown_tasks_are_no_finding(task: TaskFacts) -> None:
    assert nothing_is_lost(REQUEST, task) == ()


def test_seeds_reconstructed_without_simulation_are_found() -> None:
    simulation = replace(TASK, missing_seeds=GAPS)
    reconstruction = replace(RECO_TASK, missing_seeds=(SeedRange(40_001, 40_005),))

    (found,) = reconstructed_seeds_were_simulated(REQUEST, simulation, reconstruction)

    assert (found.code, found.subject) == ("reconstructed-unsimulated", task_subject(371))
    assert found.message == "Task 371 reconstructed 2 seeds that task 370 did not simulate."
    assert found.evidence == (
        Evidence("simulation", "370", task_subject(370)),
        Evidence("seeds", "40006,50000"),
    )


def test_reconstructing_less_than_was_simulated_is_no_finding() -> None:
    reconstruction = replace(RECO_TASK, missing_seeds=GAPS)

    assert reconstructed_seeds_were_simulated(REQUEST, TASK, reconstruction) == ()
    unknown = replace(TASK, missing_seeds=None)
    assert reconstructed_seeds_were_simulated(REQUEST, unknown, reconstruction) == ()


def test_outputs_of_one_task_with_different_counts_are_found() -> None:
    parameters = replace(DATASET, did=f"{STEM}.SIM.1.P", files=9999)

    (found,) = outputs_have_equal_counts(REQUEST, TASK, [DATASET, parameters])

    assert found.code == "output-counts-differ"
    assert found.evidence == (
        Evidence("files in S", "10000", dataset_subject(f"{STEM}.SIM.1.S")),
        Evidence("files in P", "9999", dataset_subject(f"{STEM}.SIM.1.P")),
    )


def test_equal_unknown_or_still_growing_counts_are_no_finding() -> None:
    fewer = replace(DATASET, did=f"{STEM}.SIM.1.P", files=9999)

    assert outputs_have_equal_counts(REQUEST, TASK, [DATASET, replace(fewer, files=10_000)]) == ()
    assert outputs_have_equal_counts(REQUEST, TASK, [DATASET, replace(fewer, files=None)]) == ()
    assert outputs_have_equal_counts(REQUEST, replace(TASK, status="running"), [DATASET, fewer]) == ()


def test_lost_seeds_are_those_of_the_request_that_did_not_finish() -> None:
    assert lost_seeds(REQUEST, replace(RECO_TASK, missing_seeds=GAPS)) == GAPS
    assert lost_seeds(REQUEST, TASK) == ()
    assert lost_seeds(REQUEST, replace(TASK, seeds=None)) is None
