"""Holding the invariants against what is stored now: each breach becomes a finding, and ends as one.

It finds what `domain.audit` would find over the same data, without holding all of it at once.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.checks.attempts import attempt_numbers_grow
from gateway.domain.checks.completeness import (
    nothing_is_lost,
    outputs_have_equal_counts,
    reconstructed_seeds_were_simulated,
)
from gateway.domain.checks.counts import events_match_jobs, output_per_job_is_usual
from gateway.domain.checks.datasets import (
    dataset_does_not_expire_soon,
    dataset_has_a_replica,
    dataset_has_a_rule,
    rucio_agrees_with_panda,
)
from gateway.domain.checks.intent import intent_fits_execution
from gateway.domain.checks.names import (
    outputs_are_unique,
    outputs_fit_rucio,
    outputs_in_stage_scope,
    outputs_match_pattern,
    scripts_fit,
    tag_is_safe,
    version_agrees,
)
from gateway.domain.checks.ownership import (
    disabled_person_owns_nothing_live,
    identities_are_unique,
    orphan_datasets,
    orphan_tasks,
    person_is_known_everywhere,
    widows,
)
from gateway.domain.checks.physics import (
    reconstruction_reads_latest_simulation,
    stage_fits,
    tag_fits_collision,
)
from gateway.domain.checks.seeds import panda_used_declared_seeds, seed_overlaps, seeds_fit_events
from gateway.domain.facts import RequestFacts, TaskFacts
from gateway.domain.findings import Finding
from gateway.domain.names import RECO, SIM, StepKind
from gateway.store.database import Database
from gateway.store.sources import Source, SourceName
from gateway.sync.record_findings import record_findings
from gateway.sync.request_details import Details, read_details
from gateway.sync.request_outlines import Outline, batches, read_outlines
from gateway.sync.world_facts import (
    History,
    Stages,
    read_a_dataset_of_each_owner,
    read_endangered_datasets,
    read_history,
    read_people,
    read_property_of_disabled,
    read_shared_outputs,
    read_stages,
    read_unclaimed_datasets,
    read_unclaimed_tasks,
)

_PANDA: Final = frozenset({SourceName.PANDA})
_RUCIO: Final = frozenset({SourceName.RUCIO})
_IAM: Final = frozenset({SourceName.IAM})

# The sources whose complete listing a finding needs before it means anything: of a source that was never
# listed to its end we do not know what it lacks. Findings not named here rest on our own records alone.
NEEDS: Final[Mapping[str, frozenset[SourceName]]] = {
    "wrong-input": _PANDA,
    "simulation-unknown": _PANDA,
    "no-usable-simulation": _PANDA,
    "simulation-not-finished": _PANDA,
    "events-do-not-match-jobs": _PANDA,
    "unusual-output-size": _PANDA,
    "jobs-lost": _PANDA,
    "state-contradicts-count": _PANDA,
    "reconstructed-unsimulated": _PANDA,
    "output-counts-differ": _PANDA | _RUCIO,
    "seeds-differ-in-panda": _PANDA,
    "registered-files-differ": _PANDA | _RUCIO,
    "registered-output-bytes-differ": _PANDA | _RUCIO,
    "registered-log-bytes-differ": _PANDA | _RUCIO,
    "no-rule": _RUCIO,
    "no-replica": _RUCIO,
    "expires-soon": _RUCIO,
    "not-submitted-but-there": _PANDA,
    "submitted-but-nothing-there": _PANDA,
    "over-but-going": _PANDA,
    "accepted-without-completeness": _PANDA,
    "orphan-task": _PANDA,
    "orphan-dataset": _RUCIO,
    "widow": _RUCIO,
    "not-in-iam": _IAM,
    "identity-shared": _IAM,
    "disabled-owner": _IAM,
}


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What a reconciliation found, and what it could not look for.

    `unlisted` are the sources that were never listed completely; `unchecked` the codes that need one of them,
    whose findings were left as they were.
    """

    requests: int
    found: int
    new: int
    returned: int
    resolved: int
    found_by_code: Mapping[str, int]
    unlisted: tuple[SourceName, ...]
    unchecked: tuple[str, ...]
    seconds: float


