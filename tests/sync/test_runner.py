"""Each tick once, however many processes run; and no job at all that nobody scheduled."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gateway.store.database import parse_database_url
from gateway.sync.jobs import PACES, USUAL_PACE
from gateway.sync.runner import cron, system_database_url
from tests.support.databases import DatabaseMaker

TICKER = Path(__file__).with_name("ticker.py")


def ticker(url: str, executor: str, file: Path, seconds: float, *more: str) -> subprocess.Popen[str]:
    """Start a process that notes its ticks, and wait until it runs."""
    process = subprocess.Popen(
        [sys.executable, str(TICKER), url, executor, str(file), str(seconds), *more],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def ticks(file: Path) -> list[tuple[str, int]]:
    """Return (job, second) of every tick noted."""
    return [(line.split()[0], int(line.split()[1])) for line in file.read_text().splitlines()]


def test_three_processes_share_every_tick_and_a_killed_one_stops_nothing(
    database_maker: DatabaseMaker, tmp_path: Path
) -> None:
    url, file = database_maker.empty_url(), tmp_path / "ticks"
    processes = [ticker(url, f"gw-{n}", file, 9 - n) for n in range(3)]

    processes[0].send_signal(signal.SIGKILL)
    for process in processes:
        process.communicate(timeout=120)

    noted = Counter(ticks(file))
    assert [tick for tick, times in noted.items() if times > 1] == []
    assert len([tick for tick in noted if tick[0] == "fast"]) >= 3
    assert len([tick for tick in noted if tick[0] == "slow"]) >= 1


def test_ticks_that_have_ended_can_be_forgotten(database_maker: DatabaseMaker, tmp_path: Path) -> None:
    file = tmp_path / "ticks"
    process = ticker(database_maker.empty_url(), "gw-0", file, 5, "forget")

    first, second = process.communicate(timeout=120)[0].splitlines()

    # A tick may begin while the others are forgotten; those of the first seconds are gone the second time.
    assert int(first) >= 3
    assert int(second) <= 2


@pytest.mark.parametrize(
    ("period_s", "line"),
    [(1, "*/1 * * * * *"), (15, "*/15 * * * * *"), (60, "0 */1 * * * *"), (600, "0 */10 * * * *")],
)
def test_a_period_becomes_a_cron_line(period_s: float, line: str) -> None:
    assert cron(period_s) == line


@pytest.mark.parametrize("period_s", [0, 7, 90, 3600, 420])
def test_a_period_that_divides_nothing_evenly_is_refused(period_s: float) -> None:
    with pytest.raises(ValueError, match="evenly"):
        cron(period_s)


def test_every_job_has_a_period_that_can_be_scheduled() -> None:
    lines = [cron(pace.changes_every_s) for pace in [*PACES.values(), USUAL_PACE]]

    assert len(lines) == len(PACES) + 1


def test_ticks_are_kept_beside_the_data() -> None:
    sqlite = parse_database_url("sqlite+aiosqlite:///folder/gateway.db")
    postgresql = parse_database_url("postgresql+psycopg://user:word@host/name")

    assert system_database_url(sqlite) == "sqlite:///folder/gateway.db.ticks"
    assert system_database_url(postgresql) == "postgresql://user:word@host/name"
