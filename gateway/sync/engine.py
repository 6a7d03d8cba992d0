"""One run of one job: keep page by page what a source says, and at the clean end mark what is gone.

The contract, in the words of the copy it keeps: every row equals a state its owner really had; when the
owner stops changing, two whole readings make the copy equal; an error, an empty or a cut answer never removes
a row; killed at any moment, a run leaves what it kept and loses nothing, because the watermark only moves at
the end, in the transaction that keeps the last of it.
"""

import asyncio
import contextlib
import datetime as dt
import random
from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Final, cast

import structlog
from sqlalchemy import Table, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import (
    BusyError,
    DeniedError,
    GatewayError,
    NotOfferedError,
    SlowError,
    UnreachableError,
    UpstreamError,
)
from gateway.store.adoptions import read_adoptions, with_adoptions
from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.keys import RowKey
from gateway.store.remembered import Outcome, mark_gone, mark_seen, remember
from gateway.store.sources import SyncRun
from gateway.store.sync_jobs import SyncJob
from gateway.store.upsert import insert_missing
from gateway.sync.derive import derive_links
from gateway.sync.held import keep_held, released_keys
from gateway.sync.intake import Intake, intake_for
from gateway.sync.jobs import Job
from gateway.sync.keep_unsaid import keep_unsaid
from gateway.sync.lease import LEASE, Clock, Lease, LeaseLostError, take_lease
from gateway.sync.quarantine import quarantine
from gateway.sync.records import SECTIONS, Section
from gateway.sync.removals import AT_ONCE, BELIEVED_WITH, GUARD, MAY_BE_EMPTY, Guard, Removal, remove_missing
from gateway.sync.source_state import record_job_of_source
from gateway.tracing import counting_statements, span
from gateway.upstreams.ports import Page

log = structlog.get_logger()

# PanDA stamps with two clocks and Rucio before it commits: simulated updates were lost at 5 s, none at 60 s.
OVERLAP: Final = dt.timedelta(seconds=600)
# A tick may come a little before the moment that the last run named.
EARLY: Final = dt.timedelta(seconds=2)
# Half a page that cannot be understood is not a few bad records: the service speaks another language now.
DRIFT_SHARE: Final = 0.20
DRIFT_ROWS: Final = 10
# Waiting after failures: doubled each time, with jitter, and never longer than the job's own period, so that
# a service that is well again is read within one. One question each period is what it bears on a good day.
FIRST_WAIT_S: Final = 1.0
# A run that took longer than its wait is followed by this pause at least.
SHORTEST_WAIT: Final = dt.timedelta(seconds=1)


