"""The next batch like the last: clones have names and seeds of their own, and nothing of its past."""

from typing import Any

import pytest

from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import REFUSALS, created, ledger, rows_of_all_tables, update
from tests.support.asking import Asker

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

CLONE = (
    "mutation($name: String!, $times: Int!, $changes: UpdateRequestInput, $version: BigInt,"
    " $key: String!) {"
    " change: cloneRequest(name: $name, times: $times, changes: $changes, expectedVersion: $version,"
    " idempotencyKey: $key) { __typename ... on RequestsCloned { isRepeated requests {"
    " name intent tag description isTest version requestedBy legacyId unplaced"
    " seedRanges { seedFirst seedLast }"
    " steps { key script datasetPattern parent { key } }"
    " relations { kind other { name } } comments { body } } }"
    f" {REFUSALS} }} }}"
)
PREVIEW = """
query($name: String!, $times: Int!, $changes: UpdateRequestInput, $storage: String) {
  preview: previewClone(name: $name, times: $times, changes: $changes, storage: $storage) {
    __typename
    ... on ClonePreview {
      source sourceVersion neverInherited
      clones { name seedFirst seedLast jobs physicsKey findings { code severity }
               steps { taskName outputs problem forecast { taskIds } } }
      fields { field inherited source clone }
      sizeBytes { expected lowest highest spread } coreHours { expected } days { expected }
    }
    ... on Refusal { code message }
  }
}"""


@pytest.fixture
def ask(own_world: Database) -> Asker:
    return Asker(own_world, LOADED_AT)


async def clone(
    ask: Asker, name: str = "PROD2025-016", times: int = 5, key: str = "key", **more: object
) -> Any:
    return (await ask(CLONE, name=name, times=times, key=key, **more))["change"]


async def test_five_clones_of_the_last_batch_get_the_seeds_from_50001_to_100000(ask: Asker) -> None:
    answer = await clone(ask)

    assert [
        (request["name"], request["seedRanges"][0]["seedFirst"], request["seedRanges"][0]["seedLast"])
        for request in answer["requests"]
    ] == [
        ("PROD2025-018", 50_001, 60_000),
        ("PROD2025-019", 60_001, 70_000),
        ("PROD2025-020", 70_001, 80_000),
        ("PROD2025-021", 80_001, 90_000),
        ("PROD2025-022", 90_001, 100_000),
    ]


async def test_the_preview_of_five_clones_says_184_6_terabytes_and_from_which_tasks(ask: Asker) -> None:
    before = await rows_of_all_tables(ask.database)

    preview = (await ask(PREVIEW, name="PROD2025-016", times=5))["preview"]

    assert round(preview["sizeBytes"]["expected"] / 1e12, 1) == 184.6
    assert (
        preview["sizeBytes"]["lowest"] <= preview["sizeBytes"]["expected"] <= preview["sizeBytes"]["highest"]
    )
    # The spread of the talk's tasks: below one per mille.
    assert 0 < preview["sizeBytes"]["spread"] < 0.001
    assert [(each["name"], each["seedFirst"], each["seedLast"]) for each in preview["clones"]] == [
        (f"PROD2025-{18 + n:03d}", 50_001 + 10_000 * n, 60_000 + 10_000 * n) for n in range(5)
    ]
    assert [step["taskName"] for step in preview["clones"][4]["steps"]] == [
        "PROD2025-022.SIM.1",
        "PROD2025-022.RECO.1",
    ]
    assert all(step["forecast"]["taskIds"] for step in preview["clones"][0]["steps"])
    assert not [each for each in preview["clones"][0]["findings"] if each["severity"] == "BLOCKER"]
    assert await rows_of_all_tables(ask.database) == before


async def test_what_is_cloned_is_what_was_previewed(ask: Asker) -> None:
    preview = (await ask(PREVIEW, name="PROD2025-016", times=2))["preview"]

    made = await clone(ask, times=2, version=preview["sourceVersion"])

    assert [each["name"] for each in made["requests"]] == [each["name"] for each in preview["clones"]]
    assert [each["seedRanges"][0]["seedFirst"] for each in made["requests"]] == [
        each["seedFirst"] for each in preview["clones"]
    ]


