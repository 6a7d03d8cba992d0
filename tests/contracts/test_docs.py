"""Documentation is executed: queries run, shown answers are the answers, and every setting is told."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gateway import cli
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.sync.jobs import PACES
from gateway.upstreams.http import Manners
from tests.conftest import LOADED_AT
from tests.contracts.settings_page import settings_page
from tests.support.asking import Asker

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The variables documented queries are sent with, by the names they declare.
VARIABLES = {"name": "PROD2025-013"}


@dataclass(frozen=True)
class Example:
    """A query shown in a page, with the answer shown after it, if one is."""

    page: str
    query: str
    answer: str | None


def examples_of(page: str, text: str) -> list[Example]:
    """Return the queries of a page; a JSON block belongs to the query before it."""
    found: list[Example] = []
    for language, content in _BLOCK.findall(text):
        if language == "graphql":
            found.append(Example(page, content, None))
        elif language == "json" and found and found[-1].answer is None:
            found[-1] = Example(page, found[-1].query, content)
    return found


EXAMPLES = [example for page in PAGES for example in examples_of(page.name, page.read_text())]
# Pages that tell a story: their examples change something, and each goes on where the one before it ended.
STORIES = sorted({example.page for example in EXAMPLES if example.query.startswith("mutation")})


async def check(example: Example, ask: Asker) -> dict[str, Any]:
    """Ask what the example asks, compare it with what it shows, and return the answer."""
    declared = {name: value for name, value in VARIABLES.items() if f"${name}:" in example.query}

    answer = await ask(example.query, **declared)

    if example.answer is not None:
        assert answer == json.loads(example.answer)["data"]
    return answer


@pytest.mark.parametrize(
    "example",
    [example for example in EXAMPLES if example.page not in STORIES],
    ids=lambda example: example.page,
)
async def test_documented_queries_run_and_answer_as_shown(example: Example, ask: Asker) -> None:
    await check(example, ask)


@pytest.mark.parametrize("page", STORIES)
async def test_documented_changes_run_in_their_order(page: str, own_world: Database) -> None:
    for example in EXAMPLES:
        if example.page == page:
            answer = await check(example, Asker(own_world, LOADED_AT))
            refused = [value for value in answer.values() if isinstance(value, dict) and "message" in value]
            assert refused == []


def test_the_readme_shows_a_query_with_its_answer() -> None:
    first = next(example for example in EXAMPLES if example.page == "README.md")

    assert first.answer is not None


def test_an_answer_belongs_to_the_query_before_it() -> None:
    text = "```graphql\n{a}\n```\n\n```json\n{}\n```\n```graphql\n{b}\n```\n"

    assert examples_of("p", text) == [Example("p", "{a}\n", "{}\n"), Example("p", "{b}\n", None)]


def test_the_stored_query_is_the_one_the_readme_shows() -> None:
    shown = next(example for example in EXAMPLES if example.page == "README.md")

    assert (ROOT / "docs" / "queries" / "production.graphql").read_text() == shown.query


async def test_the_readmes_curl_command_is_answered(ask: Asker) -> None:
    [body] = re.findall(r" -d '(\{.*\})'", (ROOT / "README.md").read_text())

    answer = await ask(json.loads(body)["query"])

    assert answer == {"request": {"intent": "ACCEPTED", "execution": "PARTIAL", "jobs": 10000}}


def test_the_settings_page_is_made_from_the_settings() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == settings_page(Settings)


def test_operations_publish_the_pace_of_every_job() -> None:
    published = {
        cells[0]: tuple(float(cell.removesuffix(" s")) for cell in cells[1:])
        for cells in re.findall(
            r"^\| (\w+\.\w+) \| (\d+ s) \| (\d+ s) \| (\d+ s) \| (\d+ s) \|$",
            (ROOT / "docs" / "operations.md").read_text(),
            re.MULTILINE,
        )
    }

    assert published == {
        name: (pace.changes_every_s, pace.whole_every_s, pace.deadline_s, pace.stale_after_s)
        for name, pace in PACES.items()
    }


def test_operations_publish_how_services_are_treated() -> None:
    text = " ".join((ROOT / "docs" / "operations.md").read_text().split())
    manners = Manners()

    assert (
        f"at most {manners.at_once} requests are in flight and {manners.per_second:.0f} a second begin, "
        f"in bursts of {manners.burst} at most"
    ) in text


def test_every_relative_link_of_the_documentation_leads_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_every_variable_we_send_is_declared_by_a_documented_query() -> None:
    assert undeclared(VARIABLES, EXAMPLES) == []


def test_a_variable_that_no_query_declares_is_found() -> None:
    assert undeclared({**VARIABLES, "did": ""}, EXAMPLES) == ["did"]


def undeclared(variables: Mapping[str, str], examples: Sequence[Example]) -> list[str]:
    return [name for name in variables if not any(f"${name}:" in example.query for example in examples)]


def folders_told(text: str) -> list[str]:
    """Return what the list of folders names inside gateway/, in its order, folders without the slash."""
    [block] = re.findall(r"^gateway/\n((?:  \S.*\n)+)", text, re.MULTILINE)
    return [line.split()[0].removesuffix("/") for line in block.splitlines()]


def layers() -> list[str]:
    """Return the modules of the layers that imports go down, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [found] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    return [name.strip().removeprefix("gateway.") for layer in found for name in layer.split(":")]


