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

from gateway.domain.checks.names import outputs_are_unique
from gateway.domain.checks.one_by_one import (
    check_dataset,
    check_person,
    check_request,
    check_stage,
    check_tasks,
)
from gateway.domain.checks.ownership import identities_are_unique, orphan_datasets, orphan_tasks, widows
from gateway.domain.checks.seeds import seed_overlaps
from gateway.domain.facts import RequestFacts
from gateway.domain.findings import Finding
from gateway.resolvers.stages import Stages, read_stages
from gateway.store.database import Database
from gateway.store.rows import rows_of
from gateway.store.sources import Source, SourceName
from gateway.sync.record_findings import record_findings
from gateway.sync.request_details import Details, read_details
from gateway.sync.request_outlines import Outline, batches, read_outlines
from gateway.sync.world_facts import (
    History,
    read_a_dataset_of_each_owner,
    read_endangered_datasets,
    read_history,
    read_people,
    read_property_of_disabled,
    read_shared_outputs,
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
    "panda-name-ambiguous": _IAM,
    "panda-name-shared": _IAM,
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
    stages = await read_stages(rows_of(session))
    history = await read_history(session, outlines)
    for finding in seed_overlaps(_claims(outlines.values())):
        yield finding
    for finding in outputs_are_unique(await read_shared_outputs(session, outlines)):
        yield finding
    for names in batches(outlines):
        details = await read_details(session, outlines, names, at=at)
        requests = {name: detail.facts for name, detail in details.items()}
        for name in names:
            for finding in _about_request(details[name], requests, stages, history):
                yield finding
    for finding in await _about_owners(session, outlines, stages):
        yield finding
    for dataset in await read_endangered_datasets(session, at=at):
        owner = outlines.get(dataset.request_name or "")
        for finding in check_dataset(dataset, owner.facts if owner else None, now=at):
            yield finding
    for finding in await _about_people(session):
        yield finding


def _claims(outlines: Iterable[Outline]) -> Iterator[RequestFacts]:
    """Each request once for each piece of its seeds."""
    for outline in outlines:
        for seeds in outline.ranges:
            yield outline.facts if outline.has_one_range else replace(outline.facts, seeds=seeds)


def _about_request(
    details: Details, requests: Mapping[str, RequestFacts], stages: Stages, history: History
) -> Iterator[Finding]:
    request = details.facts
    yield from check_request(request, requests)
    rule = stages.rule(request)
    if rule is not None:
        yield from check_stage(request, rule)
    yield from check_tasks(
        request,
        details.tasks_in_order(),
        details.datasets,
        history,
        has_one_range=details.outline.has_one_range,
    )


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
        own = person.iam_subject or ""
        findings += check_person(person, tasks.get(own, ()), datasets.get(own, ()))
    return findings
