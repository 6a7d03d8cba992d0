"""One run of one job: what it keeps, what it marks, and what no fault may do."""

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import BrokenError, BusyError, DeniedError, GarbledError, NotOfferedError, UpstreamError
from gateway.store.adoptions import AdoptedDataset
from gateway.store.database import Database
from gateway.store.datasets import Dataset
from gateway.store.history import PastVersion
from gateway.store.sites import Queue
from gateway.store.sources import Source, SourceName, SyncRun
from gateway.store.sync_jobs import SyncJob
from gateway.sync.engine import Engine, Verdict
from gateway.sync.jobs import Job, Pace
from gateway.sync.lease import LEASE
from gateway.sync.source_state import record_job_of_source
from gateway.upstreams.ports import Page, Record
from tests.support.databases import counted_statements, waiting_for_locks

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
PACE = Pace(changes_every_s=60, whole_every_s=600, deadline_s=120, stale_after_s=7200)


@dataclass
class Upstream:
    """A queue list that tests change; `before_end` may raise after the pages were given."""

    queues: dict[str, Record] = field(default_factory=dict)
    fault: Callable[[], UpstreamError] | None = None
    page_rows: int = 3
    clock: Callable[[], dt.datetime] = lambda: START
    asked: list[str] = field(default_factory=list)
    offers_changes: bool = False
    name: str = "cric.queues"
    source: SourceName = SourceName.CRIC
    sections: Sequence[str] = ("queues",)
    lists_everything: bool = True

    async def everything(self) -> AsyncIterator[Page]:
        """Give all queues, page by page; fail at the end if told to."""
        self.asked.append("everything")
        records = list(self.queues.values())
        for start in range(0, max(1, len(records)), self.page_rows):
            yield Page(self.sections[0], records[start : start + self.page_rows], self.clock())
        if self.fault is not None:
            raise self.fault()

    async def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Give all queues as changes, or say that this is not offered."""
        self.asked.append(f"changes since {since:%H:%M}")
        if not self.offers_changes:
            raise NotOfferedError("cric", "no changes here")
        yield Page("queues", list(self.queues.values()), self.clock())


def queue(name: str, status: str = "online") -> Record:
    """A queue record."""
    return {"name": name, "status": status}


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(**by)


@dataclass
class Bench:
    """An engine on an upstream of ten queues, with a clock to move."""

    database: Database
    clock: Clock
    upstream: Upstream
    engine: Engine

    async def run(self, *, whole: bool = True) -> Verdict | None:
        """Run the job and return how it ended."""
        return (await self.engine.run("cric.queues", whole=whole)).verdict

    async def present(self) -> set[str]:
        """Return the names of queues that are not gone."""
        async with self.database.snapshot() as session:
            return set(await session.scalars(select(Queue.name).where(Queue.gone_at.is_(None))))

    async def job(self) -> SyncJob:
        """Return the job's row."""
        async with self.database.snapshot() as session:
            return await session.get_one(SyncJob, "cric.queues")


@pytest.fixture
async def bench(database: Database) -> Bench:
    clock = Clock()
    upstream = Upstream({f"Q{n}": queue(f"Q{n}") for n in range(10)}, clock=clock)
    engine = Engine(
        database,
        {"cric.queues": Job(upstream, PACE)},
        clock=clock,
        owner="one",
        chance=random.Random(7),
    )
    await engine.register()
    return Bench(database, clock, upstream, engine)


ALL = {f"Q{n}" for n in range(10)}


async def test_a_whole_reading_makes_the_copy_equal(bench: Bench) -> None:
    report = await bench.engine.run("cric.queues")

    assert (report.verdict, report.is_whole, report.outcome.seen, report.outcome.new) == (
        Verdict.OK,
        True,
        10,
        10,
    )
    assert await bench.present() == ALL


async def test_a_second_reading_without_change_changes_no_row(bench: Bench) -> None:
    await bench.run()

    report = await bench.engine.run("cric.queues", whole=True)

    assert (report.outcome.seen, report.outcome.changed, report.outcome.gone) == (10, 0, 0)


async def test_a_row_is_gone_after_two_whole_readings_without_it(bench: Bench) -> None:
    await bench.run()
    del bench.upstream.queues["Q3"]

    await bench.run()
    after_one = await bench.present()
    await bench.run()

    assert after_one == ALL
    assert await bench.present() == ALL - {"Q3"}


