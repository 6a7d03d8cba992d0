"""A process that notes every tick it is given in a file: `ticker.py URL EXECUTOR FILE SECONDS [forget]`.

With `forget` it has the ended ticks forgotten twice at its end, and prints how many were.
"""

import asyncio
import datetime as dt
import os
import sys

from gateway.store.database import parse_database_url
from gateway.sync.runner import Runner


async def main(url: str, executor: str, file: str, seconds: float, *, forgets: bool) -> None:
    """Run for a while; write one line per tick: the job, the planned second, the executor."""
    notes = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def work(job: str, planned_at: dt.datetime) -> None:
        os.write(notes, f"{job} {planned_at.timestamp():.0f} {executor}\n".encode())

    runner = Runner(parse_database_url(url), {"fast": 1, "slow": 2}, work, executor=executor)
    await runner.start()
    print("started", flush=True)
    await asyncio.sleep(seconds)
    if forgets:
        print(await runner.forget(dt.datetime.now(dt.UTC)), flush=True)
        print(await runner.forget(dt.datetime.now(dt.UTC)), flush=True)
    await runner.stop()


forgets = sys.argv[5:] == ["forget"]
asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), forgets=forgets))
