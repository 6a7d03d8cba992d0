"""A process that reads a practice Rucio over and over, until it is killed."""

import asyncio
import datetime as dt
from multiprocessing.synchronize import Event

from gateway.store.database import Database
from gateway.sync.engine import Engine
from gateway.sync.jobs import jobs_of
from gateway.upstreams.http import HttpUpstream, Manners
from gateway.upstreams.rucio.tokens import PasswordLogin
from gateway.upstreams.rucio.upstream import RucioUpstream


def read_for_ever(database_url: str, rucio: str, owner: str, later_s: float, ready: Event) -> None:
    """Read, on a clock that is ahead, so that the leases of those killed before have ended."""
    asyncio.run(read(database_url, rucio, owner, later_s, times=1_000_000, ready=ready))


async def read(
    database_url: str, rucio: str, owner: str, later_s: float, *, times: int, ready: Event | None = None
) -> None:
    """Run every job a number of times, whole; say when the first is about to begin."""

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=later_s)

    database = Database(database_url)
    http = HttpUpstream("rucio", rucio, manners=Manners(per_second=1000, burst=1000))
    login = PasswordLogin(http, account="gateway", username="gateway", password="secret-gateway", clock=clock)
    upstream = RucioUpstream(http, login, clock=clock)
    engine = Engine(database, jobs_of([upstream]), clock=clock, owner=owner)
    await engine.register()
    if ready is not None:
        ready.set()
    for _time in range(times):
        for name in engine.jobs:
            await engine.run(name, whole=True)
    await upstream.close()
    await database.close()
