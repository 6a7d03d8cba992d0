"""Checks of seeds: not used twice, as many as there are jobs, and the ones PanDA really used."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.domain.facts import RequestFacts, TaskFacts
from gateway.domain.findings import Evidence, Finding, Severity, about_request, request_subject, task_subject
from gateway.domain.physics_key import PhysicsKey
from gateway.domain.seeds import SeedRange, jobs_for
from gateway.domain.states import Intent
from gateway.errors import NumberError

# One request that overlaps thousands is one mistake; naming the first twenty shows it and bounds the work.
COUNTERPARTS_NAMED: Final = 20


def seed_overlaps(requests: Iterable[RequestFacts], *, include_exempt: bool = False) -> tuple[Finding, ...]:
    """Invariant 1: within a physics key no seed is used by two requests.

    Exempt are requests marked as test, obsolete or cancelled (which never ran), and pairs of which one is the
    intended repeat of the other; a flag that leaked into the tag exempts nothing. With `include_exempt` they
    are reported too, as INFO. One finding per pair, on the request with the later name.
    """
    by_key: defaultdict[PhysicsKey, list[RequestFacts]] = defaultdict(list)
    for request in requests:
        if include_exempt or not _is_exempt(request):
            by_key[request.physics_key].append(request)
    findings = [
        finding
        for key, sharing in by_key.items()
        if len(sharing) > 1
        for finding in _overlaps_within(str(key), sharing, include_exempt=include_exempt)
    ]
    return tuple(findings)


def _overlaps_within(
    key: str, requests: Sequence[RequestFacts], *, include_exempt: bool
) -> Iterable[Finding]:
    # A sweep from low seeds to high: whatever is still open when a range begins overlaps it.
    open_ranges: list[tuple[int, int, RequestFacts]] = []
    in_order = sorted(requests, key=lambda each: (each.seeds, each.name))
    for position, request in enumerate(in_order):
        while open_ranges and open_ranges[0][0] < request.seeds.first:
            heapq.heappop(open_ranges)
        named = 0
        for _, _, other in open_ranges:
            is_exempt = _is_exempt(request) or _is_exempt(other) or _is_repeat(request, other)
            if is_exempt and not include_exempt:
                continue
            yield _overlap(key, *sorted((request, other), key=_by_number), is_exempt=is_exempt)
            named += 1
            if named == COUNTERPARTS_NAMED:
                break
        heapq.heappush(open_ranges, (request.seeds.last, position, request))


def _overlap(key: str, earlier: RequestFacts, later: RequestFacts, *, is_exempt: bool) -> Finding:
    shared = SeedRange(max(earlier.seeds.first, later.seeds.first), min(earlier.seeds.last, later.seeds.last))
    twice = shared.count * min(earlier.events_per_file, later.events_per_file)
    advice = "Take other seeds, or record that one request repeats or supersedes the other."
    return about_request(
        later.name,
        1,
        "seed-overlap",
        Severity.INFO if is_exempt else Severity.BLOCKER,
        f"{later.name} and {earlier.name} share seeds {shared}: {twice} events exist twice.",
        Evidence("overlaps with", earlier.name, request_subject(earlier.name)),
        Evidence("shared seeds", str(shared)),
        Evidence("duplicate events", str(twice)),
        Evidence("physics key", key),
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
