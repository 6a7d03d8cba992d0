"""Questions of the past: every list, relation, number and statistic as it was, and nothing of later."""

import datetime as dt
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from gateway.practice.world import load_practice_world
from gateway.schema.execution import OperationRequest
from gateway.store.database import Database
from gateway.store.remembered import mark_gone, remember
from gateway.store.requests import Request, StatusChange
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

THEN = LOADED_AT + dt.timedelta(hours=1)
LATER = LOADED_AT + dt.timedelta(days=1, microseconds=250)
NOW = LOADED_AT + dt.timedelta(days=2)

TALK = """
{
  statistics {
    centralProductions {
      rows { jediTaskId name status eventsReported events jobs outputBytes logBytes }
      total { tasks events { value } outputBytes { value } }
    }
  }
}
"""
EVERYTHING = """
{
  tasks(first: 100, sort: [{by: JEDI_TASK_ID}]) {
    totalCount
    nodes {
      jediTaskId name status jobsFinished jobsExpected startedAt endedAt outputBytes goneAt
      request { name intent execution }
      datasets { did fileCount replicas { rseName availableFiles } rules { state } }
    }
  }
  running: tasks(filter: {status: {eq: "running"}}) { totalCount }
  large: tasks(filter: {jobsFinished: {gt: 9000}, endedAt: {gte: "2025-05-01T00:00:00Z"}}) { totalCount }
  requests(first: 100) { nodes { name intent execution completeness { fraction } } }
  sites { nodes { name cores storages { name } queues { name status } } }
  findings { totalCount }
  statistics { production(groupBy: [SITE, STATUS]) { keys { value } tasks jobsFinished { value known } } }
}
"""


async def asked(database: Database, document: str, as_of: object, **variables: object) -> dict[str, Any]:
    asker = Asker(database, NOW)
    request = OperationRequest(document, variables=variables, extensions={"asOf": as_of})
    answer: dict[str, Any] = orjson.loads((await asker.executor.execute(request, asker.viewer)).body)
    return answer


async def change_everything(database: Database) -> None:
    """Have tasks changed, gone and new, and a request decided about otherwise, all of it later."""
    async with database.transaction() as session:
        changed = Task(jedi_task_id=362, name="renamed", status="running", jobs_finished=1)
        new = Task(jedi_task_id=900, name="PROD2025-013.SIM.9", status="running", jobs_finished=5)
        await remember(session, [changed, new], source=SourceName.PANDA, at=LATER)
        await mark_gone(session, Task, [(363,)], at=LATER)
        await session.execute(update(Request).where(Request.name == "PROD2025-013").values(intent="OBSOLETE"))
        session.add(
            StatusChange(
                request_name="PROD2025-013", from_intent="ACCEPTED", to_intent="OBSOLETE", changed_at=LATER
            )
        )


async def test_a_query_of_the_past_is_answered_as_it_was_answered_then(own_world: Database) -> None:
    before = await Asker(own_world, THEN)(EVERYTHING)
    await change_everything(own_world)

    now = (await asked(own_world, EVERYTHING, None))["data"]
    then = await asked(own_world, EVERYTHING, THEN.isoformat())

    assert now != before
    assert now["tasks"]["totalCount"] == before["tasks"]["totalCount"]
    assert then["data"] == before
    assert then["extensions"]["asOf"] == THEN.isoformat()


async def test_the_statistics_of_the_talk_are_those_of_its_date(own_world: Database) -> None:
    before = await Asker(own_world, THEN)(TALK)
    await change_everything(own_world)

    now = (await asked(own_world, TALK, None))["data"]
    then = (await asked(own_world, TALK, THEN.isoformat()))["data"]

    assert then == before != now
    rows = then["statistics"]["centralProductions"]["rows"]
    assert {"jediTaskId": 363, "status": "finished"}.items() <= next(
        row for row in rows if row["jediTaskId"] == 363
    ).items()


