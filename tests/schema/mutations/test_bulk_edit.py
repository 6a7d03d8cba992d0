"""One edit of many requests: all or none, shown before, and taken back as a whole."""

from typing import Any

import pytest

from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import REFUSALS, created, ledger, rows_of_all_tables, update
from tests.support.asking import Asker

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

NAMES = ["PROD2025-018", "PROD2025-019", "PROD2025-020"]
EDITED = (
    "__typename ... on RequestsEdited"
    " { edit isRepeated requests { name version priority polarization seedRanges { seedFirst } } }"
)
EDIT = (
    "mutation($requests: [EditOfInput!]!, $input: UpdateRequestInput!, $key: String!) {"
    " change: bulkUpdateRequests(requests: $requests, input: $input, idempotencyKey: $key)"
    f" {{ {EDITED} {REFUSALS} }} }}"
)
UNDO = (
    "mutation($edit: BigInt!, $key: String!) { change: undoBulkEdit(edit: $edit, idempotencyKey: $key)"
    f" {{ {EDITED} {REFUSALS} }} }}"
)
PREVIEW = """query($names: [String!]!, $input: UpdateRequestInput!) {
  previewBulkEdit(names: $names, input: $input) { name version changes { field before after } problem } }"""


@pytest.fixture
async def ask(own_world: Database) -> Asker:
    """Somebody who has just made three small requests."""
    ask = Asker(own_world, LOADED_AT)
    for number in range(3):
        await created(ask, f"made {number}", events=4_000)
    return ask


async def edit(
    ask: Asker, changes: dict[str, object], *, versions: Any = (1, 1, 1), key: str = "edit"
) -> Any:
    requests = [
        {"name": name, "expectedVersion": version} for name, version in zip(NAMES, versions, strict=True)
    ]
    return (await ask(EDIT, requests=requests, input=changes, key=key))["change"]


async def undo(ask: Asker, number: int, key: str = "undo") -> Any:
    return (await ask(UNDO, edit=number, key=key))["change"]


async def test_all_are_edited_and_all_are_taken_back(ask: Asker) -> None:
    edited = await edit(ask, {"priority": 950, "polarization": "LL"})
    undone = await undo(ask, edited["edit"])

    assert [(each["priority"], each["polarization"], each["version"]) for each in edited["requests"]] == [
        (950, "LL", 2)
    ] * 3
    assert [(each["priority"], each["polarization"], each["version"]) for each in undone["requests"]] == [
        (None, "UU", 3)
    ] * 3
    # Their seeds too: other physics had other seeds.
    assert [each["seedRanges"][0]["seedFirst"] for each in edited["requests"]] == [1, 2, 3]
    assert [each["seedRanges"][0]["seedFirst"] for each in undone["requests"]] == [50_001, 50_002, 50_003]


async def test_the_preview_shows_each_change_and_who_stands_in_the_way(ask: Asker) -> None:
    before = await rows_of_all_tables(ask.database)

    found = await ask(PREVIEW, names=[*NAMES[:1], "PROD2025-013"], input={"priority": 950, "events": 8_000})

    refused, fine = found["previewBulkEdit"]
    assert (refused["name"], refused["changes"]) == ("PROD2025-013", [])
    assert refused["problem"].startswith("PROD2025-013 is ACCEPTED: events, priority cannot be edited")
    assert fine["name"] == "PROD2025-018"
    assert {"field": "priority", "before": None, "after": "950"} in fine["changes"]
    assert await rows_of_all_tables(ask.database) == before


async def test_one_that_is_stale_keeps_all_from_being_edited(ask: Asker) -> None:
    await update(ask, NAMES[1], 1, {"priority": 1})
    before = await rows_of_all_tables(ask.database)

    answer = await edit(ask, {"priority": 950})

    assert (answer["__typename"], answer["key"]) == ("Conflict", NAMES[1])
    assert await rows_of_all_tables(ask.database) == before


async def test_what_was_changed_again_since_is_not_taken_back(ask: Asker) -> None:
    edited = await edit(ask, {"priority": 950})
    await update(ask, NAMES[0], 2, {"priority": 1})
    before = await rows_of_all_tables(ask.database)

    answer = await undo(ask, edited["edit"])

    assert (answer["code"], answer["key"]) == ("STALE_EDIT", NAMES[0])
    assert await rows_of_all_tables(ask.database) == before


async def test_an_edit_is_taken_back_once_and_only_if_there_was_one(ask: Asker) -> None:
    edited = await edit(ask, {"priority": 950})
    await undo(ask, edited["edit"])

    again = await undo(ask, edited["edit"], "again")
    nothing = await undo(ask, 99, "nothing")

    assert (again["code"], nothing["code"]) == ("REFUSED", "NOT_FOUND")


async def test_seeds_that_somebody_took_meanwhile_are_not_taken_back(ask: Asker) -> None:
    edited = await edit(ask, {"polarization": "LL"})
    await created(ask, "quick", events=4_000, seeds={"first": 50_002, "last": 50_002})
    before = await rows_of_all_tables(ask.database)

    answer = await undo(ask, edited["edit"])

    assert answer["code"] == "SEED_OVERLAP"
    assert await rows_of_all_tables(ask.database) == before
    assert await ledger(ask.database, NAMES[1]) == [(2, 2, None)]


async def test_no_request_and_one_named_twice_are_refused(ask: Asker) -> None:
    none = (await ask(EDIT, requests=[], input={}, key="none"))["change"]
    twice = [{"name": NAMES[0], "expectedVersion": 1}] * 2

    assert none["code"] == "BAD_INPUT"
    assert (await ask(EDIT, requests=twice, input={}, key="twice"))["change"]["code"] == "BAD_INPUT"
