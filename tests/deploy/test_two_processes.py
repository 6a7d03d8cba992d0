"""Two web and two worker processes behind a balancer: whichever is killed, nothing is lost or doubled."""

import asyncio
import contextlib
import datetime as dt
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from gateway.app import utc_now
from gateway.client import Gateway
from gateway.practice.world import load_practice_world
from gateway.store.attempts import Attempt, Submission
from gateway.store.database import Database
from gateway.store.sources import SyncRun
from gateway.sync.engine import EARLY
from gateway.sync.jobs import PACES
from tests.app.browser import ME, choose, to_iam
from tests.deploy.running import WEB, WORKERS, Deployment, deployed
from tests.schema.mutations.asking import MINIMUM_BIAS
from tests.support.databases import DatabaseMaker, opened

HAPROXY = os.environ.get("GATEWAY_HAPROXY")

SEED = 20260301
REQUESTS = 8
# Each process is killed once: one of each kind, then, when both are back, the others.
BETWEEN_KILLS_S = (0.5, 2.0)
# Between two reads of one reader.
PAUSE_S = 0.05
PATIENCE_S = 240.0
ENDED = frozenset({"OK", "HELD"})
READ = "{ requests(first: 3) { nodes { name } } }"
READ_ANSWER = {"requests": {"nodes": [{"name": f"PROD2025-{number:03}"} for number in (1, 2, 3)]}}
CREATE = """
mutation ($input: CreateRequestInput!, $key: String!) {
  done: createRequest(input: $input, idempotencyKey: $key) { ... on RequestChanged { request { name } } }
}
"""
SUBMIT = """
mutation ($step: String!, $key: String!) {
  done: submitStep(key: $step, idempotencyKey: $key) {
    __typename
    ... on Submitted { isRepeated attempts { key } }
    ... on Refusal { code message }
    ... on Invalid { findings { code message } }
  }
}
"""


@pytest.fixture
async def deployment(
    database_maker: DatabaseMaker, migrated_template: str, tmp_path: Path
) -> AsyncIterator[Deployment]:
    url = database_maker.copy_of(migrated_template)
    async with opened(url) as database:
        await load_practice_world(database, at=utc_now())
    with contextlib.ExitStack() as running:
        yield await asyncio.to_thread(running.enter_context, deployed(url, tmp_path, HAPROXY or ""))
        await asyncio.to_thread(running.close)


