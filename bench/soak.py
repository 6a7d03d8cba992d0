"""Hours of what a day is made of: reads at a steady rate, submissions and readings of services; what grows?

`python -m bench.soak --minutes 120 --rate 50` runs the deployment of tests/deploy (two web and two worker
processes on PostgreSQL behind HAProxy, the practice grid beside), on loopback and nowhere else. It prints the
memory of each process and what failed, and ends with 1 when a request failed or memory grew.
"""

import argparse
import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from gateway.app import utc_now
from gateway.practice.world import load_practice_world
from gateway.store.database import Database, parse_database_url
from gateway.store.migrate import upgrade
from tests.deploy.running import WEB, WORKERS, Deployment, deployed
from tests.deploy.test_two_processes import access_token, browser, submit
from tests.support.postgres import ROOT, create_database, running_postgres

QUERIES: dict[str, dict[str, object]] = {
    "page": {"first": 20},
    "tasks": {},
    "datasets_at_jinr": {},
    "search": {"text": "minbias 27GeV"},
    "statistics": {},
    "findings": {"severities": ["BLOCKER", "WARNING"]},
    "freshness": {},
    "sites": {},
}
SUBMIT_EVERY_S = 10.0
LOOK_EVERY_S = 10.0
TOKEN_EVERY_S = 1200.0
# What a process may have more at the end than after its first quarter: caches are full by then.
MAY_GROW_MIB = 24.0
# Beyond so many unanswered at once the rate is not kept, and that is said.
MOST_AT_ONCE = 200


@dataclass
class Soaked:
    """What happened."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    late: int = 0
    submitted: int = 0
    memory_mib: dict[str, list[float]] = field(default_factory=dict)

    @property
    def failed(self) -> dict[str, int]:
        """What was not an answer, by what it was."""
        return {what: count for what, count in self.answers.items() if what != "ok"}

    def grown_mib(self, name: str) -> float:
        """How much more memory a process had in the last quarter than in the second."""
        seen = self.memory_mib[name]
        quarter = max(1, len(seen) // 4)
        return statistics.median(seen[-quarter:]) - statistics.median(seen[quarter : 2 * quarter] or seen)


def memory_mib(process: int) -> float:
    """The resident memory of a process."""
    with Path(f"/proc/{process}/statm").open() as opened:
        return int(opened.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


async def read_steadily(deployment: Deployment, soaked: Soaked, rate: float, ends_at: float) -> None:
    """Send so many questions a second, whether or not those before are answered."""
    folder = ROOT / "tests" / "contracts" / "queries"
    bodies = [
        {"query": (folder / f"{name}.graphql").read_text(), "variables": variables}
        for name, variables in QUERIES.items()
    ]
    waiting: set[asyncio.Task[None]] = set()
    token, token_at = await access_token(deployment), time.monotonic()
    limits = httpx2.Limits(max_connections=MOST_AT_ONCE)
    async with httpx2.AsyncClient(
        base_url=deployment.url, trust_env=False, timeout=60, limits=limits
    ) as client:

        async def ask(body: dict[str, object]) -> None:
            began = time.monotonic()
            try:
                answer = await client.post(
                    "/graphql", json=body, headers={"authorization": f"Bearer {token}"}
                )
                is_ok = answer.status_code == 200 and "errors" not in answer.json()
                soaked.answers["ok" if is_ok else f"HTTP {answer.status_code}: {answer.text[:120]}"] += 1
            except httpx2.HTTPError as error:
                soaked.answers[type(error).__name__] += 1
            soaked.seconds.append(time.monotonic() - began)

        began = time.monotonic()
        for number, body in enumerate(itertools.cycle(bodies)):
            due = began + number / rate
            if due >= ends_at:
                break
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() - token_at > TOKEN_EVERY_S:
                token, token_at = await access_token(deployment), time.monotonic()
            if len(waiting) >= MOST_AT_ONCE:
                soaked.late += 1
                continue
            task = asyncio.create_task(ask(body))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)


async def submit_now_and_then(deployment: Deployment, soaked: Soaked, ends_at: float) -> None:
    """Make a request and submit it every few seconds."""
    async with browser(deployment) as client:
        while time.monotonic() < ends_at:
            await submit(client, deployment, soaked.submitted)
            soaked.submitted += 1
            await asyncio.sleep(SUBMIT_EVERY_S)


async def look(deployment: Deployment, soaked: Soaked, ends_at: float) -> None:
    """Note the memory of each process, and say it each minute."""
    for number in itertools.count():
        for name in (*WEB, *WORKERS):
            process = deployment.processes[name]
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended: {deployment.told(name)[-2000:]}")
            soaked.memory_mib.setdefault(name, []).append(memory_mib(process.pid))
        if number % 6 == 0:
            now = "  ".join(f"{name} {seen[-1]:.0f} MiB" for name, seen in soaked.memory_mib.items())
            print(f"{soaked.answers['ok']:>8} answers, {soaked.submitted} submitted, {now}", flush=True)
        if time.monotonic() >= ends_at:
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def soak(deployment: Deployment, minutes: float, rate: float) -> Soaked:
    """Let it all happen for so long."""
    soaked, ends_at = Soaked(), time.monotonic() + minutes * 60
    await asyncio.gather(
        read_steadily(deployment, soaked, rate, ends_at),
        submit_now_and_then(deployment, soaked, ends_at),
        look(deployment, soaked, ends_at),
    )
    return soaked


def main() -> None:
    """Soak, and print what came of it."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--rate", type=float, default=50.0, help="questions a second")
    chosen = parser.parse_args()
    haproxy = os.environ.get("GATEWAY_HAPROXY", "haproxy")
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = create_database(server, "soak")
        upgrade(parse_database_url(url))

        async def fill() -> None:
            database = Database(url)
            await load_practice_world(database, at=utc_now())
            await database.close()

        asyncio.run(fill())
        # One reader stands for all people here: what a person may ask for in a minute is not the question.
        with deployed(url, Path(folder), haproxy, objects_per_minute="0") as deployment:
            soaked = asyncio.run(soak(deployment, chosen.minutes, chosen.rate))
    seconds = sorted(soaked.seconds)
    total = sum(soaked.answers.values())
    print(f"{total} questions in {chosen.minutes:g} min, {soaked.late} not sent because too many waited")
    p50, p99 = (seconds[len(seconds) * part // 100] * 1000 for part in (50, 99))
    print(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    print(f"{soaked.submitted} submitted; failed: {soaked.failed or 'none'}")
    for name, seen in soaked.memory_mib.items():
        grown = f"grown {soaked.grown_mib(name):+.1f} MiB"
        print(f"{name}: {seen[0]:.0f} MiB at first, {seen[-1]:.0f} at last, {grown}")
    has_grown = any(soaked.grown_mib(name) > MAY_GROW_MIB for name in soaked.memory_mib)
    sys.exit(1 if soaked.failed or has_grown else 0)


if __name__ == "__main__":
    main()
