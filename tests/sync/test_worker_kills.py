"""The worker that `gateway sync` runs, killed at any moment: nothing lost, doubled, or held up for long.

The number of kills over both databases is taken from GATEWAY_WORKER_KILLS. Each costs a second of a core;
`test_kills` kills a bare reading loop ten times as often.
"""

import asyncio
import datetime as dt
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy import select

from gateway.auth.sealing import new_key
from gateway.cli import main
from gateway.connect import connect
from gateway.practice.living import GridWishes, LivingGrid
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.history import PastVersion
from gateway.store.sources import SyncRun
from gateway.store.sync_jobs import NO_SOURCE, SyncJob
from gateway.sync.engine import Engine
from gateway.sync.jobs import jobs_of
from gateway.sync.lease import LEASE
from gateway.sync.records import SECTIONS
from tests.support.databases import DatabaseMaker, opened
from tests.support.manners import QUICK

KILLS = int(os.environ.get("GATEWAY_WORKER_KILLS", "2")) // 2
SEED = 20261125
# Enough datasets for readings of several pages and transactions.
MADE = 2500
SCOPE = "MC2025_S1"
TASKS = 3
# So long passes after each kill: every lease has ended, every reading is due, and whole.
LATER = dt.timedelta(hours=3)
# Far beyond what a loaded machine needs, so that only what will never come is given up.
TIMEOUT_S = 180.0

# A row's table and key, and the fingerprint of its content.
Copy = dict[tuple[str, tuple[object, ...]], str | None]


def now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


