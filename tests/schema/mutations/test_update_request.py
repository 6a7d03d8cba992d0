"""Editing a request: what is left out stays, null empties, and nobody's edit is overwritten."""

import pytest
from sqlalchemy import select
from sqlalchemy import update as update_rows

from gateway.store.database import Database
from gateway.store.request_versions import RequestVersion
from gateway.store.requests import Request
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import created, ledger, rows_of_all_tables, trail, update
from tests.support.asking import Asker

NAME = "PROD2025-018"

# What the databases do differently is held in test_on_both_databases.
pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


@pytest.fixture
async def ask(own_world: Database) -> Asker:
    """Somebody who has just made PROD2025-018 with a description and a priority."""
    ask = Asker(own_world, LOADED_AT)
    await created(ask, description="before", priority=900)
    return ask


async def set_intent(database: Database, intent: str, held_from: str | None = None) -> None:
    async with database.transaction() as session:
        await session.execute(
            update_rows(Request)
            .where(Request.name == NAME)
            .values(intent=intent, intent_before_hold=held_from)
        )


async def test_what_is_left_out_stays_as_it_is(ask: Asker) -> None:
    answer = await update(ask, NAME, 1, {"priority": 800})

    assert answer["request"] == {
        "name": NAME,
        "version": 2,
        "intent": "DRAFT",
        "events": 4_000_000,
        "tag": "minbias-P8-spdroot4172-dev",
        "priority": 800,
        "description": "before",
        "seedRanges": [{"seedFirst": 50_001, "seedLast": 51_000, "isExempt": False}],
    }
    shown = await ask(
        f'{{ request(name: "{NAME}") {{ ... on Request {{ geometries {{ name }} steps {{ kind }} }} }} }}'
    )
    assert len(shown["request"]["geometries"]) == 8
    assert [step["kind"] for step in shown["request"]["steps"]] == ["SIM", "RECO"]


async def test_null_empties_a_field(ask: Asker) -> None:
    answer = await update(ask, NAME, 1, {"description": None, "priority": None})

    assert (answer["request"]["description"], answer["request"]["priority"]) == (None, None)


async def test_null_is_refused_where_something_must_be(ask: Asker) -> None:
    answer = await update(ask, NAME, 1, {"tag": None, "events": None})

    assert (answer["__typename"], [each["field"] for each in answer["problems"]]) == (
        "Invalid",
        ["tag", "events"],
    )


async def test_an_edit_that_changes_nothing_makes_no_version(ask: Asker) -> None:
    answer = await update(ask, NAME, 1, {"priority": 900})

    assert answer["request"]["version"] == 1


async def test_a_stale_edit_gets_the_differences_and_writes_nothing(ask: Asker) -> None:
    await update(ask, NAME, 1, {"description": "theirs", "polarization": "LL"}, "theirs")
    before = await rows_of_all_tables(ask.database)

    answer = await update(ask, NAME, 1, {"description": "mine", "priority": 700}, "mine")

    assert answer == {
        "__typename": "Conflict",
        "code": "STALE_EDIT",
        "message": (
            "PROD2025-018 was changed since version 1; it is at version 2 now. "
            "Look at the differences and edit that version."
        ),
        "key": NAME,
        "currentVersion": 2,
        "differences": [
            {"field": "polarization", "seen": "UU", "present": "LL", "wanted": "LL", "isYours": False},
            # The other edit changed the physics, so other seeds were taken.
            {"field": "priority", "seen": "900", "present": "900", "wanted": "700", "isYours": True},
            {
                "field": "description",
                "seen": "before",
                "present": "theirs",
                "wanted": "mine",
                "isYours": True,
            },
            {
                "field": "seeds",
                "seen": "50001-51000",
                "present": "1-1000",
                "wanted": "1-1000",
                "isYours": False,
            },
        ],
    }
    assert await rows_of_all_tables(ask.database) == before


async def test_a_request_that_is_not_there_is_said_to_be_missing(ask: Asker) -> None:
    answer = await update(ask, "PROD2025-999", 1, {"priority": 1})

    assert (answer["__typename"], answer["code"]) == ("Refused", "NOT_FOUND")


