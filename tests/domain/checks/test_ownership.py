"""Ownership: nothing in production is without an owner, and no person is two."""

from dataclasses import replace

import pytest

from gateway.domain.checks.ownership import (
    disabled_person_owns_nothing_live,
    identities_are_unique,
    orphan_datasets,
    orphan_tasks,
    panda_name_means_one_person,
    person_is_known_everywhere,
    widows,
)
from gateway.domain.facts import PersonFacts, TaskFacts
from gateway.domain.findings import Evidence, dataset_subject, person_subject, request_subject, task_subject
from gateway.domain.states import Intent
from tests.domain.samples import DATASET, PERSON, REQUEST, TASK

STRAY_TASK = replace(TASK, jedi_task_id=346, name="PROD2025-009.SIM.1", request_name=None)
STRAY_DATASET = replace(DATASET, did=DATASET.did.replace("016", "017"), request_name=None)
SCOPES = {"MC2025_S2"}


def test_a_production_task_without_request_is_an_orphan() -> None:
    (found,) = orphan_tasks([TASK, STRAY_TASK], [REQUEST])

    assert (found.invariant, found.code, found.subject) == (17, "orphan-task", task_subject(346))
    assert found.evidence == (Evidence("task name", "PROD2025-009.SIM.1"), Evidence("user", "prodman"))


@pytest.mark.parametrize(
    "task",
    [
        replace(TASK, jedi_task_id=999, request_name=None),
        replace(STRAY_TASK, jedi_task_id=370),
        replace(STRAY_TASK, request_name="PROD2025-016"),
        replace(STRAY_TASK, name="MC2025_S1-003-SIM.4"),
        replace(STRAY_TASK, name="user.analyst.histograms"),
    ],
)
def test_a_task_owned_by_name_or_record_or_no_production_is_no_orphan(task: TaskFacts) -> None:
    assert orphan_tasks([task], [REQUEST]) == ()


def test_a_dataset_in_a_production_scope_without_request_is_an_orphan() -> None:
    (found,) = orphan_datasets([DATASET, STRAY_DATASET], [REQUEST], SCOPES)

    assert (found.code, found.subject) == ("orphan-dataset", dataset_subject(STRAY_DATASET.did))
    assert found.evidence == (Evidence("account", "prodman"),)


def test_a_dataset_owned_by_name_or_record_or_in_another_scope_is_no_orphan() -> None:
    by_name = replace(DATASET, request_name=None)
    by_record = replace(STRAY_DATASET, request_name="PROD2025-016")
    elsewhere = replace(STRAY_DATASET, did="user.analyst:histograms")

    assert orphan_datasets([by_name, by_record, elsewhere], [REQUEST], SCOPES) == ()


def test_an_accepted_request_without_datasets_is_a_widow() -> None:
    accepted = replace(REQUEST, intent=Intent.ACCEPTED)

    (found,) = widows([accepted], [STRAY_DATASET])

    assert (found.code, found.subject) == ("widow", request_subject("PROD2025-016"))
    assert widows([accepted], [replace(DATASET, request_name=None)]) == ()
    assert widows([REQUEST], [STRAY_DATASET]) == ()


def test_no_datasets_at_all_prove_nothing() -> None:
    assert widows([replace(REQUEST, intent=Intent.ACCEPTED)], []) == ()


def test_a_person_who_acts_without_being_in_iam_is_found() -> None:
    (found,) = person_is_known_everywhere(replace(PERSON, iam_subject=None, rucio_account="prod"))

    assert (found.invariant, found.subject) == (18, person_subject("prodman"))
    assert found.message == "prodman acts in PanDA and Rucio but is not in IAM."
    assert found.evidence == (Evidence("name in PanDA", "prodman"), Evidence("name in Rucio", "prod"))


@pytest.mark.parametrize(
    "person",
    [
        PERSON,
        replace(PERSON, panda_name=None, rucio_account=None),
        replace(PERSON, iam_subject=None, panda_name=None, rucio_account=None),
    ],
)
def test_a_person_in_iam_or_who_does_nothing_is_no_finding(person: PersonFacts) -> None:
    assert person_is_known_everywhere(person) == ()


def test_a_name_in_panda_that_two_people_go_by_is_found_and_is_no_stranger() -> None:
    name = PersonFacts(user_name="Same Name", panda_name="Same Name", may_be=("one", "two"))

    (found,) = panda_name_means_one_person(name)

    assert (found.code, found.subject) == ("panda-name-ambiguous", person_subject("Same Name"))
    assert found.message == (
        "Same Name in PanDA may be any of 2 people in IAM; "
        "what was done under that name is shown as nobody's."
    )
    assert found.evidence == (
        Evidence("may be", "one", person_subject("one")),
        Evidence("may be", "two", person_subject("two")),
    )
    assert person_is_known_everywhere(name) == ()


def test_a_name_in_panda_that_somebody_else_goes_by_too_is_found() -> None:
    (found,) = panda_name_means_one_person(replace(PERSON, namesakes=(("prodman", "other"),)))

    assert (found.code, found.subject) == ("panda-name-shared", person_subject("prodman"))
    assert found.message == "prodman in PanDA is taken for prodman, but somebody else in IAM goes by it too."
    assert found.evidence == (Evidence("also goes by prodman", "other", person_subject("other")),)


def test_a_name_in_panda_that_means_one_person_or_a_stranger_is_no_finding() -> None:
    stranger = PersonFacts(user_name="x", panda_name="x")

    assert panda_name_means_one_person(PERSON) == ()
    assert panda_name_means_one_person(stranger) == ()
    assert panda_name_means_one_person(replace(stranger, may_be=("x",))) == ()


def test_an_account_that_two_people_share_is_found() -> None:
    other = PersonFacts(user_name="analyst", iam_subject="sub-2", rucio_account="prodman")

    (found,) = identities_are_unique([PERSON, other])

    assert found.message == "prodman in Rucio stands for 2 people."
    assert found.evidence == (
        Evidence("name in Rucio", "prodman"),
        Evidence("also used by", "analyst", person_subject("analyst")),
    )


def test_people_with_names_of_their_own_are_no_finding() -> None:
    assert identities_are_unique([PERSON, PersonFacts(user_name="analyst", rucio_account="analyst")]) == ()


def test_a_disabled_person_who_owns_live_things_is_found() -> None:
    running = replace(TASK, status="running")

    (found,) = disabled_person_owns_nothing_live(replace(PERSON, is_active=False), [TASK, running], [DATASET])

    assert found.message == "prodman is disabled but owns 1 live tasks and 1 kept datasets."
    assert found.evidence == (
        Evidence("live task", "PROD2025-016.SIM.1", task_subject(370), is_detail=True),
        Evidence("kept dataset", DATASET.did, dataset_subject(DATASET.did), is_detail=True),
    )


def test_active_unknown_or_idle_people_are_no_finding() -> None:
    running = [replace(TASK, status="running")]

    assert disabled_person_owns_nothing_live(PERSON, running, [DATASET]) == ()
    assert disabled_person_owns_nothing_live(replace(PERSON, is_active=None), running, [DATASET]) == ()
    gone = replace(PERSON, is_active=False)
    assert disabled_person_owns_nothing_live(gone, [TASK], [replace(DATASET, rule_count=0)]) == ()
