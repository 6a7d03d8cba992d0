"""The living grid moves by its clock, goes on where it stopped, and takes people for who they are."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from gateway.practice.delivery import HOME, SECOND, outputs_in
from gateway.practice.live_chains import JOBS, live_requests
from gateway.practice.living import GridWishes, LivingGrid
from gateway.practice.panda_tasks import TwinTask
from gateway.practice.twin_servers import taken

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
FIRST = "PROD2026-001"


class Moment:
    """A clock to move."""

    now = NOW

    def __call__(self) -> dt.datetime:
        """Read it."""
        return self.now


class Bench:
    """A grid that is not served, and a way to let time pass in it."""

    def __init__(self, folder: Path, clock: Moment) -> None:
        self.clock = clock
        self.grid = LivingGrid(folder, clock=clock, wishes=GridWishes(speed=60.0))

    def after(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.now += dt.timedelta(seconds=1)
            self.grid.advance(self.clock.now)

    def task(self, name: str) -> TwinTask:
        return next(one for one in self.grid.panda.tasks.values() if one.parameters["taskName"] == name)

    def close(self) -> None:
        self.grid.stop()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, Moment())
    yield bench
    bench.close()


def test_the_production_that_the_talk_left_running_goes_on(bench: Bench) -> None:
    bench.after(15)
    early = bench.task("PROD2025-014.RECO").files_finished
    bench.after(15)

    task = bench.task("PROD2025-014.RECO")
    assert (task.status, task.files) == ("running", 10_000)
    assert 0 < early < task.files_finished < task.files


def test_a_chain_goes_from_simulation_to_data_at_a_second_site(bench: Bench) -> None:
    bench.after(75)

    simulation, reconstruction = bench.task(f"{FIRST}.SIM.1"), bench.task(f"{FIRST}.RECO.1")
    (data,) = (did for did in outputs_in(reconstruction.parameters) if did[1].endswith(".R"))
    row = bench.grid.rucio.dids[data]
    assert (simulation.status, simulation.files_finished) == ("done", JOBS)
    assert (reconstruction.status, reconstruction.files_finished) == ("done", JOBS)
    # Three files of each failed at all three attempts and were retried.
    assert [
        sum(n for _, state, n in one.over if state == "failed") for one in (simulation, reconstruction)
    ] == [
        9,
        9,
    ]
    assert (row["is_open"], row["length"], row["task_id"]) == (False, JOBS, reconstruction.task_id)
    bench.after(15)
    assert {
        rule["rse_expression"]: (rule["state"], rule["locks_ok_cnt"])
        for rule in bench.grid.rucio.rules.values()
        if (rule["scope"], rule["name"]) == data
    } == {HOME: ("OK", JOBS), SECOND: ("OK", JOBS)}


def test_rounds_get_slower_so_that_a_long_running_grid_stays_small(bench: Bench) -> None:
    counts = []
    for _ in range(2):
        bench.after(600)
        counts.append(len(bench.grid.panda.tasks))

    assert counts[1] - counts[0] < counts[0] - 17


def test_a_grid_goes_on_where_it_stopped(bench: Bench, tmp_path: Path) -> None:
    bench.after(40)
    rules, datasets = dict(bench.grid.rucio.rules), dict(bench.grid.rucio.dids)
    tasks = {key: (one.status, one.files_finished) for key, one in bench.grid.panda.tasks.items()}
    bench.close()

    again = Bench(tmp_path, bench.clock)

    assert {key: (one.status, one.files_finished) for key, one in again.grid.panda.tasks.items()} == tasks
    assert (again.grid.rucio.rules, again.grid.rucio.dids) == (rules, datasets)
    again.after(60)
    assert again.task(f"{FIRST}.RECO.1").status == "done"
    again.close()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"form": 1}', '{"form": 2}'])
def test_a_file_that_cannot_be_read_begins_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)

    bench = Bench(tmp_path, Moment())

    assert sorted(bench.grid.panda.tasks)[0] == 346
    bench.close()


def test_live_requests_have_seeds_of_their_own() -> None:
    readings = live_requests(2)

    assert [one.subject for one in readings] == [f"PROD2026-{number:03}" for number in range(1, 7)]
    assert {one.problems for one in readings} == {()}
    seeds = sorted((one.draft.seeds.first, one.draft.seeds.last) for one in readings if one.draft)  # type: ignore[union-attr]
    assert all(before[1] < after[0] for before, after in pairwise(seeds))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[LivingGrid]:
    """A grid on its ports, with its switch."""
    grid = LivingGrid(tmp_path, clock=lambda: dt.datetime.now(dt.UTC), wishes=GridWishes(has_switch=True))
    grid.start()
    yield grid
    grid.stop()


def test_a_token_of_the_practice_iam_opens_panda_and_rucio(served: LivingGrid) -> None:
    at = served.addresses

    def token(audience: str) -> str:
        form = {"grant_type": "password", "client_id": "practice-shell", "username": "prodman"}
        form |= {"password": "practice", "audience": audience}
        return str(httpx2.post(f"{at['iam']}/token", data=form).json()["access_token"])

    def panda(bearer: str) -> httpx2.Response:
        headers = {
            "authorization": f"Bearer {bearer}",
            "origin": "spd:production",
            "accept": "application/json",
        }
        return httpx2.get(f"{at['panda']}/api/v1/task/get_status?task_id=364", headers=headers)

    def rucio(bearer: str) -> httpx2.Response:
        return httpx2.get(
            f"{at['rucio']}/accounts/whoami",
            headers={"x-rucio-auth-token": bearer},
            follow_redirects=True,
        )

    assert panda(token("panda")).json()["data"] == "done"
    assert rucio(token("rucio")).json()["account"] == "prodman"
    assert panda("a.b.c").status_code == 403
    assert rucio(token("panda")).status_code == 401


def test_the_switch_stops_starts_and_breaks_a_twin(served: LivingGrid) -> None:
    at = served.addresses

    def ping() -> int:
        return httpx2.get(f"{at['rucio']}/ping").status_code

    httpx2.post(f"{at['switch']}/rucio/stop")
    with pytest.raises(httpx2.ConnectError):
        ping()
    started = httpx2.post(f"{at['switch']}/rucio/start").json()["rucio"]
    httpx2.post(f"{at['switch']}/rucio/faults", json={"fault": "429"})
    broken = ping()
    httpx2.delete(f"{at['switch']}/rucio/faults")

    assert started == {"url": at["rucio"], "isRunning": True, "faults": []}
    assert (broken, ping()) == (429, 200)
    assert httpx2.post(f"{at['switch']}/fts/stop").status_code == 404
    assert httpx2.post(f"{at['switch']}/rucio/faults", json={"fault": "none"}).status_code == 400


def test_a_port_that_is_in_use_is_replaced_by_a_free_one() -> None:
    with taken(0) as first:
        first.listen()
        port = first.getsockname()[1]

        with taken(port) as second:
            assert second.getsockname()[1] not in {0, port}