async def test_a_row_that_comes_back_in_between_is_not_gone(bench: Bench) -> None:
    await bench.run()
    kept = bench.upstream.queues.pop("Q3")
    await bench.run()
    bench.upstream.queues["Q3"] = kept
    await bench.run()
    del bench.upstream.queues["Q3"]

    await bench.run()

    assert await bench.present() == ALL


@pytest.mark.parametrize("left", [0, 4])
async def test_a_list_that_lost_much_is_held_and_removes_nothing(bench: Bench, left: int) -> None:
    bench.upstream.queues = {f"Q{n}": queue(f"Q{n}") for n in range(30)}
    await bench.run()
    bench.upstream.queues = {f"Q{n}": queue(f"Q{n}") for n in range(left)}

    verdicts = [await bench.run() for _time in range(3)]

    assert verdicts == [Verdict.HELD] * 3
    assert len(await bench.present()) == 30
    assert (await bench.job()).hold_reason is not None


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (lambda: GarbledError("cric", "cut short"), Verdict.BROKEN),
        (lambda: BrokenError("cric", "failed"), Verdict.BROKEN),
        (lambda: DeniedError("cric", "token refused"), Verdict.DENIED),
        (lambda: BusyError("cric", "later", retry_after_s=77), Verdict.BUSY),
    ],
    ids=["garbled", "broken", "denied", "busy"],
)
async def test_a_failed_reading_removes_nothing_and_says_why(
    bench: Bench, fault: Callable[[], UpstreamError], verdict: Verdict
) -> None:
    await bench.run()
    before = (await bench.job()).watermark
    bench.upstream.queues = {"Q0": queue("Q0", "offline")}
    bench.upstream.fault = fault
    bench.clock.forward(minutes=5)

    verdicts = [await bench.run() for _time in range(3)]

    job = await bench.job()
    assert verdicts == [verdict] * 3
    assert await bench.present() == ALL
    assert (job.fails, job.error, job.watermark) == (3, fault().message, before)


async def test_a_service_that_asks_for_time_gets_it(bench: Bench) -> None:
    bench.upstream.fault = lambda: BusyError("cric", "later", retry_after_s=77)

    await bench.run()

    assert (await bench.job()).due_at == START + dt.timedelta(seconds=77)


async def test_waiting_doubles_and_ends_with_a_good_run(bench: Bench) -> None:
    bench.upstream.fault = lambda: BrokenError("cric", "failed")
    waits = []
    for _time in range(12):
        await bench.run()
        due_at = (await bench.job()).due_at
        assert due_at is not None
        waits.append((due_at - START).total_seconds())
    bench.upstream.fault = None

    await bench.run()

    # Never longer than the job's own period: so a service that is well again is read within one.
    bounds = [min(PACE.changes_every_s, 2.0**n) for n in range(12)]
    assert all(bound / 2 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))
    assert ((await bench.job()).fails, (await bench.job()).error) == (0, None)


@pytest.mark.parametrize("fault", [BrokenError, DeniedError])
async def test_a_service_that_is_well_again_is_read_within_one_period(
    bench: Bench, fault: type[UpstreamError]
) -> None:
    bench.upstream.fault = lambda: fault("cric", "failed")
    for _time in range(12):
        await bench.run()
    too_early = await bench.engine.run_if_due("cric.queues")
    bench.upstream.fault = None
    bench.clock.forward(seconds=PACE.changes_every_s)

    report = await bench.engine.run_if_due("cric.queues")

    assert too_early is None
    assert report is not None
    assert report.verdict is Verdict.OK


async def test_a_run_of_some_seconds_does_not_miss_the_tick_after_it(bench: Bench) -> None:
    original = bench.upstream.everything

    async def slow() -> AsyncIterator[Page]:
        async for page in original():
            bench.clock.forward(seconds=3)
            yield page

    bench.upstream.everything = slow  # type: ignore[method-assign]
    await bench.run()

    assert (await bench.job()).due_at == START + dt.timedelta(seconds=PACE.changes_every_s)


