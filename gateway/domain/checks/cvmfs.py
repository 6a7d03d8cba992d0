"""Checks of what CVMFS has: scripts and releases, where it can be looked at."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.facts import RequestFacts
from gateway.domain.findings import Evidence, Finding, Severity, about_request


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found at a path: `exists` is None where CVMFS is not mounted, `sha256` None for folders."""

    exists: bool | None
    sha256: str | None = None


NOT_MOUNTED = Seen(exists=None)


def release_path(request: RequestFacts) -> str:
    """Where the software of a request is installed."""
    return f"/cvmfs/spd.jinr.ru/{request.software_project}/{request.software_version}"


def software_is_there(request: RequestFacts, seen: Mapping[str, Seen]) -> tuple[Finding, ...]:
    """Invariant 7: every script and the release (invariant 3) exist on CVMFS.

    What is missing blocks; what cannot be looked at is INFO "unverified". `seen` is by path.
    """
    findings = []
    unverified = []
    for step in request.steps:
        if step.script is None:
            continue
        found = seen.get(step.script, NOT_MOUNTED)
        if found.exists is None:
            unverified.append(Evidence(f"{step.kind} script", step.script))
        elif not found.exists:
            message = f"The {step.kind} script of {request.name} is not on CVMFS."
            evidence = (Evidence("step", step.kind), Evidence("script", step.script))
            findings.append(
                about_request(request.name, 7, "script-not-on-cvmfs", Severity.BLOCKER, message, *evidence)
            )
    release = release_path(request)
    found = seen.get(release, NOT_MOUNTED)
    if found.exists is None:
        unverified.append(Evidence("release", release))
    elif not found.exists:
        message = f"The software of {request.name} is not on CVMFS where releases usually are."
        findings.append(
            about_request(
                request.name,
                3,
                "release-not-on-cvmfs",
                Severity.WARNING,
                message,
                Evidence("release", release),
            )
        )
    if unverified:
        message = f"What {request.name} takes from CVMFS is unverified: CVMFS is not mounted here."
        findings.append(
            about_request(request.name, 7, "cvmfs-unverified", Severity.INFO, message, *unverified)
        )
    return tuple(findings)
