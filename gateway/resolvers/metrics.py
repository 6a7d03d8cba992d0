"""Figures for monitoring: what the database says of productions, copies and submissions, as numbers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select

from gateway.domain.states import execution_of
from gateway.resolvers.reading import Reading
from gateway.store.attempts import Attempt
from gateway.store.findings import FindingRow
from gateway.store.health import HealthSpan
from gateway.store.notices import Delivery
from gateway.store.requests import Request
from gateway.store.sources import Source
from gateway.store.storages import StorageUsage
from gateway.store.sync_jobs import NO_SOURCE, HeldRemoval, SyncJob
from gateway.store.tasks import Task, TaskJobCount

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure, by its labels; all are gauges: what is so at this moment."""

    name: str
    help: str
    samples: Mapping[Labels, float] = field(default_factory=dict)


# Every metric that there is, with what it says; docs/flat-doors.md lists them, and a test compares the two.
METRICS: Final[Mapping[str, str]] = {
    "spd_requests": "Requests, by what people decided.",
    "spd_tasks": "PanDA tasks in the last listing, by what their status means.",
    "spd_jobs": "Jobs of those tasks, by PanDA's job state.",
    "spd_attempts": "Submissions, by how far they are.",
    "spd_findings": "Findings that stand and nobody has taken note of, by severity.",
    "spd_storage_used_bytes": "What lies on a storage as Rucio counts it, bytes.",
    "spd_source_age_seconds": "Age of the copy of a source: of its reading that is furthest behind.",
    "spd_source_stale_after_seconds": "Age beyond which that copy is called stale.",
    "spd_job_failures": "Failed runs of a reading since its last good one.",
    "spd_held_rows": "Rows whose loss is not believed, by reading.",
    "spd_check_up": "1 if a service was well when it was last looked at, else 0.",
    "spd_check_latency_seconds": "How long looking at a service took on average within the present hour.",
    "spd_check_value": "What a check measured.",
    "spd_deliveries": "Notices on their way to webhooks and mailboxes, by state.",
}


async def read_metrics(reading: Reading) -> Sequence[Metric]:
    """Return every metric, those without a sample included; about ten statements."""
    samples: dict[str, dict[Labels, float]] = {name: {} for name in METRICS}

    async def count(name: str, label: str, column: object, *conditions: object) -> None:
        statement = select(column, func.count()).group_by(column)  # type: ignore[call-overload]
        for value, found in await reading.rows(statement.where(*conditions)):
            samples[name][((label, str(value)),)] = float(found)

    await count("spd_requests", "intent", Request.intent)
    await count("spd_attempts", "state", Attempt.state)
    await count("spd_deliveries", "state", Delivery.state)
    await count(
        "spd_findings",
        "severity",
        FindingRow.severity,
        FindingRow.resolved_at.is_(None),
        FindingRow.acknowledged_at.is_(None),
    )
    tasks = select(Task.status, func.count()).where(Task.gone_at.is_(None)).group_by(Task.status)
    for status, found in await reading.rows(tasks):
        labels = (("execution", execution_of(status).value),)
        samples["spd_tasks"][labels] = samples["spd_tasks"].get(labels, 0.0) + found
    jobs = (
        select(TaskJobCount.job_state, func.sum(TaskJobCount.jobs))
        .where(TaskJobCount.gone_at.is_(None))
        .group_by(TaskJobCount.job_state)
    )
    for state, found in await reading.rows(jobs):
        samples["spd_jobs"][(("state", state),)] = float(found)
    used = select(StorageUsage.rse_name, StorageUsage.used_bytes).where(
        StorageUsage.usage_kind == "rucio", StorageUsage.gone_at.is_(None)
    )
    for name, found in await reading.rows(used):
        if found is not None:
            samples["spd_storage_used_bytes"][(("storage", name),)] = float(found)
    await _sources(reading, samples)
    await _checks(reading, samples)
    return [Metric(name, said, samples[name]) for name, said in METRICS.items()]


async def _sources(reading: Reading, samples: dict[str, dict[Labels, float]]) -> None:
    for name, last_ok_at, stale_after_s in await reading.rows(
        select(Source.name, Source.last_ok_at, Source.stale_after_s)
    ):
        labels = (("source", name),)
        samples["spd_source_stale_after_seconds"][labels] = stale_after_s
        if last_ok_at is not None:
            samples["spd_source_age_seconds"][labels] = _age_s(reading, last_ok_at)
    readings = select(SyncJob.name, SyncJob.fails).where(SyncJob.source != NO_SOURCE)
    for name, fails in await reading.rows(readings):
        samples["spd_job_failures"][(("job", name),)] = float(fails)
    held = select(HeldRemoval.job, func.sum(HeldRemoval.rows)).group_by(HeldRemoval.job)
    for name, rows in await reading.rows(held):
        samples["spd_held_rows"][(("job", name),)] = float(rows)


async def _checks(reading: Reading, samples: dict[str, dict[Labels, float]]) -> None:
    newest = select(func.max(HealthSpan.id)).group_by(HealthSpan.name)
    for (span,) in await reading.rows(select(HealthSpan).where(HealthSpan.id.in_(newest))):
        labels = (("check", span.name),)
        samples["spd_check_up"][labels] = float(span.is_ok)
        if span.latency_sum_s is not None:
            samples["spd_check_latency_seconds"][labels] = span.latency_sum_s / max(span.looks, 1)
        if span.value is not None:
            samples["spd_check_value"][labels] = span.value


def _age_s(reading: Reading, at: dt.datetime) -> float:
    return max(0.0, (reading.now - at).total_seconds())