async def test_a_clock_that_was_ahead_hides_no_change_when_it_is_set_right(bench: Bench) -> None:
    bench.upstream.offers_changes = True
    bench.upstream.clock = lambda: bench.clock() + dt.timedelta(hours=1)
    await bench.run()
    ahead_s = (await bench.job()).clock_ahead_s
    bench.upstream.clock = bench.clock

    await bench.run(whole=False)

    assert ahead_s == 3600
    assert bench.upstream.asked == ["everything", "changes since 11:50"]


@pytest.mark.parametrize(
    ("known", "left", "is_held"), [(4, 2, True), (4, 3, False), (3, 2, True), (9, 6, True), (10, 7, False)]
)
async def test_a_third_of_a_list_is_held_however_short_it_is(
    bench: Bench, known: int, left: int, is_held: bool
) -> None:
    bench.upstream.queues = {f"Q{n}": queue(f"Q{n}") for n in range(known)}
    await bench.run()
    bench.upstream.queues = {f"Q{n}": queue(f"Q{n}") for n in range(left)}

    verdicts = [await bench.run() for _time in range(2)]

    assert verdicts == [Verdict.HELD if is_held else Verdict.OK] * 2
    assert len(await bench.present()) == (known if is_held else left)


async def test_changes_are_asked_from_the_upstreams_clock_with_overlap(bench: Bench) -> None:
    bench.upstream.offers_changes = True
    await bench.run()
    bench.clock.forward(minutes=3)

    await bench.run(whole=False)

    assert bench.upstream.asked == ["everything", "changes since 11:50"]


async def test_a_reading_of_changes_never_removes(bench: Bench) -> None:
    bench.upstream.offers_changes = True
    await bench.run()
    bench.upstream.queues = {"Q1": queue("Q1", "offline")}

    for _time in range(3):
        await bench.run(whole=False)

    assert await bench.present() == ALL


async def test_a_feed_without_changes_is_read_whole(bench: Bench) -> None:
    await bench.run()

    report = await bench.engine.run("cric.queues")

    assert (report.verdict, report.is_whole) == (Verdict.OK, True)
    assert bench.upstream.asked == ["everything", "changes since 11:50", "everything"]


async def test_records_that_cannot_be_understood_are_set_aside_and_count_as_seen(bench: Bench) -> None:
    await bench.run()
    bench.upstream.queues["Q3"] = {"name": "Q3", "status": 7}

    reports = [await bench.engine.run("cric.queues", whole=True) for _time in range(3)]

    assert [report.quarantined for report in reports] == [1, 1, 1]
    assert await bench.present() == ALL


async def test_a_page_of_nonsense_stops_the_run(bench: Bench) -> None:
    await bench.run()
    bench.upstream.page_rows = 50
    bench.upstream.queues = {f"Q{n}": {"name": f"Q{n}", "status": 7} for n in range(30)}

    report = await bench.engine.run("cric.queues", whole=True)

    assert report.verdict is Verdict.DRIFT
    assert await bench.present() == ALL


async def test_two_processes_never_work_on_one_job(bench: Bench) -> None:
    other = Engine(bench.database, bench.engine.jobs, clock=bench.clock, owner="two")
    reports = []

    async def meanwhile() -> None:
        reports.append(await other.run("cric.queues"))

    original = bench.upstream.everything

    async def slow() -> AsyncIterator[Page]:
        async for page in original():
            yield page
            await meanwhile()

    bench.upstream.everything = slow  # type: ignore[method-assign]

    verdict = await bench.run()

    assert verdict is Verdict.OK
    assert {report.verdict for report in reports} == {None}


async def test_a_process_that_was_paused_beyond_its_lease_cannot_write(bench: Bench) -> None:
    other = Engine(bench.database, bench.engine.jobs, clock=bench.clock, owner="two")
    original = bench.upstream.everything
    overtaken = False

    async def paused() -> AsyncIterator[Page]:
        nonlocal overtaken
        async for page in original():
            yield page
            if not overtaken:
                overtaken = True
                bench.clock.forward(seconds=120)
                bench.upstream.queues = {name: queue(name, "test") for name in ALL}
                await other.run("cric.queues", whole=True)

    bench.upstream.everything = paused  # type: ignore[method-assign]

    verdict = await bench.run()

    async with bench.database.snapshot() as session:
        statuses = set(await session.scalars(select(Queue.status)))
    assert verdict is Verdict.LOST
    assert statuses == {"test"}


