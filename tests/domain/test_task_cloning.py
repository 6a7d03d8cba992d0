"""A task made again: what becomes of each parameter is data, and is kept to."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.cloning import Inherited
from gateway.domain.names import RequestName, Tag
from gateway.domain.names.datasets import outputs_of
from gateway.domain.names.tokens import RECO, SIM
from gateway.domain.seeds import SeedRange
from gateway.domain.task_cloning import (
    ATTEMPT_FIELDS,
    PARAMETERS,
    SUBMISSION_FIELDS,
    TaskChanges,
    clone_of_task,
)
from gateway.domain.task_parameters import SUBMISSION_KEY, Json, StepTask, task_parameters
from gateway.errors import InputError
from gateway.store.attempts import Attempt, Submission

NAME = RequestName(2025, 16)
TAG = Tag.parse("minbias-P8-spdroot4172-dev")
SIMULATION = StepTask(
    request=NAME,
    step=SIM,
    attempt=1,
    scope="MC2025_S2",
    tag=TAG,
    energy_gev=Decimal(27),
    polarization="UU",
    events_per_file=4_000,
    events=800_000,
    seeds=(SeedRange(101, 300),),
    script="/cvmfs/spd.jinr.ru/production/simu.C",
    campaign="SPD MC 2025",
    priority=950,
)
READ = outputs_of(
    scope="MC2025_S2",
    tag=TAG,
    energy_gev=Decimal(27),
    polarization="UU",
    request=NAME,
    step=SIM,
    attempt=1,
)
TASKS = {
    "a range": SIMULATION,
    "single seeds": replace(SIMULATION, seeds=(SeedRange(101, 101), SeedRange(150, 152))),
    "reading": replace(SIMULATION, step=RECO, reads=READ),
    "reading some": replace(SIMULATION, step=RECO, reads=READ, only=True),
}
# What PanDA adds, were it ever stored with the rest.
ADDED: Mapping[str, Json] = {"userName": "prodman", "jediTaskID": 7, "parent_tid": 6, "oldStatus": "x"}
NOTHING = TaskChanges()


def sent(task: StepTask) -> dict[str, Json]:
    return {**task_parameters(task, key="the first"), **ADDED}


def outputs(task: StepTask) -> list[str]:
    return [output.did for output in task.outputs]


def test_every_parameter_and_every_column_says_what_becomes_of_it() -> None:
    used = {name for task in TASKS.values() for name in sent(task)}

    assert used == set(PARAMETERS)
    assert set(ATTEMPT_FIELDS) == {column.name for column in Attempt.__table__.columns}
    assert set(SUBMISSION_FIELDS) == {column.name for column in Submission.__table__.columns}


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_parameter_of_a_clone_is_what_the_table_says(parameter: str, kind: str) -> None:
    before = sent(TASKS[kind])
    after = clone_of_task(before, outputs(TASKS[kind]), 4, NOTHING).with_key("the fourth")

    match PARAMETERS[parameter]:
        case Inherited.KEPT:
            assert after.get(parameter) == before.get(parameter)
        case Inherited.ANEW:
            assert after[parameter] != before[parameter]
        case Inherited.NEVER:
            assert parameter not in after


@pytest.mark.parametrize("kind", TASKS)
def test_a_clone_is_the_task_that_its_step_would_have_been_as_that_attempt(kind: str) -> None:
    fourth = replace(TASKS[kind], attempt=4)

    clone = clone_of_task(sent(TASKS[kind]), outputs(TASKS[kind]), 4, NOTHING)

    assert clone.with_key("the fourth") == task_parameters(fourth, key="the fourth")
    assert (clone.name, list(clone.outputs)) == (fourth.name, outputs(fourth))
    assert SUBMISSION_KEY not in clone.parameters


def test_a_clone_of_a_clone_is_a_clone() -> None:
    second = clone_of_task(sent(SIMULATION), outputs(SIMULATION), 2, NOTHING)
    third = clone_of_task(second.with_key("b"), second.outputs, 3, NOTHING)

    assert third == clone_of_task(sent(SIMULATION), outputs(SIMULATION), 3, NOTHING)


def test_only_what_is_to_be_otherwise_is() -> None:
    changes = TaskChanges(priority=100, core_count=4, ram_mb=4000, max_attempts=5)

    plain = clone_of_task(sent(SIMULATION), outputs(SIMULATION), 2, NOTHING).parameters
    changed = clone_of_task(sent(SIMULATION), outputs(SIMULATION), 2, changes).parameters

    assert {name: changed[name] for name in changed if changed[name] != plain[name]} == {
        "taskPriority": 100,
        "currentPriority": 100,
        "coreCount": 4,
        "ramCount": 4000,
        "maxAttempt": 5,
    }


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        (TaskChanges(priority=-1), "priority"),
        (TaskChanges(core_count=0), "coreCount"),
        (TaskChanges(ram_mb=1), "ramMb"),
        (TaskChanges(max_attempts=51), "maxAttempts"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: TaskChanges, word: str) -> None:
    with pytest.raises(InputError, match=f"`{word}` is between"):
        clone_of_task(sent(SIMULATION), outputs(SIMULATION), 2, changes)


def test_what_another_version_sent_is_not_guessed_at() -> None:
    with pytest.raises(InputError, match="was sent with runOnlyOnce, of which"):
        clone_of_task({**sent(SIMULATION), "runOnlyOnce": True}, outputs(SIMULATION), 2, NOTHING)
