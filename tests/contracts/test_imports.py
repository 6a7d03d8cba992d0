"""Imports point one way; where one does not, the test names its file and line."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.postgres import ROOT

# How import-linter shows one import: importer, imported, and the lines on which it stands.
ARROW = re.compile(r"([\w.]+) -> ([\w.]+) \(l\.(\d+)")


def imports_against_the_arrow(folder: Path) -> list[str]:
    """Hold the contracts of the folder's pyproject.toml against its package; empty when they are kept."""
    # Without the cache, which would answer for files as they were.
    check = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    if check.returncode == 0:
        return []
    found = ARROW.findall(check.stdout)
    said = [f"{file_of(folder, importer)}:{line} imports {imported}" for importer, imported, line in found]
    return list(dict.fromkeys(said)) or check.stdout.strip().splitlines()


def file_of(folder: Path, module: str) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if (folder / path).is_dir() else path.with_suffix(".py")


@pytest.fixture
def empty_layers(tmp_path: Path) -> Path:
    """A package with every layer our contract names and nothing in them."""
    contract = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(contract)
    layers = tomllib.loads(contract)["tool"]["importlinter"]["contracts"][0]["layers"]
    for layer in re.findall(r"gateway\.\w+", " ".join(layers)):
        folder = tmp_path / layer.replace(".", "/")
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    (tmp_path / "gateway" / "__init__.py").touch()
    return tmp_path


def test_imports_point_one_way() -> None:
    assert imports_against_the_arrow(ROOT) == []


def test_empty_layers_break_nothing(empty_layers: Path) -> None:
    assert imports_against_the_arrow(empty_layers) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("domain/seeds.py", "gateway.store"),
        ("domain/seeds.py", "gateway.settings"),
        ("store/requests.py", "gateway.schema"),
        ("resolvers/requests.py", "gateway.web"),
        ("imports/sheet.py", "gateway.web"),
        ("errors.py", "gateway.domain"),
    ],
)
def test_an_import_against_the_arrow_is_told_with_file_and_line(
    empty_layers: Path, importer: str, imported: str
) -> None:
    path = empty_layers / "gateway" / importer
    if path.with_suffix("").is_dir():
        path = path.with_suffix("") / "__init__.py"
    path.write_text(f"import json\n\nimport {imported}\n")

    said = imports_against_the_arrow(empty_layers)

    assert said == [f"{path.relative_to(empty_layers)}:3 imports {imported}"]


def test_a_layer_that_is_not_there_is_told(empty_layers: Path) -> None:
    (empty_layers / "gateway" / "web" / "__init__.py").unlink()
    (empty_layers / "gateway" / "web").rmdir()

    said = imports_against_the_arrow(empty_layers)

    assert said == ["Missing layer 'gateway.web': module gateway.web does not exist."]
