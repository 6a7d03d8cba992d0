"""Intent moves only along its arrows; execution is read from PanDA and folded per request."""

import datetime as dt

import pytest

from gateway.domain.facts import AttemptFacts, StepFacts
from gateway.domain.names import SIM
from gateway.domain.states import (
    EXECUTION_OF_STATE,
    FINAL_EXECUTIONS,
    FINAL_INTENTS,
    Execution,
    Intent,
    check_transition,
    execution_of,
    intent_of_word,
    latest,
    request_execution,
    transitions_from,
)
from gateway.errors import InputError, TransitionError


@pytest.mark.parametrize(
    ("intent", "onward"),
    [
        (Intent.DRAFT, {Intent.READY, Intent.CANCELLED, Intent.ON_HOLD}),
        (Intent.READY, {Intent.APPROVED, Intent.CANCELLED, Intent.ON_HOLD}),
        (Intent.APPROVED, {Intent.SUBMITTED, Intent.ON_HOLD}),
        (Intent.SUBMITTED, {Intent.ACCEPTED, Intent.REJECTED, Intent.ON_HOLD}),
        (Intent.ACCEPTED, {Intent.OBSOLETE, Intent.ON_HOLD}),
        (Intent.REJECTED, set()),
        (Intent.CANCELLED, set()),
        (Intent.OBSOLETE, set()),
    ],
)
def test_each_intent_leads_where_the_diagram_says(intent: Intent, onward: set[Intent]) -> None:
    assert transitions_from(intent) == onward


@pytest.mark.parametrize("held_from", [intent for intent in Intent if intent is not Intent.ON_HOLD])
def test_a_held_request_goes_back_where_it_came_from(held_from: Intent) -> None:
    assert transitions_from(Intent.ON_HOLD, held_from=held_from) == {held_from}


def test_a_hold_that_forgot_its_origin_leads_nowhere() -> None:
    assert transitions_from(Intent.ON_HOLD) == frozenset()


def test_final_intents_are_those_that_lead_nowhere() -> None:
    assert {
        intent for intent in Intent if not transitions_from(intent, held_from=Intent.READY)
    } == FINAL_INTENTS


def test_without_approval_a_ready_request_may_be_submitted() -> None:
    assert Intent.SUBMITTED in transitions_from(Intent.READY, approval_needed=False)
    assert Intent.SUBMITTED not in transitions_from(Intent.READY)


def test_an_allowed_transition_passes() -> None:
    check_transition(Intent.SUBMITTED, Intent.ACCEPTED)


def test_a_refused_transition_lists_what_is_possible() -> None:
    with pytest.raises(TransitionError) as refusal:
        check_transition(Intent.READY, Intent.ACCEPTED)

    assert refusal.value.message == (
        "A request that is READY cannot become ACCEPTED. Possible next: APPROVED, CANCELLED, ON_HOLD."
    )


def test_a_final_intent_says_that_it_is_final() -> None:
    with pytest.raises(TransitionError, match="nothing: this is final"):
        check_transition(Intent.OBSOLETE, Intent.READY)


@pytest.mark.parametrize(
    ("word", "text", "intent"),
    [
        ("Ready", "", Intent.READY),
        ("Runnig", "", Intent.SUBMITTED),
        ("Running", "", Intent.SUBMITTED),
        ("Done", "", Intent.ACCEPTED),
        ("DONE", "", Intent.ACCEPTED),
        ("DONE", "PRE-PRODUCTION obsolete", Intent.OBSOLETE),
        (" on_hold ", "", Intent.ON_HOLD),
    ],
)
def test_words_of_the_old_lists_have_an_intent(word: str, text: str, intent: Intent) -> None:
    assert intent_of_word(word, text) is intent


def test_a_status_nobody_explained_is_refused() -> None:
    with pytest.raises(InputError, match="Known are ready, runnig"):
        intent_of_word("almost")


