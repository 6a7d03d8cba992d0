"""The command line for people, on the practice world: what it prints, where, and how it ends."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from gateway import cli
from gateway.errors import GatewayError, InputError
from gateway.terminal.tables import Format, written
from gateway.terminal.things import DETAILS, KINDS, kind_of_id, selection_of
from tests.client.conftest import CHANGING
from tests.conftest import LOADED_AT

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
DID = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R"
sqlite = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


class Shell:
    """Runs commands against one gateway, without anybody's token."""

    def __init__(self, url: str) -> None:
        self.environment: Mapping[str, str | None] = {
            "GATEWAY_URL": url,
            **dict.fromkeys(("BEARER_TOKEN", "BEARER_TOKEN_FILE", "XDG_RUNTIME_DIR")),
        }

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli.app, list(words), env=self.environment)

    def refusal(self, *words: str) -> str:
        """What is said of a command that `main` ends with exit code 2."""
        error = self.run(*words).exception
        assert isinstance(error, GatewayError), error
        return error.message


@pytest.fixture
def shell(gateway_url: str) -> Shell:
    return Shell(gateway_url)


@sqlite
def test_requests_are_listed_as_a_table_up_to_a_limit_that_is_told(shell: Shell) -> None:
    listed = shell.run("ls", "--limit", "2", "--columns", "name,events,campaign.name")

    assert listed.exit_code == 0
    assert listed.stdout.splitlines() == [
        "name            events  campaign.name",
        "PROD2025-001   5000000  SPD MC 2025",
        "PROD2025-002  20000000  SPD MC 2025",
    ]
    assert listed.stderr == "only the first 2; see more with --limit\n"


@sqlite
def test_rows_are_chosen_by_name_and_execution_and_written_as_wished(shell: Shell) -> None:
    words = ("ls", "tasks", "--match", "PROD2025-013", "--columns", "jediTaskId,name,status")

    markdown = shell.run(*words, "--format", "md")
    partial = shell.run(*words, "--status", "partial", "--format", "csv")
    as_json = shell.run(*words, "--status", "COMPLETE", "--json")

    assert markdown.stdout.splitlines()[2:] == [
        "| 362 | PROD2025-013.SIM.2 | done |",
        "| 363 | PROD2025-013.RECO | finished |",
    ]
    assert partial.stdout == "jediTaskId,name,status\n363,PROD2025-013.RECO,finished\n"
    assert json.loads(as_json.stdout) == [{"jediTaskId": 362, "name": "PROD2025-013.SIM.2", "status": "done"}]


@sqlite
@pytest.mark.parametrize(
    ("thing", "lines"),
    [
        ("prod2025-013", ["execution              PARTIAL", "seeds                  10001-20000"]),
        ("PROD2025-013.RECO.1", ["completeness_fraction  0.9992"]),
        ("363", ["name           PROD2025-013.RECO"]),
        (DID, ["JINR_EOS  AVAILABLE              9992       9992"]),
        ("JINR", ["JINR_SPD  online"]),
    ],
)
def test_a_thing_is_shown_by_an_id_of_any_kind(shell: Shell, thing: str, lines: list[str]) -> None:
    said = shell.run("show", thing)

    assert (said.exit_code, said.exception) == (0, None)
    assert [line for line in lines if line not in said.stdout] == []


@sqlite
@pytest.mark.parametrize("thing", ["PROD2025-099", "12345", "MC2025_S1:none", "CERN"])
def test_what_is_not_there_ends_with_1_and_says_so(shell: Shell, thing: str) -> None:
    said = shell.run("show", thing)

    assert (said.exit_code, said.stdout) == (1, "")
    assert thing in said.stderr


@sqlite
def test_findings_of_a_request_end_with_1_and_of_a_good_one_with_0(shell: Shell) -> None:
    bad = shell.run("findings", "PROD2025-013", "--severity", "blocker", "--json")
    good = shell.run("findings", "PROD2025-013", "--severity", "info")

    assert (bad.exit_code, [one["code"] for one in json.loads(bad.stdout)]) == (1, ["tag-unsafe"])
    assert good.exit_code == 0


@sqlite
def test_files_go_to_one_stream_and_what_is_missing_to_the_other(shell: Shell) -> None:
    listed = shell.run("files", "PROD2025-010", "RECO.R", "--site", "JINR", "--with", "P")
    strict = shell.run("files", "PROD2025-010", "RECO.R", "--strict", "--json")

    assert (listed.exit_code, len(listed.stdout.splitlines())) == (0, 1244)
    assert listed.stdout.startswith("root://storage.example.org:1094//JINR_EOS/")
    assert "1244 of 1250 at " in listed.stderr
    assert "; seeds 1245-1250 are missing" in listed.stderr
    assert (strict.exit_code, len(json.loads(strict.stdout))) == (1, 1244)


