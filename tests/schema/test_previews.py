"""Previews say what a request would become, to the parameters PanDA would get, and write nothing."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gateway.app import create_executor
from gateway.store.database import Database
from gateway.store.storages import StorageUsage
from gateway.upstreams.cvmfs import MountedCvmfs
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import MINIMUM_BIAS
from tests.support.asking import Asker

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

FIELDS = """
  __typename
  ... on RequestPreview {
    name seedFirst seedLast jobs physicsKey sizeBytes { expected spread } unsureTaskIds
    steps { kind attempt taskName outputs template parameters problem scriptSha256
            forecast { jobs sizeBytes { expected } coreHours { expected } taskIds } }
    findings { code severity message }
  }
  ... on Refusal { code message }
  ... on Invalid { problems { field } }
"""
STORED = (
    "query($name: String!, $storage: String) {"
    f" preview: previewRequest(name: $name, storage: $storage) {{ {FIELDS} }} }}"
)
NEW = f"query($input: CreateRequestInput!) {{ preview: previewNewRequest(input: $input) {{ {FIELDS} }} }}"


async def preview(ask: Asker, name: str = "PROD2025-016", storage: str | None = None) -> Any:
    return (await ask(STORED, name=name, storage=storage))["preview"]


async def preview_new(ask: Asker, **changes: object) -> Any:
    return (await ask(NEW, input=MINIMUM_BIAS | changes))["preview"]


def codes(found: Any, severity: str) -> set[str]:
    return {each["code"] for each in found["findings"] if each["severity"] == severity}


async def test_a_stored_request_shows_the_task_parameters_that_panda_would_get(ask: Asker) -> None:
    found = await preview(ask)

    simulation, reconstruction = found["steps"]
    name = "MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016"
    assert (found["name"], found["seedFirst"], found["seedLast"], found["jobs"]) == (
        "PROD2025-016",
        40_001,
        50_000,
        10_000,
    )
    assert simulation["outputs"] == [f"MC2025_S2:{name}.SIM.1.{kind}" for kind in ("S", "P", "log")]
    assert simulation["template"] == "built-in SIM version 0"
    assert simulation["parameters"]["taskName"] == "PROD2025-016.SIM.1"
    assert simulation["parameters"]["jobParameters"][3]["offset"] == 40_000
    assert reconstruction["parameters"]["dsForIN"] == f"MC2025_S2:{name}.SIM.1.S"
    assert (simulation["problem"], reconstruction["problem"]) == (None, None)


async def test_the_forecast_says_from_which_tasks_it_is_and_which_are_unsure(ask: Asker) -> None:
    found = await preview(ask)

    assert round(found["sizeBytes"]["expected"] / 1e12, 1) == 36.9
    # No task of the talk recorded its script: all may be the same, none certainly is.
    used = {task_id for step in found["steps"] for task_id in step["forecast"]["taskIds"]}
    assert set(found["unsureTaskIds"]) == used
    assert found["steps"][0]["forecast"]["coreHours"] is None


async def test_a_new_request_shows_the_name_and_seeds_it_would_get(ask: Asker) -> None:
    found = [await preview_new(ask) for _ in range(2)]

    assert [(each["name"], each["seedFirst"], each["seedLast"]) for each in found] == [
        ("PROD2025-018", 50_001, 51_000)
    ] * 2


async def test_physics_that_nobody_has_simulated_has_no_forecast(ask: Asker) -> None:
    found = await preview_new(ask, polarization="LL")

    assert found["sizeBytes"] is None
    assert [step["forecast"]["taskIds"] for step in found["steps"]] == [[], []]


async def test_what_is_wrong_is_found_before_anything_is_made(ask: Asker) -> None:
    found = await preview_new(
        ask, softwareVersion="4.1.7.1", geometries=["TS"], seeds={"first": 40_001, "last": 41_000}
    )

    # Of another version, so other physics, and with the geometry no overlap with what is stored.
    assert codes(found, "BLOCKER") == {"version-disagrees", "geometry-lacking"}


async def test_seeds_that_another_has_block(ask: Asker) -> None:
    found = await preview_new(ask, seeds={"first": 40_001, "last": 41_000})

    assert codes(found, "BLOCKER") == {"seed-overlap"}


async def test_a_step_without_a_script_says_why_it_could_not_be_submitted(ask: Asker) -> None:
    found = await preview_new(ask, steps=[{"kind": "SIM"}, {"kind": "ANAL", "script": "/cvmfs/x/anal.C"}])

    assert [step["problem"] for step in found["steps"]] == [
        "PROD2025-018 SIM has no script yet, so it cannot become a task.",
        "No template says how a ANAL step of spdroot-dev becomes a PanDA task. Register one.",
    ]
    assert found["steps"][0]["parameters"] is None


async def test_room_is_looked_at_where_the_outputs_will_lie(own_world: Database) -> None:
    async with own_world.transaction() as session:
        await session.execute(
            update(StorageUsage).where(StorageUsage.rse_name == "SSAU_DISK").values(free_bytes=10**13)
        )
    ask = Asker(own_world, LOADED_AT)

    found = await preview(ask, storage="SSAU_DISK")
    unknown = await preview(ask, storage="NOWHERE")

    assert "storage-too-small" in codes(found, "BLOCKER")
    assert "storage-too-small" not in codes(await preview(ask, storage="JINR_EOS"), "BLOCKER")
    assert (unknown["__typename"], unknown["code"]) == ("Refused", "BAD_INPUT")


async def test_a_request_that_is_not_there_has_no_preview(ask: Asker) -> None:
    assert (await preview(ask, "PROD2025-999"))["code"] == "NOT_FOUND"
    assert (await preview_new(ask, events=0))["problems"] == [{"field": "events"}]


async def test_without_cvmfs_its_contents_are_said_to_be_unverified(ask: Asker, tmp_path: Path) -> None:
    ask.executor = create_executor(ask.database, lambda: ask.now, cvmfs=MountedCvmfs(tmp_path))

    found = await preview(ask)

    assert "cvmfs-unverified" in codes(found, "INFO")
    assert found["steps"][0]["scriptSha256"] is None


async def test_with_cvmfs_scripts_are_looked_at_and_hashed(ask: Asker, tmp_path: Path) -> None:
    folder = "spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02"
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "simu.C").write_bytes(b"void simu() {}")
    (tmp_path / "spd.jinr.ru" / "spdroot-dev" / "4.1.7.2").mkdir(parents=True)
    ask.executor = create_executor(ask.database, lambda: ask.now, cvmfs=MountedCvmfs(tmp_path))

    found = await preview(ask)

    assert "script-not-on-cvmfs" in codes(found, "BLOCKER")
    assert {"cvmfs-unverified", "release-not-on-cvmfs"} & codes(found, "INFO") == set()
    assert [step["scriptSha256"] for step in found["steps"]] == [
        "815301e4def572a8ae33129a03ab25af1ef867f8446ce6ce420931c1963cf742",
        None,
    ]


async def test_a_forecast_can_leave_out_what_the_request_itself_did(ask: Asker) -> None:
    """What came of PROD2025-016 is held against the others of its physics, or it would agree with itself."""
    document = (
        'query($own: Boolean!) { preview: previewRequest(name: "PROD2025-016", withoutOwn: $own)'
        " { ... on RequestPreview { steps { forecast { taskIds } } } } }"
    )
    own = (
        await ask(
            'query { request(name: "PROD2025-016")'
            " { ... on Request { steps { attempts { task { jediTaskId } } } } } }"
        )
    )["request"]["steps"]
    own_ids = {each["task"]["jediTaskId"] for step in own for each in step["attempts"]}

    usual = (await ask(document, own=False))["preview"]["steps"]
    without = (await ask(document, own=True))["preview"]["steps"]

    for before, after, mine in zip(usual, without, own, strict=True):
        ids = {each["task"]["jediTaskId"] for each in mine["attempts"]}
        assert ids <= set(before["forecast"]["taskIds"])
        assert set(after["forecast"]["taskIds"]) == set(before["forecast"]["taskIds"]) - own_ids
