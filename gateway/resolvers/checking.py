"""Holding the invariants against a request before anything is done with it, stored or only thought of."""

from collections.abc import Sequence

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
from gateway.store.seed_ledger import held_seeds

# Others compared by their seeds; one that overlaps thousands is one mistake.
_COMPARED = 50
_ORDER = {Severity.BLOCKER: 0, Severity.WARNING: 1, Severity.INFO: 2}


async def check_request(rows: Rows, request: RequestFacts) -> tuple[Finding, ...]:
    """Return what the invariants say of the request as it is defined, the worst first.

    These are 1 to 8: seeds, counts, names, scripts and physics. What depends on the moment of a submission
    (input, room, downtimes) is asked there. A fixed number of statements.
    """
    stages = await read_stages(rows)
    rule = stages.rule(request)
    findings = [
        *seeds_fit_events(request),
        *version_agrees(request),
        *tag_is_safe(request),
        *scripts_fit(request),
        *tag_fits_collision(request),
        *stage_fits(request, rule),
        *await _seeds_are_free(rows, request),
        *await _outputs_are_free(rows, request, outputs_of_request(request, stages)),
        *scripts_are_given(request),
    ]
    if rule is not None and not any(finding.code.startswith("tag-") for finding in findings):
        findings += names_can_be_derived(request, rule)
    return worst_first(findings)


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


def outputs_of_request(request: RequestFacts, stages: Stages) -> dict[str, tuple[DatasetName, ...]]:
    """What the next attempt at each step would write, by the step's kind; nothing where no name follows."""
    rule = stages.rule(request)
    if rule is None:
        return {}
    outputs = {}
    for step in request.steps:
        attempt = max((attempt.number for attempt in step.attempts), default=0) + 1
        try:
            outputs[step.kind] = derived_outputs(request, rule, step.kind, attempt)
        except NamingError:
            continue
    return {str(kind): names for kind, names in outputs.items()}


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


async def _seeds_are_free(rows: Rows, request: RequestFacts) -> list[Finding]:
    held = await held_seeds(rows, request.physics_key)
    names = {
        each.request_name
        for each in held
        if each.request_name not in {None, request.name} and each.seeds.overlap(request.seeds)
    }
    others = await read_requests(rows, sorted(name for name in names if name)[:_COMPARED])
    found = seed_overlaps([request, *(other.facts for other in others.values())])
    return [
        finding
        for finding in found
        if finding.subject.key == request.name
        or any(item.subject and item.subject.key == request.name for item in finding.evidence)
    ]


async def _outputs_are_free(
    rows: Rows, request: RequestFacts, outputs: dict[str, tuple[DatasetName, ...]]
) -> list[Finding]:
    names = [name for written in outputs.values() for name in written]
    dids = [name.did for name in names]
    if not dids:
        return []
    in_rucio = {row.did for row in await rows(select(Dataset.did).where(Dataset.did.in_(dids)))}
    declared = {
        row.did
        for row in await rows(
            select(StepDataset.did)
            .join(Step, Step.key == StepDataset.step_key)
            .where(
                StepDataset.did.in_(dids),
                StepDataset.role == "output",
                Step.request_name != request.name,
            )
        )
    }
    return [*outputs_are_new(request, names, in_rucio | declared)]
