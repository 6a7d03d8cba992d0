"""The read path beside its peers: one database, one set of questions, one run, in alternating order.

    make bench-beside ARGS="--rounds 3 --seconds 3 --keep"

Each server has one core, the database and the client share the other. Every body is looked at.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.__main__ import describe_machine, prepared
from bench.measure import Server, ask_from_many, ask_repeatedly, percentile
from bench.peers import COMPILED, FIELD_BY_FIELD, Peer, postgraphile, postgraphile_version, serving
from bench.questions import Question
from bench.worlds import World, worlds

RESULTS = Path(__file__).parent / "results"
QUESTIONS = ("page", "chain", "tasks", "deep", "production", "search", "statistics")


@dataclass
class Measured:
    """What a question cost at a server, over all rounds; times in milliseconds, of one request."""

    server: str
    question: str
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
    parser.add_argument("--scale", type=int, default=100, help="times the talk's world")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="how long each question is asked in a round"
    )
    parser.add_argument("--questions", default=",".join(QUESTIONS))
    parser.add_argument("--keep", action="store_true", help="write the results to bench/results")
    chosen = parser.parse_args()
    peers = [FIELD_BY_FIELD, COMPILED, postgraphile()]
    machine = describe_machine() | {"postgraphile": postgraphile_version()}
    print(" · ".join(f"{name} {value}" for name, value in machine.items()))
    with (
        tempfile.TemporaryDirectory() as folder,
        worlds(["postgresql"], [chosen.scale], Path(folder)) as all_worlds,
    ):
        world = next(all_worlds)
        measured = compare(world, peers, chosen.questions.split(","), chosen.rounds, chosen.seconds)
    print_table(measured)
    if chosen.keep:
        name = str(machine["at"]).replace(":", "").replace("+0000", "Z")
        content = {"machine": machine, "scale": chosen.scale, "measured": [asdict(each) for each in measured]}
        path = RESULTS / f"beside-{name}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")
        print(f"\nkept in {path.relative_to(RESULTS.parents[1])}")


def compare(
    world: World, peers: Sequence[Peer], names: Sequence[str], rounds: int, seconds: float
) -> list[Measured]:
    """Ask every question of every server in rounds, the order of servers turned round each time."""
    asked = variables_of(world)
    found: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    with contextlib.ExitStack() as stack:
        servers = [(peer, stack.enter_context(serving(peer, world))) for peer in peers]
        for number in range(rounds):
            for name in names:
                for peer, server in servers if number % 2 == 0 else reversed(servers):
                    file = peer.folder / f"{name}.graphql"
                    if file.exists():
                        question = Question(name, file.read_text(), asked(name))
                        found[name, peer.name].append(ask(world, peer, server, question, seconds))
    return [middle_of(each) for each in found.values()]


def ask(world: World, peer: Peer, server: Server, question: Question, seconds: float) -> Measured:
    """Ask one question for a while, first alone and then from many clients."""
    before = database_cpu_s(world)
    latencies, size, cpu_s = ask_repeatedly(server, question, seconds)
    spent = database_cpu_s(world) - before
    per_second = ask_from_many(server, question, seconds)
    return Measured(
        peer.name,
        question.name,
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
    return Measured(
        first.server,
        first.question,
        first.answer_bytes,
        middle(lambda each: each.median_ms),
        middle(lambda each: each.p99_ms),
        middle(lambda each: each.per_second),
        middle(lambda each: each.server_cpu_ms),
        middle(lambda each: each.database_cpu_ms),
        max(each.peak_mib for each in rounds),
        middle(lambda each: each.load),
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
    print("question    server            bytes   p50 ms   p99 ms     1/s  CPU ms  db ms  peak MiB")
    for each in measured:
        print(
            f"{each.question:11} {each.server:15} {each.answer_bytes:7} {each.median_ms:8.1f} "
            f"{each.p99_ms:8.1f} {each.per_second:7.1f} {each.server_cpu_ms:7.1f} "
            f"{each.database_cpu_ms:6.1f} {each.peak_mib:9.0f}"
        )


if __name__ == "__main__":
    main()
