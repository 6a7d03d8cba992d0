"""Making a request: a draft with the next name and seeds that nobody has, once for each key."""

import pytest

from gateway.auth.permissions import RIGHTS, Right, Role
from gateway.auth.viewer import Viewer
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import create, created, ledger, rows_of_all_tables, trail
from tests.support.asking import Asker

# What the databases do differently is held in test_on_both_databases.
pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


@pytest.fixture
def ask(own_world: Database) -> Asker:
    return Asker(own_world, LOADED_AT)


async def test_a_new_request_is_a_draft_with_the_next_name_and_the_next_free_seeds(ask: Asker) -> None:
    request = await created(ask, priority=900)

    assert request == {
        "name": "PROD2025-018",
        "version": 1,
        "intent": "DRAFT",
        "events": 4_000_000,
        "tag": "minbias-P8-spdroot4172-dev",
        "priority": 900,
        "description": None,
        # 011 to 016 hold 1-50000 of this physics; whose script was not recorded counts as well.
        "seedRanges": [{"seedFirst": 50_001, "seedLast": 51_000, "isExempt": False}],
    }
    assert await trail(ask.database) == [("createRequest", "PROD2025-018", "done")]


async def test_everything_that_was_given_is_there(ask: Asker) -> None:
    await created(ask)

    answer = await ask(
        """{ request(name: "PROD2025-018") { ... on Request {
             requestedBy origin campaign { name } stageName softwareVersion energyGev polarization
             geometries { name } steps { key script scriptVersion parent { key } }
             statusChanges { fromIntent toIntent changedBy } } } }"""
    )

    directory = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02"
    names = ["DSSD", "TS", "TOF", "ECal", "FARICH", "RS", "BBC", "ZDC (sketch)"]
    assert answer["request"] == {
        "requestedBy": "tester",
        "origin": "gateway",
        "campaign": {"name": "SPD MC 2025"},
        "stageName": "S2",
        "softwareVersion": "4.1.7.2",
        "energyGev": 27,
        "polarization": "UU",
        "geometries": [{"name": name} for name in names],
        "steps": [
            {
                "key": "PROD2025-018.SIM",
                "script": f"{directory}/simu.C",
                "scriptVersion": "V02",
                "parent": None,
            },
            {
                "key": "PROD2025-018.RECO",
                "script": f"{directory}/reco.C",
                "scriptVersion": "V02",
                "parent": {"key": "PROD2025-018.SIM"},
            },
        ],
        "statusChanges": [{"fromIntent": None, "toIntent": "DRAFT", "changedBy": "tester"}],
    }


async def test_asked_twice_under_one_key_it_is_made_once(ask: Asker) -> None:
    first = await create(ask, "a key")
    before = await rows_of_all_tables(ask.database)

    second = await create(ask, "a key")

    assert second["request"] == first["request"]
    assert (first["isRepeated"], second["isRepeated"]) == (False, True)
    assert await rows_of_all_tables(ask.database) == before


async def test_a_key_is_not_good_for_something_else(ask: Asker) -> None:
    await create(ask, "a key")
    before = await rows_of_all_tables(ask.database)

    answer = await create(ask, "a key", events=8_000_000)

    assert (answer["__typename"], answer["code"]) == ("Refused", "KEY_REUSED")
    assert await rows_of_all_tables(ask.database) == before


async def test_the_same_key_of_somebody_else_is_another_key(ask: Asker) -> None:
    await created(ask, "a key")
    other = Asker(ask.database, LOADED_AT, Viewer("analyst", RIGHTS[Role.ANALYST]))

    assert (await created(other, "a key"))["name"] == "PROD2025-019"


