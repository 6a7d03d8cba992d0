"""The background worker of one process: every job in its time, findings after them, a clean stop."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from sqlalchemy import select

from gateway.store.database import Database
from gateway.store.sync_jobs import SyncJob
from gateway.sync.engine import Engine, RunReport
from gateway.sync.follow_commands import follow_commands
from gateway.sync.forget_runs import forget_runs
from gateway.sync.jobs import PACES, Pace, jobs_of
from gateway.sync.lease import Clock
from gateway.sync.notifier import Notifier, forget_notices
from gateway.sync.outbox import Outbox
from gateway.sync.reconcile import reconcile
from gateway.sync.runner import Runner
from gateway.sync.watch_services import (
    Check,
    NoticesCheck,
    QueuesCheck,
    ServiceCheck,
    ServiceWatch,
    StoragesCheck,
    forget_health,
)
from gateway.sync.watch_sources import watch_sources
from gateway.upstreams.ports import CallBounds, Upstream

log = structlog.get_logger()

# The jobs that read no upstream: holding the invariants, starting what is wanted or overdue, sending what is
# planned, telling what happened, and forgetting what no longer explains anything.
FINDINGS: Final = "findings"
FINDINGS_EVERY_S: Final = 300
WANTED: Final = "wanted"
WANTED_EVERY_S: Final = 5
HEALTH: Final = "health"
HEALTH_EVERY_S: Final = 10
NOTICES: Final = "notices"
NOTICES_EVERY_S: Final = 2
OUTBOX: Final = "outbox"
OUTBOX_EVERY_S: Final = 2
FORGET: Final = "forget"
FORGET_EVERY_S: Final = 600
# Ended ticks; the runs themselves are kept longer (`forget_runs`).
TICKS_KEPT_FOR: Final = dt.timedelta(hours=1)


class Worker:
    """Keeps the copies of the upstreams current, and sends what is planned, until it is stopped.

    `manners` is how the upstreams are called, for people to see. Without an outbox nothing is sent, without a
    notifier nobody is told. `checks` are looked at beside the upstreams.
    """

    def __init__(
        self,
        database: Database,
        upstreams: Sequence[Upstream],
        *,
        clock: Clock,
        executor: str,
        paces: Mapping[str, Pace] = PACES,
        manners: CallBounds | None = None,
        tells_runs: bool = True,
        outbox: Outbox | None = None,
        notifier: Notifier | None = None,
        checks: Sequence[Check] = (),
    ) -> None:
        self._database = database
        self._upstreams = upstreams
        self._clock = clock
        self._outbox = outbox
        self._notifier = notifier
        self._health = ServiceWatch(
            database,
            [
                *map(ServiceCheck, upstreams),
                StoragesCheck(database),
                QueuesCheck(database),
                NoticesCheck(database, clock),
                *checks,
            ],
            clock=clock,
            owner=executor,
        )
        self._tells_runs = tells_runs
        self.engine = Engine(database, jobs_of(upstreams, paces, manners), clock=clock, owner=executor)
        periods_s = {name: job.pace.changes_every_s for name, job in self.engine.jobs.items()}
        self._runner = Runner(
            database.url,
            {
                **periods_s,
                FINDINGS: FINDINGS_EVERY_S,
                WANTED: WANTED_EVERY_S,
                FORGET: FORGET_EVERY_S,
                HEALTH: HEALTH_EVERY_S,
                **({} if outbox is None else {OUTBOX: OUTBOX_EVERY_S}),
                **({} if notifier is None else {NOTICES: NOTICES_EVERY_S}),
            },
            self._work,
            executor=executor,
        )

    async def run_all_once(self) -> list[RunReport]:
        """Read every upstream whole, one job after another, and look for findings."""
        await self.engine.register()
        reports = [await self.engine.run(name, whole=True) for name in self.engine.jobs]
        await reconcile(self._database, at=self._clock())
        return reports

    async def start(self) -> None:
        """Begin to work in time."""
        await self.engine.register()
        await self._runner.start()

    async def stop(self) -> None:
        """Stop: what is in work may end, what is not begun is not begun."""
        await self._runner.stop()
        if self._outbox is not None:
            await self._outbox.close()
        if self._notifier is not None:
            await self._notifier.close()
        for upstream in self._upstreams:
            await upstream.close()

    async def _work(self, job: str, _planned_at: dt.datetime) -> None:
        if job == FINDINGS:
            await reconcile(self._database, at=self._clock())
        elif job == WANTED:
            for name in await self._due():
                self._tell(await self.engine.run_if_due(name))
        elif job == FORGET:
            now = self._clock()
            await forget_runs(self._database, at=now)
            await self._runner.forget(now - TICKS_KEPT_FOR)
            await forget_notices(self._database, at=now)
            await forget_health(self._database, at=now)
        elif job == HEALTH:
            await self._health.work()
        elif job == NOTICES and self._notifier is not None:
            await watch_sources(self._database, at=self._clock())
            await self._notifier.work()
        elif job == OUTBOX and self._outbox is not None:
            await self._outbox.work()
            await follow_commands(self._database, at=self._clock())
        else:
            self._tell(await self.engine.run_if_due(job))

    async def _due(self) -> list[str]:
        """Jobs that somebody asked for, that never came to an end, or whose time came between two ticks."""
        now = self._clock()
        async with self._database.snapshot() as session:
            due = await session.scalars(
                select(SyncJob.name).where(
                    SyncJob.wanted_at.is_not(None) | SyncJob.due_at.is_(None) | (SyncJob.due_at <= now)
                )
            )
            return [name for name in due if name in self.engine.jobs]

    def _tell(self, report: RunReport | None) -> None:
        """Log a run; one that failed has been logged already."""
        if self._tells_runs and report is not None and report.verdict is not None:
            log.info(
                "a job ran",
                action="sync.ran",
                job=report.job,
                verdict=report.verdict.value,
                seen=report.outcome.seen,
                changed=report.outcome.changed,
                gone=report.outcome.gone,
            )