async def renewed(bench: Bench) -> None:
    """Wait until the lease was renewed at the clock's present time."""
    for _time in range(6000):
        if (await bench.job()).lease_until == bench.clock.now + LEASE:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the lease is not renewed")


async def test_one_answer_that_takes_longer_than_a_lease_keeps_the_job(bench: Bench) -> None:
    engine = Engine(bench.database, bench.engine.jobs, clock=bench.clock, owner="one", renew_every_s=0.01)
    other = Engine(bench.database, bench.engine.jobs, clock=bench.clock, owner="two")
    original = bench.upstream.everything
    meanwhile = []

    async def slow() -> AsyncIterator[Page]:
        for _minute in range(3):
            bench.clock.forward(seconds=60)
            await renewed(bench)
            meanwhile.append((await other.run("cric.queues")).verdict)
        async for page in original():
            yield page

    bench.upstream.everything = slow  # type: ignore[method-assign]
    report = await engine.run("cric.queues", whole=True)

    assert meanwhile == [None, None, None]
    assert (report.verdict, await bench.present()) == (Verdict.OK, ALL)


async def test_a_run_that_was_killed_is_told_and_the_next_one_completes(bench: Bench) -> None:
    class KilledError(BaseException):
        pass

    original = bench.upstream.everything

    async def killed() -> AsyncIterator[Page]:
        async for page in original():
            yield page
            raise KilledError

    bench.upstream.everything = killed  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        await bench.run()
    bench.upstream.everything = original  # type: ignore[method-assign]

    at_once = await bench.run()
    bench.clock.forward(seconds=120)
    later = await bench.run()

    async with bench.database.snapshot() as session:
        verdicts = list(await session.scalars(select(SyncRun.verdict).order_by(SyncRun.id)))
    assert (at_once, later) == (None, Verdict.OK)
    assert verdicts == ["LOST", "OK"]
    assert await bench.present() == ALL


async def test_a_feed_that_reads_a_part_each_time_never_removes_the_rest(bench: Bench) -> None:
    await bench.run()
    bench.upstream.lists_everything = False
    bench.upstream.queues = {"Q1": queue("Q1")}

    for _time in range(3):
        await bench.run()

    assert await bench.present() == ALL


async def test_a_page_that_is_all_of_one_thing_removes_what_is_beside_it_at_once(bench: Bench) -> None:
    bench.upstream.queues = {name: {**queue(name), "site_name": name[-1]} for name in ("A1", "B1", "C2")}
    await bench.run()
    bench.upstream.lists_everything = False

    async def one_site() -> AsyncIterator[Page]:
        yield Page("queues", [{**queue("A1"), "site_name": "1"}], START, whole_of=("site_name", "1"))

    bench.upstream.everything = one_site  # type: ignore[method-assign]
    report = await bench.engine.run("cric.queues", whole=True)

    assert report.outcome.gone == 1
    assert await bench.present() == {"A1", "C2"}


async def test_what_a_reading_does_not_say_at_all_is_kept(bench: Bench) -> None:
    bench.upstream.queues = {name: {**queue(name), "comment": "said once"} for name in ALL}
    await bench.run()
    bench.upstream.queues = {name: queue(name, "offline") for name in ALL}

    await bench.run()

    async with bench.database.snapshot() as session:
        rows = {(row.status, row.comment) for row in await session.scalars(select(Queue))}
    assert rows == {("offline", "said once")}


async def test_what_a_reading_says_to_be_nothing_is_wiped(bench: Bench) -> None:
    bench.upstream.queues = {name: {**queue(name), "comment": "said once"} for name in ALL}
    await bench.run()
    bench.upstream.queues = {name: {**queue(name), "comment": None} for name in ALL}

    await bench.run()

    async with bench.database.snapshot() as session:
        assert set(await session.scalars(select(Queue.comment))) == {None}


async def hashes(bench: Bench) -> set[str | None]:
    async with bench.database.snapshot() as session:
        return set(await session.scalars(select(Queue.record_hash)))


async def test_a_record_that_comes_again_is_seen_again_without_being_looked_into(bench: Bench) -> None:
    await bench.run()
    bench.clock.forward(minutes=1)

    with counted_statements(bench.database) as statements:
        report = await bench.engine.run("cric.queues", whole=True)

    async with bench.database.snapshot() as session:
        seen = set(await session.scalars(select(Queue.last_seen_at)))
    assert (report.outcome.seen, report.outcome.changed) == (10, 0)
    assert seen == {bench.clock.now}
    # What a row holds is compared by its content only where its record is a new one.
    assert not [one for one in statements if "content_hash" in one]


