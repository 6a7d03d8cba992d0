"""The panel's own checks: its types, style and unit tests, and types that fit the committed schema."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def npm() -> str:
    """The npm that the set-up found, with what the panel's lock names installed."""
    npm = os.environ.get("GATEWAY_NPM")
    if npm is None:
        pytest.skip("NOT RUN: the panel's own checks: no Node (make test finds one)")
    subprocess.run(["sh", "scripts/panel.sh", "tools"], cwd=ROOT, check=True, timeout=TIMEOUT_S)
    return npm


@pytest.mark.parametrize("script", ["check", "lint", "test"])
def test_its_sources_pass(npm: str, script: str) -> None:
    done = subprocess.run(
        [npm, "run", "--silent", script],
        cwd=FRONTEND,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        stdin=subprocess.DEVNULL,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_its_types_are_those_of_the_committed_schema(npm: str, tmp_path: Path) -> None:
    made = tmp_path / "schema-types.d.ts"
    subprocess.run(
        [npm, "run", "--silent", "types", "--", "--output", str(made)],
        cwd=FRONTEND,
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
        stdin=subprocess.DEVNULL,
    )

    assert made.read_text() == (FRONTEND / "src/api/schema-types.d.ts").read_text(), "run 'make schema'"
