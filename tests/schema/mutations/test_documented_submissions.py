"""What README and docs/submissions.md show of submitting is done, from the clone to the repair."""

import re
from collections.abc import AsyncIterator

import pytest

from gateway.store.database import Database
from tests.schema.mutations.asking import created
from tests.schema.mutations.stage import Stage, stage_on
from tests.support.postgres import ROOT

PAGES = (ROOT / "docs" / "submissions.md", ROOT / "README.md")
SHOWN = {
    str(name): text
    for page in PAGES
    for text in re.findall(r"^```mutation\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    for name in re.findall(r"(?:mutation|query) (\w+)", text)
}


@pytest.fixture
async def stage(own_world: Database) -> AsyncIterator[Stage]:
    async with stage_on(own_world) as stage:
        yield stage


async def test_what_the_page_shows_takes_a_production_from_submission_to_repair(stage: Stage) -> None:
    stage.panda.unlucky, stage.panda.failure_rate = 3, 1.0
    request = await created(stage.ask, events=800_000)
    step = f"{request['name']}.SIM"

    submitted = await stage.ask(SHOWN["Submit"], name=request["name"], version=request["version"])
    await stage.send()
    stage.panda.unlucky, stage.panda.failure_rate = None, 0.0
    await stage.pass_time(hours=1)
    killed = await stage.ask(SHOWN["Kill"], tasks=[stage.task(f"{step}.1").task_id])
    missing = await stage.ask(SHOWN["Missing"], step=step)
    recovered = await stage.ask(SHOWN["Recover"], step=step, count=missing["missingSeeds"]["count"])

    assert sorted(SHOWN) == ["Clone", "Kill", "Look", "Missing", "Recover", "Start", "Submit"]
    assert [one["state"] for one in submitted["submitRequest"]["attempts"]] == ["PLANNED", "WAITING"]
    assert [one["isPossible"] for one in killed["steerTasks"]["tasks"]] == [False]
    assert missing["missingSeeds"]["count"] == 3
    assert [one["key"] for one in recovered["recoverStep"]["attempts"]] == [
        f"{step}.2",
        f"{request['name']}.RECO.2",
    ]


async def test_the_readmes_three_calls_take_the_next_batch_to_its_end(stage: Stage) -> None:
    looked = (await stage.ask(SHOWN["Look"]))["previewClone"]
    [cloned] = (await stage.ask(SHOWN["Clone"]))["cloneRequest"]["requests"]
    started = (await stage.ask(SHOWN["Start"], name=cloned["name"]))["submitRequest"]
    await stage.send()
    for _ in range(2):
        await stage.pass_time(hours=3)

    [clone] = looked["clones"]
    assert (clone["name"], clone["seedFirst"], clone["seedLast"]) == (cloned["name"], 50_001, 60_000)
    assert [one["key"] for one in started["attempts"]] == [
        f"{cloned['name']}.{kind}.1" for kind in ("SIM", "RECO")
    ]
    for kind in ("SIM", "RECO"):
        task = stage.task(f"{cloned['name']}.{kind}.1")
        assert (task.status, task.files_finished) == ("done", 10_000)
