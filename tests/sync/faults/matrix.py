"""One fault of one service, played through the whole engine while somebody reads: what was lost, and when."""

import asyncio
import datetime as dt
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from gateway.practice.faults import Fault
from gateway.store.base import Remembered
from gateway.store.database import Database
from gateway.store.sources import SourceName
from gateway.sync.engine import Engine, RunReport
from gateway.sync.jobs import jobs_of
from gateway.sync.removals import GUARD, Guard
from tests.support.asking import Asker
from tests.support.manners import QUICK, manners_under
from tests.sync.faults.services import Faulty

# Faults that look like a good answer, so that only what was known before can tell.
LIES: Final = (Fault.EMPTY_LIST, Fault.HALF_LIST, Fault.DOUBLED_KEYS)
# Readings under a lie, one after the other: what is missing twice in a row would be believed.
READINGS_OF_LIES: Final = 2
SECONDS_BETWEEN_READS: Final = 0.2
QUESTION: Final = """
{
  sources { name error holdReason clockWarning isStale ageSeconds jobs { name error holdReason } }
  tasks(first: 5) { totalCount nodes { name status jobCounts { jobState jobs } } }
  datasets(first: 5) { totalCount nodes { did rules { state } replicas { state } } }
  storages(first: 5) { totalCount nodes { name usages { usedBytes } } }
  sites(first: 5) { totalCount nodes { name queues { name } } }
  people(first: 5) { totalCount nodes { username groups { name } } }
}
"""
# What each fault must say of itself in `sources`; a reading that copes with a fault has nothing to say.
WORDS: Final[Mapping[Fault, str]] = {
    Fault.REFUSE: "cannot be reached|cut its answer",
    Fault.RESET: "cannot be reached|cut its answer",
    Fault.HANG: "did not finish its answer",
    Fault.DRIP: "did not finish its answer",
    Fault.CUT_CHUNKED: "cut its answer",
    Fault.CUT_UNCHUNKED: "without a length|cut its answer",
    Fault.UNAUTHORIZED: "accept|identity|token|authenticate",
    Fault.FORBIDDEN: "accept|identity|let us read|does not show",
    Fault.TOO_MANY: "asks to be asked later",
    Fault.HTML_500: "failed",
    Fault.HTML_200: "HTML|html",
    Fault.EMPTY_LIST: "list is empty|lists no|lacks|not add up|left|not keyed|a list|sent|no issuer",
    Fault.HALF_LIST: "missing at once|left|lacks|does not add up|answered|fewer|no list|sent",
    Fault.DOUBLED_KEYS: "key twice|more datasets|answered|does not add up",
    Fault.GARBAGE: "JSON|middle|read",
    Fault.HUGE_BODY: "sent|promised|more than|JSON",
    Fault.TOKEN_EXPIRY: "accept|token",
}
# Faults that a reading copes with by itself: a new token is taken, or none was needed.
COPED_WITH: Final = {
    (SourceName.RUCIO, Fault.TOKEN_EXPIRY),
    (SourceName.CRIC, Fault.TOKEN_EXPIRY),
    (SourceName.IAM, Fault.TOKEN_EXPIRY),
}

