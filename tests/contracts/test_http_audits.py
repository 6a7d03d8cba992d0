"""The audits of the npm package graphql-http: every MUST and every SHOULD of GraphQL over HTTP is met."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import strawberry.asgi

from tests.app.serving import served_gateway
from tests.conftest import LOADED_AT
from tests.support.databases import DatabaseMaker
from tests.support.serving import served
from tests.web.sample import sample_schema

FOLDER = Path(__file__).parent
AUDIT_TIMEOUT_S = 120
INSTALL_TIMEOUT_S = 300

# The one audit we fail on purpose: it sends a GET with `Accept: */*`, which is what a browser sends for an
# image that another site made it load. The specification makes GET optional altogether.
REFUSED_ON_PURPOSE = {"5A70"}


@dataclass(frozen=True, slots=True)
class Audit:
    """One result; `status` is ok, error (a MUST), warn (a SHOULD) or notice (a MAY)."""

    id: str
    name: str
    status: str
    reason: str | None


def tool(name: str) -> str:
    """Return the path of node or npm: the one the set-up chose, else that of this machine."""
    path = os.environ.get(f"GATEWAY_{name.upper()}") or shutil.which(name)
    if not path:
        pytest.fail(f"{name} was not found; `make test` sets it up, or set GATEWAY_{name.upper()}")
    return path


@pytest.fixture(scope="module")
def node_packages() -> None:
    """Install the locked packages of this folder unless they are there."""
    wanted = json.loads((FOLDER / "package.json").read_text())["devDependencies"]
    if all(installed_version(name) == version for name, version in wanted.items()):
        return
    subprocess.run(
        [tool("npm"), "ci", "--ignore-scripts"],
        cwd=FOLDER,
        check=True,
        capture_output=True,
        timeout=INSTALL_TIMEOUT_S,
    )


def installed_version(name: str) -> str | None:
    manifest = FOLDER / "node_modules" / name / "package.json"
    return str(json.loads(manifest.read_text())["version"]) if manifest.exists() else None


def audit(url: str) -> list[Audit]:
    finished = subprocess.run(
        [tool("node"), "http_audits.mjs", url],
        cwd=FOLDER,
        check=True,
        capture_output=True,
        text=True,
        timeout=AUDIT_TIMEOUT_S,
    )
    return [Audit(**result) for result in json.loads(finished.stdout)]


@pytest.fixture(scope="module")
def audited_url(database_maker: DatabaseMaker, world_template: str) -> Iterator[str]:
    """The application itself, for a viewer who may introspect: audit 28B9 asks for `__type`."""
    with served_gateway(database_maker.copy_of(world_template), now=LOADED_AT) as url:
        yield f"{url}/graphql"


@pytest.fixture(scope="module")
def audits(node_packages: None, audited_url: str) -> list[Audit]:
    return audit(audited_url)


def failed(audits: list[Audit], level: str) -> list[Audit]:
    return [audit for audit in audits if audit.name.startswith(level) and audit.status != "ok"]


def test_every_must_is_met(audits: list[Audit]) -> None:
    assert failed(audits, "MUST") == []


def test_every_should_is_met(audits: list[Audit]) -> None:
    assert failed(audits, "SHOULD") == []


def test_every_may_is_met_but_the_one_that_is_unsafe(audits: list[Audit]) -> None:
    assert {audit.id for audit in failed(audits, "MAY")} == REFUSED_ON_PURPOSE


def test_all_audits_were_run(audits: list[Audit]) -> None:
    levels = [audit.name.split()[0] for audit in audits]

    assert (len(audits), levels.count("MUST"), levels.count("SHOULD")) == (61, 13, 23)


def test_audits_find_what_the_stock_view_leaves_open(node_packages: None) -> None:
    stock = strawberry.asgi.GraphQL[object, None](sample_schema, graphql_ide=None)

    with served(stock) as url:
        results = audit(url)

    assert {audit.id for audit in failed(results, "SHOULD")} == {
        "22EB",
        "865D",
        "556A",
        "D586",
        "51FE",
        "74FF",
        "5E5B",
        "86EE",
    }
