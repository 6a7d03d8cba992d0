"""Badges, metrics and lists by a line: what GraphQL says, for programs without it."""

import json
import re
from xml.etree import ElementTree as ET

import httpx2
import pytest

from gateway.app import create_app
from gateway.resolvers.metrics import METRICS
from gateway.settings import Settings
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.postgres import ROOT

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "spd-gateway.json").read_text())


def asking(database: Database, **given: object) -> httpx2.AsyncClient:
    app = create_app(Settings(**given), database, clock=lambda: LOADED_AT)  # type: ignore[arg-type]
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(transport=transport, base_url="http://gateway.example")


def figures(text: str) -> dict[str, float]:
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if not line.startswith("#")
    }


async def test_metrics_are_what_graphql_counts(client: httpx2.AsyncClient, ask: Asker) -> None:
    response = await client.get("/metrics")
    counted = await ask(
        """{ requests(filter: { intent: [ACCEPTED] }) { totalCount }
             findings(filter: { severity: [WARNING], acknowledgedAt: { isNull: true } }) { totalCount }
             tasks(filter: { execution: [PARTIAL] }) { totalCount } }"""
    )

    found = figures(response.text)
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found['spd_requests{intent="ACCEPTED"}'] == counted["requests"]["totalCount"]
    assert found['spd_findings{severity="WARNING"}'] == counted["findings"]["totalCount"]
    assert found['spd_tasks{execution="PARTIAL"}'] == counted["tasks"]["totalCount"]
    assert {f"# TYPE {name} gauge" for name in METRICS} <= set(response.text.splitlines())


def test_every_metric_is_documented_as_it_says_itself() -> None:
    page = (ROOT / "docs" / "flat-doors.md").read_text()

    shown = dict(re.findall(r"^\| `(spd_\w+)` \| \w+ \| (.*) \|$", page, re.MULTILINE))

    assert shown == {"spd_gateway_info": "The gateway that says all this.", **METRICS}


def test_the_dashboard_asks_for_metrics_that_are_there_and_for_all_that_can_be_drawn() -> None:
    asked = {
        name
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
        for name in re.findall(r"spd_\w+", target["expr"])
    }

    assert asked == METRICS.keys() - {"spd_check_value"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


async def test_the_documented_queries_of_grafana_have_their_rows(ask: Asker) -> None:
    page = (ROOT / "docs" / "flat-doors.md").read_text()
    shown = re.findall(r'\| `\{"query": "(.*)"\}` \| `data\.([\w.]+)` \|', page)

    assert len(shown) == 2
    for query, root in shown:
        rows = await ask(query)
        for name in root.split("."):
            rows = rows[name]
        assert isinstance(rows, list)


async def test_a_badge_says_what_graphql_says(client: httpx2.AsyncClient) -> None:
    response = await client.get("/badge/PROD2025-013.svg")
    again = await client.get("/badge/PROD2025-013.svg", headers={"If-None-Match": response.headers["etag"]})

    title = ET.fromstring(response.text).findtext("{http://www.w3.org/2000/svg}title")  # noqa: S314
    assert response.headers["content-type"].startswith("image/svg+xml")
    assert title == "PROD2025-013: accepted, partial, 99.92 %"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["PROD2025-999", "%3Cscript%3Ealert(1)", 'a"b&c'])
async def test_a_badge_of_nothing_is_a_picture_that_says_so(client: httpx2.AsyncClient, name: str) -> None:
    response = await client.get(f"/badge/{name}.svg")

    assert response.status_code == 404
    assert "<script" not in response.text
    assert ET.fromstring(response.text).tag.endswith("svg")  # noqa: S314


async def test_productions_are_exported_by_a_line(client: httpx2.AsyncClient) -> None:
    url = "/export/requests.csv"
    found = await client.get(url, params={"line": "stage:S2 status:PARTIAL", "fields": "name"})
    both = await client.get(
        url,
        params={
            "line": "stage:S2 status:PARTIAL",
            "filter": '{"name": {"eq": "PROD2025-013"}}',
            "fields": "name",
        },
    )
    wrong = await client.get(url, params={"line": "stgae:S2", "fields": "name"})
    other = await client.get("/export/tasks.csv", params={"line": "stage:S2", "fields": "name"})

    assert "PROD2025-013" in found.text.split()
    assert both.text.split() == ["name", "PROD2025-013"]
    assert wrong.json()["errors"][0]["extensions"]["code"] == "BAD_LINE"
    assert "(at character 1)" in wrong.json()["errors"][0]["message"]
    assert other.status_code == 400


async def test_a_closed_gateway_shows_them_to_nobody_unless_it_is_told_to(world: Database) -> None:
    async with asking(world) as closed, asking(world, open_status=True) as open_:
        said = [
            (await client.get(path)).status_code
            for client in (closed, open_)
            for path in ("/metrics", "/badge/PROD2025-013.svg", "/export/requests.csv")
        ]

    assert said == [401, 401, 401, 200, 200, 401]
