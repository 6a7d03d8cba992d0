"""docs/security.md says what is so: each threat's tests are there, and its rights are those of the code."""

import ast
import re

from gateway.auth.permissions import RIGHTS, Right, Role
from tests.support.postgres import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
COLUMNS = (
    Role.VIEWER,
    Role.ANALYST,
    Role.OPERATOR,
    Role.PRODUCTION_MANAGER,
    Role.ADMINISTRATOR,
    Role.SERVICE,
)


def missing_tests(text: str) -> list[str]:
    """Return the tests that a text names and that are not there."""
    return [
        f"{path}::{name}" if name else path
        for path, name in _TEST.findall(text)
        if not (ROOT / path).is_file() or (name and name not in functions_of(path))
    ]


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def threats(text: str) -> list[list[str]]:
    """Return the cells of the last table."""
    table = text[text.index("## Threats") :]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "|" in line
    ]
    return rows[2:]


def test_every_test_that_the_page_names_is_there() -> None:
    assert missing_tests(PAGE) == []


def test_every_threat_names_a_test() -> None:
    rows = threats(PAGE)

    assert len(rows) == 38
    assert [row[0] for row in rows if not _TEST.search(row[2])] == []


def test_a_test_that_is_not_there_is_found() -> None:
    text = (
        "`tests/contracts/test_security_page.py::test_nothing` `tests/nowhere.py` `tests/contracts/rules.py`"
    )

    assert missing_tests(text) == [
        "tests/contracts/test_security_page.py::test_nothing",
        "tests/nowhere.py",
    ]


def test_the_table_of_rights_is_that_of_the_code() -> None:
    told = {
        Right[cells[0]]: {role for role, cell in zip(COLUMNS, cells[1:], strict=True) if cell == "yes"}
        for line in PAGE.splitlines()
        if line.startswith("| ")
        and (cells := [cell.strip() for cell in line.split("|")[1:-1]])[0] in Right.__members__
    }

    assert told == {right: {role for role in Role if right in RIGHTS[role]} for right in Right}
