"""The manifest of a production: what GraphQL says of it, in one file, for programs without GraphQL."""

import asyncio
import re
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from gateway.app import create_app
from gateway.settings import Settings
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.postgres import ROOT
from tests.support.serving import served

URL = "/manifest/PROD2025-013.json"


async def test_a_manifest_has_what_a_production_is_made_from_and_of(
    client: httpx2.AsyncClient, ask: Asker
) -> None:
    found = (await client.get(URL)).json()
    asked = (
        await ask(
            """{ request(name: "PROD2025-013") { ... on Request {
              version tag events seedRanges { seedFirst seedLast }
              steps { kind script attempts { jediTaskId datasets { did fileCount } } } } } }"""
        )
    )["request"]

    assert (found["manifest"], found["production"], found["version"]) == (1, "PROD2025-013", asked["version"])
    assert (found["physics"]["tag"], found["events"]) == (asked["tag"], asked["events"])
    assert found["seeds"] == [[each["seedFirst"], each["seedLast"]] for each in asked["seedRanges"]]
    assert [
        (step["kind"], step["script"], [attempt["task"] for attempt in step["attempts"]])
        for step in found["steps"]
    ] == [
        (step["kind"], step["script"], [attempt["jediTaskId"] for attempt in step["attempts"]])
        for step in asked["steps"]
    ]
    assert {
        (output["did"], output["files"])
        for step in found["steps"]
        for attempt in step["attempts"]
        for output in attempt["outputs"]
    } == {
        (dataset["did"], dataset["fileCount"])
        for step in asked["steps"]
        for attempt in step["attempts"]
        for dataset in attempt["datasets"]
    }
    assert found["steps"][1]["fileLists"]["R"] == "/files/PROD2025-013/RECO.R.json"
    assert set(found["freshness"]) >= {"panda", "rucio"}


async def test_asking_again_costs_nothing_while_nothing_changed(client: httpx2.AsyncClient) -> None:
    first = await client.get(URL)
    again = await client.get(URL, headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


async def test_a_production_that_is_not_there_is_not_found(client: httpx2.AsyncClient) -> None:
    response = await client.get("/manifest/PROD2025-999.json")

    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_who_may_not_read_gets_none(world: Database) -> None:
    app = create_app(Settings(), world, clock=lambda: LOADED_AT)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://g") as closed:
        assert (await closed.get(URL)).status_code == 401


async def test_the_documented_program_reads_a_manifest(client: httpx2.AsyncClient) -> None:
    page = (ROOT / "docs" / "sampo.md").read_text()
    [program] = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - the documentation's own
    content = (await client.get(URL)).content

    # The program is not asynchronous: what it reads is what the gateway has just said.
    with served(Starlette(routes=[Route(URL, lambda _request: Response(content))])) as url:
        found = await asyncio.to_thread(names["manifest"], url, "PROD2025-013")

    [did] = names["outputs"](found, "RECO", "R")
    assert did.endswith(".PROD2025-013.RECO.1.R")