def test_the_list_of_folders_is_what_is_there() -> None:
    told = folders_told((ROOT / "docs" / "architecture.md").read_text())
    # The built panel is there on some machines only, and is no code of ours.
    there = {
        path.name
        for path in (ROOT / "gateway").iterdir()
        if not path.name.startswith("__") and (path.suffix == ".py" or (path / "__init__.py").exists())
    }

    assert (sorted(told), len(set(told))) == (sorted(there), len(told))


def test_the_list_of_folders_goes_down_as_imports_do() -> None:
    told = [
        name.removesuffix(".py") for name in folders_told((ROOT / "docs" / "architecture.md").read_text())
    ]

    assert [name for name in told if name in layers()] == layers()


def test_the_list_of_folders_names_the_commands() -> None:
    [told] = re.findall(r"^  cli\.py +(.*)$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)

    assert set(told.split(", ")) == command_names()


def test_a_wrong_list_of_folders_is_found() -> None:
    assert folders_told("gateway/\n  cli.py   run\n  web/     HTTP\nmigrations/\n") == ["cli.py", "web"]


def commands_in(text: str) -> set[tuple[str, str]]:
    """Return the make targets and gateway commands that stand as code in a page."""
    code = [content for _, content in _BLOCK.findall(text)] + re.findall(r"`([^`\n]+)`", text)
    found = (re.findall(r"^(?:\.venv/bin/)?(make|gateway) ([a-z-]+)", part, re.MULTILINE) for part in code)
    return {command for part in found for command in part}


def test_every_command_of_the_documentation_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    told = {page.name: commands_in(page.read_text()) for page in [*PAGES, ROOT / "CONTRIBUTING.md"]}

    known = {("make", target) for target in targets} | {("gateway", name) for name in command_names()}
    assert {page: commands - known for page, commands in told.items() if commands - known} == {}
    assert {("make", "run"), ("make", "test"), ("gateway", "query")} <= told["README.md"]


def command_names() -> set[str]:
    return set(get_command(cli.app).commands)  # type: ignore[attr-defined]


def test_a_command_is_read_from_blocks_and_from_lines() -> None:
    text = "Say `make walk`, not make run.\n\n```sh\ngateway fly --high  # up\n```\n"

    assert commands_in(text) == {("make", "walk"), ("gateway", "fly")}


def test_contributing_draws_the_arrow_that_imports_follow() -> None:
    [drawn] = re.findall(r"^    (cli > .*\n? *.*)$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)

    assert re.findall(r"\w+", drawn) == layers()
