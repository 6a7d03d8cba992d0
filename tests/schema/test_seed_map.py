"""The map of seeds shows who holds what of a physics, and where the next free ones begin."""

import pytest

from tests.support.asking import Asker

KEY = (
    "spdroot-dev|4.1.7.2|minbias-P8-spdroot4172-dev|pp|27|UU|S2|"
    "BBC,DSSD,ECal,FARICH,RS,TOF,TS,ZDC (sketch)|V02"
)
MAP = """query($key: String!) { seedMap(physicsKey: $key) {
  physicsKey nextFree seedsTaken
  ranges { seedFirst seedLast requestName isSameScript request { intent } } } }"""

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


async def test_the_talks_minimum_bias_is_taken_up_to_50000(ask: Asker) -> None:
    found = (await ask(MAP, key=KEY))["seedMap"]

    assert (found["physicsKey"], found["nextFree"], found["seedsTaken"]) == (KEY, 50_001, 50_000)
    assert {row["requestName"] for row in found["ranges"]} == {f"PROD2025-{n:03d}" for n in range(11, 17)}
    assert {row["requestName"] for row in found["ranges"] if row["isSameScript"]} == {"PROD2025-016"}
    assert found["ranges"][-1] == {
        "seedFirst": 40_001,
        "seedLast": 50_000,
        "requestName": "PROD2025-016",
        "isSameScript": True,
        "request": {"intent": "READY"},
    }


async def test_the_next_free_seeds_are_told_without_being_taken(ask: Asker) -> None:
    document = "query($key: String!) { nextFreeSeeds(physicsKey: $key, count: 10000) { seedFirst seedLast } }"

    answers = [await ask(document, key=KEY) for _ in range(2)]

    assert answers == [{"nextFreeSeeds": {"seedFirst": 50_001, "seedLast": 60_000}}] * 2


@pytest.mark.parametrize(("key", "count", "code"), [("nonsense", 1, "BAD_NAME"), (KEY, 0, "BAD_NUMBER")])
async def test_what_is_no_physics_or_no_count_is_refused(ask: Asker, key: str, count: int, code: str) -> None:
    answer = await ask.answer(
        "query($key: String!, $n: BigInt!) { nextFreeSeeds(physicsKey: $key, count: $n) { seedFirst } }",
        key=key,
        n=count,
    )

    assert answer["errors"][0]["extensions"]["code"] == code
