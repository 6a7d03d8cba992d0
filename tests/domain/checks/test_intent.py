"""Intent and execution: contradictions are found, ordinary lives are left alone."""

from dataclasses import replace

import pytest

from gateway.domain.checks.intent import intent_fits_execution
from gateway.domain.facts import AttemptFacts, RequestFacts, StepFacts
from gateway.domain.findings import Evidence, Severity
from gateway.domain.names import RECO, SIM
from gateway.domain.states import Execution, Intent
from tests.domain.samples import REQUEST


def living(
    intent: Intent, sim: Execution | None, reco: Execution | None = None, completeness: float | None = None
) -> RequestFacts:
    steps = tuple(
        StepFacts(kind=kind, attempts=(AttemptFacts(number=1, execution=execution),) if execution else ())
        for kind, execution in ((SIM, sim), (RECO, reco))
    )
    return replace(REQUEST, intent=intent, steps=steps, accepted_completeness=completeness)


@pytest.mark.parametrize(
    ("request_facts", "code"),
    [
        (living(Intent.READY, Execution.RUNNING), "not-submitted-but-there"),
        (living(Intent.CANCELLED, Execution.COMPLETE, Execution.COMPLETE), "not-submitted-but-there"),
        (living(Intent.SUBMITTED, None), "submitted-but-nothing-there"),
        (living(Intent.ACCEPTED, Execution.COMPLETE, Execution.RUNNING), "over-but-going"),
        (living(Intent.OBSOLETE, Execution.QUEUED), "over-but-going"),
        (living(Intent.ACCEPTED, Execution.COMPLETE, Execution.PARTIAL), "accepted-without-completeness"),
        (living(Intent.ACCEPTED, Execution.FAILED), "accepted-without-completeness"),
    ],
)
def test_a_contradiction_is_found(request_facts: RequestFacts, code: str) -> None:
    (found,) = intent_fits_execution(request_facts)

    assert (found.invariant, found.code, found.severity) == (16, code, Severity.WARNING)


def test_the_evidence_shows_intent_execution_and_every_step() -> None:
    (found,) = intent_fits_execution(living(Intent.ACCEPTED, Execution.COMPLETE, Execution.PARTIAL))

    assert found.message == (
        "PROD2025-016 is ACCEPTED and PARTIAL, but nobody said which completeness was accepted."
    )
    assert found.evidence == (
        Evidence("intent", "ACCEPTED"),
        Evidence("execution", "PARTIAL"),
        Evidence("SIM execution", "COMPLETE"),
        Evidence("RECO execution", "PARTIAL"),
    )


@pytest.mark.parametrize(
    "request_facts",
    [
        living(Intent.READY, None),
        living(Intent.SUBMITTED, Execution.RUNNING, Execution.BLOCKED),
        living(Intent.SUBMITTED, Execution.COMPLETE, Execution.COMPLETE),
        living(Intent.ACCEPTED, Execution.COMPLETE, Execution.COMPLETE),
        living(Intent.ACCEPTED, Execution.COMPLETE, Execution.PARTIAL, completeness=0.9992),
        living(Intent.ON_HOLD, Execution.RUNNING),
        living(Intent.REJECTED, Execution.FAILED),
        living(Intent.READY, Execution.UNKNOWN),
        living(Intent.ACCEPTED, None),
        replace(REQUEST, intent=Intent.SUBMITTED, steps=()),
    ],
)
def test_an_ordinary_or_unknown_life_is_no_finding(request_facts: RequestFacts) -> None:
    assert intent_fits_execution(request_facts) == ()
