"""The tokens with which somebody is acted for are seen by nobody but the service that they are for."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from gateway.store.database import Database
from tests.schema.mutations.asking import created
from tests.schema.mutations.stage import Stage, stage_on
from tests.support.planted import everything, lines_logged, processes_started

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

CHANGES = """
mutation($request: String!, $did: String!, $key: String!) {
  submitRequest(name: $request, expectedVersion: 1, idempotencyKey: $key) {
    __typename ... on Submitted { attempts { taskName } } ... on Refusal { message } }
  addRule(did: $did, rseExpression: "PNPI_EOS") { __typename ... on Refusal { message } }
  refused: addRule(did: $did, rseExpression: "NOWHERE") { __typename ... on Refusal { message } }
}
"""
STEER = """
mutation($ids: [BigInt!]!) {
  kill: steerTasks(jediTaskIds: $ids, command: KILL, dryRun: false) { tasks { state message } }
  again: steerTasks(jediTaskIds: $ids, command: RETRY, dryRun: false) { tasks { state message } }
}
"""


@pytest.fixture
async def stage(own_world: Database) -> AsyncIterator[Stage]:
    async with stage_on(own_world) as stage:
        yield stage


async def test_no_token_of_a_submission_a_command_or_a_rule_is_seen(stage: Stage) -> None:
    stage.panda.jobs_per_minute = 1
    scope, name = next(key for key in sorted(stage.catalogue.dids) if key[1].endswith(".R"))
    answers: list[str] = []
    with lines_logged() as logged, processes_started() as commands:
        request = await created(stage.ask)
        made = await stage.ask(CHANGES, request=request["name"], did=f"{scope}:{name}", key="submit")
        answers.append(repr(made))
        await stage.send()
        task_id = stage.task(made["submitRequest"]["attempts"][0]["taskName"]).task_id
        await stage.pass_time(minutes=10)
        answers.append(repr(await stage.ask(STEER, ids=[task_id])))
        await stage.pass_time(minutes=10)
        control = await asyncio.create_subprocess_exec(sys.executable, "-c", "", "in-an-argument")
        await control.wait()
    rows = await everything(stage.database)

    given = stage.people.given
    assert {audience for audience, _ in given} == {"panda", "rucio"}
    for _, token in given:
        for texts in (logged, commands, answers, rows):
            assert not [text for text in texts if token in text]
    # The control: the search does find what is there.
    assert [text for text in commands if "in-an-argument" in text]
    assert [text for text in logged if "outbox.sent" in text or "an attempt was sent" in text]
    assert [text for text in rows if request["name"] in text]