@unique
class Verdict(StrEnum):
    """How a run ended."""

    OK = "OK"
    HELD = "HELD"
    RUNNING = "RUNNING"
    UNREACHABLE = "UNREACHABLE"
    DENIED = "DENIED"
    BUSY = "BUSY"
    BROKEN = "BROKEN"
    DRIFT = "DRIFT"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did; `verdict` is None when it did not begin because another process had the job."""

    job: str
    verdict: Verdict | None
    is_whole: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    quarantined: int = 0
    error: str | None = None


@dataclass(slots=True)
class _Run:
    """What a run gathers on its way."""

    job: Job
    lease: Lease
    is_whole: bool
    run_id: int
    began_at: dt.datetime
    intakes: dict[str, Intake] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)
    quarantined: int = 0
    taken_at: dt.datetime | None = None
    clock_ahead_s: float | None = None


class SchemaDriftError(UpstreamError):
    """Too many records of a page cannot be understood: the service has changed, nothing may be concluded."""


class Engine:
    """Runs jobs on a database; `owner` names this process in leases, `guard` says which loss is believed.

    A lease is renewed every `renew_every_s` while its job reads, however long one answer takes.
    """

    def __init__(
        self,
        database: Database,
        jobs: Mapping[str, Job],
        *,
        clock: Clock,
        owner: str,
        chance: random.Random | None = None,
        guard: Guard = GUARD,
        renew_every_s: float = LEASE.total_seconds() / 3,
    ) -> None:
        self._database = database
        self.jobs = jobs
        self._clock = clock
        self._owner = owner
        self._guard = guard
        self._renew_every_s = renew_every_s
        self._chance = chance or random.Random()  # noqa: S311 - spreads requests, hides nothing

    async def register(self) -> None:
        """Make sure every job has its row; repeating it, in another process too, changes nothing."""
        # In one order, so that two processes that start at once do not wait for each other in a circle.
        jobs = [self.jobs[name] for name in sorted(self.jobs)]
        rows = [
            {
                "name": job.name,
                "source": job.feed.source.value,
                "stale_after_s": job.pace.stale_after_s,
                "fails": 0,
                "lease_number": 0,
            }
            for job in jobs
        ]
        async with self._database.transaction() as session:
            await insert_missing(session, cast("Table", SyncJob.__table__), rows, unique=["name"])
            known = {row.name: row for row in await session.scalars(select(SyncJob))}
            for job in jobs:
                for name, value in _terms(job).items():
                    # Only what differs: a start that finds everything as it is writes nothing.
                    if getattr(known[job.name], name) != value:
                        setattr(known[job.name], name, value)

    async def run_if_due(self, name: str) -> RunReport | None:
        """Run a job unless it was told to wait and nobody wants it now."""
        async with self._database.snapshot() as session:
            row = await session.get_one(SyncJob, name)
            is_early = row.due_at is not None and row.due_at > self._clock() + EARLY
            if is_early and row.wanted_at is None:
                return None
        return await self.run(name)

    async def run(self, name: str, *, whole: bool = False) -> RunReport:
        """Run a job now, whole if asked or if it is time; never raises for what the upstream does."""
        with span(f"sync {name}") as under_way, counting_statements(under_way):
            report = await self._run(name, whole=whole)
            under_way.tell(
                {
                    "gateway.job": name,
                    "gateway.verdict": "" if report.verdict is None else report.verdict.value,
                    "gateway.seen": report.outcome.seen,
                    "gateway.changed": report.outcome.changed,
                    "gateway.gone": report.outcome.gone,
                }
            )
        return report

    async def _run(self, name: str, *, whole: bool) -> RunReport:
        job = self.jobs[name]
        lease = await take_lease(self._database, name, owner=self._owner, clock=self._clock)
        if lease is None:
            return RunReport(name, None)
        try:
            run, since = await self._begin(job, lease, whole=whole)
            source = job.feed.source.value
            try:
                async with self._renewing(lease):
                    await self._read(run, since)
                return await self._finish(run)
            except UpstreamError as error:
                return await self._fail(run, error)
            except TimeoutError:
                late = f"{name} did not finish within {job.pace.deadline_s:.0f} s"
                return await self._fail(run, SlowError(source, late))
            except GatewayError as error:
                return await self._fail(run, UpstreamError(source, error.message))
            except Exception as error:
                # Whatever it is, the job says so, waits and tries again; only the log knows more.
                log.exception("a reading failed on our side", action="sync.broke", job=name)
                words = f"reading {name} failed on our side ({type(error).__name__}); the log has more"
                return await self._fail(run, UpstreamError(source, words))
        except LeaseLostError as lost:
            log.warning("a run was overtaken", action="sync.lost", job=name)
            return RunReport(name, Verdict.LOST, error=str(lost))

    @contextlib.asynccontextmanager
    async def _renewing(self, lease: Lease) -> AsyncIterator[None]:
        """Renew the lease meanwhile, however long a single answer takes."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(self._renew_every_s)
                # Whoever lost it finds out by the next page.
                with contextlib.suppress(LeaseLostError, SQLAlchemyError):
                    async with self._database.transaction() as session:
                        await lease.renew(session)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _begin(self, job: Job, lease: Lease, *, whole: bool) -> tuple[_Run, dt.datetime | None]:
        now = self._clock()
        async with self._database.transaction() as session:
            await lease.renew(session)
            row = await session.get_one(SyncJob, job.name)
            is_whole = whole or self._is_whole_due(row, job, now)
            row.last_attempt_at = now
            row.wanted_at = None
            # A run that was killed wrote no end; whoever takes the job after it does.
            await session.execute(
                update(SyncRun)
                .where(SyncRun.job == job.name, SyncRun.verdict == Verdict.RUNNING.value)
                .values(verdict=Verdict.LOST.value, ended_at=now)
            )
            begun = SyncRun(
                source=job.feed.source.value,
                job=job.name,
                is_full=is_whole,
                started_at=now,
                verdict=Verdict.RUNNING.value,
            )
            session.add(begun)
            await session.flush()
            since = None if is_whole or row.watermark is None else row.watermark - OVERLAP
            return _Run(job, lease, is_whole, begun.id, now), since

    def _is_whole_due(self, row: SyncJob, job: Job, now: dt.datetime) -> bool:
        # While something is held only a complete reading can show whether it is back.
        if row.watermark is None or row.last_full_ok_at is None or row.hold_reason is not None:
            return True
        spread = dt.timedelta(seconds=job.pace.whole_every_s * (0.8 + 0.2 * self._chance.random()))
        return now - row.last_full_ok_at >= spread

    async def _read(self, run: _Run, since: dt.datetime | None) -> None:
        async with asyncio.timeout(run.job.pace.deadline_s):
            if since is not None:
                try:
                    async for page in run.job.feed.changes(since):
                        await self._keep(run, page)
                except NotOfferedError:
                    run.is_whole = True
                else:
                    return
            async for page in run.job.feed.everything():
                await self._keep(run, page)

    async def _keep(self, run: _Run, page: Page) -> None:
        """Keep one page in one transaction of its own."""
        section = _section(run.job, page.section)
        now = self._clock()
        # Of the two clocks the earlier one counts, when the page comes: what follows may take minutes.
        taken_at = min(page.taken_at, now)
        if run.taken_at is None or taken_at < run.taken_at:
            run.taken_at = taken_at
        if run.clock_ahead_s is None:
            run.clock_ahead_s = (page.taken_at - now).total_seconds()
        async with self._database.transaction() as session:
            await run.lease.renew(session)
            intake = run.intakes.get(page.section)
            if intake is None:
                intake = run.intakes[page.section] = await intake_for(session, section)
            known_bad = len(intake.bad)
            intake.unsaid.clear()
            # What is said again word for word, most of a large catalogue, is known for what it is.
            known = await mark_seen(session, section.model, intake.hashes(page.records), at=now)
            run.outcome += Outcome(seen=len(known))
            adoptions = await read_adoptions(session, section.model)
            rows = list(with_adoptions(intake.rows(intake.without(page.records, known)), adoptions))
            bad = intake.bad[known_bad:]
            if len(bad) > max(DRIFT_ROWS, DRIFT_SHARE * len(page.records)):
                raise SchemaDriftError(
                    section.source.value,
                    f"{len(bad)} of {len(page.records)} {section.name} cannot be understood: {bad[0].error}",
                )
            await keep_unsaid(session, section, intake.unsaid)
            run.outcome += await remember(session, rows, source=section.source, at=now)
            if page.whole_of is not None and not bad:
                present = known | {tuple(getattr(row, name) for name in section.key_fields) for row in rows}
                run.outcome += await self._replace(session, section, present, page.whole_of, now)
            await quarantine(session, bad, source=section.source, at=now)
            run.quarantined += len(bad)

    async def _replace(
        self,
        session: AsyncSession,
        section: Section,
        present: AbstractSet[RowKey],
        whole_of: tuple[str, object],
        now: dt.datetime,
    ) -> Outcome:
        """Mark as gone what the copy has beside rows that are all there is for one value of a field."""
        name, value = whole_of
        keys = [getattr(section.model, field) for field in section.key_fields]
        found = await session.execute(
            select(*keys).where(getattr(section.model, name) == value, section.model.gone_at.is_(None))
        )
        gone = [tuple(key) for key in found if tuple(key) not in present]
        return Outcome(gone=await mark_gone(session, section.model, gone, at=now))

    async def _finish(self, run: _Run) -> RunReport:
        now = self._clock()
        async with self._database.transaction() as session:
            await run.lease.renew(session)
            row = await session.get_one(SyncJob, run.job.name)
            may_sweep = run.is_whole and run.job.feed.lists_everything
            hold_reason = await self._sweep(session, run, row, now) if may_sweep else row.hold_reason
            row.watermark = _watermark(row.watermark, run.taken_at)
            row.clock_ahead_s = run.clock_ahead_s
            row.last_ok_at = now
            if run.is_whole and hold_reason is None:
                row.last_full_ok_at = now
            row.hold_reason, row.error, row.fails = hold_reason, None, 0
            # Counted from its beginning: a run of a few seconds must not miss the tick after it.
            row.due_at = run.began_at + dt.timedelta(seconds=run.job.pace.changes_every_s)
            verdict = Verdict.HELD if hold_reason else Verdict.OK
            report = RunReport(
                run.job.name, verdict, run.is_whole, run.outcome, run.quarantined, error=hold_reason
            )
            await self._close_run(session, run, report, now)
            # A run that was killed kept pages of which nobody has drawn conclusions: a whole one always does.
            if run.outcome.changed or run.outcome.gone or run.is_whole:
                await derive_links(session, run.job.feed.sections, at=now)
            await run.lease.give_up(session)
            await record_job_of_source(session, run.job.feed.source)
        return report

    async def _sweep(self, session: AsyncSession, run: _Run, row: SyncJob, now: dt.datetime) -> str | None:
        """Mark as gone what this whole reading and the one before lacked; return why something is held.

        What people may do does not wait for a second reading (`AT_ONCE`).
        """
        missed = cast("dict[str, list[str]]", row.missing or {})
        released = await released_keys(session, run.job.name)
        doubt = await self._doubt(session, run.job)
        removals: dict[str, Removal] = {}
        for name in run.job.feed.sections:
            section = _section(run.job, name)
            intake = run.intakes.get(name)
            other = removals.get(BELIEVED_WITH.get(name, ""))
            removals[name] = await remove_missing(
                session,
                section.model,
                intake.seen if intake else frozenset(),
                at=now,
                listing=name,
                unreadable=intake.unreadable if intake else 0,
                may_be_empty=name in MAY_BE_EMPTY,
                missed_before=None if name in AT_ONCE else frozenset(missed.get(name, ())),
                released=released.get(name, frozenset()),
                doubt=doubt,
                disbelief=None if other is None else other.hold_reason,
                guard=self._guard,
            )
            run.outcome += Outcome(gone=removals[name].gone)
        row.missing = cast("JsonValue", {name: sorted(one.missing) for name, one in removals.items()})
        await keep_held(session, run.job.name, removals, at=now)
        return "; ".join(one.hold_reason for one in removals.values() if one.hold_reason) or None

    async def _doubt(self, session: AsyncSession, job: Job) -> str | None:
        """Return which other reading of the source is failing or held: an empty list is then no good sign."""
        other = await session.scalar(
            select(SyncJob.name)
            .where(
                SyncJob.source == job.feed.source.value,
                SyncJob.name != job.name,
                or_(SyncJob.error.is_not(None), SyncJob.hold_reason.is_not(None)),
            )
            .order_by(SyncJob.name)
            .limit(1)
        )
        return None if other is None else f"{other} is in trouble at the same time"

    async def _fail(self, run: _Run, error: UpstreamError) -> RunReport:
        """Write down why a run ended early, and when to try again; what it kept so far stays."""
        now = self._clock()
        report = RunReport(
            run.job.name, _verdict(error), run.is_whole, run.outcome, run.quarantined, error.message
        )
        async with self._database.transaction() as session:
            await run.lease.renew(session)
            row = await session.get_one(SyncJob, run.job.name)
            row.fails += 1
            row.error = error.message
            due_at = row.due_at = self._due_at(run, error, fails=row.fails, now=now)
            await self._close_run(session, run, report, now)
            await run.lease.give_up(session)
            await record_job_of_source(session, run.job.feed.source)
        if isinstance(error, BusyError | UnreachableError | SlowError):
            await self._spare(run.job, due_at, now, is_wish=isinstance(error, BusyError))
        log.warning(error.message, action="sync.failed", job=run.job.name, verdict=report.verdict)
        return report

    def _due_at(self, run: _Run, error: UpstreamError, *, fails: int, now: dt.datetime) -> dt.datetime:
        """Return when to ask again: when the upstream wishes, else after a wait that doubles each time."""
        if isinstance(error, BusyError) and error.retry_after_s is not None:
            return now + dt.timedelta(seconds=error.retry_after_s)
        bound = min(run.job.pace.changes_every_s, FIRST_WAIT_S * 2.0 ** min(fails - 1, 12))
        wait = dt.timedelta(seconds=bound * (0.5 + 0.5 * self._chance.random()))
        return max(run.began_at + wait, now + SHORTEST_WAIT)

    async def _spare(self, job: Job, until: dt.datetime, now: dt.datetime, *, is_wish: bool) -> None:
        """Let the other readings of a service wait too: it is one machine that is down or busy.

        A wish of the service's is kept as it is; otherwise no reading waits for longer than its own period.

        Situation: two readings of a service fail at once. Consequence: each would wait in its transaction
        for the other's row, for ever. Decision: a transaction that holds no row of its own, and takes those
        of the others in the order of their names.
        """
        others = [other for other in self.jobs.values() if other.feed.source is job.feed.source]
        async with self._database.transaction() as session:
            for other in sorted(others, key=lambda one: one.name):
                if other.name == job.name:
                    continue
                own = now + dt.timedelta(seconds=other.pace.changes_every_s)
                wait = until if is_wish else min(until, own)
                await session.execute(
                    update(SyncJob)
                    .where(SyncJob.name == other.name, or_(SyncJob.due_at.is_(None), SyncJob.due_at < wait))
                    .values(due_at=wait)
                )

    async def _close_run(self, session: AsyncSession, run: _Run, report: RunReport, now: dt.datetime) -> None:
        row = await session.get_one(SyncRun, run.run_id)
        row.ended_at = now
        row.is_full = report.is_whole
        row.verdict = (report.verdict or Verdict.LOST).value
        row.error = report.error
        row.rows_seen = report.outcome.seen
        row.rows_changed = report.outcome.changed
        row.rows_gone = report.outcome.gone
        row.rows_quarantined = report.quarantined
        tell(session, EventKind.SYNC, run.job.feed.source.value, at=now)