@pytest.mark.parametrize(
    ("execution", "states"),
    [
        (
            Execution.QUEUED,
            "registered, defined, assigning, ready, pending, topreprocess, preprocessing, rerefine, "
            "toincexec, toretry, toreassign, reassigning, waiting, staging",
        ),
        (Execution.RUNNING, "scouting, scouted, running, prepared, finishing, passed, submitting"),
        (Execution.ATTENTION, "exhausted, paused, throttled"),
        (Execution.STOPPING, "aborting, toabort, tobroken"),
        (Execution.COMPLETE, "done"),
        (Execution.PARTIAL, "finished"),
        (Execution.FAILED, "failed, broken"),
        (Execution.ABORTED, "aborted"),
    ],
)
def test_each_panda_state_is_read_as_the_table_says(execution: Execution, states: str) -> None:
    assert {execution_of(state) for state in states.split(", ")} == {execution}


def test_the_table_knows_thirty_two_states() -> None:
    assert len(EXECUTION_OF_STATE) == 32


@pytest.mark.parametrize("state", [None, "", "merging", "hibernating"])
def test_a_state_we_do_not_know_is_unknown(state: str | None) -> None:
    assert execution_of(state) is Execution.UNKNOWN


@pytest.mark.parametrize(
    ("hours", "execution"), [(24, Execution.QUEUED), (25, Execution.ATTENTION), (None, Execution.QUEUED)]
)
def test_a_task_pending_too_long_needs_attention(hours: int | None, execution: Execution) -> None:
    pending_for = None if hours is None else dt.timedelta(hours=hours)

    assert execution_of("pending", pending_for=pending_for) is execution


def test_only_pending_tasks_grow_impatient() -> None:
    assert execution_of("running", pending_for=dt.timedelta(days=9)) is Execution.RUNNING


def test_only_the_latest_attempt_of_a_step_speaks() -> None:
    first = AttemptFacts(number=1, execution=Execution.ABORTED)
    second = AttemptFacts(number=2, execution=Execution.COMPLETE)

    assert latest([second, first]) is second
    assert StepFacts(kind=SIM, attempts=(second, first)).execution is Execution.COMPLETE
    assert StepFacts(kind=SIM).execution is Execution.NOT_SUBMITTED


@pytest.mark.parametrize(
    ("steps", "execution"),
    [
        ([], Execution.NOT_SUBMITTED),
        ([Execution.COMPLETE, Execution.COMPLETE], Execution.COMPLETE),
        ([Execution.COMPLETE, Execution.PARTIAL], Execution.PARTIAL),
        ([Execution.COMPLETE, Execution.RUNNING], Execution.RUNNING),
        ([Execution.RUNNING, Execution.BLOCKED], Execution.RUNNING),
        ([Execution.COMPLETE, Execution.BLOCKED], Execution.BLOCKED),
        ([Execution.COMPLETE, Execution.NOT_SUBMITTED], Execution.PARTIAL),
        ([Execution.NOT_SUBMITTED, Execution.NOT_SUBMITTED], Execution.NOT_SUBMITTED),
        ([Execution.RUNNING, Execution.UNKNOWN], Execution.UNKNOWN),
        ([Execution.RUNNING, Execution.ATTENTION], Execution.ATTENTION),
        ([Execution.FAILED, Execution.COMPLETE], Execution.FAILED),
        ([Execution.ABORTED, Execution.FAILED], Execution.FAILED),
    ],
)
def test_a_request_is_what_its_most_telling_step_is(steps: list[Execution], execution: Execution) -> None:
    assert request_execution(steps) is execution


@pytest.mark.parametrize("execution", Execution)
def test_every_execution_alone_stands_for_itself(execution: Execution) -> None:
    assert request_execution([execution]) is execution


@pytest.mark.parametrize("intent", Intent)
@pytest.mark.parametrize("steps", [[], [Execution.NOT_SUBMITTED]])
def test_what_was_judged_must_have_run(steps: list[Execution], intent: Intent) -> None:
    was_judged = intent in {Intent.ACCEPTED, Intent.REJECTED, Intent.OBSOLETE}

    execution = request_execution(steps, intent=intent)

    assert execution is (Execution.UNKNOWN if was_judged else Execution.NOT_SUBMITTED)


def test_four_executions_are_final() -> None:
    assert set(FINAL_EXECUTIONS) == {
        Execution.COMPLETE,
        Execution.PARTIAL,
        Execution.FAILED,
        Execution.ABORTED,
    }
