"""A stranger installs the wheel, with what its lock asks for and nothing else, and gets the panel."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.web.panel import is_built
from tests.support.postgres import ROOT

# Seventy packages come from the index; a loaded machine takes minutes to unpack them.
PATIENCE_S = 900


def run(*command: str | Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built for others."""
    if not is_built():
        if os.environ.get("CI"):
            raise RuntimeError("the panel is not built")
        pytest.skip("the panel is not built; `make panel` builds it")
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    [wheel] = folder.glob("spd_gateway-*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment of its own, made as docs/deployment.md says, with the versions of the lock."""
    folder = tmp_path_factory.mktemp("stranger") / "environment"
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile")
    run(python, *install, "--require-hashes", "-r", ROOT / "requirements.lock")
    run(python, *install, "--no-deps", wheel)
    return folder


@pytest.fixture(scope="module")
def served(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `gateway run`, started in an empty folder by somebody who has nothing but it."""
    home = tmp_path_factory.mktemp("home")
    process = subprocess.Popen(
        [environment / "bin" / "gateway", "run", "--port", "0"],
        cwd=home,
        env={"PATH": str(environment / "bin"), "HOME": str(home), "GATEWAY_PRACTICE_PORT": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = ""
        while "sync.started" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        yield re.findall(r"(http://\S+)/graphql", said)[0]
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_nothing_of_this_checkout_is_used(environment: Path) -> None:
    places = run(
        environment / "bin" / "python",
        *("-I", "-c", "import sys, gateway; print(gateway.__file__, *sys.path, sep='\\n')"),
    ).splitlines()

    assert places[0].startswith(str(environment))
    assert [place for place in places if place.startswith(str(ROOT))] == []


def test_the_panel_is_there_without_node(served: str) -> None:
    page = httpx2.get(served, headers={"accept": "text/html"}, timeout=120)
    asked = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)

    assert page.status_code == 200
    assert len(asked) >= 2
    assert {httpx2.get(f"{served}{path}", timeout=120).status_code for path in asked} == {200}


def test_the_practice_world_is_answered_from(served: str) -> None:
    query = '{ request(name: "PROD2025-013") { ... on Request { execution } } }'

    answer = httpx2.post(f"{served}/graphql", json={"query": query}, timeout=120).json()

    assert answer["data"] == {"request": {"execution": "PARTIAL"}}


def test_the_wheel_carries_what_it_needs_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()

    assert "gateway/static/index.html" in names
    assert any(name.startswith("gateway/_migrations/versions/0001") for name in names)
    assert [name for name in names if name.startswith(("tests/", "frontend/", "deploy/"))] == []
