"""What people do about findings: note them with a reason, and adopt tasks that nobody claims."""

import datetime as dt
from typing import Any

import pytest

from gateway.store.database import Database
from gateway.sync.reconcile import reconcile
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import rows_of_all_tables
from tests.support.asking import Asker

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

FIND = """{ findings(first: 3, filter: { acknowledgedAt: { isNull: true } }) {
  totalCount nodes { id code acknowledgedReason } } }"""
NOTE = """mutation($ids: [ID!]!, $reason: String!) {
  change: acknowledgeFindings(ids: $ids, reason: $reason, idempotencyKey: "note") {
    ... on FindingsNoted { findings { id acknowledgedBy acknowledgedReason acknowledgedAt } }
    ... on Refusal { code message } } }"""
ADOPT = """mutation($task: BigInt!, $request: String!, $kind: String!, $key: String!) {
  change: adoptTask(
    jediTaskId: $task, requestName: $request, kind: $kind, reason: "ours", idempotencyKey: $key
  ) {
    ... on RequestChanged { request { steps { kind attempts { key number jediTaskId origin isLive } } } }
    ... on Refusal { code message } } }"""


@pytest.fixture
def ask(own_world: Database) -> Asker:
    return Asker(own_world, LOADED_AT)


async def found(ask: Asker) -> Any:
    return (await ask(FIND))["findings"]


async def test_noted_findings_stand_and_no_longer_want_anybody(ask: Asker) -> None:
    before = await found(ask)
    ids = [node["id"] for node in before["nodes"]]

    noted = (await ask(NOTE, ids=ids, reason="known since March"))["change"]["findings"]

    assert sorted(each["id"] for each in noted) == sorted(ids)
    assert {(each["acknowledgedBy"], each["acknowledgedReason"]) for each in noted} == {
        ("tester", "known since March")
    }
    assert (await found(ask))["totalCount"] == before["totalCount"] - 3


async def test_what_was_noted_survives_the_next_reconciliation(ask: Asker) -> None:
    ids = [node["id"] for node in (await found(ask))["nodes"]]
    await ask(NOTE, ids=ids, reason="known")

    await reconcile(ask.database, at=LOADED_AT + dt.timedelta(hours=1))

    shown = await ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Finding { acknowledgedReason resolvedAt } } }",
        ids=ids,
    )
    assert shown["nodes"] == [{"acknowledgedReason": "known", "resolvedAt": None}] * 3


async def test_a_note_can_be_taken_back(ask: Asker) -> None:
    before = await found(ask)
    ids = [node["id"] for node in before["nodes"]]
    await ask(NOTE, ids=ids, reason="known")

    await ask(
        """mutation($ids: [ID!]!) { forgetAcknowledgement(ids: $ids, idempotencyKey: "back") {
             ... on FindingsNoted { findings { id } } } }""",
        ids=ids,
    )

    assert await found(ask) == before


async def test_a_note_that_cannot_be_leaves_nothing_behind(ask: Asker) -> None:
    ids = [node["id"] for node in (await found(ask))["nodes"]]
    before = await rows_of_all_tables(ask.database)

    answers = [
        (await ask(NOTE, ids=given, reason=reason))["change"]["code"]
        for given, reason in [(ids, " "), ([], "why"), (["nonsense"], "why"), (["RmluZGluZzp4"], "why")]
    ]

    assert answers == ["BAD_INPUT", "BAD_INPUT", "BAD_ID", "NOT_FOUND"]
    assert await rows_of_all_tables(ask.database) == before


async def adopt(ask: Asker, task: int, request: str = "PROD2025-016", kind: str = "SIM") -> Any:
    return (await ask(ADOPT, task=task, request=request, kind=kind, key=f"{task} {request} {kind}"))["change"]


async def test_an_orphan_becomes_the_next_attempt_of_a_step(ask: Asker) -> None:
    # A test task of the talk, which no request claims.
    answer = await adopt(ask, 353)

    [simulation, _] = answer["request"]["steps"]
    assert simulation["attempts"][-1] == {
        "key": f"PROD2025-016.SIM.{len(simulation['attempts'])}",
        "number": len(simulation["attempts"]),
        "jediTaskId": 353,
        "origin": "adopted",
        "isLive": False,
    }


@pytest.mark.parametrize(
    ("task", "request_name", "kind", "code"),
    [
        (362, "PROD2025-016", "SIM", "REFUSED"),
        (1, "PROD2025-016", "SIM", "NOT_FOUND"),
        (353, "PROD2025-999", "SIM", "NOT_FOUND"),
        (353, "PROD2025-016", "s i m", "BAD_NAME"),
    ],
)
async def test_what_cannot_be_adopted_is_refused(
    ask: Asker, task: int, request_name: str, kind: str, code: str
) -> None:
    before = await rows_of_all_tables(ask.database)

    assert (await adopt(ask, task, request_name, kind))["code"] == code
    assert await rows_of_all_tables(ask.database) == before
