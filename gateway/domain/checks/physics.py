"""Checks of physics: stage, geometry, energy and beams fit, and reconstruction reads what it should."""

from collections.abc import Mapping

from gateway.domain.facts import AttemptFacts, RequestFacts, StageRule, StepFacts
from gateway.domain.findings import Evidence, Finding, Severity, about_request, dataset_subject
from gateway.domain.names import RECO, SIM, DatasetName, Tag
from gateway.domain.states import FINAL_EXECUTIONS, Execution, Intent
from gateway.errors import NamingError


def stage_fits(request: RequestFacts, rule: StageRule | None) -> tuple[Finding, ...]:
    """Invariant 8: geometry and energy are those of the stage; a high energy is a WARNING, the rest blocks.

    Give None for a stage that is in no registry, which blocks as well.
    """
    if rule is None:
        message = f"{request.name} is for stage {request.stage}, which is not registered."
        return (about_request(request.name, 8, "stage-unknown", Severity.BLOCKER, message),)
    findings = []
    lacking = sorted(rule.required_geometry - request.geometry)
    if lacking:
        message = f"{request.name} is for stage {rule.name} but lacks {', '.join(lacking)}."
        evidence = Evidence("geometry", ", ".join(sorted(request.geometry)))
        findings.append(
            about_request(request.name, 8, "geometry-lacking", Severity.BLOCKER, message, evidence)
        )
    alien = sorted(rule.forbidden_geometry & request.geometry)
    if alien:
        message = f"{request.name} is for stage {rule.name}, which has no {', '.join(alien)}."
        evidence = Evidence("geometry", ", ".join(sorted(request.geometry)))
        findings.append(
            about_request(request.name, 8, "geometry-of-other-stage", Severity.BLOCKER, message, evidence)
        )
    if rule.energy_max_gev is not None and request.energy_gev > rule.energy_max_gev:
        message = f"{request.energy_gev} GeV is above the {rule.energy_max_gev} GeV of stage {rule.name}."
        evidence = Evidence("energy in GeV", str(request.energy_gev))
        findings.append(
            about_request(request.name, 8, "energy-above-stage", Severity.WARNING, message, evidence)
        )
    return tuple(findings)


def tag_fits_collision(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 8: the prefix of the tag names the colliding beams.

    A tag outside the grammar is left to invariant 4.
    """
    try:
        tag = Tag.parse(request.tag)
    except NamingError:
        return ()
    if tag.collision == request.collision_type:
        return ()
    message = (
        f"{request.name} collides {request.collision_type}, but its tag is one for {tag.collision} "
        "(a tag without prefix is for pp)."
    )
    return (
        about_request(
            request.name, 8, "tag-of-other-collision", Severity.BLOCKER, message, Evidence("tag", request.tag)
        ),
    )


def reconstruction_reads_latest_simulation(
    request: RequestFacts, requests: Mapping[str, RequestFacts]
) -> tuple[Finding, ...]:
    """Invariant 9: reconstruction reads S and P of the latest complete, or accepted partial, SIM attempt.

    The simulation is the request's own or that of the request it names, found in `requests` by name. Silent
    without recorded inputs; INFO "cannot be checked" while the simulation is still going or not known.
    """
    step = request.step(RECO)
    if step is None or step.inputs is None:
        return ()
    source = requests.get(step.reads_from, None) if step.reads_from else request
    simulation = source.step(SIM) if source else None
    if source is None or simulation is None:
        message = f"The simulation that {request.name} RECO reads is not known here, so it cannot be checked."
        return (about_request(request.name, 9, "simulation-unknown", Severity.INFO, message),)
    attempt = _latest_usable(source, simulation)
    if attempt is None:
        return (_nothing_usable(request, source, simulation),)
    wanted = {(source.name, attempt.number, data_type) for data_type in ("S", "P")}
    read = {_what(did) for did in step.inputs}
    if read == wanted:
        return ()
    message = f"{request.name} RECO must read exactly S and P of {source.name} SIM attempt {attempt.number}."
    evidence = tuple(Evidence("input", did, dataset_subject(did)) for did in step.inputs)
    return (about_request(request.name, 9, "wrong-input", Severity.BLOCKER, message, *evidence),)


def _latest_usable(source: RequestFacts, simulation: StepFacts) -> AttemptFacts | None:
    accepted = source.intent is Intent.ACCEPTED or source.accepted_completeness is not None
    usable = {Execution.COMPLETE, Execution.PARTIAL} if accepted else {Execution.COMPLETE}
    attempts = (attempt for attempt in simulation.attempts if attempt.execution in usable)
    return max(attempts, key=lambda attempt: attempt.number, default=None)


def _nothing_usable(request: RequestFacts, source: RequestFacts, simulation: StepFacts) -> Finding:
    if simulation.execution in FINAL_EXECUTIONS or not simulation.attempts:
        message = f"{source.name} has no complete or accepted SIM attempt for {request.name} RECO to read."
        return about_request(request.name, 9, "no-usable-simulation", Severity.BLOCKER, message)
    message = f"The simulation that {request.name} RECO reads is {simulation.execution}; check again later."
    return about_request(request.name, 9, "simulation-not-finished", Severity.INFO, message)


def _what(did: str) -> tuple[str, int, str] | None:
    try:
        name = DatasetName.parse(did)
    except NamingError:
        return None
    return (str(name.request), name.attempt, name.data_type) if name.step == SIM else None
