"""Builds the worlds, asks the questions, prints the table and keeps the results."""

import argparse
import asyncio
import datetime as dt
import importlib.metadata
import json
import os
import platform
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from bench.measure import Cost, ask_from_many, ask_repeatedly, cost_of, count_statements, serving
from bench.questions import Question, questions
from bench.worlds import BUILT_AT, World, worlds
from gateway.store.database import Database
from tests.support.asking import Asker
from tests.support.postgres import find_programs

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "strawberry-graphql",
    "graphql-core",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "psycopg",
    "aiosqlite",
)


def main() -> None:
    """Run the benchmark with the scales, databases and seconds per question that are asked for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--scales", default="1,100,1000", help="times the talk's world")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each question is asked")
    parser.add_argument("--keep", action="store_true", help="write the results to bench/results")
    chosen = parser.parse_args()
    scales = [int(scale) for scale in chosen.scales.split(",")]
    machine = describe_machine()
    print(" · ".join(f"{name} {value}" for name, value in machine.items()))
    costs: list[Cost] = []
    built: list[dict[str, object]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        worlds(chosen.databases.split(","), scales, Path(folder)) as all_worlds,
    ):
        for world in all_worlds:
            print(f"\n{world.kind} ×{world.scale}: built in {world.build_s:.1f} s")
            built.append({"kind": world.kind, "scale": world.scale, "build_s": round(world.build_s, 1)})
            costs += measure_world(world, chosen.seconds)
    if chosen.keep:
        keep(machine, built, costs)


def measure_world(world: World, seconds: float) -> list[Cost]:
    """Ask every question in one world, each of a server of its own, and print a line for each."""
    costs: list[Cost] = []
    print("question     stmts    bytes median ms   p99 ms     1/s  CPU ms peak MiB")
    for question in asyncio.run(prepared(world)):
        statements = asyncio.run(count_statements(world, question))
        with serving(world) as server:
            latencies, size, cpu_s, _first_s = ask_repeatedly(server, question, seconds)
            per_second = ask_from_many(server, question, seconds)
            cost = cost_of(world, question, statements, latencies, size, cpu_s, per_second, server.peak_mib())
        costs.append(cost)
        print(
            f"{cost.question:12} {cost.statements:5} {cost.answer_bytes:8} {cost.median_ms:9.1f} "
            f"{cost.p99_ms:8.1f} {cost.per_second:7.1f} {cost.server_cpu_ms:7.1f} {cost.peak_mib:8.0f}"
        )
    return costs


async def prepared(world: World) -> list[Question]:
    """Return the questions for a world: its first request names, and cursors along its list."""
    database = Database(world.url)
    try:
        asker = Asker(database, BUILT_AT)
        cursors: list[str | None] = [None]
        names: list[str] = []
        for _page in range(10):
            page = await asker(
                "query($a: String) { requests(first: 50, after: $a) "
                "{ pageInfo { hasNextPage endCursor } nodes { name } } }",
                a=cursors[-1],
            )
            names += [node["name"] for node in page["requests"]["nodes"]]
            if not page["requests"]["pageInfo"]["hasNextPage"]:
                break
            cursors.append(page["requests"]["pageInfo"]["endCursor"])
        return questions(names, cursors)
    finally:
        await database.close()


def describe_machine() -> dict[str, object]:
    """Return what the figures depend on: the machine, the versions and the load at the start."""
    return {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "processor": _processor(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql(),
        **{package: importlib.metadata.version(package) for package in PACKAGES},
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    """Return the processor's name, as Linux gives it."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else "unknown"


def _postgresql() -> str:
    """Return the version of the server that is measured."""
    postgres = find_programs() / "postgres"
    said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[-1] if "(" not in said.stdout else said.stdout.split()[2]


def keep(machine: dict[str, object], built: list[dict[str, object]], costs: list[Cost]) -> None:
    """Write the results of this run beside those of others."""
    name = str(machine["at"]).replace(":", "").replace("+0000", "Z")
    content = {"machine": machine, "worlds": built, "costs": [cost.as_json() for cost in costs]}
    path = RESULTS / f"read-path-{name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"\nkept in {path.relative_to(RESULTS.parents[1])}")


if __name__ == "__main__":
    main()
