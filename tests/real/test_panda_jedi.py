"""What only the real PanDA with its JEDI shows: names of files, seeds of attempts, its client to the end."""

import json
import subprocess

from tests.real.panda.api import PandaApi
from tests.real.panda.jedi import RealPanda, simulation
from tests.real.panda.lives import MANAGER, RealLife
from tests.real.panda.server import panda_environment
from tests.real.panda.stages import CLIENT_SCRIPT

FIRST = "MC2025_T.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-020.SIM.1"


def test_another_attempt_has_the_same_seed_and_another_number_in_its_file(real_panda: RealPanda) -> None:
    """Files are numbered by jobs and seeds by inputs, so a missing number is no missing seed."""
    life, api = RealLife(real_panda), PandaApi.of(real_panda, MANAGER)
    sim = api.submit(simulation(20, maxAttempt=2))
    life.fail(sim, 1)
    life.until(sim, "finished")
    life.fail(sim, 0)

    api.command("retry", sim)
    life.until(sim, "done")

    made = [
        (job["jobStatus"], job["attemptNr"], _seed(job["jobParameters"]), *_numbers(job["Files"]))
        for job in api.jobs(sim)
    ]
    assert sorted(made, key=lambda one: one[3]) == [
        ("failed", 1, 20_001, 20_001, 20_001),
        ("finished", 1, 20_002, 20_002, 20_002),
        ("finished", 1, 20_003, 20_003, 20_003),
        ("failed", 2, 20_001, 20_004, 20_004),
        ("finished", 3, 20_001, 20_005, 20_005),
    ]


def test_files_are_written_into_a_dataset_for_each_site_below_the_one_asked_for(
    real_panda: RealPanda,
) -> None:
    """JEDI's general refiner takes a task's datasets for containers as soon as it has a data management."""
    life, api = RealLife(real_panda), PandaApi.of(real_panda, MANAGER)
    sim = api.submit(simulation(20))
    life.until(sim, "done")

    answer = api.get("task/get_datasets_and_files", task_id=sim, dataset_types=["output", "log"])
    out = api.get("task/get_details", task_id=sim)["data"]["outDS"].split(",")

    found = {one["dataset"]["name"]: len(one["files"]) for one in answer["data"]}
    asked = {f"MC2025_T:{FIRST}.{kind}" for kind in ("S", "P", "log")}
    assert {name.rpartition(".")[0] for name in found} == asked
    assert sum(found.values()) == 9
    assert set(out) == asked | set(found)


def test_what_the_real_client_submits_is_done(real_panda: RealPanda) -> None:
    life, api = RealLife(real_panda), PandaApi.of(real_panda, MANAGER)
    done = api.submit(simulation(21))
    life.until(done, "done")
    login = {
        "PANDA_AUTH": "oidc",
        "PANDA_AUTH_VO": "spd:production",
        "PANDA_AUTH_ID_TOKEN": real_panda.token(MANAGER),
    }

    ran = subprocess.run(
        [real_panda.server.python, CLIENT_SCRIPT, json.dumps(simulation(22)), str(done)],
        env=panda_environment(real_panda.server) | login,
        cwd=real_panda.server.home,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    said = json.loads(ran.stdout.strip().splitlines()[-1])
    life.until(done + 1, "done")

    assert said["submitted"] == [0, [0, f"succeeded. new jediTaskID={done + 1}"]]
    assert said["status"] == [0, "done"]
    assert sorted(said["jobs"][1]) == [job["PandaID"] for job in api.jobs(done)]
    assert real_panda.states(done + 1) == ["defined", "ready", "running", "prepared", "done"]


def test_the_database_understood_all_that_it_was_told(real_panda: RealPanda) -> None:
    """Whatever ran before this in the process: the generated tables lacked nothing."""
    api = PandaApi.of(real_panda, MANAGER)
    api.submit(simulation(23))
    real_panda.advance()

    assert real_panda.schema_errors() == []


def _seed(parameters: str) -> int:
    return int(parameters.partition("simu.C(")[2].partition(")")[0].split(",")[1])


def _numbers(files: list[dict[str, str]]) -> list[int]:
    return [int(file["lfn"].split(".")[-2]) for file in files if file["type"] == "output"]
