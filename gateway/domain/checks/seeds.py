"""Checks of seeds: not used twice, as many as there are jobs, and the ones PanDA really used."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from gateway.domain.facts import RequestFacts, TaskFacts
from gateway.domain.findings import Evidence, Finding, Severity, about_request, request_subject, task_subject
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import SeedRange, jobs_for
from gateway.domain.states import Intent
from gateway.errors import NumberError

# One request that overlaps thousands is one mistake; naming the first twenty shows it and bounds the work.
COUNTERPARTS_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class _Claim:
    """A request's claim to its seeds; `space` is its physics key without the script."""

    request: RequestFacts
    script: str | None
    space: PhysicsKey
    key_text: str


def seed_overlaps(requests: Iterable[RequestFacts], *, include_exempt: bool = False) -> tuple[Finding, ...]:
    """Invariant 1: within a physics key no seed is used by two requests.

    Exempt are requests marked as test, obsolete or cancelled (which never ran), and pairs of which one is the
    intended repeat of the other; a flag that leaked into the tag exempts nothing. With `include_exempt` they
    are reported too, as INFO. Where all but the script agrees and one of the two did not record its script,
    the overlap is possible, not proven: a WARNING. One finding per pair, on the request with the later name.
    """
    spaces: defaultdict[PhysicsKey, list[_Claim]] = defaultdict(list)
    for request in requests:
        if include_exempt or not _is_exempt(request):
            claim = _claim(request)
            spaces[claim.space].append(claim)
    return tuple(
        finding
        for claims in spaces.values()
        if len(claims) > 1
        for finding in _overlaps_within(claims, include_exempt=include_exempt)
    )


def _claim(request: RequestFacts) -> _Claim:
    key = request.physics_key
    return _Claim(request, key.script, replace(key, script=None), str(key))


def _overlaps_within(claims: Sequence[_Claim], *, include_exempt: bool) -> Iterable[Finding]:
    # A sweep from low seeds to high: whatever is still open when a range begins overlaps it. Open ranges are
    # kept apart by script, so that claims that may share seeds are never walked through.
    open_by_script: defaultdict[str | None, list[tuple[int, int, _Claim]]] = defaultdict(list)
    in_order = sorted(claims, key=lambda claim: (claim.request.seeds, claim.request.name))
    for position, claim in enumerate(in_order):
        overlapping = (
            finding
            for other in _open_to(claim, open_by_script)
            if (finding := _overlap(claim, other, include_exempt=include_exempt)) is not None
        )
        yield from islice(overlapping, COUNTERPARTS_NAMED)
        heapq.heappush(open_by_script[claim.script], (claim.request.seeds.last, position, claim))


def _open_to(
    claim: _Claim, open_by_script: Mapping[str | None, list[tuple[int, int, _Claim]]]
) -> Iterable[_Claim]:
    # An unrecorded script may be any script (a space has few); a recorded one is itself or an unrecorded one.
    scripts = {claim.script, None} if claim.script is not None else open_by_script.keys()
    for script in sorted(scripts, key=lambda each: (each != claim.script, each or "")):
        ranges = open_by_script.get(script, [])
        while ranges and ranges[0][0] < claim.request.seeds.first:
            heapq.heappop(ranges)
        for _, _, other in ranges:
            yield other


def _overlap(one: _Claim, other: _Claim, *, include_exempt: bool) -> Finding | None:
    is_exempt = _is_exempt(one.request) or _is_exempt(other.request) or _is_repeat(one.request, other.request)
    if is_exempt and not include_exempt:
        return None
    earlier, later = sorted((one, other), key=lambda claim: _by_number(claim.request))
    old, new = earlier.request, later.request
    shared = SeedRange(max(old.seeds.first, new.seeds.first), min(old.seeds.last, new.seeds.last))
    twice = shared.count * min(old.events_per_file, new.events_per_file)
    is_proven = earlier.script == later.script
    proven = f"{new.name} and {old.name} share seeds {shared}: {twice} events exist twice."
    possible = f"{new.name} and {old.name} share seeds {shared}, and one did not record its script."
    severity = Severity.BLOCKER if is_proven else Severity.WARNING
    advice = "Take other seeds, or record that one request repeats or supersedes the other."
    return about_request(
        new.name,
        1,
        "seed-overlap" if is_proven else "seed-overlap-possible",
        Severity.INFO if is_exempt else severity,
        proven if is_proven else possible,
        Evidence("overlaps with", old.name, request_subject(old.name)),
        Evidence("shared seeds", str(shared)),
        Evidence("duplicate events", str(twice)),
        Evidence("physics key", later.key_text),
        suggestion=None if is_exempt else advice,
    )


def _by_number(request: RequestFacts) -> tuple[int, str]:
    # PROD2025-1000 comes after PROD2025-999.
    return len(request.name), request.name


def _is_exempt(request: RequestFacts) -> bool:
    return request.is_test or request.intent in {Intent.OBSOLETE, Intent.CANCELLED}


def _is_repeat(one: RequestFacts, other: RequestFacts) -> bool:
    return other.name in one.intended_repeats or one.name in other.intended_repeats


def seeds_fit_events(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 2: one seed per job and one job per file of events; a smaller last file is a WARNING."""
    evidence = (
        Evidence("events", str(request.events)),
        Evidence("events per file", str(request.events_per_file)),
        Evidence("seeds", str(request.seeds)),
    )
    try:
        jobs = jobs_for(request.events, request.events_per_file)
    except NumberError as error:
        code = "events-not-positive"
        return (about_request(request.name, 2, code, Severity.BLOCKER, error.message, *evidence),)
    findings = []
    if jobs != request.seeds.count:
        message = f"{request.name} needs {jobs} seeds for its events but has {request.seeds.count}."
        advice = f"End the seeds at {request.seeds.first + jobs - 1}."
        findings.append(
            about_request(
                request.name, 2, "seed-count", Severity.BLOCKER, message, *evidence, suggestion=advice
            )
        )
    remainder = request.events % request.events_per_file
    if remainder:
        message = f"The last file of {request.name} would hold {remainder} events only."
        advice = "Make the events a multiple of the events per file, or say what becomes of the rest."
        findings.append(
            about_request(
                request.name, 2, "event-remainder", Severity.WARNING, message, *evidence, suggestion=advice
            )
        )
    return tuple(findings)


def panda_used_declared_seeds(request: RequestFacts, simulation: TaskFacts) -> tuple[Finding, ...]:
    """Invariant 14: the sequence numbers of the PanDA task are the seeds the request declared."""
    if simulation.seeds is None or simulation.seeds == request.seeds:
        return ()
    return (
        Finding(
            invariant=14,
            code="seeds-differ-in-panda",
            severity=Severity.WARNING,
            subject=task_subject(simulation.jedi_task_id),
            request_name=request.name,
            message=f"Task {simulation.jedi_task_id} used seeds {simulation.seeds}, "
            f"but {request.name} declares {request.seeds}.",
            evidence=(
                Evidence("declared seeds", str(request.seeds), request_subject(request.name)),
                Evidence("seeds in PanDA", str(simulation.seeds)),
            ),
            suggestion="Correct the request's seeds, so that no other request takes the ones really used.",
        ),
    )
