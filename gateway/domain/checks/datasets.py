"""Checks of what Rucio holds: what PanDA wrote, kept by a rule, with a replica, not about to expire."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from gateway.domain.facts import DatasetFacts, RequestFacts, TaskFacts
from gateway.domain.findings import Evidence, Finding, Severity, dataset_subject, task_subject
from gateway.domain.states import Intent

# Monitors round totals to 0.01 GB; a lost file is 0.01 % of ten thousand, so the tolerance lies between.
BYTES_WITHIN: Final = 0.00005

_UNWANTED: Final = frozenset({Intent.CANCELLED, Intent.REJECTED, Intent.OBSOLETE})

EXPIRES_SOON: Final = dt.timedelta(days=30)


def rucio_agrees_with_panda(task: TaskFacts, datasets: Sequence[DatasetFacts]) -> tuple[Finding, ...]:
    """Invariant 15: each output has a file per finished job, and the bytes add up to what PanDA counted.

    Output bytes are those of S, P and R together, log bytes those of the log. Numbers that either side does
    not know are not compared.
    """
    findings = [
        _about_task(
            task,
            "registered-files-differ",
            f"{dataset.did} has {dataset.files} files, "
            f"but task {task.jedi_task_id} finished {task.jobs_finished} jobs.",
            Evidence("files in Rucio", str(dataset.files), dataset_subject(dataset.did)),
            Evidence("finished jobs", str(task.jobs_finished)),
        )
        for dataset in datasets
        if dataset.files is not None
        and task.jobs_finished is not None
        and dataset.files != task.jobs_finished
    ]
    logs = [dataset for dataset in datasets if dataset.data_type == "log"]
    outputs = [dataset for dataset in datasets if dataset.data_type != "log"]
    for what, counted, parts in (("output", task.output_bytes, outputs), ("log", task.log_bytes, logs)):
        registered = _total(parts)
        if counted is None or registered is None or abs(registered - counted) <= BYTES_WITHIN * counted:
            continue
        findings.append(
            _about_task(
                task,
                f"registered-{what}-bytes-differ",
                f"Rucio holds {registered} {what} bytes of task {task.jedi_task_id}, "
                f"PanDA counted {counted}.",
                Evidence("bytes in Rucio", str(registered)),
                Evidence("bytes in PanDA", str(counted)),
            )
        )
    return tuple(findings)


def _total(datasets: Sequence[DatasetFacts]) -> int | None:
    sizes = [dataset.size_bytes for dataset in datasets if dataset.size_bytes is not None]
    return sum(sizes) if sizes and len(sizes) == len(datasets) else None


def dataset_has_a_rule(dataset: DatasetFacts) -> tuple[Finding, ...]:
    """Invariant 15: some rule keeps the dataset; without one Rucio may delete it."""
    if dataset.rule_count != 0:
        return ()
    message = f"No rule keeps {dataset.did}; Rucio may delete it."
    return (_about_dataset(dataset, "no-rule", Severity.WARNING, message),)


def dataset_has_a_replica(dataset: DatasetFacts) -> tuple[Finding, ...]:
    """Invariant 15: a dataset with files has a replica somewhere."""
    if dataset.replica_count != 0 or dataset.files == 0:
        return ()
    message = f"{dataset.did} has no replica on any storage."
    return (_about_dataset(dataset, "no-replica", Severity.WARNING, message),)


def dataset_does_not_expire_soon(
    dataset: DatasetFacts,
    request: RequestFacts | None,
    *,
    now: dt.datetime,
    within: dt.timedelta = EXPIRES_SOON,
) -> tuple[Finding, ...]:
    """Invariant 15: no output that somebody would miss expires within the time given, or has expired already.

    Nobody misses a log, what belongs to no request of ours (people's own datasets expire by their own will),
    or the output of a test or of a request that was given up, rejected or superseded.
    """
    if dataset.expires_at is None or dataset.expires_at > now + within:
        return ()
    if dataset.data_type == "log" or request is None or request.is_test or request.intent in _UNWANTED:
        return ()
    verb = "expired" if dataset.expires_at <= now else "expires"
    message = f"{dataset.did} {verb} on {dataset.expires_at:%Y-%m-%d}."
    evidence = Evidence("expires at", dataset.expires_at.isoformat())
    return (_about_dataset(dataset, "expires-soon", Severity.WARNING, message, evidence),)


def _about_task(task: TaskFacts, code: str, message: str, *evidence: Evidence) -> Finding:
    return Finding(
        invariant=15,
        code=code,
        severity=Severity.WARNING,
        subject=task_subject(task.jedi_task_id),
        request_name=task.request_name,
        message=message,
        evidence=evidence,
    )


def _about_dataset(
    dataset: DatasetFacts, code: str, severity: Severity, message: str, *evidence: Evidence
) -> Finding:
    return Finding(
        invariant=15,
        code=code,
        severity=severity,
        subject=dataset_subject(dataset.did),
        request_name=dataset.request_name,
        message=message,
        evidence=evidence,
    )
