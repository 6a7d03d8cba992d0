"""Whoever installs the built wheel gets the panel and the schema's migrations, on a machine without Node.

Its dependencies are taken from this environment; everything of ours comes out of the wheel.
"""

import os
import re
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.web.panel import is_built

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is in the wheel."""
    if not is_built():
        if os.environ.get("CI"):
            raise RuntimeError("the panel is not built")
        pytest.skip("the panel is not built; `make panel` builds it")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    [wheel] = folder.glob("spd_gateway-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder / "installed")
    return folder / "installed"


@pytest.fixture(scope="module")
def stranger(installed: Path) -> dict[str, str]:
    """The environment of somebody who has the wheel, its dependencies, and no Node."""
    return {
        # Before the checkout, to which this environment's own installation points.
        "PYTHONPATH": os.pathsep.join([str(installed), sysconfig.get_path("purelib")]),
        "PATH": str(installed),
        "GATEWAY_DATABASE_URL": f"sqlite+aiosqlite:///{installed.parent / 'gateway.db'}",
        "GATEWAY_OPEN_ACCESS": "true",
        "GATEWAY_LOG_FORMAT": "text",
    }


@pytest.fixture(scope="module")
def served(installed: Path, stranger: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "gateway"]
    subprocess.run([*command, "migrate"], cwd=installed.parent, env=stranger, check=True, timeout=PATIENCE_S)
    process = subprocess.Popen(
        [*command, "serve", "--port", "0"],
        cwd=installed.parent,
        env=stranger,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    while "serve.listening" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    yield re.findall(r"(http://\S+)/graphql", said)[0]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)


def test_everything_of_ours_comes_out_of_the_wheel(installed: Path, stranger: dict[str, str]) -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import gateway.client, gateway; print(gateway.__file__)"],
        cwd=installed.parent,
        env=stranger,
        capture_output=True,
        text=True,
        check=True,
    )

    assert Path(said.stdout.strip()) == installed / "gateway" / "__init__.py"
    assert not list(installed.rglob("node_modules"))


def test_the_panel_is_served_with_all_that_its_page_asks_for(served: str) -> None:
    page = httpx2.get(served, headers={"accept": "text/html"}, timeout=60)
    asked = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    answers = [httpx2.get(f"{served}{path}", timeout=60) for path in asked]

    assert page.status_code == 200
    assert len(asked) >= 2
    assert {answer.status_code for answer in answers} == {200}


def test_the_database_that_the_wheel_made_is_answered_from(served: str) -> None:
    answer = httpx2.post(f"{served}/graphql", json={"query": "{ requests { totalCount } }"}, timeout=60)

    assert answer.json()["data"] == {"requests": {"totalCount": 0}}
