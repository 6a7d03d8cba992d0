"""Holding the invariants against a request before anything is done with it, stored or only thought of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from gateway.domain.checks.names import (
    derived_outputs,
    names_can_be_derived,
    outputs_are_new,
    scripts_fit,
    tag_is_safe,
    version_agrees,
)
from gateway.domain.checks.physics import stage_fits, tag_fits_collision
from gateway.domain.checks.seeds import seed_overlaps, seeds_fit_events
from gateway.domain.facts import RequestFacts
from gateway.domain.findings import Finding, Severity, about_request
from gateway.domain.names import DatasetName
from gateway.errors import InvalidChangeError, NamingError
from gateway.resolvers.changes.definitions import read_requests
from gateway.resolvers.stages import Stages, read_stages
from gateway.store.datasets import Dataset
from gateway.store.requests import Step, StepDataset
from gateway.store.rows import Rows
from gateway.store.seed_ledger import held_seeds_of

# Others compared by their seeds; one that overlaps thousands is one mistake.
_COMPARED = 50
# Stands for the catalogue among those who have a name; no request is called so.
_RUCIO = "Rucio"
_ORDER = {Severity.BLOCKER: 0, Severity.WARNING: 1, Severity.INFO: 2}


async def check_request(rows: Rows, request: RequestFacts) -> tuple[Finding, ...]:
    """Return what the invariants say of the request as it is defined, the worst first.

    These are 1 to 8: seeds, counts, names, scripts and physics. What depends on the moment of a submission
    (input, room, downtimes) is asked there. A fixed number of statements.
    """
    return (await check_requests(rows, [request]))[request.name]


async def check_requests(rows: Rows, requests: Sequence[RequestFacts]) -> Mapping[str, tuple[Finding, ...]]:
    """Return by name what `check_request` says of each, in as many statements as for one.

    They are compared with what is stored, not with each other.
    """
    stages = await read_stages(rows)
    outputs = {request.name: _outputs(request, stages) for request in requests}
    overlaps = await _overlaps(rows, requests)
    takers = await _takers(rows, [name.did for names in outputs.values() for name in names])
    found = {}
    for request in requests:
        rule = stages.rule(request)
        names = outputs[request.name]
        taken = {name.did for name in names if takers.get(name.did, set()) - {request.name}}
        findings = [
            *seeds_fit_events(request),
            *version_agrees(request),
            *tag_is_safe(request),
            *scripts_fit(request),
            *tag_fits_collision(request),
            *stage_fits(request, rule),
            *overlaps[request.name],
            *outputs_are_new(request, names, taken),
            *scripts_are_given(request),
        ]
        if rule is not None and not any(finding.code.startswith("tag-") for finding in findings):
            findings += names_can_be_derived(request, rule)
        found[request.name] = worst_first(findings)
    return found


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings by severity, then by invariant."""
    return tuple(sorted(findings, key=lambda each: (_ORDER[each.severity], each.invariant, each.code)))


def refuse_blockers(request_name: str, what: str, findings: Sequence[Finding]) -> None:
    """Return if nothing blocks; else raise InvalidChangeError with all findings."""
    blockers = [finding for finding in findings if finding.severity is Severity.BLOCKER]
    if blockers:
        more = f" and {len(blockers) - 1} more" if len(blockers) > 1 else ""
        raise InvalidChangeError(
            f"{request_name} cannot be {what}: {blockers[0].message}{more}", findings=findings
        )


def _outputs(request: RequestFacts, stages: Stages) -> list[DatasetName]:
    """What the next attempts at its steps would write; nothing where no name follows."""
    rule = stages.rule(request)
    if rule is None:
        return []
    outputs: list[DatasetName] = []
    for step in request.steps:
        attempt = max((attempt.number for attempt in step.attempts), default=0) + 1
        try:
            outputs += derived_outputs(request, rule, step.kind, attempt)
        except NamingError:
            continue
    return outputs


def scripts_are_given(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 7: there are steps, and each says what it runs."""
    if not request.steps:
        message = f"{request.name} has no steps, so nothing would be made."
        return (about_request(request.name, 7, "steps-missing", Severity.BLOCKER, message),)
    return tuple(
        about_request(
            request.name,
            7,
            "script-missing",
            Severity.BLOCKER,
            f"{request.name} {step.kind} has no script.",
            suggestion="Give the path of its script on CVMFS.",
        )
        for step in request.steps
        if step.script is None
    )


async def _overlaps(rows: Rows, requests: Sequence[RequestFacts]) -> Mapping[str, list[Finding]]:
    """Invariant 1 for each request against what others hold, by name."""
    held = await held_seeds_of(rows, [request.physics_key for request in requests])
    holders = {
        request.name: sorted(
            {
                each.request_name
                for each in held[request.physics_key]
                if each.request_name is not None
                and each.request_name != request.name
                and each.seeds.overlap(request.seeds)
            }
        )[:_COMPARED]
        for request in requests
    }
    named = sorted({name for names in holders.values() for name in names})
    others = await read_requests(rows, named) if named else {}
    return {
        request.name: [
            finding
            for finding in seed_overlaps([request, *(others[name].facts for name in holders[request.name])])
            if finding.subject.key == request.name
            or any(item.subject and item.subject.key == request.name for item in finding.evidence)
        ]
        for request in requests
    }


async def _takers(rows: Rows, dids: Sequence[str]) -> Mapping[str, set[str]]:
    """Who has each name already: the requests that declare it, and `_RUCIO` where it is in the catalogue."""
    takers: defaultdict[str, set[str]] = defaultdict(set)
    if not dids:
        return takers
    for row in await rows(select(Dataset.did).where(Dataset.did.in_(dids))):
        takers[row.did].add(_RUCIO)
    for row in await rows(
        select(StepDataset.did, Step.request_name)
        .join(Step, Step.key == StepDataset.step_key)
        .where(StepDataset.did.in_(dids), StepDataset.role == "output")
    ):
        takers[row.did].add(row.request_name)
    return takers