@sqlite
def test_a_request_that_has_ended_is_watched_no_longer(shell: Shell) -> None:
    watched = shell.run("watch", "PROD2025-013")

    assert watched.exit_code == 1
    assert watched.stdout == ("PROD2025-013: PARTIAL; SIM COMPLETE 10000/10000, RECO PARTIAL 9992/10000\n")


@sqlite
def test_a_task_that_works_is_followed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def first(now: Mapping[str, Any]) -> None:
        seen.append(now["jobsFinished"])
        if len(seen) == 3:
            raise KeyboardInterrupt

    class Eyes:
        def __enter__(self) -> Any:
            return first

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("gateway.terminal.commands._Bars", Eyes)

    assert shell.run("watch", str(CHANGING)).exit_code == 130
    assert seen == sorted(set(seen))


@sqlite
def test_a_change_without_a_login_is_refused_in_words(shell: Shell) -> None:
    assert shell.refusal("clone", "PROD2025-013") == (
        "anonymous may not do this: the right 'define' is needed"
    )
    assert shell.refusal("retry", "363", "--yes") == "anonymous may not do this: the right 'steer' is needed"
    assert shell.refusal("submit", "PROD2025-013", "--yes") == (
        "anonymous may not do this: the right 'submit' is needed"
    )


@sqlite
def test_nothing_is_sent_before_somebody_is_sure(shell: Shell) -> None:
    asked = shell.run("submit", "PROD2025-013")

    assert asked.exit_code == 1
    assert asked.stderr.startswith("Send PROD2025-013 to PanDA?")


@sqlite
def test_the_past_is_listed_and_compared(shell: Shell) -> None:
    moment = LOADED_AT.isoformat()

    listed = shell.run("ls", "tasks", "--as-of", moment, "--columns", "jediTaskId", "--format", "csv")
    shown = shell.run("show", "363", "--as-of", "2020-01-01T00:00:00Z")
    changed = shell.run("changes", "datasets", "--since", "2020-01-01T00:00:00Z", "--json")

    assert "363" in listed.stdout.splitlines()
    assert shown.exit_code == 1
    assert {one["change"] for one in json.loads(changed.stdout)} == {"new"}


@sqlite
def test_a_stored_query_is_asked_with_variables(shell: Shell) -> None:
    file = Path(__file__).parents[2] / "docs" / "queries" / "production.graphql"

    asked = shell.run("query", "--file", str(file), "--var", "name=PROD2025-013")

    assert (asked.exit_code, json.loads(asked.stdout)["data"]["request"]["execution"]) == (0, "PARTIAL")


@sqlite
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "no id!"), "'no id!' is no id: give a request"),
        (("ls", "jobs"), "there are no 'jobs' to list"),
        (("ls", "sites", "--status", "RUNNING"), "sites have no execution"),
        (("ls", "--columns", "name,} evil {"), "'} evil {' is no field"),
        (("watch", "JINR"), "watch a request"),
        (("files", "365", "RECO.R"), "'365' is no request"),
        (("files", "PROD2025-099", "RECO.R"), "There is no request 'PROD2025-099'."),
    ],
)
def test_what_is_not_understood_is_told(shell: Shell, words: tuple[str, ...], said: str) -> None:
    assert shell.refusal(*words).startswith(said)


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_columns_fit_the_schema(kind: str) -> None:
    assert selection_of(("name", "request.intent", "request.name")) == "name request { intent name }"
    assert set(DETAILS) == set(KINDS) - {"findings"}
    assert kind_of_id(" 365 ") == ("tasks", 365)


def test_cells_are_written_so_that_nothing_in_them_acts() -> None:
    rows: list[dict[str, Any]] = [{"a": "=1+1", "b": "x|y_z"}, {"a": None, "b": "[red]"}]

    assert written(rows, ("a", "b"), Format.CSV) == "a,b\n'=1+1,x|y_z\n,[red]"
    assert written(rows, ("a", "b"), Format.MD).splitlines()[2] == r"| =1+1 | x\|y_z |"
    assert r"=1+1 & x|y\_z \\" in written(rows, ("a", "b"), Format.TEX)
    assert "[red]" in written(rows, ("a", "b"), Format.TABLE)


def commands() -> Iterator[str]:
    for name, command in get_command(cli.app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        yield from [f"gateway {name} {one}" for one in inner] if inner else [f"gateway {name}"]


def test_every_command_is_documented_and_none_that_there_is_not() -> None:
    told = re.findall(r"^\| `(gateway [^`]+)` \|", PAGE, re.MULTILINE)

    assert sorted(told) == sorted(commands())


def test_completion_can_be_shown() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "gateway", "--show-completion", "bash"],
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "COMPREPLY" in shown.stdout


def test_what_is_no_id_is_refused() -> None:
    with pytest.raises(InputError):
        kind_of_id("")