async def test_a_thing_is_shown_by_its_id_as_it_was(own_world: Database) -> None:
    found = await Asker(own_world, THEN)("{ task(jediTaskId: 362) { ... on Task { id status } } }")
    await change_everything(own_world)
    query = "query ($id: ID!) { node(id: $id) { ... on Task { name status jobsFinished } } }"

    then = await asked(own_world, query, THEN.isoformat(), id=found["task"]["id"])
    now = await asked(own_world, query, None, id=found["task"]["id"])

    assert then["data"]["node"] == {"name": "PROD2025-013.SIM.2", "status": "done", "jobsFinished": 10_000}
    assert now["data"]["node"] == {"name": "renamed", "status": "running", "jobsFinished": 1}


async def test_at_the_very_moment_of_a_change_it_is_there(own_world: Database) -> None:
    await change_everything(own_world)
    query = "{ tasks(filter: {jediTaskId: {in: [362, 363, 900]}}) { nodes { jediTaskId status } } }"

    at = await asked(own_world, query, LATER.isoformat())
    just_before = await asked(own_world, query, (LATER - dt.timedelta(microseconds=1)).isoformat())

    shown = [
        {row["jediTaskId"]: row["status"] for row in answer["data"]["tasks"]["nodes"]}
        for answer in (at, just_before)
    ]
    assert shown == [{362: "running", 900: "running"}, {362: "done", 363: "finished"}]


async def test_before_anything_was_known_there_is_nothing(own_world: Database) -> None:
    earlier = (LOADED_AT - dt.timedelta(days=1)).isoformat()

    answer = await asked(own_world, "{ tasks { totalCount } requests { totalCount } }", earlier)

    assert answer["data"] == {"tasks": {"totalCount": 0}, "requests": {"totalCount": 0}}


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("yesterday", "asOf is a moment with its zone"),
        ("2026-03-01T12:00:00", "asOf is a moment with its zone"),
        (5, "asOf is a moment with its zone"),
        ("2099-01-01T00:00:00Z", "is still to come"),
        ("9999-12-31T23:59:59-14:00", "asOf is a moment with its zone"),
        ("0001-01-01T00:00:00+14:00", "asOf is a moment with its zone"),
        ("0001-01-01T00:00:00Z", "asOf lies before 1970"),
    ],
)
async def test_what_is_no_moment_of_the_past_is_told(world: Database, as_of: object, words: str) -> None:
    answer = await asked(world, "{ tasks { totalCount } }", as_of)

    assert words in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_nothing_is_changed_in_the_past(world: Database) -> None:
    answer = await asked(world, "mutation { syncNow(source: IAM) { __typename } }", THEN.isoformat())

    assert answer["errors"][0]["message"] == "only a query can be asked of the past"


async def test_before_the_first_complete_listing_nobody_knows_what_was_not_there(world: Database) -> None:
    question = """{
      task(jediTaskId: 362) { __typename ... on Unknown { message reason } }
      tasks { totalCount }
    }"""
    before = LOADED_AT - dt.timedelta(days=3)

    then = await asked(world, question, before.isoformat())
    on_the_day = await asked(world, "{ task(jediTaskId: 999) { __typename } }", LOADED_AT.isoformat())

    assert then["data"] == {
        "task": {
            "__typename": "Unknown",
            "message": "Nobody can say whether there was a task '362' then: PANDA was not yet listed.",
            "reason": f"its first complete listing is of {LOADED_AT.isoformat()}",
        },
        "tasks": {"totalCount": 0},
    }
    assert then["extensions"]["knownFrom"] == {"panda": LOADED_AT.isoformat()}
    assert on_the_day["data"] == {"task": {"__typename": "Absent"}}
    assert on_the_day["extensions"]["knownFrom"] == {"panda": LOADED_AT.isoformat()}


async def test_later_listings_move_nothing_of_what_is_known_from_when(own_world: Database) -> None:
    await load_practice_world(own_world, at=LATER)

    answer = await asked(own_world, "{ task(jediTaskId: 999) { __typename } }", THEN.isoformat())

    assert answer["data"] == {"task": {"__typename": "Absent"}}
    assert answer["extensions"]["knownFrom"] == {"panda": LOADED_AT.isoformat()}
