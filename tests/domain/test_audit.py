"""The audit joins facts to the right checks: a sound world is silent, each broken part is heard once."""

from dataclasses import replace

import pytest

from gateway.domain.audit import World, audit, task_uses
from gateway.domain.checks.one_by_one import HISTORY_COMPARED
from gateway.domain.facts import AttemptFacts, DatasetFacts, TaskFacts
from gateway.domain.forecast import TaskUse
from gateway.domain.names import SIM
from gateway.domain.seeds import SeedRange
from gateway.domain.states import Execution, Intent
from tests.domain.samples import (
    DATASET,
    NOW,
    PERSON,
    RECONSTRUCTION,
    REQUEST,
    SIMULATION,
    STAGE_2,
    STEM,
    TASK,
)

DATASETS = (
    DATASET,
    replace(DATASET, did=f"{STEM}.SIM.1.P", size_bytes=1000),
    replace(DATASET, did=f"{STEM}.SIM.1.log", size_bytes=20),
)
RECO_TASK = TaskFacts(
    jedi_task_id=371,
    name="PROD2025-016.RECO.1",
    status="running",
    user_name="prodman",
    request_name="PROD2025-016",
    seeds=SeedRange(40_001, 50_000),
)
SOUND = World(
    requests=(REQUEST,),
    tasks=(TASK, RECO_TASK),
    datasets=DATASETS,
    people=(PERSON,),
    stage_rules={"S2": STAGE_2},
    now=NOW,
)


def heard(world: World) -> list[tuple[int, str]]:
    return [(found.invariant, found.code) for found in audit(world)]


def with_request(**changes: object) -> World:
    return replace(SOUND, requests=(replace(REQUEST, **changes),))  # type: ignore[arg-type]


def with_dataset(dataset: DatasetFacts) -> World:
    return replace(SOUND, datasets=(*DATASETS[1:], dataset))


def test_a_sound_world_is_silent() -> None:
    assert heard(SOUND) == []


@pytest.mark.parametrize(
    ("world", "heard_of"),
    [
        (
            replace(SOUND, requests=(REQUEST, replace(REQUEST, name="PROD2025-017", steps=()))),
            [(1, "seed-overlap-possible")],
        ),
        (
            replace(
                SOUND,
                requests=(
                    REQUEST,
                    replace(REQUEST, name="PROD2025-017", steps=(replace(SIMULATION, outputs=()),)),
                ),
            ),
            [(1, "seed-overlap")],
        ),
        (with_request(events=39_999_999), [(2, "event-remainder")]),
        (with_request(stage="S9"), [(8, "stage-unknown")]),
        (with_request(geometry=frozenset({"TOF"})), [(8, "geometry-lacking")]),
        (with_request(collision_type="dd"), [(8, "tag-of-other-collision")]),
        (with_request(intent=Intent.READY), [(16, "not-submitted-but-there")]),
        (
            with_request(steps=(SIMULATION, replace(RECONSTRUCTION, inputs=(f"{STEM}.SIM.1.S",)))),
            [(9, "wrong-input")],
        ),
        (
            replace(SOUND, tasks=(replace(TASK, events_reported=1), RECO_TASK)),
            [(12, "events-do-not-match-jobs")],
        ),
        (
            replace(SOUND, tasks=(replace(TASK, seeds=SeedRange(1, 10_000)), RECO_TASK)),
            [(14, "seeds-differ-in-panda")],
        ),
        (
            replace(
                SOUND,
                tasks=(
                    replace(TASK, missing_seeds=(SeedRange(40_001, 40_001),)),
                    replace(RECO_TASK, missing_seeds=()),
                ),
            ),
            [(13, "reconstructed-unsimulated")],
        ),
        (
            replace(
                SOUND,
                tasks=(TASK, replace(RECO_TASK, name="PROD2025-001.RECO", request_name=None, jedi_task_id=9)),
            ),
            [(17, "orphan-task")],
        ),
        (with_dataset(replace(DATASET, rule_count=0)), [(15, "no-rule")]),
        (with_dataset(replace(DATASET, replica_count=0)), [(15, "no-replica")]),
        (with_dataset(replace(DATASET, expires_at=NOW)), [(15, "expires-soon")]),
        (
            with_dataset(replace(DATASET, files=9_999)),
            [(13, "output-counts-differ"), (15, "registered-files-differ")],
        ),
        (replace(SOUND, people=(replace(PERSON, iam_subject=None),)), [(18, "not-in-iam")]),
        (replace(SOUND, people=(replace(PERSON, is_active=False),)), [(18, "disabled-owner")]),
        (replace(SOUND, people=(PERSON, replace(PERSON, user_name="x"))), [(18, "identity-shared")] * 3),
    ],
)
def test_each_broken_part_is_heard(world: World, heard_of: list[tuple[int, str]]) -> None:
    assert heard(world) == heard_of


def test_without_stage_rules_nothing_is_said_about_stages() -> None:
    assert heard(replace(with_request(stage="S9"), stage_rules={})) == []


def test_a_task_is_compared_with_the_newest_of_its_physics_key() -> None:
    attempts = tuple(
        AttemptFacts(number=number, jedi_task_id=number, execution=Execution.COMPLETE)
        for number in range(1, 31)
    )
    tasks = tuple(
        replace(TASK, jedi_task_id=number, output_bytes=18_000 if number > 10 else 36_000)
        for number in range(1, 31)
    )
    world = replace(
        SOUND,
        requests=(replace(REQUEST, steps=(replace(SIMULATION, attempts=attempts),)),),
        tasks=tasks,
        datasets=(),
    )

    unusual = [found for found in audit(world) if found.code == "unusual-output-size"]

    assert HISTORY_COMPARED == 20
    assert sorted(int(found.subject.key) for found in unusual) == list(range(1, 11))


def test_history_holds_ended_tasks_that_finished_jobs_oldest_first() -> None:
    attempts = tuple(
        AttemptFacts(number=number, jedi_task_id=id_) for number, id_ in ((1, 9), (2, 7), (3, 8), (4, 6))
    )
    request = replace(REQUEST, steps=(replace(SIMULATION, attempts=attempts),))
    tasks = {
        9: replace(TASK, jedi_task_id=9, core_seconds=1.0, wall_seconds=2.0),
        8: replace(TASK, jedi_task_id=8, status="aborted"),
        7: replace(TASK, jedi_task_id=7),
        6: replace(TASK, jedi_task_id=6, jobs_finished=0),
    }

    assert task_uses([request], tasks) == {
        (REQUEST.physics_key, SIM): (TaskUse(7, 10_000, 18_000), TaskUse(9, 10_000, 18_000, 1.0, 2.0))
    }