async def test_a_new_record_of_the_same_content_is_looked_into_once(bench: Bench) -> None:
    await bench.run()
    before = await hashes(bench)
    bench.upstream.queues = {name: {**queue(name), "comment": None} for name in ALL}

    reports = [await bench.engine.run("cric.queues", whole=True) for _time in range(2)]
    after = await hashes(bench)

    assert [(one.outcome.seen, one.outcome.changed) for one in reports] == [(10, 0), (10, 0)]
    assert after.isdisjoint(before)
    await bench.run()
    assert await hashes(bench) == after


async def test_of_two_records_of_one_row_the_last_counts_even_if_the_first_is_known(bench: Bench) -> None:
    bench.upstream.queues = {"Q1": queue("Q1")}
    await bench.run()

    async def twice() -> AsyncIterator[Page]:
        yield Page("queues", [queue("Q1"), queue("Q1", "offline")], START)
        yield Page("queues", [queue("Q1", "offline"), queue("Q1")], START)

    bench.upstream.everything = twice  # type: ignore[method-assign]
    report = await bench.engine.run("cric.queues", whole=True)

    async with bench.database.snapshot() as session:
        assert list(await session.scalars(select(Queue.status))) == ["online"]
    assert report.outcome.changed == 2


async def test_a_row_that_was_gone_comes_back_with_the_record_that_it_had(bench: Bench) -> None:
    await bench.run()
    lost = bench.upstream.queues.pop("Q3")
    await bench.run()
    await bench.run()
    bench.upstream.queues["Q3"] = lost

    report = await bench.engine.run("cric.queues", whole=True)

    assert report.outcome.returned == 1
    assert await bench.present() == ALL


@pytest.mark.parametrize("name", ["\ud800", "nul\0", 2**70, 5, None], ids=repr)
async def test_a_record_whose_key_no_database_takes_is_set_aside_and_stops_nothing(
    bench: Bench, name: object
) -> None:
    bench.upstream.queues["bad"] = {"name": name, "status": "online"}  # type: ignore[dict-item]

    report = await bench.engine.run("cric.queues", whole=True)

    assert (report.verdict, report.outcome.seen, report.quarantined) == (Verdict.OK, 10, 1)
    assert await bench.present() == ALL


async def test_a_failure_of_our_own_is_said_and_the_job_tried_again(bench: Bench) -> None:
    async def broken() -> AsyncIterator[Page]:
        yield Page("queues", [queue("Q0")], START)
        raise RuntimeError("something nobody thought of")

    bench.upstream.everything, whole = broken, bench.upstream.everything  # type: ignore[method-assign]
    report = await bench.engine.run("cric.queues", whole=True)
    failed = await bench.job()
    bench.upstream.everything = whole  # type: ignore[method-assign]
    again = await bench.run()

    assert report.verdict is Verdict.BROKEN
    assert failed.error == "reading cric.queues failed on our side (RuntimeError); the log has more"
    assert (failed.fails, failed.lease_owner) == (1, None)
    assert (again, (await bench.job()).error) == (Verdict.OK, None)


@pytest.mark.parametrize(
    ("fault", "waits_s"),
    [
        (BusyError("cric", "later", retry_after_s=600), 600),
        (BrokenError("cric", "failed"), None),
    ],
    ids=["busy", "broken"],
)
async def test_a_service_that_is_busy_is_left_alone_by_all_readings(
    database: Database, fault: UpstreamError, waits_s: float | None
) -> None:
    clock = Clock()
    one = Upstream(fault=lambda: fault, clock=clock)
    other = Upstream({"Q1": queue("Q1")}, clock=clock, name="cric.other")
    engine = Engine(database, {each.name: Job(each, PACE) for each in (one, other)}, clock=clock, owner="one")
    await engine.register()

    await engine.run("cric.queues")

    async with database.snapshot() as session:
        due_at = (await session.get_one(SyncJob, "cric.other")).due_at
    assert due_at == (None if waits_s is None else START + dt.timedelta(seconds=waits_s))
    assert (await engine.run_if_due("cric.other") is None) is (waits_s is not None)