Key = tuple[object, ...]
Copy = dict[tuple[str, Key], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one fault: all of it must be zero but the reads, the words and the period."""

    fault: str
    lost: int
    wiped: int
    reads: int
    unanswered: int
    said: str
    late: tuple[str, ...]

    def line(self) -> str:
        """The cell as a line of a table."""
        answered = 100 * (self.reads - self.unanswered) / self.reads
        within = "one period" if not self.late else f"LATE: {', '.join(self.late)}"
        return (
            f"{self.fault:34} {self.lost:4} {self.wiped:5} {self.reads:5} {answered:6.1f} %"
            f"  {within:11} {self.said[:70]}"
        )


HEAD: Final = (
    f"{'fault':34} {'lost':>4} {'wiped':>5} {'reads':>5} {'answered':>8}  {'recovered':11} said in `sources`"
)


@dataclass
class Bench:
    """A copy of a faulty service that is as it should be before and after each fault."""

    service: Faulty
    database: Database
    guard: Guard = GUARD

    def __post_init__(self) -> None:
        self.ask = Asker(self.database, self.service.clock.now)

    async def read_whole(self) -> list[RunReport]:
        """Read everything of the healthy service, as often as it takes for a loss to be believed."""
        async with self.service.connected(QUICK, self.database) as upstream:
            engine = self._engine(upstream)
            await engine.register()
            reports = [await engine.run(name, whole=True) for _time in range(2) for name in engine.jobs]
        self.ask.now = self.service.clock.now
        await self.ask(QUESTION)
        return reports

    async def copy(self) -> Copy:
        """Return the content of every present row of the service, as fingerprints by table and key."""
        found: Copy = {}
        async with self.database.snapshot() as session:
            for table in self.service.tables:
                keys = list(table.__table__.primary_key.columns)  # type: ignore[attr-defined]
                rows = await session.execute(select(*keys, table.content_hash).where(table.gone_at.is_(None)))
                found |= {(table.__name__, tuple(row[:-1])): row[-1] for row in rows}
        return found

    async def play(
        self,
        fault: Fault,
        *,
        path: str = "/",
        after: int = 0,
        times: int | None = None,
        heals: bool = True,
    ) -> Cell:
        """Have the fault for some readings, then be well again; something new was made meanwhile."""
        before = await self.copy()
        self.service.faults.plan(fault, path=path, after=after, times=times)
        self.service.added += 1
        table, key = self.service.add(self.service.added)
        answers, seen = [], []
        async with self.service.connected(manners_under(fault), self.database) as upstream:
            engine = self._engine(upstream)
            for _time in range(READINGS_OF_LIES if fault in LIES else 1):
                for name in engine.jobs:
                    answers += await self._reads_during(engine, name)
                seen.append(await self.copy())
                self._forward(60)
        said = self._said(answers)
        if heals:
            self.service.faults.clear()
            self.service.renew()
        late = await self._late(table, key)
        after_all = await self.copy()
        return Cell(
            fault=f"{fault.value}{'' if path == '/' else f' of {path}'}",
            lost=len(before.keys() - after_all.keys()),
            wiped=max(len(before.items() - copy.items()) for copy in (*seen, after_all)),
            reads=len(answers),
            unanswered=sum("errors" in answer for answer in answers),
            said=said,
            late=late,
        )

    async def _late(self, table: type[Remembered], key: Key) -> tuple[str, ...]:
        """Let each job have one period; return those that are not well again, and what is still missing."""
        ended_at = self.service.clock.now
        async with self.service.connected(QUICK, self.database) as upstream:
            engine = self._engine(upstream)
            late = []
            for name, job in sorted(engine.jobs.items(), key=lambda one: one[1].pace.changes_every_s):
                period = dt.timedelta(seconds=job.pace.changes_every_s)
                self.service.clock.now = max(self.service.clock.now, ended_at + period)
                report = await engine.run_if_due(name)
                if report is None or report.verdict != "OK":
                    late.append(f"{name} {'not due' if report is None else report.error}")
        if (table.__name__, key) not in await self.copy():
            late.append(f"{key[0]} is not there")
        source = self._source((await self._asked())["data"])
        if source["error"] or source["holdReason"]:
            late.append("still says so")
        return tuple(late)

    async def _reads_during(self, engine: Engine, name: str) -> list[dict[str, Any]]:
        """Run a job and read all the while, once at least while it runs and once after it."""
        running = asyncio.create_task(engine.run(name, whole=True))
        answers = []
        while not running.done():
            answers.append(await self._asked())
            await asyncio.wait({running}, timeout=SECONDS_BETWEEN_READS)
        await running
        return [*answers, await self._asked()]

    async def _asked(self) -> dict[str, Any]:
        self.ask.now = self.service.clock.now
        return await self.ask.answer(QUESTION)

    def _said(self, answers: Sequence[dict[str, Any]]) -> str:
        """Everything the source said of itself in these answers, each text once."""
        sources = [self._source(answer["data"]) for answer in answers if "errors" not in answer]
        texts = [one[name] for one in sources for name in ("error", "holdReason", "clockWarning")]
        return " / ".join(dict.fromkeys(text for text in texts if text))

    def _source(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        (found,) = [one for one in data["sources"] if one["name"] == self.service.source.name]
        source: Mapping[str, Any] = found
        return source

    def _engine(self, upstream: Any) -> Engine:
        return Engine(
            self.database,
            jobs_of([upstream]),
            clock=self.service.clock,
            owner="test",
            chance=random.Random(7),
            guard=self.guard,
        )

    def _forward(self, seconds: float) -> None:
        self.service.clock.now += dt.timedelta(seconds=seconds)


def faults_of(cell: Cell, fault: Fault, source: SourceName) -> list[str]:
    """Return what a cell broke of the promises, in words."""
    broken = []
    if cell.lost or cell.wiped:
        broken.append(f"{cell.lost} rows lost, {cell.wiped} wiped")
    if cell.unanswered or not cell.reads:
        broken.append(f"{cell.unanswered} of {cell.reads} reads unanswered")
    if fault is Fault.CLOCK_OFF:
        words = "clock is 600 s ahead"
    else:
        words = "" if (source, fault) in COPED_WITH else WORDS[fault]
    if not re.search(words, cell.said) or (not words and cell.said):
        broken.append(f"said {cell.said!r}")
    if cell.late:
        broken.append(f"not well within one period: {cell.late}")
    return [f"{cell.fault}: {one}" for one in broken]