@contextlib.asynccontextmanager
async def browser(deployment: Deployment) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser in which the production manager has logged in through the balancer."""
    async with httpx2.AsyncClient(base_url=deployment.url, trust_env=False, timeout=60) as client:
        back = await choose(await to_iam(client), "prodman")
        landed = await client.get(back.raw_path.decode())
        assert landed.status_code == 303, landed.text
        yield client


def own(deployment: Deployment) -> dict[str, str]:
    """The headers of our own page."""
    return {"x-gateway-panel": "1", "origin": deployment.url, "sec-fetch-site": "same-origin"}


async def access_token(deployment: Deployment) -> str:
    """A token of the analyst for the gateway."""
    form = {"grant_type": "password", "client_id": "practice-shell", "username": "analyst"}
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{deployment.grid.addresses['iam']}/token",
            data=form | {"password": "practice", "audience": "spd-gateway"},
        )
    return str(answer.json()["access_token"])


class Reads:
    """Reads that go on until they are stopped: by GET, which the balancer repeats, and by our own client."""

    def __init__(self, deployment: Deployment, token: str) -> None:
        self._deployment, self._token = deployment, token
        self.answers: Counter[str] = Counter()
        self.is_over = False

    def note(self, how: str, data: object) -> None:
        self.answers[how if data == READ_ANSWER else f"{how}: {str(data)[:200]}"] += 1

    async def by_get(self) -> None:
        headers = {"authorization": f"Bearer {self._token}", "accept": "application/json"}
        async with httpx2.AsyncClient(base_url=self._deployment.url, trust_env=False, timeout=60) as client:
            while not self.is_over:
                answer = await client.get("/graphql", params={"query": READ}, headers=headers)
                self.note("get", answer.json()["data"] if answer.status_code == 200 else answer.text)
                await asyncio.sleep(PAUSE_S)

    def by_client(self) -> None:
        with Gateway(self._deployment.url, token=self._token) as gateway:
            while not self.is_over:
                self.note("client", gateway.query(READ))
                time.sleep(PAUSE_S)


@contextlib.asynccontextmanager
async def reading(deployment: Deployment) -> AsyncIterator[Reads]:
    """Read meanwhile."""
    reads = Reads(deployment, await access_token(deployment))
    going = [asyncio.create_task(reads.by_get()), asyncio.create_task(asyncio.to_thread(reads.by_client))]
    try:
        yield reads
    finally:
        reads.is_over = True
        await asyncio.gather(*going)


async def change(
    client: httpx2.AsyncClient, deployment: Deployment, document: str, **variables: object
) -> dict[str, Any]:
    """Ask for a change until there is an answer, each time under the same key."""
    body = {"query": document, "variables": variables}
    while True:
        try:
            answer = await client.post("/graphql", json=body, headers=own(deployment))
        except httpx2.TransportError:
            continue
        if answer.status_code not in {502, 503, 504}:
            break
    done: dict[str, Any] = answer.json()["data"]["done"]
    return done


async def submit(client: httpx2.AsyncClient, deployment: Deployment, number: int) -> str:
    """Make a request and submit its simulation; return the attempt."""
    wish = MINIMUM_BIAS | {"events": 40_000}
    made = await change(client, deployment, CREATE, input=wish, key=f"create {number}")
    step = f"{made['request']['name']}.SIM"
    done = await change(client, deployment, SUBMIT, step=step, key=f"submit {number}")
    assert done["__typename"] == "Submitted", done
    [attempt] = done["attempts"]
    return str(attempt["key"])


async def kill_all(deployment: Deployment) -> None:
    """Kill each process once at a moment of chance; it is started again a second later."""
    die = random.Random(SEED)
    for pair in zip(die.sample(WEB, 2), die.sample(WORKERS, 2), strict=True):
        for name in pair:
            await asyncio.sleep(die.uniform(*BETWEEN_KILLS_S))
            deployment.kill(name)
        await asyncio.sleep(1)
        for name in pair:
            deployment.start(name)
        # The others of their kinds go on alone until they are back.
        await asyncio.to_thread(deployment.wait_for, *pair)


async def all_sent(database: Database) -> None:
    """Return when every attempt that was planned is a task."""
    while True:
        async with database.snapshot() as session:
            found = Counter(
                await session.scalars(
                    select(Attempt.state).join(Submission, Submission.attempt_key == Attempt.key)
                )
            )
        if found == {"SUBMITTED": REQUESTS}:
            return
        await asyncio.sleep(0.3)


@pytest.mark.parametrize("database_maker", ["postgresql"], indirect=True)
@pytest.mark.skipif(not HAPROXY, reason="no HAProxy: scripts/test.sh finds one, or GATEWAY_HAPROXY names it")
async def test_nothing_is_lost_or_doubled_whichever_process_is_killed(
    deployment: Deployment, database_maker: DatabaseMaker
) -> None:
    database = Database(deployment.environment["GATEWAY_DATABASE_URL"])

    async with asyncio.timeout(PATIENCE_S), reading(deployment) as reads, browser(deployment) as client:
        killing = asyncio.create_task(kill_all(deployment))
        attempts = []
        for number in range(REQUESTS):
            attempts.append(await submit(client, deployment, number))
            await asyncio.sleep(0.8)
        await killing
        await all_sent(database)
        sessions = [
            (await client.post(f"{url}/graphql", json={"query": ME}, headers=own(deployment))).json()
            for url in deployment.web.values()
        ]

    assert sorted(deployment.kills) == [*WEB, *WORKERS]
    assert set(reads.answers) == {"get", "client"}, reads.answers
    assert min(reads.answers.values()) > 50
    sent = Counter(str(one.parameters.get("taskName")) for one in deployment.grid.panda.tasks.values())
    assert len(set(attempts)) == REQUESTS
    assert {name: sent[name] for name in attempts} == dict.fromkeys(attempts, 1)
    assert [one["data"]["viewer"]["username"] for one in sessions] == ["prodman", "prodman"]
    async with database.snapshot() as session:
        runs = list(
            await session.scalars(
                select(SyncRun).where(SyncRun.job.in_(PACES)).order_by(SyncRun.job, SyncRun.started_at)
            )
        )
    await database.close()
    # A job whose process was killed waits for the end of its lease, which is longer than this test.
    assert len({run.job for run in runs if run.verdict in ENDED}) >= 4
    assert list(twice(runs)) == []


def twice(runs: list[SyncRun]) -> Iterator[str]:
    """Runs of a job that began in the period of another one that ended well, or while it ran."""
    ended = [run for run in runs if run.verdict in ENDED]
    for before, after in pairwise(ended):
        period = dt.timedelta(seconds=PACES[after.job].changes_every_s) - EARLY
        if before.job == after.job and after.started_at < before.started_at + period:
            yield f"{after.job} at {before.started_at} and {after.started_at}"
    for before, after in pairwise(runs):
        if before.job == after.job and (before.ended_at is None or after.started_at < before.ended_at):
            yield f"{after.job} at {after.started_at} beside {before.started_at}"


def run_of(job: str, began_s: float, ended_s: float | None, verdict: str = "OK") -> SyncRun:
    """A run that began and ended so many seconds after a moment."""
    moment = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    ended_at = None if ended_s is None else moment + dt.timedelta(seconds=ended_s)
    run = SyncRun(
        source="panda",
        job=job,
        is_full=True,
        started_at=moment + dt.timedelta(seconds=began_s),
        verdict=verdict,
    )
    run.ended_at = ended_at
    return run


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (run_of("panda.tasks", 13, 14), 0),
        (run_of("panda.tasks", 12, 13), 1),
        (run_of("panda.tasks", 1, 14), 2),
        (run_of("panda.tasks", 3, 4, "LOST"), 0),
        (run_of("panda.job_counts", 1, 2), 0),
    ],
)
def test_a_job_that_runs_twice_would_be_found(second: SyncRun, found: int) -> None:
    assert len(list(twice([run_of("panda.tasks", 0, 2), second]))) == found
