"""A reading loop killed at any moment: nothing lost, nothing doubled, no lease for ever.

The number of kills is taken from GATEWAY_KILLS (100 over both databases). `test_worker_kills` kills the
worker as people run it, which takes ten times as long.
"""

import asyncio
import datetime as dt
import multiprocessing
import os
import random
import signal

from sqlalchemy import func, select

from gateway.practice.rucio_catalogue import practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.world import practice_snapshot
from gateway.store.datasets import Dataset
from gateway.store.history import PastVersion
from gateway.store.sources import SyncRun
from gateway.sync.lease import LEASE
from tests.support.databases import DatabaseMaker, opened
from tests.support.serving import served
from tests.sync.reader import read, read_for_ever

KILLS = int(os.environ.get("GATEWAY_KILLS", "100")) // 2
SEED = 20260301
START_TIMEOUT_S = 120
# Enough datasets for a reading of several pages and transactions.
MADE = 2500


def clock() -> dt.datetime:
    """The twin's clock: the real one."""
    return dt.datetime.now(dt.UTC)


async def test_a_worker_killed_at_any_moment_loses_and_doubles_nothing(
    database_maker: DatabaseMaker, migrated_template: str
) -> None:
    chance = random.Random(SEED)
    catalogue = practice_catalogue(practice_snapshot(clock())["rucio"], clock)
    for number in range(MADE):
        catalogue.add_did("MC2025_S1", f"MC2025_S1.made.{number:05}", kind="DATASET", account="prodman")
    url = database_maker.copy_of(migrated_template)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.sync.reader"])
    with served(create_rucio_twin(catalogue), date_header=False) as rucio:
        for kill in range(KILLS):
            ready = processes.Event()
            process = processes.Process(
                target=read_for_ever,
                args=(url, rucio, f"process {kill}", kill * (LEASE.total_seconds() + 1), ready),
            )
            process.start()
            # Most are killed while they read, some while they start, however slow the machine is.
            if kill % 4:
                await asyncio.to_thread(ready.wait, START_TIMEOUT_S)
            await asyncio.sleep(chance.uniform(0.0, 0.4))
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            name = f"MC2025_S1.later.{kill:05}"
            catalogue.add_did("MC2025_S1", name, kind="DATASET", account="prodman")
        later_s = (KILLS + 1) * (LEASE.total_seconds() + 1)

        await read(url, rucio, "the last", later_s, times=2)

    async with opened(url) as database, database.snapshot() as session:
        dids = list(await session.scalars(select(Dataset.did).where(Dataset.gone_at.is_(None))))
        gone = await session.scalar(select(func.count()).where(Dataset.gone_at.is_not(None)))
        changed = await session.scalar(
            select(func.count()).where(PastVersion.row_key.like("%MC2025_S1.made.%"))
        )
        open_runs = await session.scalar(select(func.count()).where(SyncRun.verdict == "RUNNING"))
        lost_runs = await session.scalar(select(func.count()).where(SyncRun.verdict == "LOST"))
    print(
        f"{KILLS} kills on {database_maker.kind} (seed {SEED}): {lost_runs} runs cut, 0 rows lost or doubled"
    )
    assert sorted(dids) == sorted(f"{scope}:{name}" for scope, name in catalogue.dids)
    assert (gone, changed, open_runs) == (0, 0, 0)
    # The control: kills that hit no run would prove nothing.
    assert (lost_runs or 0) >= KILLS // 2