async def test_what_was_refused_may_be_asked_again_under_its_key(ask: Asker) -> None:
    refused = await create(ask, "a key", polarization="XX")

    made = await create(ask, "a key")

    assert (refused["__typename"], made["__typename"]) == ("Invalid", "RequestChanged")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"events": 0}, "events", "is a whole number above 0."),
        ({"polarization": "U"}, "polarization", "is two of U, L, T, such as UU."),
        ({"stageName": "S9"}, "stage", "'S9' is no registered stage."),
        ({"softwareVersion": "9.9"}, "softwareVersion", "spdroot-dev 9.9 is no registered software release."),
        ({"geometries": ["DSSD", "Muon wall"]}, "geometry", "Muon wall: not registered."),
        ({"geometries": ["DSSD", "DSSD"]}, "geometry", "lists a component twice."),
        ({"campaignName": "none"}, "campaign", "'none' is no registered campaign."),
        (
            {"seeds": {"first": 1, "last": 3}},
            "seeds",
            "are 3, but 4000000 events in files of 4000 need 1000.",
        ),
        ({"tag": " "}, "tag", "is needed."),
        (
            {"steps": [{"kind": "RECO", "reads": "SIM"}, {"kind": "SIM"}]},
            "steps",
            "let RECO read SIM, which is no step before it.",
        ),
        (
            {"steps": [{"kind": "SIM"}, {"kind": "simu"}]},
            "steps",
            "name SIM twice; a request has one step of each kind.",
        ),
        ({"steps": [{"kind": "RECO", "reads": "PROD2025-001.SIM"}]}, "steps", "read PROD2025-001.SIM, which"),
    ],
)
async def test_a_field_that_cannot_be_is_named_and_nothing_is_written(
    ask: Asker, changes: dict[str, object], field: str, words: str
) -> None:
    before = await rows_of_all_tables(ask.database)

    answer = await create(ask, **changes)

    assert (answer["__typename"], answer["code"]) == ("Invalid", "INVALID")
    assert [problem["field"] for problem in answer["problems"]] == [field]
    assert answer["problems"][0]["message"].startswith(words)
    assert await rows_of_all_tables(ask.database) == before


async def test_seeds_may_be_used_again_for_a_reason_by_who_may_approve(ask: Asker) -> None:
    await created(ask)

    await created(
        ask, "again", seeds={"first": 50_001, "last": 51_000}, seedReuseReason="a repeat with a fix"
    )

    assert await ledger(ask.database, "PROD2025-019") == [(50_001, 51_000, "a repeat with a fix")]


async def test_an_analyst_may_not_use_seeds_again(ask: Asker) -> None:
    analyst = Asker(ask.database, LOADED_AT, Viewer("analyst", RIGHTS[Role.ANALYST]))
    before = await rows_of_all_tables(ask.database)

    answer = await analyst.answer(
        'mutation { createRequest(idempotencyKey: "k", input: { stageName: "S2", softwareProject: "a",'
        ' softwareVersion: "1", collisionType: "pp", energyGev: 1, polarization: "UU", tag: "t", events: 1,'
        ' eventsPerFile: 1, seedReuseReason: "because" }) { __typename } }'
    )

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await rows_of_all_tables(ask.database) == before


async def test_without_the_right_nothing_is_made(ask: Asker) -> None:
    reader = Asker(ask.database, LOADED_AT, Viewer("reader", frozenset(Right) - {Right.DEFINE}))
    before = await rows_of_all_tables(ask.database)

    answer = await reader.answer(
        'mutation { createRequest(idempotencyKey: "k", input: { stageName: "S2", softwareProject: "a",'
        ' softwareVersion: "1", collisionType: "pp", energyGev: 1, polarization: "UU", tag: "t", events: 1,'
        " eventsPerFile: 1 }) { __typename } }"
    )

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await rows_of_all_tables(ask.database) == before


async def test_the_seeds_of_a_test_keep_nobody_from_theirs(ask: Asker) -> None:
    await created(ask, isTest=True)

    await created(ask, "real", seeds={"first": 50_001, "last": 51_000})

    assert await ledger(ask.database, "PROD2025-018") == [(50_001, 51_000, "the request is a test")]
    assert await ledger(ask.database, "PROD2025-019") == [(50_001, 51_000, None)]


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb"])
async def test_a_key_that_cannot_be_kept_is_refused(ask: Asker, key: str) -> None:
    assert (await create(ask, key))["code"] == "BAD_INPUT"


async def test_each_change_of_an_operation_is_seen_by_what_follows(ask: Asker) -> None:
    document = """
      mutation($input: CreateRequestInput!) {
        one: createRequest(input: $input, idempotencyKey: "1") {
          ... on RequestChanged { request { name stage { name } } } }
        two: createRequest(input: $input, idempotencyKey: "2") {
          ... on RequestChanged { request { name stage { name } } } }
      }"""

    answer = await ask(document, input={**_bare(), "events": 4_000})

    assert [answer[field]["request"] for field in ("one", "two")] == [
        {"name": "PROD2025-018", "stage": {"name": "S2"}},
        {"name": "PROD2025-019", "stage": {"name": "S2"}},
    ]


def _bare() -> dict[str, object]:
    return {
        "campaignName": "SPD MC 2025",
        "stageName": "S2",
        "softwareProject": "spdroot-dev",
        "softwareVersion": "4.1.7.2",
        "collisionType": "pp",
        "energyGev": 27,
        "polarization": "UU",
        "tag": "minbias-P8-spdroot4172-dev",
        "events": 4_000,
        "eventsPerFile": 4_000,
    }