def gateway_sync(settings: Mapping[str, str], log: Path) -> None:
    """Be `gateway sync` with these settings and no others."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    os.environ.update({f"GATEWAY_{name.upper()}": value for name, value in settings.items()})
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["gateway", "sync"]
    main()


@dataclass
class Supervised:
    """A worker that is started again after it was killed, with the same name, as a supervisor does it."""

    database: Database
    settings: Mapping[str, str]
    log: Path
    process: ForkServerProcess | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, by a fork of a process that has loaded the program: loading is the dearest part."""
        processes = multiprocessing.get_context("forkserver")
        processes.set_forkserver_preload([__name__])
        self.process = processes.Process(target=gateway_sync, args=(self.settings, self.log))
        self.process.start()

    def kill(self) -> None:
        """End it as a machine that is gone does."""
        assert self.process is not None
        self.process.kill()
        self.process.join()

    def stop(self) -> int | None:
        """End it cleanly; return its exit code."""
        assert self.process is not None
        self.process.terminate()
        self.process.join(TIMEOUT_S)
        return self.process.exitcode

    async def readings(self) -> list[SyncJob]:
        """The rows of all jobs that read a source."""
        async with self.database.snapshot() as session:
            return list(await session.scalars(select(SyncJob).where(SyncJob.source != NO_SOURCE)))

    async def leases(self) -> list[dt.timedelta]:
        """How long each lease on a reading still lasts."""
        moment = now()
        until = [job.lease_until for job in await self.readings()]
        return [one - moment for one in until if one is not None and one > moment]

    async def wait_until_reading(self) -> None:
        """Return when it has begun to read."""
        async with self._waiting():
            while not await self.leases():
                self._check_alive()
                await asyncio.sleep(0.02)

    async def wait_until_datasets_are_read(self) -> None:
        """Return when it has begun to read the datasets, which takes it some seconds."""
        began_at = now()
        running = select(SyncRun.id).where(
            SyncRun.job == "rucio.datasets", SyncRun.verdict == "RUNNING", SyncRun.started_at > began_at
        )
        async with self._waiting():
            while True:
                async with self.database.snapshot() as session:
                    if await session.scalar(running) is not None:
                        return
                self._check_alive()
                await asyncio.sleep(0.02)

    async def wait_until_all_is_read(self) -> None:
        """Return when every reading has begun and ended well since now."""
        began_at = now()
        async with self._waiting():
            while not all(is_read_since(job, began_at) for job in await self.readings()):
                self._check_alive()
                await asyncio.sleep(0.2)

    @asynccontextmanager
    async def _waiting(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                yield
        except TimeoutError:
            jobs = [(job.name, job.last_ok_at, job.due_at, job.error) for job in await self.readings()]
            raise AssertionError(f"{jobs}\n{self.log.read_text()[-4000:]}") from None

    def _check_alive(self) -> None:
        assert self.process is not None
        assert self.process.is_alive(), self.log.read_text()[-4000:]


def is_read_since(job: SyncJob, moment: dt.datetime) -> bool:
    """Whether a reading has begun since, and ended well."""
    begun, ended = job.last_attempt_at, job.last_ok_at
    return begun is not None and ended is not None and moment < begun < ended


async def let_time_pass(database: Database) -> None:
    """Make all moments that decide about the next reading older, as waiting does."""
    async with database.transaction() as session:
        for job in await session.scalars(select(SyncJob)):
            for name in ("due_at", "last_full_ok_at", "lease_until"):
                if (moment := getattr(job, name)) is not None:
                    setattr(job, name, moment - LATER)


async def content(database: Database) -> Copy:
    """Every row that is there."""
    found: Copy = {}
    async with database.snapshot() as session:
        for section in (section for sections in SECTIONS.values() for section in sections):
            keys = [getattr(section.model, name) for name in section.key_fields]
            rows = await session.execute(
                select(*keys, section.model.content_hash).where(section.model.gone_at.is_(None))
            )
            # The grid adds up what storages hold every few seconds, and says when.
            is_still = section.name != "storage_usages"
            found |= {(section.name, tuple(row[:-1])): row[-1] if is_still else None for row in rows}
    return found


async def read_undisturbed(url: str, settings: Mapping[str, str]) -> Copy:
    """What a copy holds that was read twice by somebody who was not killed."""
    async with opened(url) as database:
        upstreams = connect(Settings(**settings), database, now, manners=QUICK)  # type: ignore[arg-type]
        engine = Engine(database, jobs_of(upstreams), clock=now, owner="undisturbed")
        await engine.register()
        for name in [*engine.jobs, *engine.jobs]:
            report = await engine.run(name, whole=True)
            assert report.error is None
        for upstream in upstreams:
            await upstream.close()
        return await content(database)


async def test_a_worker_killed_at_any_moment_loses_nothing_doubles_nothing_and_holds_nothing_up(
    database_maker: DatabaseMaker, migrated_template: str, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    # No task moves by itself: what changes is what the test changes.
    grid = LivingGrid(tmp_path / "grid", clock=now, wishes=GridWishes(speed=1e-9, chains=0))
    for number in range(MADE):
        grid.rucio.add_did(SCOPE, f"{SCOPE}.made.{number:05}", kind="DATASET", account="prodman")
    # Few jobs: they are counted at the pace that a real PanDA bears, two questions a second.
    grid.panda.tasks = dict(sorted(grid.panda.tasks.items())[-TASKS:])
    for task in grid.panda.tasks.values():
        task.over = [(queue, state, 2) for queue, state, _ in task.over[:1]]
    grid.start()
    url = database_maker.copy_of(migrated_template)
    settings = {"database_url": url, "executor": "worker", "vault_keys": new_key(), **grid.settings()}
    longest = dt.timedelta(0)
    async with opened(url) as database:
        worker = Supervised(database, settings, tmp_path / "worker.log")
        try:
            began_s = time.monotonic()
            for kill in range(KILLS):
                worker.start()
                if kill == KILLS - 1:
                    await worker.wait_until_datasets_are_read()
                elif kill % 5:
                    await worker.wait_until_reading()
                    await asyncio.sleep(chance.uniform(0.0, 0.6))
                else:
                    # While it starts; the first time there are no tables of ticks yet.
                    await asyncio.sleep(chance.uniform(0.0, 2.0))
                worker.kill()
                longest = max([longest, *await worker.leases()])
                grid.rucio.add_did(SCOPE, f"{SCOPE}.later.{kill:05}", kind="DATASET", account="prodman")
                grid.rucio.close(SCOPE, f"{SCOPE}.made.{kill:05}")
                await let_time_pass(database)
            took_s = time.monotonic() - began_s

            worker.start()
            await worker.wait_until_all_is_read()
            # Jobs are counted of tasks that were read before.
            await let_time_pass(database)
            await worker.wait_until_all_is_read()
            exit_code = worker.stop()

            copied = await content(database)
            async with database.snapshot() as session:
                verdicts = Counter(await session.scalars(select(SyncRun.verdict)))
                past = select(PastVersion.row_key).where(PastVersion.table_name != "storage_usages")
                versions = Counter(await session.scalars(past))
            held = await worker.leases()
            expected = await read_undisturbed(database_maker.copy_of(migrated_template), settings)
        finally:
            worker.kill()
            grid.stop()
    wrong = sum(copied[key] != expected[key] for key in copied.keys() & expected.keys())
    doubled = sum(times > 1 for times in versions.values())
    print(
        f"{KILLS} kills of `gateway sync` on {database_maker.kind} in {took_s:.0f} s (seed {SEED}): "
        f"{verdicts['LOST']} readings cut; of {len(expected)} rows {len(expected.keys() - copied.keys())} "
        f"lost, {len(copied.keys() - expected.keys())} too many, {wrong} wrong; {doubled} changes doubled; "
        f"longest lease {longest.total_seconds():.0f} s"
    )
    assert copied == expected
    # What changed once has one past version at most, however often the reading of it was cut.
    assert set(versions.values()) <= {1}
    assert longest <= LEASE
    assert held == []
    assert verdicts["RUNNING"] == 0
    assert exit_code == 0
    # The control: kills that cut no reading would prove nothing; the last one is sure to.
    assert verdicts["LOST"] >= 1
