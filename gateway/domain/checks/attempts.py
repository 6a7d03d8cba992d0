"""Checks of attempts: one live per step, numbers that only grow, live tasks with names of their own."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from gateway.domain.facts import RequestFacts
from gateway.domain.findings import (
    STEP,
    Evidence,
    Finding,
    Severity,
    about_request,
    request_subject,
    task_subject,
)


def one_live_attempt(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 11: at most one attempt of each step is live."""
    findings = []
    for step in request.steps:
        live = sorted(attempt.number for attempt in step.attempts if attempt.is_live)
        if len(live) > 1:
            numbers = ", ".join(map(str, live))
            message = f"{request.name} {step.kind} has {len(live)} live attempts: {numbers}."
            findings.append(
                about_request(
                    request.name,
                    11,
                    "two-live-attempts",
                    Severity.BLOCKER,
                    message,
                    Evidence(STEP, step.kind),
                    Evidence("attempts", numbers),
                )
            )
    return tuple(findings)


def attempt_numbers_grow(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 11: a later task (higher jediTaskID) has a higher attempt number."""
    findings = []
    for step in request.steps:
        submitted = sorted(
            (attempt.jedi_task_id, attempt.number)
            for attempt in step.attempts
            if attempt.jedi_task_id is not None
        )
        for (earlier_id, earlier), (later_id, later) in pairwise(submitted):
            if later <= earlier:
                message = (
                    f"{request.name} {step.kind} attempt {later} (task {later_id}) came after "
                    f"attempt {earlier} (task {earlier_id})."
                )
                evidence = (
                    Evidence(STEP, step.kind),
                    Evidence("attempt", str(earlier), task_subject(earlier_id)),
                    Evidence("later attempt", str(later), task_subject(later_id)),
                )
                findings.append(
                    about_request(
                        request.name, 11, "attempt-number-does-not-grow", Severity.BLOCKER, message, *evidence
                    )
                )
    return tuple(findings)


def live_task_names_are_unique(requests: Iterable[RequestFacts]) -> tuple[Finding, ...]:
    """Invariant 11: no two live attempts share a task name; PanDA itself does not mind."""
    owners: defaultdict[str, list[RequestFacts]] = defaultdict(list)
    for request in requests:
        for step in request.steps:
            for attempt in step.attempts:
                if attempt.is_live and attempt.task_name is not None:
                    owners[attempt.task_name].append(request)
    return tuple(
        about_request(
            sharing[-1].name,
            11,
            "live-task-name-shared",
            Severity.BLOCKER,
            f"{len(sharing)} live attempts are called {name}.",
            Evidence("task name", name),
            *(Evidence("used by", owner.name, request_subject(owner.name)) for owner in sharing),
        )
        for name, sharing in owners.items()
        if len(sharing) > 1
    )
