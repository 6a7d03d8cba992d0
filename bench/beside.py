"""The read path beside its peers: one database, one set of questions, one run, in alternating order.

    make bench ARGS="--rounds 3 --seconds 3 --scales 1,1000 --keep"

Each server has one core, the database and the client share the other. Every body is looked at.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.__main__ import describe_machine, prepared
from bench.measure import Server, ask_from_many, ask_repeatedly, count_statements, percentile
from bench.peers import (
    COMPILED,
    FIELD_BY_FIELD,
    KEPT,
    KEPT_1S,
    PARTS,
    QUERIES,
    Peer,
    postgraphile,
    postgraphile_version,
    serving,
)
from bench.questions import Question
from bench.worlds import World, worlds

RESULTS = Path(__file__).parent / "results"
QUESTIONS = ("page", "chain", "tasks", "deep", "production", "search", "statistics")


@dataclass
class Measured:
    """What a question cost at a server, over all rounds; times in milliseconds, of one request."""

    server: str
    question: str
    scale: int
    writes_per_second: float
    statements: int | None
    first_ms: float
    answer_bytes: int
    median_ms: float
    p99_ms: float
    per_second: float
    server_cpu_ms: float
    database_cpu_ms: float
    peak_mib: float
    load: float


def main() -> None:
    """Run the comparison and print a table."""
    parser = argparse.ArgumentParser(prog="bench.beside", description=__doc__)
    parser.add_argument("--scales", default="100", help="times the talk's world, several by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="how long each question is asked in a round"
    )
    parser.add_argument("--questions", default=",".join(QUESTIONS))
    parser.add_argument("--servers", default="", help="parts of names; all by default")
    parser.add_argument("--writes", type=float, default=100.0, help="commits a second beside the page query")
    parser.add_argument("--keep", action="store_true", help="write the results to bench/results")
    chosen = parser.parse_args()
    wanted = chosen.servers.split(",")
    peers = [
        peer
        for peer in (FIELD_BY_FIELD, COMPILED, PARTS, KEPT, KEPT_1S, postgraphile())
        if any(part in peer.name for part in wanted)
    ]
    machine = describe_machine() | {"postgraphile": postgraphile_version()}
    print(" · ".join(f"{name} {value}" for name, value in machine.items()))
    scales = [int(scale) for scale in chosen.scales.split(",")]
    measured: list[Measured] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        worlds(["postgresql"], scales, Path(folder)) as all_worlds,
    ):
        for world in all_worlds:
            names = [name for name in chosen.questions.split(",") if name]
            found = measure_world(world, peers, names, chosen)
            print_table(found)
            measured += found
    if chosen.keep:
        name = str(machine["at"]).replace(":", "").replace("+0000", "Z")
        machine["load at the end"] = round(os.getloadavg()[0], 2)
        content = {"machine": machine, "measured": [asdict(each) for each in measured]}
        path = RESULTS / f"beside-{name}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")
        print(f"\nkept in {path.relative_to(RESULTS.parents[1])}")


@contextlib.contextmanager
def writing(world: World, per_second: float) -> Iterator[Callable[[], float]]:
    """Commit so often a second until the block ends; give what says how often it really was."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.writing", world.url, str(per_second)],
        stdout=subprocess.PIPE,
        text=True,
    )
    rates = [0.0]

    def follow() -> None:
        for line in process.stdout or ():
            rates[0] = float(line.split()[1])

    threading.Thread(target=follow, daemon=True).start()
    try:
        yield lambda: rates[0]
    finally:
        process.terminate()
        process.wait(timeout=20)


