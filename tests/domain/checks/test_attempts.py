"""Attempts: one lives, numbers grow, live names are unique."""

from dataclasses import replace

from gateway.domain.checks.attempts import (
    attempt_numbers_grow,
    live_task_names_are_unique,
    one_live_attempt,
)
from gateway.domain.facts import AttemptFacts, RequestFacts
from gateway.domain.findings import Evidence, request_subject, task_subject
from tests.domain.samples import REQUEST, SIMULATION


def attempted(*attempts: AttemptFacts, name: str = "PROD2025-016") -> RequestFacts:
    return replace(REQUEST, name=name, steps=(replace(SIMULATION, attempts=attempts),))


def attempt(number: int, task: int | None = None, *, is_live: bool = False) -> AttemptFacts:
    return AttemptFacts(number=number, jedi_task_id=task, task_name="PROD2025-016.SIM.1", is_live=is_live)


def test_two_live_attempts_of_a_step_are_found() -> None:
    (found,) = one_live_attempt(attempted(attempt(2, is_live=True), attempt(1, is_live=True), attempt(3)))

    assert (found.invariant, found.code) == (11, "two-live-attempts")
    assert found.message == "PROD2025-016 SIM has 2 live attempts: 1, 2."
    assert found.evidence == (Evidence("step", "SIM"), Evidence("attempts", "1, 2"))


def test_each_step_may_have_one_live_attempt() -> None:
    assert one_live_attempt(REQUEST) == ()
    assert one_live_attempt(attempted(attempt(1), attempt(2, is_live=True))) == ()


def test_a_later_task_with_a_number_that_does_not_grow_is_found() -> None:
    (found,) = attempt_numbers_grow(attempted(attempt(1, 360), attempt(2, 350), attempt(3)))

    assert found.code == "attempt-number-does-not-grow"
    assert found.message == "PROD2025-016 SIM attempt 1 (task 360) came after attempt 2 (task 350)."
    assert found.evidence == (
        Evidence("step", "SIM"),
        Evidence("attempt", "2", task_subject(350)),
        Evidence("later attempt", "1", task_subject(360)),
    )


def test_numbers_that_grow_are_no_finding() -> None:
    assert attempt_numbers_grow(attempted(attempt(2, 360), attempt(1, 350))) == ()


def test_a_task_name_two_live_attempts_share_is_found() -> None:
    first = attempted(attempt(1, is_live=True))
    second = attempted(attempt(1, is_live=True), name="PROD2025-017")

    (found,) = live_task_names_are_unique([first, second])

    assert (found.code, found.subject) == ("live-task-name-shared", request_subject("PROD2025-017"))
    assert found.evidence == (
        Evidence("task name", "PROD2025-016.SIM.1"),
        Evidence("used by", "PROD2025-016", request_subject("PROD2025-016")),
        Evidence("used by", "PROD2025-017", request_subject("PROD2025-017")),
    )


def test_a_name_may_be_used_again_once_its_task_is_over() -> None:
    first = attempted(attempt(1))
    second = attempted(attempt(1, is_live=True), name="PROD2025-017")

    assert live_task_names_are_unique([first, second]) == ()
