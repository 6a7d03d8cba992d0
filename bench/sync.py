"""What it costs to copy a real Rucio and a real PanDA: rows a second and memory, at first and later.

Three passes of each reading, each in a process of its own: the first, one for changes when nothing changed,
as happens every minute, and a whole one when nothing changed, as happens every half hour.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.__main__ import RESULTS, describe_machine
from bench.catalogues import panda_with, rucio_with
from gateway.store.database import parse_database_url
from gateway.store.migrate import upgrade
from tests.support.postgres import create_database, running_postgres

PASSES = (("first", "whole"), ("nothing new", "changes"), ("whole again", "whole"))


def main() -> None:
    """Run the passes for as many datasets and tasks as asked for, on both databases; print the table."""
    parser = argparse.ArgumentParser(prog="bench.sync", description=__doc__)
    parser.add_argument("--datasets", type=int, default=100_000)
    parser.add_argument("--tasks", type=int, default=55_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--keep", action="store_true", help="write the results to bench/results")
    chosen = parser.parse_args()
    machine = describe_machine()
    print(" · ".join(f"{name} {value}" for name, value in machine.items()))
    passes = []
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        copies = dict(_copies(chosen.databases.split(","), server, home))
        for addresses, readings in _sources(server, chosen.datasets, chosen.tasks, home):
            for kind, url in copies.items():
                for reading in readings:
                    for one in _measure(reading, url, addresses):
                        passes.append(one | {"kind": kind})
                        print(_line(passes[-1]), flush=True)
                        if chosen.keep:
                            _keep(machine, chosen, passes)


def _keep(machine: Mapping[str, object], chosen: argparse.Namespace, passes: list[dict[str, object]]) -> None:
    """Write what was measured so far: a run that is broken off has not been for nothing."""
    path = RESULTS / f"sync-{str(machine['at']).replace(':', '').replace('+0000', 'Z')}.json"
    content = {"machine": machine, "datasets": chosen.datasets, "tasks": chosen.tasks, "passes": passes}
    path.write_text(json.dumps(content, indent=1) + "\n")


def _copies(kinds: list[str], server: str, home: Path) -> Iterator[tuple[str, str]]:
    for kind in kinds:
        url = (
            create_database(server, "copy")
            if kind == "postgresql"
            else f"sqlite+aiosqlite:///{home / 'copy.db'}"
        )
        upgrade(parse_database_url(url))
        yield kind, url


def _sources(
    server: str, datasets: int, tasks: int, home: Path
) -> Iterator[tuple[Mapping[str, str], tuple[str, ...]]]:
    """The services one after another, as settings, and what is read there."""
    with rucio_with(server, datasets) as rucio:
        (home / "password").write_text("secret-gateway")
        yield (
            {
                "GATEWAY_RUCIO_URL": rucio.url,
                "GATEWAY_RUCIO_ACCOUNT": "gateway",
                "GATEWAY_RUCIO_USERNAME": "gateway",
                "GATEWAY_RUCIO_PASSWORD_FILE": str(home / "password"),
            },
            ("rucio.datasets", "rucio.rules", "rucio.replicas"),
        )
    with panda_with(server, tasks) as panda:
        (home / "token").write_text(panda.token("Gateway", "gateway"))
        yield (
            {"GATEWAY_PANDA_URL": panda.url, "GATEWAY_PANDA_TOKEN_FILE": str(home / "token")},
            ("panda.tasks",),
        )


def _measure(reading: str, url: str, addresses: Mapping[str, str]) -> Iterator[dict[str, object]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    for name, way in PASSES:
        done = subprocess.run(
            [sys.executable, "-m", "bench.sync_pass", reading, way],
            env=environment | dict(addresses) | {"GATEWAY_DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{reading}, {name}: {done.stderr.strip()[-2000:]}")
        yield {"reading": reading, "pass": name, **json.loads(done.stdout.splitlines()[-1])}


def _line(one: Mapping[str, object]) -> str:
    seen, seconds = float(str(one["rows_seen"])), float(str(one["seconds"]))
    return " ".join(
        [
            f"{one['kind']:11} {one['reading']:15} {one['pass']:12}",
            f"{one['rows_seen']:>8} seen {one['rows_changed']:>8} changed {seconds:8.1f} s",
            f"{seen / seconds:8.0f} rows/s {one['cpu_s']:7.1f} CPU s {one['peak_mib']:6.0f} MiB",
        ]
    )


if __name__ == "__main__":
    main()
