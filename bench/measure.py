"""What one question costs: statements in this process, time and memory of a server in another."""

import contextlib
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from bench.questions import Question
from bench.wire import Connection, answers_of_many, requests_of
from bench.worlds import BUILT_AT, World
from gateway.store.database import Database
from tests.support.asking import Asker
from tests.support.databases import counted_statements

# Enough for the server never to wait for a client.
CONNECTIONS = 8

# The server has one core to itself, the client and the database the others, when the machine has several.
SERVER_CORE = 0


@dataclass(frozen=True)
class Cost:
    """What a question cost in one world.

    Latencies are those of one client asking alone, `per_second` is what eight get together from the server's
    one core, memory is the server's high-water mark over both.
    """

    kind: str
    scale: int
    question: str
    statements: int
    answer_bytes: int
    median_ms: float
    p99_ms: float
    per_second: float
    server_cpu_ms: float
    peak_mib: float

    def as_json(self) -> dict[str, object]:
        """Return the cost for the results file."""
        return asdict(self)


@dataclass(frozen=True)
class Server:
    """A running server process."""

    port: int
    pid: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def peak_mib(self) -> float:
        """Return the most memory it ever held, MiB."""
        with open(f"/proc/{self.pid}/status") as status:
            [line] = [line for line in status if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024

    def cpu_s(self) -> float:
        """Return the processor time it has used, seconds."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(world: World) -> Iterator[Server]:
    """Run `gateway serve` on the world in a process of its own, on a free port, until the block ends."""
    environment = os.environ | {
        "GATEWAY_DATABASE_URL": world.url,
        "GATEWAY_OPEN_ACCESS": "true",
        "GATEWAY_OBJECTS_PER_MINUTE": "0",
        "GATEWAY_PORT": "0",
        "GATEWAY_LOG_FORMAT": "json",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_one_core,
    )
    try:
        port = port_of(process)
        # Nobody reads the log, and a full pipe would stop the server in the middle of an answer.
        threading.Thread(target=pass_over, args=(process.stderr,), daemon=True).start()
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def pass_over(lines: Iterable[str] | None) -> None:
    """Read a server's output and keep nothing of it."""
    for _line in lines or ():
        pass


def take_one_core() -> None:
    """Leave this process the server's core only, where there are several."""
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {SERVER_CORE})


def port_of(process: subprocess.Popen[str]) -> int:
    """Return the port on which a gateway says in its log that it listens."""
    assert process.stderr is not None
    for line in process.stderr:
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("action") == "serve.listening":
            return int(event["port"])
    raise RuntimeError("the server ended before it listened")


async def count_statements(world: World, question: Question) -> int:
    """Return how many statements the question takes."""
    database = Database(world.url)
    try:
        asker = Asker(database, BUILT_AT)
        with counted_statements(database) as statements:
            await asker(question.document, **question.variables(0))
        return len(statements)
    finally:
        await database.close()


def ask_repeatedly(
    server: Server, question: Question, seconds: float
) -> tuple[list[float], int, float, float]:
    """Ask one after another for a while.

    Return the latencies, an answer's size, the server's CPU meanwhile, and what the very first took.
    """
    requests = requests_of(question, server.headers)
    connection = Connection(server.port)
    began = time.perf_counter()
    size = connection.ask(requests[0])
    first_s = time.perf_counter() - began
    for turn in range(1, 3):
        connection.ask(requests[turn])
    latencies: list[float] = []
    turn = 2
    cpu, ends = server.cpu_s(), time.perf_counter() + seconds
    while time.perf_counter() < ends or len(latencies) < 5:
        turn += 1
        began = time.perf_counter()
        size = connection.ask(requests[turn % len(requests)])
        latencies.append(time.perf_counter() - began)
    spent = server.cpu_s() - cpu
    connection.socket.close()
    return latencies, size, spent, first_s


def ask_from_many(server: Server, question: Question, seconds: float) -> float:
    """Ask from CONNECTIONS connections at once for a while; return the answers per second of all together."""
    requests = requests_of(question, server.headers)
    return answers_of_many(server.port, requests, CONNECTIONS, seconds)


def percentile(latencies: Sequence[float], part: float) -> float:
    """Return the latency that this part of all did not exceed."""
    return sorted(latencies)[math.ceil(part * len(latencies)) - 1]


def cost_of(
    world: World,
    question: Question,
    statements: int,
    latencies: Sequence[float],
    size: int,
    cpu_s: float,
    per_second: float,
    peak_mib: float,
) -> Cost:
    """Put the figures of one question together."""
    ordered = sorted(latencies)
    return Cost(
        kind=world.kind,
        scale=world.scale,
        question=question.name,
        statements=statements,
        answer_bytes=size,
        median_ms=1000 * statistics.median(ordered),
        p99_ms=1000 * percentile(ordered, 0.99),
        per_second=per_second,
        server_cpu_ms=1000 * cpu_s / len(ordered),
        peak_mib=peak_mib,
    )