def _watermark(before: dt.datetime | None, taken_at: dt.datetime | None) -> dt.datetime | None:
    """The upstream's moment up to which changes are read; never ahead of our own clock as it was then.

    Situation: a service's clock is ahead for an hour and then set right. Consequence: what changes within
    that hour carries times before the watermark, and no reading of changes would find it. Decision: of two
    clocks the earlier one counts; if ours is the wrong one, more is read again and nothing is lost.
    """
    return max((moment for moment in (before, taken_at) if moment is not None), default=None)


def _terms(job: Job) -> dict[str, JsonValue]:
    """How a job works in this process, for people to see."""
    bounds = job.manners
    return {
        "stale_after_s": job.pace.stale_after_s,
        "changes_every_s": job.pace.changes_every_s,
        "whole_every_s": job.pace.whole_every_s,
        "deadline_s": job.pace.deadline_s,
        "manners": None
        if bounds is None
        else {
            "at_once": bounds.at_once,
            "per_second": bounds.per_second,
            "burst": bounds.burst,
            "connect_s": bounds.connect_s,
            "read_s": bounds.read_s,
            "deadline_s": bounds.deadline_s,
        },
    }


def _section(job: Job, name: str) -> Section:
    return next(section for section in SECTIONS[job.feed.source] if section.name == name)


def _verdict(error: UpstreamError) -> Verdict:
    match error:
        case SchemaDriftError():
            return Verdict.DRIFT
        case DeniedError():
            return Verdict.DENIED
        case BusyError():
            return Verdict.BUSY
        case UnreachableError() | SlowError():
            return Verdict.UNREACHABLE
        case _:
            return Verdict.BROKEN
