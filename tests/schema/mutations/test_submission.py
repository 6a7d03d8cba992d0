"""Submitting, steering and repairing by GraphQL, on a practice PanDA and Rucio that really change."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.auth.permissions import Right
from gateway.domain.steering import CommandKind
from gateway.resolvers.changes.change_rule import NewRule, change_rule
from gateway.resolvers.changes.steer_task import Order, steer_task
from gateway.resolvers.services import Services
from gateway.store.attempts import Attempt, Submission, TaskCommand
from gateway.store.database import Database
from gateway.store.requests import StatusChange
from gateway.store.seeds import SeedRange
from gateway.store.tasks import Task
from tests.schema.mutations.asking import created, trail
from tests.schema.mutations.stage import MANAGER, Stage, stage_on

SHOWN = """
  __typename
  ... on Submitted { isRepeated warnings request { name intent version }
    attempts { key state sends taskName execution } }
  ... on Refusal { code message }
  ... on Invalid { findings { code severity } }
"""
SUBMIT = (
    "mutation($name: String!, $version: BigInt!, $key: String!, $mode: ChainMode! = GATED) {"
    " done: submitRequest(name: $name, expectedVersion: $version, idempotencyKey: $key, mode: $mode)"
    f" {{ {SHOWN} }} }}"
)
STEP = (
    "mutation($step: String!, $key: String!) {"
    f" done: submitStep(key: $step, idempotencyKey: $key) {{ {SHOWN} }} }}"
)
CANCEL = (
    "mutation($attempt: String!, $key: String!) {"
    f" done: cancelAttempt(key: $attempt, idempotencyKey: $key) {{ {SHOWN} }} }}"
)
RECOVER = (
    "mutation($step: String!, $count: BigInt!, $key: String!) {"
    f" done: recoverStep(key: $step, expectedCount: $count, idempotencyKey: $key) {{ {SHOWN} }} }}"
)
STEER = (
    "mutation($ids: [BigInt!]!, $command: TaskCommandKind!, $dry: Boolean!, $priority: BigInt) {"
    " done: steerTasks(jediTaskIds: $ids, command: $command, dryRun: $dry, priority: $priority)"
    " { isDryRun tasks { jediTaskId state isPossible message } } }"
)
MISSING = (
    "query($step: String!) { found: missingSeeds(key: $step) {"
    " ... on MissingSeeds { count expected text attempts isRunning } ... on SeedsUnknown { code message } } }"
)


@pytest.fixture
async def stage(own_world: Database) -> AsyncIterator[Stage]:
    async with stage_on(own_world) as stage:
        yield stage


async def done(stage: Stage, document: str, **variables: object) -> dict[str, Any]:
    answer: dict[str, Any] = (await stage.ask(document, **variables))["done"]
    return answer


async def submitted(stage: Stage, key: str = "submit", **changes: object) -> dict[str, Any]:
    """A request of 200 seeds, made and submitted."""
    request = await created(stage.ask, f"create-{key}", events=800_000, **changes)
    answer = await done(stage, SUBMIT, name=request["name"], version=request["version"], key=key)
    assert answer["__typename"] == "Submitted", answer
    return answer


async def test_one_call_starts_a_chain_that_ends_with_both_outputs_in_rucio(stage: Stage) -> None:
    answer = await submitted(stage)
    name = answer["request"]["name"]

    assert [(one["key"], one["state"]) for one in answer["attempts"]] == [
        (f"{name}.SIM.1", "PLANNED"),
        (f"{name}.RECO.1", "WAITING"),
    ]
    assert answer["request"]["intent"] == "SUBMITTED"
    await stage.send()
    simulation = stage.task(f"{name}.SIM.1")
    await stage.pass_time(hours=1)
    reconstruction = stage.task(f"{name}.RECO.1")
    await stage.pass_time(hours=1)

    assert (simulation.status, reconstruction.status) == ("done", "done")
    assert (simulation.files_finished, reconstruction.files_finished) == (200, 200)
    assert simulation.parameters["nEvents"] == 800_000
    assert reconstruction.parameters["dsForIN"].endswith(f"{name}.SIM.1.S")
    names = {did for _, did in stage.catalogue.dids if f".{name}." in did}
    assert {did.rpartition(f"{name}.")[2] for did in names} == {
        *("SIM.1.S", "SIM.1.P", "SIM.1.log"),
        *("RECO.1.R", "RECO.1.log"),
    }
    entries = [entry for entry in await trail(stage.database) if entry[0] == "submitStep"]
    assert entries == [
        ("submitStep", f"{name}.SIM.1", "done"),
        ("submitStep", f"{name}.RECO.1", "done"),
    ]
    async with stage.database.snapshot() as session:
        moves = await session.execute(
            select(StatusChange.to_intent, StatusChange.changed_by)
            .where(StatusChange.request_name == name)
            .order_by(StatusChange.id)
        )
        assert [tuple(row) for row in moves] == [
            (intent, "prodman") for intent in ("DRAFT", "READY", "APPROVED", "SUBMITTED")
        ]


async def test_the_second_click_returns_the_first_submission(stage: Stage) -> None:
    first = await submitted(stage)
    again = await done(stage, SUBMIT, name=first["request"]["name"], version=1, key="submit")
    await stage.send()

    assert (again["isRepeated"], again["attempts"][0]["key"]) == (True, first["attempts"][0]["key"])
    assert stage.task(first["attempts"][0]["taskName"]) is not None


async def test_a_request_that_has_changed_since_is_not_submitted(stage: Stage) -> None:
    request = await created(stage.ask, events=800_000)

    answer = await done(stage, SUBMIT, name=request["name"], version=7, key="stale")

    assert (answer["__typename"], answer["code"]) == ("Conflict", "STALE_EDIT")
    async with stage.database.snapshot() as session:
        assert (await session.scalars(select(Submission))).all() == []


async def test_what_the_checks_find_stops_it(stage: Stage) -> None:
    request = await created(stage.ask, events=800_000, softwareVersion="4.1.7.1")

    answer = await done(stage, SUBMIT, name=request["name"], version=request["version"], key="wrong")

    assert answer["__typename"] == "Invalid", answer
    assert [one["code"] for one in answer["findings"] if one["severity"] == "BLOCKER"] != []
    await stage.send()
    async with stage.database.snapshot() as session:
        assert (await session.scalars(select(Submission))).all() == []


async def test_a_name_that_rucio_has_already_is_not_used_again(stage: Stage) -> None:
    request = await created(stage.ask, events=800_000)
    taken = f"MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.{request['name']}.SIM.1.P"
    stage.catalogue.scopes["MC2025_S2"] = "prodman"
    stage.catalogue.add_did("MC2025_S2", taken, kind="DATASET", account="prodman")

    answer = await done(stage, SUBMIT, name=request["name"], version=request["version"], key="taken")

    assert (answer["__typename"], taken in answer["message"]) == ("Refused", True)


async def test_who_may_not_approve_cannot_submit_a_draft_and_who_is_nobody_nothing(stage: Stage) -> None:
    request = await created(stage.ask, events=800_000)
    arguments = {"name": request["name"], "version": request["version"], "key": "k"}

    submitter = stage.of(replace(MANAGER, rights=MANAGER.rights - {Right.APPROVE}))
    draft = (await submitter(SUBMIT, **arguments))["done"]
    nobody = (await stage.of(replace(MANAGER, credential=None))(SUBMIT, **arguments))["done"]
    without_right = await stage.of(replace(MANAGER, rights=MANAGER.rights - {Right.SUBMIT})).answer(
        SUBMIT, **arguments
    )

    assert (draft["__typename"], draft["code"]) == ("Refused", "BAD_TRANSITION")
    assert nobody["code"] == "CREDENTIAL_MISSING"
    assert without_right["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    async with stage.database.snapshot() as session:
        assert (await session.scalars(select(Submission))).all() == []


async def test_an_attempt_that_was_not_sent_can_be_taken_back_and_one_that_was_cannot(stage: Stage) -> None:
    answer = await submitted(stage)
    name = answer["request"]["name"]
    await stage.send()

    waiting = await done(stage, CANCEL, attempt=f"{name}.RECO.1", key="c1")
    sent = await done(stage, CANCEL, attempt=f"{name}.SIM.1", key="c2")
    again = await done(stage, STEP, step=f"{name}.RECO", key="s2")

    assert [one["state"] for one in waiting["attempts"]] == ["CANCELLED"]
    assert (sent["__typename"], "Kill its task" in sent["message"]) == ("Refused", True)
    assert [(one["key"], one["state"]) for one in again["attempts"]] == [(f"{name}.RECO.2", "WAITING")]


async def test_a_step_is_submitted_again_only_after_its_end(stage: Stage) -> None:
    answer = await submitted(stage)
    name = answer["request"]["name"]
    await stage.send()

    early = await done(stage, STEP, step=f"{name}.SIM", key="early")
    stage.task(f"{name}.SIM.1").status = "aborted"
    await stage.read()
    later = await done(stage, STEP, step=f"{name}.SIM", key="later")

    assert (early["__typename"], "under way" in early["message"]) == ("Refused", True)
    # What waited for the first attempt is planned anew, behind the second.
    assert [(one["key"], one["state"]) for one in later["attempts"]] == [
        (f"{name}.SIM.2", "PLANNED"),
        (f"{name}.RECO.2", "WAITING"),
    ]


async def test_three_seeds_fail_and_recovering_redoes_exactly_three(stage: Stage) -> None:
    stage.panda.unlucky, stage.panda.failure_rate = 3, 1.0
    answer = await submitted(stage)
    name = answer["request"]["name"]
    async with stage.database.snapshot() as session:
        [held] = await session.scalars(select(SeedRange).where(SeedRange.request_name == name))
    first = held.seed_first
    await stage.send()
    stage.panda.unlucky, stage.panda.failure_rate = None, 0.0

    running = (await stage.ask(MISSING, step=f"{name}.SIM"))["found"]
    await stage.pass_time(hours=1)
    lost = (await stage.ask(MISSING, step=f"{name}.SIM"))["found"]
    other = await done(stage, RECOVER, step=f"{name}.SIM", count=4, key="four")
    recovered = await done(stage, RECOVER, step=f"{name}.SIM", count=3, key="three")
    again = await done(stage, RECOVER, step=f"{name}.SIM", count=3, key="three")
    await stage.send()
    await stage.pass_time(hours=1)
    whole = (await stage.ask(MISSING, step=f"{name}.SIM"))["found"]
    await stage.pass_time(hours=1)

    wanted = [first + 50, first + 100, first + 150]
    assert (running["count"], running["isRunning"]) == (200, True)
    assert lost == {
        "count": 3,
        "expected": 200,
        "text": ",".join(map(str, wanted)),
        "attempts": [f"{name}.SIM.1"],
        "isRunning": False,
    }
    assert (other["__typename"], "lacks 3 of 200" in other["message"]) == ("Refused", True)
    assert [(one["key"], one["state"]) for one in recovered["attempts"]] == [
        (f"{name}.SIM.2", "PLANNED"),
        (f"{name}.RECO.2", "WAITING"),
    ]
    assert again["isRepeated"] is True
    redone = stage.task(f"{name}.SIM.2")
    assert (redone.status, redone.files, redone.files_finished) == ("done", 3, 3)
    command = " ".join(str(piece["value"]) for piece in redone.parameters["jobParameters"])
    assert f"set -- {' '.join(map(str, wanted))};" in command
    assert (whole["count"], whole["attempts"]) == (0, [f"{name}.SIM.1", f"{name}.SIM.2"])
    # The next step reads what both attempts made, every seed once.
    reconstruction = stage.task(f"{name}.RECO.2")
    assert (reconstruction.status, reconstruction.files_finished) == ("done", 200)


async def test_commands_are_checked_sent_once_and_pending_until_the_task_shows_them(stage: Stage) -> None:
    stage.panda.jobs_per_minute = 1
    answer = await submitted(stage)
    name = answer["request"]["name"]
    await stage.send()
    await stage.pass_time(minutes=10)
    task_id = stage.task(f"{name}.SIM.1").task_id

    dry = await done(stage, STEER, ids=[task_id, 362, 999_999], command="KILL", dry=True)
    before = dict(stage.panda.commands)
    wet = await done(stage, STEER, ids=[task_id, 362], command="KILL", dry=False)
    async with stage.database.snapshot() as session:
        pending = (await session.scalars(select(TaskCommand))).all()
    await stage.pass_time(minutes=10)
    async with stage.database.snapshot() as session:
        seen = (await session.scalars(select(TaskCommand))).all()

    assert [one["isPossible"] for one in dry["tasks"]] == [True, False, False]
    assert before == {}
    assert [(one["state"], one["isPossible"]) for one in wet["tasks"]] == [("TAKEN", True), (None, False)]
    assert "is registered for task ID" in wet["tasks"][0]["message"]
    assert [(one.jedi_task_id, one.state, one.asked_by) for one in pending] == [(task_id, "TAKEN", "prodman")]
    assert [one.state for one in seen] == ["DONE"]
    assert [entry for entry in await trail(stage.database) if entry[0] == "steerTask"] == [
        ("steerTask", str(task_id), "asked"),
        ("steerTask", str(task_id), "done"),
    ]


async def test_a_priority_is_seen_in_its_number(stage: Stage) -> None:
    stage.panda.jobs_per_minute = 1
    answer = await submitted(stage)
    await stage.send()
    await stage.pass_time(minutes=10)
    task_id = stage.task(answer["attempts"][0]["taskName"]).task_id

    await done(stage, STEER, ids=[task_id], command="CHANGE_PRIORITY", dry=False, priority=123)
    await stage.pass_time(minutes=10)

    async with stage.database.snapshot() as session:
        [command] = (await session.scalars(select(TaskCommand))).all()
        attempt = await session.scalar(select(Attempt).where(Attempt.jedi_task_id == task_id))
    assert command.state == "DONE"
    assert attempt is not None


async def test_rules_are_added_and_removed_in_the_persons_name(stage: Stage) -> None:
    scope, name = next(key for key in sorted(stage.catalogue.dids) if key[1].endswith(".R"))
    added = await stage.ask(
        f'mutation {{ addRule(did: "{scope}:{name}", rseExpression: "PNPI_EOS", lifetimeSeconds: 86400)'
        " { ... on RuleChanged { ruleId } ... on Refusal { message } } }"
    )
    rule_id = added["addRule"]["ruleId"]
    account = stage.catalogue.rules[rule_id]["account"]
    removed = await stage.ask(
        "mutation($id: String!) {"
        ' deleteRule(ruleId: $id, reason: "a test") { ... on RuleChanged { ruleId } } }',
        id=rule_id,
    )
    refused = await stage.ask(
        f'mutation {{ addRule(did: "{scope}:{name}", rseExpression: "NOWHERE")'
        " { ... on RuleChanged { ruleId } ... on Refusal { code message } } }"
    )

    assert account == "prodman"
    assert removed["deleteRule"]["ruleId"] == rule_id
    assert refused["addRule"]["code"] == "REFUSED"
    assert [(entry[0], entry[2]) for entry in await trail(stage.database)][-6:] == [
        ("addRule", "asked"),
        ("addRule", "done"),
        ("deleteRule", "asked"),
        ("deleteRule", "done"),
        ("addRule", "asked"),
        ("addRule", "refused"),
    ]


async def test_what_was_asked_is_in_the_trail_though_nobody_lived_to_see_the_answer(stage: Stage) -> None:
    """What follows a call that never comes back is what a killed process leaves."""
    scope, name = next(key for key in sorted(stage.catalogue.dids) if key[1].endswith(".R"))

    class Ended(BaseException):
        """The end of the process, in the middle of a call."""

    class LastCall:
        async def add_rule(self, *_arguments: object, **_named: object) -> None:
            raise Ended

        async def command(self, *_arguments: object) -> None:
            raise Ended

    stage.panda.jobs_per_minute = 1
    last = LastCall()
    services = Services(rucio=last, panda=last, credentials=stage.people)  # type: ignore[arg-type]
    wish = NewRule(f"{scope}:{name}", "PNPI_EOS", 1, None, None)
    running = await submitted(stage)
    await stage.send()
    await stage.pass_time(minutes=10)
    task_id = stage.task(running["attempts"][0]["taskName"]).task_id
    order = Order(task_id, CommandKind.KILL, {})
    with pytest.raises(Ended):
        await change_rule(stage.database, services, stage.ask.viewer, wish, now=stage.now)
    with pytest.raises(Ended):
        await steer_task(stage.database, services, stage.ask.viewer, order, now=stage.now)

    assert (await trail(stage.database))[-2:] == [
        ("addRule", wish.did, "asked"),
        ("steerTask", str(task_id), "asked"),
    ]


async def test_jobs_that_panda_has_forgotten_are_not_missing(stage: Stage) -> None:
    """A task of the year before: PanDA has no jobs of it any more, and our copy says what it lacked."""
    found = (await stage.ask(MISSING, step="PROD2025-013.RECO"))["found"]

    assert (found["count"], found["text"]) == (8, "10417,11288-11290,13502,15077,17946,19313")


async def test_what_nobody_knows_to_be_missing_is_not_redone(stage: Stage) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(Task).where(Task.jedi_task_id == 363).values(missing_seeds=None))

    found = (await stage.ask(MISSING, step="PROD2025-013.RECO"))["found"]

    assert found["code"] == "REFUSED"
    assert "PanDA lists 0 finished jobs of PROD2025-013.RECO.1, which had 9992" in found["message"]
