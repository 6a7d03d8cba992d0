"""Starting jobs in time, each tick once however many processes there are: the only module that knows DBOS.

What a job does, when it may try again and how fresh its data is stays in our own tables (`engine`); DBOS only
says "now", in one process. Its recovery after a crash starts a tick again, which is harmless: a job that is
not due does nothing, and one that is in work has a lease.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from dbos import DBOS, DBOSConfig
from sqlalchemy.engine import URL

from gateway import __version__
from gateway.store.database import POSTGRESQL

# Called with the job's name and the moment its tick was planned for.
Work = Callable[[str, dt.datetime], Awaitable[object]]

# DBOS looks this often whether a tick has come; no job is started more often than once a second.
POLL_S: Final = 0.5
# How long a clean stop waits for runs that are in work; they then lose nothing but their last page.
STOP_S: Final = 10
APPLICATION: Final = "spd-gateway"
# Ticks deleted by one statement, and at most in one go: deleting must not hold up the ticks that come.
FORGET_AT_ONCE: Final = 500
FORGET_MOST: Final = 20_000


class Runner:
    """Calls `work` at each tick of each job, in exactly one of all running processes.

    `periods_s` are whole seconds that divide a minute, or whole minutes that divide an hour, by job. Work
    runs on the event loop that started the runner. One runner per process: DBOS keeps its state globally.
    """

    def __init__(self, url: URL, periods_s: Mapping[str, float], work: Work, *, executor: str) -> None:
        self._schedules = {name: cron(period_s) for name, period_s in periods_s.items()}
        self._work = work
        self._config = DBOSConfig(
            name=APPLICATION,
            system_database_url=system_database_url(url),
            executor_id=executor,
            application_version=__version__,
            scheduler_polling_interval_sec=POLL_S,
            log_level="WARNING",
            run_migrations=True,
        )

    async def start(self) -> None:
        """Begin to call; ticks that passed while nobody ran are not made up for."""
        loop = asyncio.get_running_loop()
        work = self._work

        async def tick(planned_at: dt.datetime, job: Any) -> None:
            done = asyncio.run_coroutine_threadsafe(_awaited(work, str(job), planned_at), loop)
            await asyncio.wrap_future(done)

        DBOS(config=self._config)
        workflow = DBOS.workflow(name="tick")(tick)
        await asyncio.to_thread(DBOS.launch)
        await DBOS.apply_schedules_async(
            [
                {
                    "schedule_name": name,
                    "workflow_fn": workflow,
                    "schedule": schedule,
                    "context": name,
                }
                for name, schedule in self._schedules.items()
            ]
        )

    async def stop(self) -> None:
        """Stop calling and wait a while for what is in work."""
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=STOP_S)
        # DBOS made its own threads those of the loop, and has ended them; what closes after it needs some.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    async def forget(self, ended_before: dt.datetime) -> int:
        """Delete what DBOS remembers of ticks that had ended by then; return how many, at most FORGET_MOST.

        A tick is needed as long as another process may still come to it, which is seconds.
        """
        forgotten = 0
        while forgotten < FORGET_MOST:
            ended = await DBOS.list_workflows_async(
                completed_before=ended_before.isoformat(),
                limit=FORGET_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if not ended:
                break
            await DBOS.delete_workflows_async([one.workflow_id for one in ended])
            forgotten += len(ended)
        return forgotten


async def _awaited(work: Work, job: str, planned_at: dt.datetime) -> None:
    await work(job, planned_at)


def cron(period_s: float) -> str:
    """Return the six-field cron line for a period; raise ValueError for one that does not divide evenly."""
    seconds = round(period_s)
    if 0 < seconds < 60 and 60 % seconds == 0:
        return f"*/{seconds} * * * * *"
    minutes, rest = divmod(seconds, 60)
    if rest == 0 and 0 < minutes < 60 and 60 % minutes == 0:
        return f"0 */{minutes} * * * *"
    raise ValueError(f"a period of {period_s} s divides neither a minute nor an hour evenly")


def system_database_url(url: URL) -> str:
    """Return where DBOS keeps its ticks: beside the SQLite file, or in the same PostgreSQL database."""
    if url.drivername == POSTGRESQL:
        return url.set(drivername="postgresql").render_as_string(hide_password=False)
    return f"sqlite:///{url.database}.ticks"