def measure_world(
    world: World, peers: Sequence[Peer], names: Sequence[str], chosen: argparse.Namespace
) -> list[Measured]:
    """Start every server on one world, and ask: first while nothing changes, then under writes."""
    asked = variables_of(world)
    statements = {
        name: asyncio.run(count_statements(world, Question(name, _text(QUERIES, name), asked(name))))
        for name in {*names, "page"}
    }
    with contextlib.ExitStack() as stack:
        servers = [(peer, stack.enter_context(serving(peer, world))) for peer in peers]

        def compare(names: Sequence[str]) -> list[Measured]:
            found: dict[tuple[str, str], list[Measured]] = defaultdict(list)
            for number in range(chosen.rounds):
                for name in names:
                    for peer, server in servers if number % 2 == 0 else reversed(servers):
                        if (peer.folder / f"{name}.graphql").exists():
                            question = Question(name, _text(peer.folder, name), asked(name))
                            one = ask(world, peer, server, question, chosen.seconds)
                            found[name, peer.name].append(
                                replace(one, statements=statements[name] if peer.is_ours else None)
                            )
            return [middle_of(each) for each in found.values()]

        found = compare(names)
        if chosen.writes:
            with writing(world, chosen.writes) as rate:
                busy = compare(["page"])
                found += [replace(each, writes_per_second=rate()) for each in busy]
    return found


def _text(folder: Path, name: str) -> str:
    return (folder / f"{name}.graphql").read_text()


def ask(world: World, peer: Peer, server: Server, question: Question, seconds: float) -> Measured:
    """Ask one question for a while, first alone and then from many clients."""
    before = database_cpu_s(world)
    latencies, size, cpu_s, first_s = ask_repeatedly(server, question, seconds)
    spent = database_cpu_s(world) - before
    per_second = ask_from_many(server, question, seconds)
    return Measured(
        peer.name,
        question.name,
        world.scale,
        0.0,
        None,
        1000 * first_s,
        size,
        1000 * statistics.median(latencies),
        1000 * percentile(latencies, 0.99),
        per_second,
        1000 * cpu_s / len(latencies),
        1000 * spent / len(latencies),
        server.peak_mib(),
        round(os.getloadavg()[0], 2),
    )


def middle_of(rounds: Sequence[Measured]) -> Measured:
    """Return the medians of several rounds."""

    def middle(take: Callable[[Measured], float]) -> float:
        return round(statistics.median(take(each) for each in rounds), 2)

    first = rounds[0]
    return replace(
        first,
        first_ms=round(first.first_ms, 2),
        median_ms=middle(lambda each: each.median_ms),
        p99_ms=middle(lambda each: each.p99_ms),
        per_second=middle(lambda each: each.per_second),
        server_cpu_ms=middle(lambda each: each.server_cpu_ms),
        database_cpu_ms=middle(lambda each: each.database_cpu_ms),
        peak_mib=max(each.peak_mib for each in rounds),
        load=middle(lambda each: each.load),
    )


def variables_of(world: World) -> Callable[[str], Callable[[int], Mapping[str, object]]]:
    """Return the variables of each question by its turn: pages from the start, requests one after another."""
    by_name = {question.name: question for question in asyncio.run(prepared(world))}

    def of(name: str) -> Callable[[int], Mapping[str, object]]:
        match name:
            case "chain" | "production":
                return by_name["one request"].variables
            case "search":
                return by_name["search"].variables
            case _:
                return lambda _turn: {}

    return of


def database_cpu_s(world: World) -> float:
    """Return the processor time of all connections to the world's database, seconds."""
    name = world.url.split("?")[0].rsplit("/", 1)[1]
    return sum(_cpu_of(name))


def _cpu_of(database: str) -> Iterator[float]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if f" {database} " not in (folder / "cmdline").read_text().replace("\0", " "):
                continue
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if "postgres" in (folder / "comm").read_text():
            yield (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def print_table(measured: Sequence[Measured]) -> None:
    """Print the medians, one line for each question and server."""
    print(
        "scale question    server           writes/s stmts   bytes first ms   p50 ms   p99 ms     1/s "
        " CPU ms  db ms  MiB"
    )
    for each in measured:
        statements = "" if each.statements is None else each.statements
        print(
            f"{each.scale:5} {each.question:11} {each.server:16} {each.writes_per_second:8.0f} "
            f"{statements:>5} {each.answer_bytes:7} {each.first_ms:8.1f} {each.median_ms:8.2f} "
            f"{each.p99_ms:8.1f} {each.per_second:7.1f} {each.server_cpu_ms:7.2f} "
            f"{each.database_cpu_ms:6.2f} {each.peak_mib:4.0f}"
        )


if __name__ == "__main__":
    main()