async def reconcile(database: Database, *, at: dt.datetime) -> ReconcileReport:
    """Hold every invariant that stored data can break, and bring the findings to what breaks one now.

    Reads from one snapshot, a fixed number of statements for each 500 requests, and writes in one transaction
    at the end. Repeating it changes nothing but the times.
    """
    started = time.perf_counter()
    findings: dict[str, Finding] = {}
    async with database.snapshot() as session:
        unlisted = await _unlisted(session)
        unchecked = {code for code, needed in NEEDS.items() if needed & unlisted}
        outlines = await read_outlines(session)
        async for finding in _findings(session, outlines, at):
            if finding.code not in unchecked:
                findings[finding.key] = finding
    async with database.transaction() as session:
        recorded = await record_findings(session, findings, unchecked=unchecked, at=at)
    return ReconcileReport(
        requests=len(outlines),
        found=recorded.found,
        new=recorded.new,
        returned=recorded.returned,
        resolved=recorded.resolved,
        found_by_code=dict(sorted(Counter(finding.code for finding in findings.values()).items())),
        unlisted=tuple(source for source in SourceName if source in unlisted),
        unchecked=tuple(sorted(unchecked)),
        seconds=time.perf_counter() - started,
    )


async def _unlisted(session: AsyncSession) -> set[SourceName]:
    listed = await session.scalars(select(Source.name).where(Source.last_full_ok_at.is_not(None)))
    return set(SourceName) - {SourceName(name) for name in listed if name in set(SourceName)}


async def _findings(
    session: AsyncSession, outlines: Mapping[str, Outline], at: dt.datetime
) -> AsyncIterator[Finding]:
    stages = await read_stages(session)
    history = await read_history(session, outlines)
    for finding in seed_overlaps(_claims(outlines.values())):
        yield finding
    for finding in outputs_are_unique(await read_shared_outputs(session, outlines)):
        yield finding
    for names in batches(outlines):
        details = await read_details(session, outlines, names, at=at)
        requests = {name: detail.facts for name, detail in details.items()}
        for name in names:
            for finding in _about_request(details[name], requests, stages):
                yield finding
            for finding in _about_tasks(details[name], history):
                yield finding
    for finding in await _about_owners(session, outlines, stages):
        yield finding
    for dataset in await read_endangered_datasets(session, at=at):
        for finding in (
            *dataset_has_a_rule(dataset),
            *dataset_has_a_replica(dataset),
            *dataset_does_not_expire_soon(dataset, now=at),
        ):
            yield finding
    for finding in await _about_people(session):
        yield finding


def _claims(outlines: Iterable[Outline]) -> Iterator[RequestFacts]:
    """Each request once for each piece of its seeds."""
    for outline in outlines:
        for seeds in outline.ranges:
            yield outline.facts if outline.has_one_range else replace(outline.facts, seeds=seeds)


def _about_request(
    details: Details, requests: Mapping[str, RequestFacts], stages: Stages
) -> Iterator[Finding]:
    request = details.facts
    yield from seeds_fit_events(request)
    yield from version_agrees(request)
    yield from tag_is_safe(request)
    yield from outputs_fit_rucio(request)
    yield from outputs_match_pattern(request)
    yield from scripts_fit(request)
    yield from tag_fits_collision(request)
    yield from reconstruction_reads_latest_simulation(request, requests)
    yield from attempt_numbers_grow(request)
    yield from intent_fits_execution(request)
    rule = stages.rule(request)
    if rule is not None:
        yield from stage_fits(request, rule)
        yield from outputs_in_stage_scope(request, rule)


def _about_tasks(details: Details, history: History) -> Iterator[Finding]:
    request = details.facts
    physics_key = request.physics_key
    latest: dict[StepKind, TaskFacts] = {}
    for kind, task in details.tasks_in_order():
        latest[kind] = task
        written = details.datasets[task.jedi_task_id]
        yield from nothing_is_lost(request, task)
        yield from outputs_have_equal_counts(request, task, written)
        yield from rucio_agrees_with_panda(task, written)
        yield from output_per_job_is_usual(task, history.get((physics_key, kind), ()))
        if kind == SIM:
            yield from events_match_jobs(task)
            if details.outline.has_one_range:
                yield from panda_used_declared_seeds(request, task)
    if SIM in latest and RECO in latest:
        yield from reconstructed_seeds_were_simulated(request, latest[SIM], latest[RECO])


async def _about_owners(
    session: AsyncSession, outlines: Mapping[str, Outline], stages: Stages
) -> tuple[Finding, ...]:
    requests = [outline.facts for outline in outlines.values()]
    datasets, scopes = await read_unclaimed_datasets(session, stages)
    return (
        *orphan_tasks(await read_unclaimed_tasks(session), requests),
        *orphan_datasets(datasets, requests, scopes),
        *widows(requests, await read_a_dataset_of_each_owner(session)),
    )


async def _about_people(session: AsyncSession) -> list[Finding]:
    people = await read_people(session)
    tasks, datasets = await read_property_of_disabled(session)
    findings = [*identities_are_unique(people)]
    for person in people:
        findings += person_is_known_everywhere(person)
        if person.iam_subject is not None:
            own = person.iam_subject
            findings += disabled_person_owns_nothing_live(person, tasks.get(own, ()), datasets.get(own, ()))
    return findings
