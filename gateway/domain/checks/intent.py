"""Checks of intent: what people say about a request and what its tasks do must not contradict each other."""

from gateway.domain.facts import RequestFacts
from gateway.domain.findings import Evidence, Finding, Severity, about_request
from gateway.domain.states import Execution, Intent

_UNSUBMITTED = frozenset({Execution.NOT_SUBMITTED, Execution.BLOCKED})
_GOING = frozenset(
    {Execution.SUBMITTING, Execution.QUEUED, Execution.RUNNING, Execution.ATTENTION, Execution.STOPPING}
)
_BEFORE_SUBMISSION = frozenset({Intent.DRAFT, Intent.READY, Intent.APPROVED, Intent.CANCELLED})
_OVER = frozenset({Intent.ACCEPTED, Intent.REJECTED, Intent.OBSOLETE})


def intent_fits_execution(request: RequestFacts) -> tuple[Finding, ...]:
    """Invariant 16: nothing runs before submission or after the end; partial data are accepted openly.

    A request on hold may run on: holding is about what comes next. Silent without recorded steps or tasks
    (old requests did not record them) and when the execution is not known.
    """
    execution = request.execution
    if not request.steps or execution is Execution.UNKNOWN:
        return ()
    contradiction = _contradiction(request, execution)
    if contradiction is None:
        return ()
    code, message, advice = contradiction
    evidence = (
        Evidence("intent", request.intent),
        Evidence("execution", execution),
        *(Evidence(f"{step.kind} execution", step.execution) for step in request.steps),
    )
    return (about_request(request.name, 16, code, Severity.WARNING, message, *evidence, suggestion=advice),)


def _contradiction(request: RequestFacts, execution: Execution) -> tuple[str, str, str] | None:
    name, intent = request.name, request.intent
    if intent in _BEFORE_SUBMISSION and execution not in _UNSUBMITTED:
        return (
            "not-submitted-but-there",
            f"{name} is {intent}, but its tasks are {execution}.",
            "Correct the intent.",
        )
    if intent is Intent.SUBMITTED and execution is Execution.NOT_SUBMITTED:
        return (
            "submitted-but-nothing-there",
            f"{name} is SUBMITTED, but no task is known.",
            "Look for the tasks.",
        )
    if intent in _OVER and execution in _GOING:
        return (
            "over-but-going",
            f"{name} is {intent}, but its tasks are {execution}.",
            "Stop the tasks or reopen.",
        )
    if (
        intent is Intent.ACCEPTED
        and execution not in {Execution.COMPLETE, Execution.NOT_SUBMITTED}
        and request.accepted_completeness is None
    ):
        message = f"{name} is ACCEPTED and {execution}, but nobody said which completeness was accepted."
        return ("accepted-without-completeness", message, "Record who accepted how much.")
    return None
