"""Documentation is executed: queries run, shown answers are the answers, and every setting is told."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.settings import Settings
from gateway.sync.jobs import PACES
from gateway.upstreams.http import Manners
from tests.contracts.settings_page import settings_page
from tests.support.asking import Asker

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The variables documented queries are sent with, by the names they declare.
VARIABLES = {"name": "PROD2025-013", "did": "MC2025_S1:%"}


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


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.page)
async def test_documented_queries_run_and_answer_as_shown(example: Example, ask: Asker) -> None:
    declared = {name: value for name, value in VARIABLES.items() if f"${name}:" in example.query}

    answer = await ask(example.query, **declared)

    if example.answer is not None:
        assert answer == json.loads(example.answer)["data"]


def test_the_readme_shows_a_query_with_its_answer() -> None:
    shown = [example for example in EXAMPLES if example.page == "README.md"]

    assert [example.answer is not None for example in shown] == [True]


def test_an_answer_belongs_to_the_query_before_it() -> None:
    text = "```graphql\n{a}\n```\n\n```json\n{}\n```\n```graphql\n{b}\n```\n"

    assert examples_of("p", text) == [Example("p", "{a}\n", "{}\n"), Example("p", "{b}\n", None)]


def test_the_stored_query_is_the_one_the_readme_shows() -> None:
    [shown] = [example for example in EXAMPLES if example.page == "README.md"]

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
