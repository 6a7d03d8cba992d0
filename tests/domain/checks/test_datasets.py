"""Datasets: Rucio and PanDA agree, rules and replicas exist, expiry is told in time."""

import datetime as dt
from dataclasses import replace

import pytest

from gateway.domain.checks.datasets import (
    dataset_does_not_expire_soon,
    dataset_has_a_replica,
    dataset_has_a_rule,
    rucio_agrees_with_panda,
)
from gateway.domain.facts import DatasetFacts, RequestFacts
from gateway.domain.findings import Evidence, Severity, dataset_subject, task_subject
from gateway.domain.states import Intent
from tests.domain.samples import DATASET, NOW, REQUEST, STEM, TASK

PARAMETERS = replace(DATASET, did=f"{STEM}.SIM.1.P", size_bytes=1000)
LOG = replace(DATASET, did=f"{STEM}.SIM.1.log", size_bytes=20)
ALL = [DATASET, PARAMETERS, LOG]


def test_datasets_that_hold_what_panda_wrote_pass() -> None:
    assert rucio_agrees_with_panda(TASK, ALL) == ()


def test_a_file_too_few_is_found_per_dataset() -> None:
    (found,) = rucio_agrees_with_panda(TASK, [replace(DATASET, files=9999), PARAMETERS, LOG])

    assert (found.invariant, found.code, found.subject) == (15, "registered-files-differ", task_subject(370))
    assert found.evidence == (
        Evidence("files in Rucio", "9999", dataset_subject(DATASET.did)),
        Evidence("finished jobs", "10000"),
    )


def test_bytes_that_do_not_add_up_are_found_for_output_and_log_apart() -> None:
    found = rucio_agrees_with_panda(
        TASK, [DATASET, replace(PARAMETERS, size_bytes=900), replace(LOG, size_bytes=21)]
    )

    assert [(one.code, one.evidence) for one in found] == [
        (
            "registered-output-bytes-differ",
            (Evidence("bytes in Rucio", "17900"), Evidence("bytes in PanDA", "18000")),
        ),
        ("registered-log-bytes-differ", (Evidence("bytes in Rucio", "21"), Evidence("bytes in PanDA", "20"))),
    ]


def test_a_total_that_a_monitor_rounded_to_ten_megabytes_agrees() -> None:
    task = replace(TASK, output_bytes=18_360_800_000_000)

    assert rucio_agrees_with_panda(task, [replace(DATASET, size_bytes=18_360_804_999_999), LOG]) == ()


def test_the_bytes_of_one_lost_file_do_not_hide_in_rounding() -> None:
    task = replace(TASK, output_bytes=18_360_800_000_000)

    found = rucio_agrees_with_panda(
        task, [replace(DATASET, size_bytes=18_360_800_000_000 - 1_836_080_000), LOG]
    )

    assert [one.code for one in found] == ["registered-output-bytes-differ"]


def test_numbers_that_one_side_does_not_know_are_not_compared() -> None:
    assert (
        rucio_agrees_with_panda(replace(TASK, output_bytes=None, log_bytes=None, jobs_finished=None), ALL)
        == ()
    )
    assert rucio_agrees_with_panda(TASK, []) == ()
    assert (
        rucio_agrees_with_panda(TASK, [replace(DATASET, files=None), replace(PARAMETERS, size_bytes=None)])
        == ()
    )


def test_a_dataset_no_rule_keeps_is_found() -> None:
    (found,) = dataset_has_a_rule(replace(DATASET, rule_count=0))

    assert (found.code, found.severity, found.subject) == (
        "no-rule",
        Severity.WARNING,
        dataset_subject(DATASET.did),
    )
    assert found.request_name == "PROD2025-016"


def test_a_dataset_without_replica_is_found_unless_it_is_empty() -> None:
    (found,) = dataset_has_a_replica(replace(DATASET, replica_count=0))

    assert found.message == f"{DATASET.did} has no replica on any storage."
    assert dataset_has_a_replica(replace(DATASET, replica_count=0, files=0)) == ()


@pytest.mark.parametrize("dataset", [DATASET, replace(DATASET, rule_count=None, replica_count=None)])
def test_kept_or_unknown_datasets_are_no_finding(dataset: DatasetFacts) -> None:
    assert dataset_has_a_rule(dataset) == ()
    assert dataset_has_a_replica(dataset) == ()
    assert dataset_does_not_expire_soon(dataset, REQUEST, now=NOW) == ()


def test_expiry_within_thirty_days_is_told() -> None:
    soon = replace(DATASET, expires_at=NOW + dt.timedelta(days=30))
    over = replace(DATASET, expires_at=NOW - dt.timedelta(days=1))

    (found,) = dataset_does_not_expire_soon(soon, REQUEST, now=NOW)
    (past,) = dataset_does_not_expire_soon(over, REQUEST, now=NOW)

    assert found.message == f"{DATASET.did} expires on 2025-06-04."
    assert found.evidence == (Evidence("expires at", "2025-06-04T00:00:00+00:00"),)
    assert past.message == f"{DATASET.did} expired on 2025-05-04."


def test_expiry_later_than_that_is_not_told() -> None:
    later = replace(DATASET, expires_at=NOW + dt.timedelta(days=30, seconds=1))

    assert dataset_does_not_expire_soon(later, REQUEST, now=NOW) == ()


@pytest.mark.parametrize(
    ("dataset", "request_"),
    [
        (replace(DATASET, did=f"{DATASET.did.removesuffix('.S')}.log"), REQUEST),
        (DATASET, None),
        (DATASET, replace(REQUEST, is_test=True)),
        (DATASET, replace(REQUEST, intent=Intent.OBSOLETE)),
        (DATASET, replace(REQUEST, intent=Intent.REJECTED)),
        (DATASET, replace(REQUEST, intent=Intent.CANCELLED)),
    ],
)
def test_what_nobody_would_miss_may_expire(dataset: DatasetFacts, request_: RequestFacts | None) -> None:
    assert dataset_does_not_expire_soon(replace(dataset, expires_at=NOW), request_, now=NOW) == ()
