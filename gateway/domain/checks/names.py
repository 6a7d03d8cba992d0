"""Checks of names: tag, version, scripts and outputs tell one story, and Rucio will take them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from gateway.domain.facts import RequestFacts, StageRule
from gateway.domain.findings import (
    Evidence,
    Finding,
    Severity,
    about_request,
    dataset_subject,
    request_subject,
)
from gateway.domain.names import (
    NAME_LIMIT,
    NAME_PATTERN,
    SCOPE_LIMIT,
    DatasetName,
    RequestName,
    ScriptPath,
    StepKind,
    Tag,
    outputs_of,
    software_token,
    split_flags,
)
from gateway.errors import NamingError


def version_agrees(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 3: the software field, the tag and every script path name the same version.

    A tag or path outside the grammar is left to invariants 4 and 7.
    """
    try:
        expected = software_token(request.software_version, request.software_project)
    except NamingError as error:
        return (about_request(request.name, 3, "version-unreadable", Severity.BLOCKER, error.message),)
    tokens = {f"{step.kind} script": _script_tag(step.script) for step in request.steps}
    tokens["tag"] = _tag(request.tag)
    differing = {place: tag.software for place, tag in tokens.items() if tag and tag.software != expected}
    if not differing:
        return ()
    return (
        about_request(
            request.name,
            3,
            "version-disagrees",
            Severity.BLOCKER,
            f"{request.name} asks for software {request.software_version}, but its "
            f"{' and '.join(sorted(differing))} say otherwise.",
            Evidence("expected token", expected),
            *(Evidence(place, token) for place, token in sorted(differing.items())),
        ),
    )


