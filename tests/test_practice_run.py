"""`gateway run` in an empty folder is a system at work: seen through HTTP, as the README shows it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

ROOT = Path(__file__).parents[1]
# Everything here takes seconds on a quiet machine.
PATIENCE_S = 180
SPEED = "240"


@dataclass(frozen=True)
class Running:
    """A running gateway with its practice grid."""

    process: subprocess.Popen[str]
    graphql: str
    places: dict[str, str]

    def ask(self, query: str) -> dict[str, Any]:
        answer: dict[str, Any] = httpx2.post(self.graphql, json={"query": query}, timeout=60).json()
        return answer

    def until(self, query: str, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask until the answer is as wanted, and return it."""
        ends_at = time.monotonic() + PATIENCE_S
        while not is_there(answer := self.ask(query)):
            assert time.monotonic() < ends_at, answer
            time.sleep(0.5)
        return answer

    def source(self, name: str, *, stale: bool) -> dict[str, Any]:
        """Return a source once it is fresh, or stale."""

        def found(answer: dict[str, Any]) -> dict[str, Any]:
            return next(one for one in answer["data"]["sources"] if one["name"] == name)

        query = "{ sources { name isStale staleReason error jobs { fails } } }"
        return found(self.until(query, lambda answer: found(answer)["isStale"] is stale))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Run the command line in a folder until the end of the block; SIGTERM must end it with 0 and no word."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "run", "--port", "0", "--practice-faults"],
        env=kept | {"GATEWAY_PRACTICE_PORT": "0", "GATEWAY_PRACTICE_SPEED": SPEED},
        cwd=folder,
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
        places = dict(re.findall(r"(\w+) (http://127\.0\.0\.1:\d+)\b", said.split("practice grid: ")[1]))
        [graphql] = re.findall(r"http://\S+/graphql", said)
        yield Running(process, graphql, places)
    finally:
        process.send_signal(signal.SIGTERM)
        _, said_last = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    # What it closes after its background work has ended is closed as well.
    assert "Traceback" not in said_last, said_last
    assert "shutdown failed" not in said_last


def documented(command: str, gateway: Running) -> list[str]:
    """Return the README's command that begins so, for the ports of this gateway."""
    text = (ROOT / "README.md").read_text().replace("\\\n", "")
    [found] = re.findall(rf"^{re.escape(command)}.*$", text, re.MULTILINE)
    found = found.replace("http://127.0.0.1:8000/graphql", gateway.graphql)
    found = found.replace("http://127.0.0.1:8105", gateway.places["switch"])
    return ["sh", "-c", f"exec {found}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("practice")


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Iterator[Running]:
    with running(folder) as gateway:
        yield gateway


def test_a_running_tasks_numbers_move_in_the_subscription_of_the_readme(gateway: Running) -> None:
    with subprocess.Popen(
        documented("curl -sN", gateway), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as curl:
        assert curl.stdout is not None
        numbers = []
        for line in curl.stdout:
            if line.startswith("data:") and "taskChanged" in line:
                numbers.append(json.loads(line[5:])["data"]["taskChanged"]["jobsFinished"])
            if len(set(numbers)) >= 3:
                break
        curl.terminate()

    assert numbers == sorted(numbers)
    assert len(set(numbers)) >= 3


def test_a_program_has_the_role_of_a_service_by_its_own_token(gateway: Running) -> None:
    asked = {
        "grant_type": "client_credentials",
        "client_id": "sampo",
        "client_secret": "practice-secret",
        "audience": "spd-gateway",
        "scope": "openid profile wlcg.groups",
    }
    token = httpx2.post(f"{gateway.places['iam']}/token", data=asked, timeout=60).json()["access_token"]

    answer = httpx2.post(
        gateway.graphql,
        json={"query": "{ viewer { name roles } }"},
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
    )

    assert answer.json()["data"] == {"viewer": {"name": "sampo", "roles": ["SERVICE"]}}


def test_a_request_completes_and_its_datasets_are_there(gateway: Running) -> None:
    query = """
    {
      request(name: "PROD2026-001") {
        ... on Request {
          execution
          steps {
            kind
            attempts {
              task { status jobsExpected jobsFinished }
              datasets { did fileCount isOpen rules { rseExpression } replicas { rseName availableFiles } }
            }
          }
        }
      }
    }
    """

    def found(answer: dict[str, Any]) -> dict[tuple[str, str], tuple[int | None, bool, list[object]]]:
        return {
            (step["kind"], one["did"].rpartition(".")[2]): (
                one["fileCount"],
                one["isOpen"],
                one["replicas"][:1],
            )
            for step in answer["data"]["request"]["steps"]
            for attempt in step["attempts"]
            for one in attempt["datasets"]
        }

    whole = (500, False, [{"rseName": "JINR_EOS", "availableFiles": 500}])
    kinds = [("SIM", "S"), ("SIM", "P"), ("SIM", "log"), ("RECO", "R"), ("RECO", "log")]
    answer = gateway.until(query, lambda answer: found(answer) == dict.fromkeys(kinds, whole))

    steps = answer["data"]["request"]["steps"]
    assert answer["data"]["request"]["execution"] == "COMPLETE"
    assert [step["attempts"][0]["task"] for step in steps] == [
        {"status": "done", "jobsExpected": 500, "jobsFinished": 500}
    ] * 2


def test_the_files_of_a_complete_request_are_listed(gateway: Running) -> None:
    answer = httpx2.get(
        gateway.graphql.replace("/graphql", "/files/PROD2026-001/RECO.R.txt?with=S,P"), timeout=60
    )

    assert (answer.status_code, answer.headers["files-complete"]) == (200, "yes")
    assert len(answer.text.splitlines()) == 500


def test_reads_go_on_while_rucio_is_silent_and_it_is_fresh_soon_after(gateway: Running) -> None:
    gateway.source("RUCIO", stale=False)
    subprocess.run(documented("curl -s -X POST http://127.0.0.1:8105/rucio/stop", gateway), check=True)

    silent = gateway.source("RUCIO", stale=True)
    answer = gateway.ask("{ datasets(first: 1) { nodes { did isStale } } }")
    subprocess.run(documented("curl -s -X POST http://127.0.0.1:8105/rucio/start", gateway), check=True)
    fresh = gateway.source("RUCIO", stale=False)

    assert silent["staleReason"].startswith("silent for ")
    assert "rucio cannot be reached" in silent["staleReason"]
    assert [one["isStale"] for one in answer["data"]["datasets"]["nodes"]] == [True]
    assert answer["extensions"]["freshness"]["rucio"]["isStale"] is True
    assert (fresh["isStale"], fresh["staleReason"]) == (False, None)


def test_started_again_it_goes_on_and_imports_nothing_twice(folder: Path, gateway: Running) -> None:
    query = "{ requests { totalCount } tasks(filter: {jediTaskId: {eq: 365}}) { nodes { jobsFinished } } }"
    del gateway  # its folder is used; it stops only after this module

    other = folder / "again"
    other.mkdir()
    with running(other) as first:
        before = first.until(query, lambda one: bool(one["data"]["tasks"]["nodes"]))["data"]
    with running(other) as second:
        after = second.ask(query)["data"]

    assert after["requests"] == before["requests"] == {"totalCount": 16}
    assert after["tasks"]["nodes"][0]["jobsFinished"] >= before["tasks"]["nodes"][0]["jobsFinished"]
