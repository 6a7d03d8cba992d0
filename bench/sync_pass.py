"""One pass of one reading in a process of its own, as the worker would do it; prints what it cost as JSON.

Arguments: the reading, and `whole` or `changes`. Addresses come from the settings.
"""

import asyncio
import datetime as dt
import json
import resource
import sys
import time
from dataclasses import replace
from typing import Final

from gateway.connect import connect
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.sync.engine import Engine
from gateway.sync.jobs import PACES, jobs_of

HOURS_S: Final = 4 * 3600.0


def now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


async def run(name: str, *, whole: bool) -> dict[str, object]:
    """Run the reading once; raises RuntimeError when it did not end well."""
    settings = Settings.read()
    database = Database(settings.database_url)
    upstreams = connect(settings, database, now)
    try:
        # However slow the machine is: a measurement that is given up says nothing.
        paces = {reading: replace(pace, deadline_s=HOURS_S) for reading, pace in PACES.items()}
        engine = Engine(database, jobs_of(upstreams, paces), clock=now, owner="bench")
        await engine.register()
        began, used = time.perf_counter(), _cpu_s()
        report = await engine.run(name, whole=whole)
        took, used = time.perf_counter() - began, _cpu_s() - used
    finally:
        for upstream in upstreams:
            await upstream.close()
        await database.close()
    if report.error is not None or report.verdict is None:
        raise RuntimeError(f"{name}: {report.verdict} {report.error}")
    return {
        "is_whole": report.is_whole,
        "rows_seen": report.outcome.seen,
        "rows_changed": report.outcome.changed,
        "seconds": took,
        "cpu_s": used,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], whole=sys.argv[2] == "whole"))))