@pytest.mark.parametrize(
    ("changes", "seeds"),
    [
        ({"priority": 1}, (50_001, 51_000)),
        ({"events": 2_000_000}, (50_001, 50_500)),
        ({"events": 8_000_000}, (50_001, 52_000)),
        ({"polarization": "LL"}, (1, 1_000)),
        ({"tag": "minbias-P8-spdroot4172-dev test"}, (50_001, 51_000)),
        ({"seeds": {"first": 60_001, "last": 61_000}}, (60_001, 61_000)),
        ({"events": 8_000, "seeds": {"first": 7_000_001, "last": 7_000_002}}, (7_000_001, 7_000_002)),
    ],
    ids=["other field", "fewer jobs", "more jobs", "other physics", "a flag", "named", "named and counted"],
)
async def test_seeds_follow_an_edit(ask: Asker, changes: dict[str, object], seeds: tuple[int, int]) -> None:
    await update(ask, NAME, 1, changes)

    assert await ledger(ask.database, NAME) == [(*seeds, None)]


async def test_null_seeds_take_the_next_free_ones(ask: Asker) -> None:
    await created(ask, "behind")

    await update(ask, NAME, 1, {"seeds": None})

    assert await ledger(ask.database, NAME) == [(52_001, 53_000, None)]


@pytest.mark.parametrize(
    ("intent", "held_from", "allowed", "refused"),
    [
        ("APPROVED", None, {"priority": 1}, {"events": 4_000}),
        ("SUBMITTED", None, {"description": "running"}, {"priority": 1}),
        ("ACCEPTED", None, {"description": "fine"}, {"seeds": None}),
        ("ON_HOLD", "DRAFT", {"events": 4_000}, None),
        ("ON_HOLD", "SUBMITTED", {"description": "waits"}, {"isTest": True}),
    ],
)
async def test_the_state_says_what_may_be_edited(
    ask: Asker,
    intent: str,
    held_from: str | None,
    allowed: dict[str, object],
    refused: dict[str, object] | None,
) -> None:
    await set_intent(ask.database, intent, held_from)

    if refused is not None:
        answer = await update(ask, NAME, 1, refused, "refused")
        assert (answer["__typename"], answer["code"]) == ("Refused", "REFUSED")
    assert (await update(ask, NAME, 1, allowed, "allowed"))["request"]["version"] == 2


async def test_a_step_may_be_taken_out_and_another_put_in(ask: Asker) -> None:
    await update(ask, NAME, 1, {"steps": [{"kind": "GEN"}, {"kind": "SIM", "reads": "GEN"}]})

    shown = await ask(
        f'{{ request(name: "{NAME}") {{ ... on Request {{ steps {{ kind parent {{ kind }} }} }} }} }}'
    )
    assert shown["request"]["steps"] == [
        {"kind": "GEN", "parent": None},
        {"kind": "SIM", "parent": {"kind": "GEN"}},
    ]


async def test_every_version_is_kept(ask: Asker) -> None:
    await update(ask, NAME, 1, {"priority": 800}, "one")
    await update(ask, NAME, 2, {"priority": 700}, "two")

    async with ask.database.snapshot() as session:
        rows = (
            await session.scalars(
                select(RequestVersion)
                .where(RequestVersion.request_name == NAME)
                .order_by(RequestVersion.version)
            )
        ).all()
    kept = [(row.version, row.action, row.content["priority"]) for row in rows]  # type: ignore[index,call-overload]
    assert kept == [(1, "createRequest", 900), (2, "updateRequest", 800), (3, "updateRequest", 700)]
    assert await trail(ask.database) == [
        ("createRequest", NAME, "done"),
        ("updateRequest", NAME, "done"),
        ("updateRequest", NAME, "done"),
    ]


async def test_an_imported_request_keeps_what_it_was_before_its_first_edit(ask: Asker) -> None:
    await update(ask, "PROD2025-016", 1, {"priority": 5})
    stale = await update(ask, "PROD2025-016", 1, {"priority": 6}, "stale")

    assert [(each["field"], each["seen"]) for each in stale["differences"]] == [("priority", None)]
