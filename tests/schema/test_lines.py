"""Lines such as `stage:S2 energy:27`: the same meaning everywhere, and where they cannot be understood."""

import contextlib
import json
from typing import Any

import pytest

from gateway.errors import LineError
from gateway.schema.lines import condition_of_line, filter_of
from tests.support.asking import Asker
from tests.support.postgres import ROOT

# The panel reads the same file (frontend/tests/line.test.ts).
CASES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "lines.json").read_text())
READ = """query($line: String!) { readLine(line: $line) {
  ... on Line { filter words } ... on LineProblem { message position length } } }"""
FIND = "query($filter: RequestFilter) { requests(first: 100, filter: $filter) { nodes { name } } }"


async def names(ask: Asker, filter_: dict[str, Any]) -> list[str]:
    return [node["name"] for node in (await ask(FIND, filter=filter_))["requests"]["nodes"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["line"])
async def test_a_line_is_the_filter_that_people_could_write(ask: Asker, case: dict[str, Any]) -> None:
    said = (await ask(READ, line=case["line"]))["readLine"]

    assert said["filter"] == case["filter"]
    assert await names(ask, {"line": case["line"]}) == await names(ask, said["filter"])


@pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("seed:20001 status:PARTIAL", ["PROD2025-014"]),
        ("PROD2025-01 events:>=40M stage:S2 -status:PARTIAL", ["PROD2025-015", "PROD2025-016"]),
        ("-stage:S1,S2", []),
        ("intent:OBSOLETE", ["PROD2025-001"]),
    ],
)
async def test_productions_are_found_by_a_line(ask: Asker, line: str, found: list[str]) -> None:
    assert await names(ask, {"line": line}) == found


@pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("line", "position", "length", "word"),
    [
        ("stage:S2 enrgy:27", 10, 5, "Did you mean energy?"),
        ("events:many", 8, 4, "takes a number"),
        ("events:>1.5", 9, 3, "no whole number"),
        ("events:1..", 11, 1, "takes a number"),
        ("stage:S2 tag:", 10, 4, "lacks its value"),
        ("stage:S1,,S2", 10, 1, "lacks a value here"),
        ("status:PARTAL", 8, 6, "Did you mean PARTIAL?"),
        ("test:maybe", 6, 5, "yes or no"),
        ("seed:>4", 6, 2, "a range"),
        ('tag:"minbias', 5, 8, "quotation mark"),
        ('a ""', 3, 2, "Nothing stands"),
        ("events:99999999999G", 8, 12, "64 bits"),
        ("a" * 501, 501, 1, "at most 500"),
        ("a " * 41, 81, 2, "at most 40"),
    ],
)
async def test_what_cannot_be_understood_is_said_with_its_place(
    ask: Asker, line: str, position: int, length: int, word: str
) -> None:
    said = (await ask(READ, line=line))["readLine"]
    refused = await ask.answer(FIND, filter={"line": line})

    assert (said["position"], said["length"]) == (position, length)
    assert word in said["message"]
    assert refused["errors"][0]["extensions"]["code"] == "BAD_LINE"
    assert refused["errors"][0]["message"] == said["message"]


def test_every_line_of_printable_characters_is_read_or_refused_in_words() -> None:
    read = 0
    for seed in range(2000):
        line = "".join(
            chr(32 + (seed * 7919 + place * place * 31 + place * seed) % 95) for place in range(24)
        )
        with contextlib.suppress(LineError):
            filter_of(condition_of_line(line))
            read += 1

    assert 0 < read < 2000