@pytest.mark.parametrize("database_maker", ["postgresql"], indirect=True)
async def test_two_readings_that_fail_at_once_do_not_wait_for_each_other(database: Database) -> None:
    busy = BusyError("cric", "later", retry_after_s=600)
    feeds = [Upstream(fault=lambda: busy, name=f"cric.{name}") for name in "abc"]
    jobs = {feed.name: Job(feed, PACE) for feed in feeds}
    engine = Engine(database, jobs, clock=Clock(), owner="one")
    await engine.register()

    # Both find the first reading's row taken, and so both hold by then whatever they hold.
    async with database.transaction() as held:
        await held.execute(update(SyncJob).where(SyncJob.name == "cric.a").values(fails=0))
        failing = asyncio.gather(engine.run("cric.b"), engine.run("cric.c"))
        await waiting_for_locks(database, 2)
    reports = await failing

    async with database.snapshot() as session:
        due_at = set(await session.scalars(select(SyncJob.due_at)))
        source = await session.get_one(Source, "cric")
    assert [report.verdict for report in reports] == [Verdict.BUSY, Verdict.BUSY]
    assert due_at == {START + dt.timedelta(seconds=600)}
    assert source.error == "cric.b: later; cric.c: later"


@pytest.mark.parametrize("database_maker", ["postgresql"], indirect=True)
async def test_a_source_is_made_once_by_jobs_that_end_at_once_and_shows_both(database: Database) -> None:
    async def end(session: AsyncSession, job: str) -> None:
        session.add(SyncJob(name=job, source="cric", stale_after_s=60, error="away"))
        await record_job_of_source(session, SourceName.CRIC)
        await session.flush()

    async def end_alone(job: str) -> None:
        async with database.transaction() as session:
            await end(session, job)

    async with database.transaction() as first:
        await end(first, "cric.a")
        second = asyncio.ensure_future(end_alone("cric.b"))
        await waiting_for_locks(database, 1)
    await second

    async with database.snapshot() as session:
        source = await session.get_one(Source, "cric")
    assert source.error == "cric.a: away; cric.b: away"


async def test_the_source_is_as_fresh_as_its_jobs(bench: Bench) -> None:
    await bench.run()
    bench.clock.forward(minutes=1)
    bench.upstream.fault = lambda: BrokenError("cric", "it failed")
    await bench.run()

    async with bench.database.snapshot() as session:
        source = await session.get_one(Source, "cric")

    assert (source.last_ok_at, source.last_full_ok_at) == (START, START)
    assert (source.last_attempt_at, source.error) == (
        START + dt.timedelta(minutes=1),
        "cric.queues: it failed",
    )


async def test_a_reading_does_not_undo_what_people_gave_to_a_request(database: Database) -> None:
    did = "MC2026_S2:MC2026_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2026-900.RECO.1.R"
    clock = Clock()
    rucio = Upstream(
        {did: {"did": did, "size_bytes": 1}},
        clock=clock,
        name="rucio.datasets",
        source=SourceName.RUCIO,
        sections=("datasets",),
    )
    engine = Engine(database, {rucio.name: Job(rucio, PACE)}, clock=clock, owner="one")
    await engine.register()
    await engine.run(rucio.name, whole=True)
    # Given away while a reading is under way, which has looked for such gifts before.
    async with database.transaction() as session:
        session.add(
            AdoptedDataset(
                did=did,
                request_name="PROD2026-001",
                step_kind="RECO",
                adopted_at=START,
                adopted_by="prodman",
                reason="ours",
            )
        )

    owners = []
    for size_bytes in (1, 2):
        clock.forward(minutes=10)
        rucio.queues[did] = {"did": did, "size_bytes": size_bytes}
        await engine.run(rucio.name, whole=True)
        async with database.snapshot() as session:
            row = await session.get_one(Dataset, did)
            past = (await session.scalars(select(PastVersion).order_by(PastVersion.valid_to))).all()
        owners.append((row.size_bytes, row.request_name, row.step_kind, row.attempt_key, len(past)))

    # The past is kept once for the gift and once for the size, not for a way there and back.
    assert owners == [(1, "PROD2026-001", "RECO", None, 1), (2, "PROD2026-001", "RECO", None, 2)]
