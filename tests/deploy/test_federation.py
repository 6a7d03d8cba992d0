"""Apollo's own gateway composes the schema with another team's graph, and asks both as one."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.app.serving import served_gateway
from tests.conftest import LOADED_AT
from tests.contracts.test_http_audits import tool
from tests.support.databases import DatabaseMaker

FOLDER = Path(__file__).parent / "federation"
PATIENCE_S = 300

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def packages() -> None:
    """Install the locked packages of the folder, unless they are there."""
    wanted = json.loads((FOLDER / "package.json").read_text())["devDependencies"]
    manifests = {name: FOLDER / "node_modules" / name / "package.json" for name in wanted}
    if all(
        manifest.exists() and json.loads(manifest.read_text())["version"] == wanted[name]
        for name, manifest in manifests.items()
    ):
        return
    subprocess.run(
        [tool("npm"), "ci", "--ignore-scripts"],
        cwd=FOLDER,
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )


@pytest.fixture(scope="module")
def routed(packages: None, database_maker: DatabaseMaker, world_template: str) -> dict[str, Any]:
    """What the router was answered, and what it asked us."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GATEWAY_FEDERATION", "true")
        with served_gateway(database_maker.copy_of(world_template), now=LOADED_AT) as url:
            ran = subprocess.run(
                [tool("node"), "router.mjs", f"{url}/graphql"],
                cwd=FOLDER,
                check=False,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_another_teams_things_show_our_fields(routed: dict[str, Any]) -> None:
    request = {"name": "PROD2025-013", "execution": "PARTIAL"}

    assert routed["fromTheirs"]["errors"] == []
    assert routed["fromTheirs"]["data"]["entries"] == [
        {
            "text": "beam test",
            "about": request,
            "site": {"name": "JINR", "country": "RU"},
            "by": {"username": "prodman", "displayName": "Production Manager"},
            "task": {"jediTaskId": 362, "status": "done"},
        },
        # What we do not have is null, and spoils nothing else.
        {"text": "of nothing", "about": None, "site": None, "by": None, "task": None},
        {
            "text": "again",
            "about": request,
            "site": {"name": "PNPI", "country": "RU"},
            "by": None,
            "task": {"jediTaskId": 364, "status": "done"},
        },
    ]


def test_our_things_show_another_teams_fields(routed: dict[str, Any]) -> None:
    assert routed["fromOurs"] == {
        "data": {
            "requests": {
                "nodes": [{"name": "PROD2025-013", "entries": [{"text": "beam test"}, {"text": "again"}]}]
            }
        },
        "errors": [],
    }


def test_each_type_is_asked_for_once(routed: dict[str, Any]) -> None:
    entities = [query for query in routed["asked"] if "_entities" in query]

    assert len(routed["asked"]) == 5
    assert sorted(query.split("...on ")[1].split("{")[0] for query in entities) == [
        "Person",
        "Request",
        "Site",
        "Task",
    ]
