"""What people decide about a request, and that no order of decisions leads where the states do not allow."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy import update as update_rows

from gateway.auth.permissions import RIGHTS, Role
from gateway.auth.viewer import Viewer
from gateway.domain.states import FINAL_INTENTS, Intent, transitions_from
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.requests import Request, StatusChange
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import (
    CHANGED,
    REFUSALS,
    created,
    ledger,
    rows_of_all_tables,
    trail,
    update,
)
from tests.support.asking import Asker

NAME = "PROD2025-018"
WORDS = {
    Intent.READY: "makeRequestReady",
    Intent.APPROVED: "approveRequest",
    Intent.ON_HOLD: "holdRequest",
    Intent.CANCELLED: "cancelRequest",
    Intent.ACCEPTED: "acceptRequest",
    Intent.REJECTED: "rejectRequest",
    Intent.OBSOLETE: "makeRequestObsolete",
}

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


@pytest.fixture
async def ask(own_world: Database) -> Asker:
    """Somebody with every right who has just made PROD2025-018."""
    ask = Asker(own_world, LOADED_AT)
    await created(ask)
    return ask


async def decide(
    ask: Asker, field: str, version: int, key: str = "", name: str = NAME, **more: object
) -> Any:
    """Ask for a decision; return the answer."""
    given = {"reason": "because"} | more
    arguments = "".join(f", {argument}: ${argument}" for argument in given)
    types = {"completeness": "Float", "successor": "String", "reason": "String!"}
    declared = "".join(f", ${argument}: {types[argument]}" for argument in given)
    document = (
        f"mutation($name: String!, $version: BigInt!, $key: String!{declared}) {{"
        f" change: {field}(name: $name, expectedVersion: $version, idempotencyKey: $key{arguments})"
        f" {{ {CHANGED} {REFUSALS} }} }}"
    )
    answer = await ask(document, name=name, version=version, key=key or f"{field} {version}", **given)
    return answer["change"]


async def put(database: Database, intent: Intent, name: str = NAME) -> None:
    async with database.transaction() as session:
        await session.execute(update_rows(Request).where(Request.name == name).values(intent=intent.value))


async def intents(database: Database, name: str = NAME) -> list[tuple[str | None, str, str | None]]:
    async with database.snapshot() as session:
        rows = await session.scalars(
            select(StatusChange).where(StatusChange.request_name == name).order_by(StatusChange.id)
        )
        return [(row.from_intent, row.to_intent, row.reason) for row in rows]


async def test_a_request_goes_from_draft_to_approved_and_says_who_and_why(ask: Asker) -> None:
    ready = await decide(ask, "makeRequestReady", 1)
    approved = await decide(ask, "approveRequest", 2, reason="seen in the meeting")

    assert (ready["request"]["intent"], approved["request"]["intent"]) == ("READY", "APPROVED")
    assert approved["request"]["version"] == 3
    assert await intents(ask.database) == [
        (None, "DRAFT", None),
        ("DRAFT", "READY", "because"),
        ("READY", "APPROVED", "seen in the meeting"),
    ]
    assert await trail(ask.database) == [
        ("createRequest", NAME, "done"),
        ("makeRequestReady", NAME, "done"),
        ("approveRequest", NAME, "done"),
    ]


async def test_a_draft_that_a_check_blocks_is_not_made_ready(ask: Asker) -> None:
    await update(ask, NAME, 1, {"softwareVersion": "4.1.7.1", "steps": []})
    before = await rows_of_all_tables(ask.database)

    answer = await decide(ask, "makeRequestReady", 2)

    assert answer["__typename"] == "Invalid"
    assert {(each["code"], each["severity"]) for each in answer["findings"]} >= {
        ("version-disagrees", "BLOCKER"),
        ("steps-missing", "BLOCKER"),
    }
    assert await rows_of_all_tables(ask.database) == before


async def test_a_step_that_the_state_does_not_allow_is_refused_with_what_it_does(ask: Asker) -> None:
    before = await rows_of_all_tables(ask.database)

    answer = await decide(ask, "approveRequest", 1)

    assert (answer["__typename"], answer["code"]) == ("Refused", "BAD_TRANSITION")
    assert answer["message"].endswith("Possible next: CANCELLED, ON_HOLD, READY.")
    assert await rows_of_all_tables(ask.database) == before


async def test_a_decision_about_another_version_is_a_conflict(ask: Asker) -> None:
    await update(ask, NAME, 1, {"priority": 5})

    answer = await decide(ask, "makeRequestReady", 1)

    assert (answer["__typename"], answer["currentVersion"]) == ("Conflict", 2)
    assert answer["differences"] == [
        {"field": "priority", "seen": None, "present": "5", "wanted": "5", "isYours": False}
    ]


async def test_what_is_held_goes_back_to_where_it_was(ask: Asker) -> None:
    await decide(ask, "makeRequestReady", 1)
    held = await decide(ask, "holdRequest", 2)
    back = await decide(ask, "takeRequestOffHold", 3)

    assert (held["request"]["intent"], back["request"]["intent"]) == ("ON_HOLD", "READY")


async def test_the_seeds_of_a_cancelled_request_are_free_again(ask: Asker) -> None:
    await decide(ask, "cancelRequest", 1)

    assert await ledger(ask.database, NAME) == []
    assert (await created(ask, "next"))["seedRanges"][0]["seedFirst"] == 50_001


async def test_seeds_that_others_follow_stay_in_the_ledger_when_cancelled(ask: Asker) -> None:
    await created(ask, "behind")

    await decide(ask, "cancelRequest", 1)

    assert await ledger(ask.database, NAME) == [(50_001, 51_000, "the request is cancelled")]
    assert (await created(ask, "next"))["seedRanges"][0]["seedFirst"] == 52_001


async def test_an_analyst_cancels_an_own_draft_and_nobody_elses(ask: Asker) -> None:
    analyst = Asker(ask.database, LOADED_AT, Viewer("analyst", RIGHTS[Role.ANALYST], subject="s-3"))
    own = await created(analyst, "own")

    cancelled = await decide(analyst, "cancelRequest", 1, name=own["name"])
    with pytest.raises(AssertionError, match="the right 'approve' is needed"):
        await decide(analyst, "cancelRequest", 1, "another", name=NAME)

    assert cancelled["request"]["intent"] == "CANCELLED"
    assert len(await intents(ask.database)) == 1
    async with ask.database.snapshot() as session:
        last = (await session.scalars(select(AuditRow).order_by(AuditRow.number.desc()))).first()
    assert last is not None
    assert (last.actor, last.action, last.object_key, last.outcome) == (
        "analyst",
        "cancelRequest",
        NAME,
        "refused",
    )


async def test_an_acceptance_keeps_who_and_how_complete_it_was(ask: Asker) -> None:
    await put(ask.database, Intent.SUBMITTED, "PROD2025-013")

    answer = await decide(ask, "acceptRequest", 1, name="PROD2025-013", reason="8 lost files are enough")

    assert answer["request"]["intent"] == "ACCEPTED"
    shown = await ask(
        '{ request(name: "PROD2025-013") { ... on Request { acceptedBy acceptedCompleteness } } }'
    )
    assert shown["request"] == {"acceptedBy": "tester", "acceptedCompleteness": 0.9992}


async def test_a_partial_result_is_not_accepted_without_a_reason(ask: Asker) -> None:
    await put(ask.database, Intent.SUBMITTED, "PROD2025-013")

    answer = await decide(ask, "acceptRequest", 1, name="PROD2025-013", reason=" ")

    assert (answer["code"], answer["message"]) == (
        "REFUSED",
        "PROD2025-013 is 99.9200% complete. Say why that is enough.",
    )


async def test_what_still_runs_is_not_accepted(ask: Asker) -> None:
    await put(ask.database, Intent.SUBMITTED, "PROD2025-013")
    async with ask.database.transaction() as session:
        await session.execute(
            update_rows(Task).where(Task.name.startswith("PROD2025-013.RECO")).values(status="running")
        )

    answer = await decide(ask, "acceptRequest", 1, name="PROD2025-013")

    assert answer["code"] == "REFUSED"
    assert "is still RUNNING" in answer["message"]


async def test_completeness_is_asked_for_where_no_task_says_it(ask: Asker) -> None:
    await put(ask.database, Intent.SUBMITTED)

    unknown = await decide(ask, "acceptRequest", 1, key="one")
    given = await decide(ask, "acceptRequest", 1, key="two", completeness=0.5)

    assert unknown["code"] == "BAD_INPUT"
    assert given["request"]["intent"] == "ACCEPTED"


async def test_an_obsolete_request_frees_its_seeds_and_names_its_successor(ask: Asker) -> None:
    await put(ask.database, Intent.ACCEPTED)

    await decide(ask, "makeRequestObsolete", 1, successor="PROD2025-016")

    assert await ledger(ask.database, NAME) == [(50_001, 51_000, "the request is obsolete")]
    shown = await ask(
        "query($name: String!) { request(name: $name) { ... on Request {"
        " relatedFrom { kind request { name } note } } } }",
        name=NAME,
    )
    assert shown["request"]["relatedFrom"] == [
        {"kind": "supersedes", "request": {"name": "PROD2025-016"}, "note": "because"}
    ]


@pytest.mark.parametrize(("successor", "code"), [(NAME, "BAD_INPUT"), ("PROD2025-999", "NOT_FOUND")])
async def test_a_successor_that_cannot_be_is_refused(ask: Asker, successor: str, code: str) -> None:
    await put(ask.database, Intent.ACCEPTED)

    assert (await decide(ask, "makeRequestObsolete", 1, successor=successor))["code"] == code


RELATE = """mutation($name: String!, $kind: RelationKind!, $other: String!, $key: String!) {
  change: relateRequests(name: $name, kind: $kind, other: $other, idempotencyKey: $key, note: "as planned") {
    __typename ... on Refusal { code message } } }"""


async def related(ask: Asker, name: str, kind: str, other: str) -> Any:
    return (await ask(RELATE, name=name, kind=kind, other=other, key=f"{name} {kind} {other}"))["change"]


async def test_a_relation_is_recorded_once_and_can_be_taken_back(ask: Asker) -> None:
    first = await related(ask, NAME, "EXTENDS", "PROD2025-016")
    document = RELATE.replace('"as planned"', '"again"')
    again = await ask(document, name=NAME, kind="EXTENDS", other="PROD2025-016", key="another")
    taken_back = await ask(
        f"""mutation {{ unrelateRequests(name: "{NAME}", kind: EXTENDS, other: "PROD2025-016",
            idempotencyKey: "back") {{ ... on RequestChanged {{ request {{ relations {{ kind }} }} }} }} }}"""
    )

    assert first["__typename"] == "RequestChanged"
    assert again["change"]["code"] == "REFUSED"
    assert taken_back["unrelateRequests"]["request"]["relations"] == []


async def test_nothing_succeeds_itself_through_others(ask: Asker) -> None:
    await related(ask, "PROD2025-014", "SUPERSEDES", "PROD2025-013")
    await related(ask, "PROD2025-015", "SUPERSEDES", "PROD2025-014")

    circle = await related(ask, "PROD2025-013", "SUPERSEDES", "PROD2025-015")
    itself = await related(ask, NAME, "EXTENDS", NAME)
    nobody = await related(ask, NAME, "EXTENDS", "PROD2025-999")

    assert (circle["code"], itself["code"], nobody["code"]) == ("REFUSED", "BAD_INPUT", "NOT_FOUND")


async def test_a_comment_is_kept_with_its_author(ask: Asker) -> None:
    document = """mutation($name: String!, $body: String!, $key: String!) {
      commentOnRequest(name: $name, body: $body, idempotencyKey: $key) {
        ... on RequestChanged { request { comments { author body } version } } ... on Refusal { code } } }"""

    written = await ask(document, name=NAME, body=" Looks *good*. ", key="1")
    empty = await ask(document, name=NAME, body="  ", key="2")
    nowhere = await ask(document, name="PROD2025-999", body="hello", key="3")

    assert written["commentOnRequest"] == {
        "request": {"comments": [{"author": "tester", "body": "Looks *good*."}], "version": 1}
    }
    assert empty["commentOnRequest"]["code"] == "BAD_INPUT"
    assert nowhere["commentOnRequest"]["code"] == "NOT_FOUND"


@dataclass
class Model:
    """What must be true of a request after each decision."""

    intent: Intent = Intent.DRAFT
    held_from: Intent | None = None
    version: int = 1

    def decide(self, to: Intent | None) -> bool:
        """Take the step if it is allowed; None is taking it off hold."""
        if to is None:
            if self.intent is not Intent.ON_HOLD or self.held_from is None:
                return False
            self.intent, self.held_from = self.held_from, None
        elif (
            to in transitions_from(self.intent, held_from=self.held_from)
            and self.intent is not Intent.ON_HOLD
        ):
            self.held_from = self.intent if to is Intent.ON_HOLD else None
            self.intent = to
        else:
            return False
        self.version += 1
        return True


STEPS = st.lists(st.sampled_from([*WORDS, None]), min_size=1, max_size=9)


@given(steps=STEPS)
@settings(
    derandomize=True,
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_any_order_of_decisions_ends_where_the_states_say(
    ask: Asker, steps: Sequence[Intent | None]
) -> None:
    key = dt.datetime.now(dt.UTC).isoformat()
    request = await created(ask, key, events=4_000)
    name, model = request["name"], Model()
    # PanDA's part is left out: what is approved counts as submitted.
    for number, to in enumerate(steps):
        field = "takeRequestOffHold" if to is None else WORDS[to]
        more = {"completeness": 1.0} if to is Intent.ACCEPTED else {}
        if to in {Intent.ACCEPTED, Intent.REJECTED} and model.intent is Intent.APPROVED:
            await put(ask.database, Intent.SUBMITTED, name)
            model.intent = Intent.SUBMITTED
        expected = model.decide(to)

        answer = await decide(ask, field, request["version"], f"{key} {number}", name, **more)

        assert (answer["__typename"] == "RequestChanged") is expected, answer
        if expected:
            request = answer["request"]
        assert (request["intent"], request["version"]) == (model.intent, model.version)
    history = await intents(ask.database, name)
    assert len(history) == model.version
    held = await ledger(ask.database, name)
    is_free = model.intent in FINAL_INTENTS - {Intent.REJECTED}
    assert all((reason is not None) is is_free for _, _, reason in held)