async def test_a_clone_has_nothing_that_happened_to_its_source(ask: Asker) -> None:
    [made] = (await clone(ask, times=1))["requests"]

    directory = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02"
    assert made == {
        "name": "PROD2025-018",
        "intent": "DRAFT",
        "tag": "minbias-P8-spdroot4172-dev",
        "description": None,
        "isTest": False,
        "version": 1,
        "requestedBy": "tester",
        "legacyId": None,
        "unplaced": None,
        "seedRanges": [{"seedFirst": 50_001, "seedLast": 60_000}],
        "steps": [
            {
                "key": "PROD2025-018.SIM",
                "script": f"{directory}/simu.C",
                "datasetPattern": None,
                "parent": None,
            },
            {
                "key": "PROD2025-018.RECO",
                "script": f"{directory}/reco.C",
                "datasetPattern": None,
                "parent": {"key": "PROD2025-018.SIM"},
            },
        ],
        "relations": [{"kind": "extends", "other": {"name": "PROD2025-016"}}],
        "comments": [],
    }


async def test_clones_can_differ_from_their_source_in_what_is_said(ask: Asker) -> None:
    answer = await clone(ask, times=2, changes={"events": 4_000_000, "priority": 950})
    shown = await ask(
        """{ requests(filter: { name: { in: ["PROD2025-018", "PROD2025-019"] } }) {
             nodes { priority jobs seedRanges { seedFirst seedLast } } } }"""
    )

    assert answer["__typename"] == "RequestsCloned"
    assert shown["requests"]["nodes"] == [
        {"priority": 950, "jobs": 1_000, "seedRanges": [{"seedFirst": 50_001, "seedLast": 51_000}]},
        {"priority": 950, "jobs": 1_000, "seedRanges": [{"seedFirst": 51_001, "seedLast": 52_000}]},
    ]


async def test_asked_twice_the_clones_are_made_once(ask: Asker) -> None:
    first = await clone(ask, times=3)
    second = await clone(ask, times=3)

    assert second["requests"] == first["requests"]
    assert (first["isRepeated"], second["isRepeated"]) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"times": 0}, "BAD_INPUT"),
        ({"times": 51}, "BAD_INPUT"),
        ({"name": "PROD2025-999"}, "NOT_FOUND"),
        ({"changes": {"stageName": "S9"}}, "INVALID"),
        ({"changes": {"seeds": {"first": 1, "last": 10_000}}}, "BAD_INPUT"),
        ({"changes": {"seedReuseReason": "why not"}}, "BAD_INPUT"),
        ({"version": 7}, "STALE_EDIT"),
        # The first clone would fit, the second would not: none is made.
        ({"changes": {"events": 0}}, "INVALID"),
    ],
    ids=str,
)
async def test_a_clone_that_cannot_be_leaves_nothing_behind(
    ask: Asker, arguments: dict[str, Any], code: str
) -> None:
    before = await rows_of_all_tables(ask.database)

    answer = await clone(ask, **arguments)

    assert answer["code"] == code
    assert await rows_of_all_tables(ask.database) == before


async def test_a_clone_of_what_changed_since_it_was_looked_at_is_a_conflict(ask: Asker) -> None:
    name = (await created(ask))["name"]
    await update(ask, name, 1, {"priority": 1})

    answer = await clone(ask, name, 1, version=1)

    assert (answer["__typename"], answer["currentVersion"]) == ("Conflict", 2)


CLONE_STEP = """
mutation($kind: String!, $changes: UpdateRequestInput) {
  change: cloneStep(name: "PROD2025-016", kind: $kind, changes: $changes, idempotencyKey: "step") {
    ... on RequestsCloned { requests { name steps { key script parent { key } } relations { kind } } }
    ... on Refusal { code message } } }"""


async def test_a_step_is_made_anew_from_what_the_source_wrote_with_its_seeds(ask: Asker) -> None:
    [made] = (await ask(CLONE_STEP, kind="reco"))["change"]["requests"]

    script = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02/reco.C"
    assert made["steps"] == [
        {"key": "PROD2025-018.RECO", "script": script, "parent": {"key": "PROD2025-016.SIM"}}
    ]
    assert made["relations"] == [{"kind": "repeats"}]
    assert await ledger(ask.database, "PROD2025-018") == [
        (40_001, 50_000, "reads the events of PROD2025-016")
    ]


@pytest.mark.parametrize(("kind", "words"), [("SIM", "reads nothing"), ("DIGI", "has no step DIGI")])
async def test_a_step_that_cannot_be_made_anew_alone_is_refused(ask: Asker, kind: str, words: str) -> None:
    answer = await ask(CLONE_STEP, kind=kind)

    assert words in answer["change"]["message"]
