"""The command line as people meet it: real processes, real files, one line when something is wrong."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "tests" / "data" / "spreadsheet_2025.csv"
QUESTION = '{ request(name: "PROD2025-013") { ... on Request { name execution } } }'
ANSWER = {"request": {"name": "PROD2025-013", "execution": "PARTIAL"}}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with a database of its own, and nothing of ours from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return kept | {"GATEWAY_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/gateway.db"}


def gateway(
    *arguments: str, environment: dict[str, str], stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextlib.contextmanager
def running(*arguments: str, environment: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a server until the end of the block; give its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if address := re.search(r"http://\S+/graphql", line):
                yield address.group(), process
                break
        else:
            pytest.fail("".join(said))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)


def ask(address: str, query: str) -> httpx2.Response:
    """Send one query over HTTP."""
    return httpx2.post(address, json={"query": query}, timeout=120)


def one_line(process: subprocess.CompletedProcess[str]) -> str:
    """Return what a refused command said, which must be one line without a traceback."""
    assert process.returncode == 2, process.stderr
    assert process.stdout == ""
    [line] = process.stderr.splitlines()
    return line


def test_run_answers_from_nothing_and_again_the_second_time(environment: dict[str, str]) -> None:
    for _time in range(2):
        with running("run", "--port", "0", environment=environment) as (address, _process):
            answer = ask(address, QUESTION).json()

        assert answer["data"] == ANSWER


def test_run_ends_cleanly_when_it_is_told_to(environment: dict[str, str]) -> None:
    with running("run", "--port", "0", environment=environment) as (_address, process):
        process.send_signal(signal.SIGTERM)

        status = process.wait(timeout=120)

    assert status in {0, -signal.SIGTERM}


def test_a_second_process_on_the_same_sqlite_file_is_refused(environment: dict[str, str]) -> None:
    with running("run", "--port", "0", environment=environment):
        second = gateway("run", "--port", "0", environment=environment)

    assert "another gateway process" in one_line(second)


def test_the_database_can_be_asked_while_a_server_runs(environment: dict[str, str]) -> None:
    with running("run", "--port", "0", environment=environment):
        asked = gateway("query", QUESTION, environment=environment)

    assert json.loads(asked.stdout)["data"] == ANSWER


def test_a_busy_port_is_told_in_one_line(environment: dict[str, str]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        refused = gateway("run", "--port", str(port), environment=environment)

    assert one_line(refused).startswith(
        f"gateway: cannot listen on 127.0.0.1:{port}: Address already in use."
    )


def test_a_wrong_setting_is_named(environment: dict[str, str]) -> None:
    refused = gateway("serve", environment=environment | {"GATEWAY_PORT": "eighty"})

    assert one_line(refused).startswith(
        "gateway: wrong setting: GATEWAY_PORT: Input should be a valid integer"
    )


def test_a_misspelt_setting_is_named_with_the_nearest_one(environment: dict[str, str]) -> None:
    refused = gateway("serve", environment=environment | {"GATEWAY_PANDAURL": "https://panda.example"})

    assert refused.returncode == 2
    assert refused.stderr == (
        "gateway: GATEWAY_PANDAURL is no setting, GATEWAY_PANDA_URL is. "
        "Correct or remove it; docs/settings.md lists the settings\n"
    )


def test_a_database_url_of_another_kind_is_refused(environment: dict[str, str]) -> None:
    refused = gateway("serve", environment=environment | {"GATEWAY_DATABASE_URL": "mysql://host/name"})

    assert "only sqlite+aiosqlite and postgresql+psycopg are supported" in one_line(refused)


def test_a_database_that_is_not_there_is_named_and_not_made(
    environment: dict[str, str], tmp_path: Path
) -> None:
    refused = gateway("serve", "--port", "0", environment=environment)

    assert one_line(refused) == (
        f"gateway: there is no database file {tmp_path}/gateway.db: look at GATEWAY_DATABASE_URL, "
        "or make it: run `gateway migrate`"
    )
    assert list(tmp_path.iterdir()) == []


def test_serve_refuses_a_database_that_was_never_migrated(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "gateway.db").touch()

    refused = gateway("serve", "--port", "0", environment=environment)

    assert one_line(refused).endswith("run `gateway migrate`")


def test_serve_without_open_access_answers_nobody(environment: dict[str, str]) -> None:
    assert gateway("migrate", environment=environment).returncode == 0

    with running("serve", "--port", "0", environment=environment) as (address, _process):
        refused = ask(address, QUESTION)

    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_dry_run_says_what_would_change_and_changes_nothing(environment: dict[str, str]) -> None:
    gateway("migrate", environment=environment)

    tried = gateway("import", "requests", str(SHEET), "--dry-run", environment=environment)
    left = gateway("query", "{ requests { totalCount } }", environment=environment)

    assert tried.returncode == 0
    assert "PROD2025-016" in tried.stdout
    assert json.loads(left.stdout)["data"] == {"requests": {"totalCount": 0}}


def test_the_spreadsheet_goes_in_and_a_second_time_changes_nothing(environment: dict[str, str]) -> None:
    gateway("migrate", environment=environment)

    first = gateway("import", "requests", str(SHEET), "--by", "prodman", environment=environment)
    versions = gateway("query", "{ requests { nodes { name version } } }", environment=environment)
    second = gateway("import", "requests", str(SHEET), "--by", "prodman", environment=environment)
    after = gateway("query", "{ requests { nodes { name version } } }", environment=environment)

    assert (first.returncode, second.returncode) == (0, 0)
    assert len(json.loads(versions.stdout)["data"]["requests"]["nodes"]) == 7
    assert after.stdout == versions.stdout


def test_a_bad_row_is_refused_and_the_others_go_in(environment: dict[str, str], tmp_path: Path) -> None:
    gateway("migrate", environment=environment)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(SHEET.read_text().replace("4 GeV", "four GeV", 1))

    imported = gateway("import", "requests", str(sheet), environment=environment)
    left = gateway("query", "{ requests { totalCount } }", environment=environment)

    assert imported.returncode == 1
    assert json.loads(left.stdout)["data"] == {"requests": {"totalCount": 6}}


def test_a_file_that_is_not_there_is_told_in_one_line(environment: dict[str, str]) -> None:
    gateway("migrate", environment=environment)

    refused = gateway("import", "snapshot", "nothing.json", environment=environment)

    assert one_line(refused) == "gateway: cannot read nothing.json: No such file or directory"


def test_query_takes_variables_and_standard_input(environment: dict[str, str]) -> None:
    gateway("migrate", environment=environment)
    document = "query($name: String!) { request(name: $name) { ... on Absent { key owner } } }"

    asked = gateway("query", "--var", "name=PROD2031-001", environment=environment, stdin=document)

    assert json.loads(asked.stdout)["data"] == {"request": {"key": "PROD2031-001", "owner": None}}


def test_query_ends_with_one_when_the_answer_has_errors(environment: dict[str, str]) -> None:
    gateway("migrate", environment=environment)

    asked = gateway("query", "{ nonsense }", environment=environment)

    assert asked.returncode == 1
    assert json.loads(asked.stdout)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_help_names_every_command(environment: dict[str, str]) -> None:
    shown = gateway("--help", environment=environment)

    for command in ("run", "serve", "migrate", "import", "query", "export-schema", "version"):
        assert re.search(rf"\b{command}\b", shown.stdout)
