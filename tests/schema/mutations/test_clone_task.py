"""cloneTask: a task made again exactly as it was sent, whatever became of its request and its template."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store.attempts import Attempt, Submission
from gateway.store.database import Database
from tests.schema.mutations.stage import MANAGER, Stage, stage_on
from tests.schema.mutations.test_submission import SHOWN, STEP, done, submitted

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

CLONE = (
    "mutation($id: BigInt!, $key: String!, $changes: TaskChangesInput, $version: BigInt) {"
    " done: cloneTask(jediTaskId: $id, idempotencyKey: $key, changes: $changes, expectedVersion: $version)"
    f" {{ {SHOWN} }} }}"
)
PREVIEW = """query($id: BigInt!, $changes: TaskChangesInput) {
  done: previewTaskClone(jediTaskId: $id, changes: $changes) { __typename
    ... on TaskClonePreview { requestName source attempt taskName outputs
      parameters { name inherited source clone isChanged } }
    ... on Refused { code message } } }"""
TEMPLATE = """mutation { registerStepTemplate(softwareProject: "spdroot-dev", kind: "SIM", name: "another",
  idempotencyKey: "t", template: { processingType: "simul2", environment: "source other.sh",
    command: "other {script}(", ramMb: 4000 }) { __typename } }"""


@pytest.fixture
async def stage(own_world: Database) -> AsyncIterator[Stage]:
    async with stage_on(own_world) as stage:
        yield stage


async def ended(stage: Stage) -> tuple[str, int]:
    """A request whose simulation was sent and has failed, and the id of its task."""
    name = (await submitted(stage))["request"]["name"]
    await stage.send()
    task = stage.task(f"{name}.SIM.1")
    task.status = "aborted"
    await stage.read()
    return name, task.task_id


async def parameters(stage: Stage, attempt: str) -> dict[str, Any]:
    async with stage.database.snapshot() as session:
        found: Any = await session.scalar(
            select(Submission.parameters).where(Submission.attempt_key == attempt)
        )
    return dict(found)


async def test_a_clone_is_sent_as_its_source_was_and_a_new_attempt_as_the_template_is_now(
    stage: Stage,
) -> None:
    name, task_id = await ended(stage)
    await stage.ask(TEMPLATE)

    cloned = await done(stage, CLONE, id=task_id, key="again")
    again = await done(stage, CLONE, id=task_id, key="again")
    await stage.send()
    twin = stage.task(f"{name}.SIM.2")
    twin.status = "aborted"
    await stage.read()
    anew = await done(stage, STEP, step=f"{name}.SIM", key="anew")

    first, second, third = [await parameters(stage, f"{name}.SIM.{number}") for number in (1, 2, 3)]
    assert [(one["key"], one["state"]) for one in cloned["attempts"]] == [
        (f"{name}.SIM.2", "PLANNED"),
        (f"{name}.RECO.2", "WAITING"),
    ]
    assert (again["isRepeated"], again["attempts"][0]["key"]) == (True, f"{name}.SIM.2")
    assert {key for key in first if first[key] != second[key]} == {
        *("taskName", "reqID", "spdSubmissionKey", "log", "jobParameters")
    }
    assert (first["processingType"], third["processingType"], third["ramCount"]) == ("simul", "simul2", 4000)
    assert anew["attempts"][0]["key"] == f"{name}.SIM.3"
    assert twin.parameters["spdSubmissionKey"] == second["spdSubmissionKey"]
    async with stage.database.snapshot() as session:
        made = await session.get_one(Attempt, f"{name}.SIM.2")
    assert (made.origin, made.submitted_by, made.task_name) == ("gateway", "prodman", f"{name}.SIM.2")


async def test_changes_are_shown_before_and_sent(stage: Stage) -> None:
    name, task_id = await ended(stage)
    changes = {"ramMb": 8000}

    preview = await done(stage, PREVIEW, id=task_id, changes=changes)
    await done(stage, CLONE, id=task_id, key="more memory", changes=changes)

    sent = await parameters(stage, f"{name}.SIM.2")
    shown = {one["name"]: one for one in preview["parameters"]}
    assert (preview["requestName"], preview["source"], preview["attempt"]) == (
        name,
        f"{name}.SIM.1",
        f"{name}.SIM.2",
    )
    assert [did.rpartition(f"{name}.")[2] for did in preview["outputs"]] == [
        "SIM.2.S",
        "SIM.2.P",
        "SIM.2.log",
    ]
    assert {one for one in shown if shown[one]["isChanged"]} == {
        *("taskName", "reqID", "spdSubmissionKey", "log", "jobParameters", "ramCount")
    }
    assert (shown["ramCount"]["inherited"], shown["ramCount"]["source"]) == ("KEPT", "2000")
    assert shown.pop("spdSubmissionKey")["clone"] is None
    assert {one: json.loads(shown[one]["clone"]) for one in shown} == {
        key: value for key, value in sent.items() if key != "spdSubmissionKey"
    }


async def test_what_cannot_be_made_again_is_refused_in_words_and_nothing_written(stage: Stage) -> None:
    running = (await submitted(stage, "runs"))["request"]["name"]
    await stage.send()
    await stage.read()
    name, ended_id = await ended(stage)
    cases: dict[str, tuple[int, dict[str, object]]] = {
        "There is no task 1.": (1, {}),
        "was not sent from here": (346, {}),
        "is under way as attempt 1": (stage.task(f"{running}.SIM.1").task_id, {}),
        "`ramMb` is between": (ended_id, {"changes": {"ramMb": 1}}),
        "is at version": (ended_id, {"version": 77}),
    }

    said = {
        words: await done(stage, CLONE, id=task_id, key=words, **more)
        for words, (task_id, more) in cases.items()
    }

    assert {words: said[words]["message"] for words in cases if words not in said[words]["message"]} == {}
    assert said["is at version"]["__typename"] == "Conflict"
    assert (await done(stage, PREVIEW, id=346))["message"].startswith("Task 346 was not sent from here")
    async with stage.database.snapshot() as session:
        written = await session.scalars(select(Attempt.key).where(Attempt.step_key == f"{name}.SIM"))
    assert list(written) == [f"{name}.SIM.1"]


async def test_nobody_sends_again_who_may_not_send(stage: Stage) -> None:
    _name, task_id = await ended(stage)
    reader = stage.of(type(MANAGER)("analyst", subject="sub-analyst", username="analyst"))

    refused = await reader.answer(CLONE, id=task_id, key="k")

    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