def tag_is_safe(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 4: the tag can stand in a Rucio name as it is and follows the grammar."""
    name, flags = split_flags(request.tag)
    if NAME_PATTERN.fullmatch(request.tag) is None:
        return (
            Finding(
                invariant=4,
                code="tag-unsafe",
                severity=Severity.BLOCKER,
                subject=request_subject(request.name),
                request_name=request.name,
                message=f"The tag of {request.name} holds characters that Rucio refuses in names.",
                evidence=(
                    Evidence("tag", request.tag),
                    *(Evidence("flag behind the tag", flag) for flag in flags),
                ),
                suggestion=f"Use {name!r} and mark a test as a test."
                if flags
                else "Use a tag of the grammar.",
            ),
        )
    try:
        Tag.parse(name)
    except NamingError as error:
        evidence = Evidence("tag", request.tag)
        return (
            about_request(request.name, 4, "tag-outside-grammar", Severity.BLOCKER, error.message, evidence),
        )
    return ()


def names_can_be_derived(request: RequestFacts, rule: StageRule) -> tuple[Finding, ...]:
    """Invariant 4: dataset names follow from the fields of the request, within Rucio's limits."""
    findings = []
    for step in request.steps:
        attempt = max((attempt.number for attempt in step.attempts), default=0) + 1
        try:
            derived_outputs(request, rule, step.kind, attempt)
        except NamingError as error:
            step_name = Evidence("step", step.kind)
            findings.append(
                about_request(
                    request.name, 4, "name-not-derivable", Severity.BLOCKER, error.message, step_name
                )
            )
    return tuple(findings)


def derived_outputs(
    request: RequestFacts, rule: StageRule, kind: StepKind, attempt: int
) -> tuple[DatasetName, ...]:
    """The datasets an attempt of the step will write; raises NamingError when a field forbids it."""
    return outputs_of(
        scope=rule.scope,
        tag=Tag.parse(request.tag),
        energy_gev=request.energy_gev,
        polarization=request.polarization,
        request=RequestName.parse(request.name),
        step=kind,
        attempt=attempt,
    )


def outputs_fit_rucio(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 4: every output written down has a scope and a name that Rucio's schema accepts."""
    bad = [did for did in _outputs(request) if not _fits_rucio(did)]
    if not bad:
        return ()
    return (
        about_request(
            request.name,
            4,
            "output-refused-by-rucio",
            Severity.BLOCKER,
            f"{len(bad)} outputs of {request.name} have names that Rucio refuses "
            f"(scope up to {SCOPE_LIMIT}, name up to {NAME_LIMIT} characters).",
            *(Evidence("output", did) for did in bad),
        ),
    )


def outputs_in_stage_scope(request: RequestFacts, rule: StageRule) -> tuple[Finding, ...]:
    """Invariant 5: outputs lie in the scope of the request's stage, and their first field repeats it."""
    astray = [did for did in _outputs(request) if not did.startswith(f"{rule.scope}:{rule.scope}.")]
    if not astray:
        return ()
    return (
        Finding(
            invariant=5,
            code="output-in-other-scope",
            severity=Severity.BLOCKER,
            subject=request_subject(request.name),
            request_name=request.name,
            message=f"{len(astray)} of {len(_outputs(request))} outputs of {request.name} are not in "
            f"{rule.scope}, the scope of stage {rule.name}.",
            evidence=tuple(Evidence("output", did, dataset_subject(did)) for did in astray),
            suggestion=f"Write outputs of stage {rule.name} to {rule.scope}.",
        ),
    )


def outputs_match_pattern(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 5: the pattern of a step finds all outputs of that step; one finding per step."""
    findings = []
    for step in request.steps:
        if step.pattern is None or step.outputs is None:
            continue
        pattern = step.pattern
        missed = [did for did in step.outputs if not fnmatchcase(did, pattern)]
        if missed:
            findings.append(
                Finding(
                    invariant=5,
                    code="pattern-misses-outputs",
                    severity=Severity.WARNING,
                    subject=request_subject(request.name),
                    request_name=request.name,
                    message=f"The pattern of {request.name} {step.kind} misses {len(missed)} of its "
                    f"{len(step.outputs)} outputs.",
                    evidence=(
                        Evidence("step", step.kind),
                        Evidence("pattern", pattern),
                        *(Evidence("output", did, dataset_subject(did)) for did in missed),
                    ),
                    suggestion="Drop the pattern: outputs follow from the request's fields.",
                )
            )
    return tuple(findings)


def outputs_are_new(
    request: RequestFacts, outputs: Sequence[DatasetName], existing: Collection[str]
) -> tuple[Finding, ...]:
    """Invariant 6: none of the outputs to be written was ever in Rucio; names are never free again.

    `existing` holds the DIDs Rucio has or had; a set makes this quick.
    """
    return tuple(
        about_request(
            request.name,
            6,
            "output-exists",
            Severity.BLOCKER,
            f"{output.did} is in Rucio already.",
            Evidence("output", output.did, dataset_subject(output.did)),
        )
        for output in outputs
        if output.did in existing
    )


def outputs_are_unique(requests: Iterable[RequestFacts]) -> tuple[Finding, ...]:
    """Invariant 6: no two requests write the same dataset; one finding per dataset and later request."""
    writers: defaultdict[str, set[str]] = defaultdict(set)
    by_name = {request.name: request for request in requests}
    for request in by_name.values():
        for did in _outputs(request):
            writers[did].add(request.name)
    return tuple(
        about_request(
            later,
            6,
            "output-shared",
            Severity.BLOCKER,
            f"{later} and {first} both write {did}.",
            Evidence("output", did, dataset_subject(did)),
            Evidence("also written by", first, request_subject(first)),
        )
        for did, names in writers.items()
        for first, *others in [sorted(names)]
        for later in others
    )


def scripts_fit(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 7: scripts are for the request's tag, energy and step, all of one version directory."""
    findings = []
    directories: dict[str, str] = {}
    for step in request.steps:
        if step.script is None:
            continue
        evidence = (Evidence("step", step.kind), Evidence("script", step.script))
        try:
            path = ScriptPath.parse(step.script)
        except NamingError as error:
            findings.append(
                about_request(
                    request.name, 7, "script-outside-grammar", Severity.BLOCKER, error.message, *evidence
                )
            )
            continue
        directories[step.kind] = path.directory
        differing = _differences(path, request, step.kind)
        if differing:
            message = f"The {step.kind} script of {request.name} is for another {' and '.join(differing)}."
            findings.append(
                about_request(request.name, 7, "script-does-not-fit", Severity.BLOCKER, message, *evidence)
            )
    if len(set(directories.values())) > 1:
        message = f"The steps of {request.name} take their scripts from different directories."
        places = (Evidence(f"{kind} directory", directory) for kind, directory in directories.items())
        findings.append(
            about_request(request.name, 7, "script-directories-differ", Severity.BLOCKER, message, *places)
        )
    return tuple(findings)


def _differences(path: ScriptPath, request: RequestFacts, kind: StepKind) -> list[str]:
    fits = {
        "tag": path.tag.name == split_flags(request.tag)[0],
        "energy": path.energy_gev == request.energy_gev,
        "step": path.step == kind,
    }
    return [what for what, is_same in fits.items() if not is_same]


def _outputs(request: RequestFacts) -> list[str]:
    return [did for step in request.steps for did in step.outputs or ()]


def _fits_rucio(did: str) -> bool:
    scope, colon, name = did.partition(":")
    return bool(
        colon
        and len(scope) <= SCOPE_LIMIT
        and len(name) <= NAME_LIMIT
        and NAME_PATTERN.fullmatch(scope)
        and NAME_PATTERN.fullmatch(name)
    )


def _tag(text: str) -> Tag | None:
    try:
        return Tag.parse(text)
    except NamingError:
        return None


def _script_tag(script: str | None) -> Tag | None:
    try:
        return ScriptPath.parse(script).tag if script else None
    except NamingError:
        return None
