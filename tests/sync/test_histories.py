"""Whatever an upstream does and however it fails: never a wrong removal, and in the end an equal copy.

The number of histories is taken from GATEWAY_HISTORIES (500); the failing ones print how to repeat them.
"""

import asyncio
import datetime as dt
import os
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.auth.viewer import Viewer
from gateway.errors import GarbledError, NotOfferedError
from gateway.resolvers.release_removals import release_removals
from gateway.store.database import Database
from gateway.store.sites import Queue
from gateway.store.sources import SourceName
from gateway.sync.engine import Engine
from gateway.sync.jobs import Job, Pace
from gateway.sync.lease import LEASE
from gateway.sync.removals import Guard, remove_missing
from gateway.upstreams.ports import Page, Record
from tests.support.databases import DatabaseMaker, opened

HISTORIES = int(os.environ.get("GATEWAY_HISTORIES", "500"))
START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
PACE = Pace(changes_every_s=60, whole_every_s=600, deadline_s=120, stale_after_s=7200)
NAMES = [f"Q{n}" for n in range(12)]
OPERATOR = Viewer("operator")


class KilledError(BaseException):
    """Stands for a process that is gone between two statements."""


@dataclass
class Upstream:
    """A list of queues with a time of change each; answers come in any order, doubled, cut or not at all."""

    clock: Callable[[], dt.datetime]
    chance: random.Random
    queues: dict[str, tuple[str, dt.datetime]] = field(default_factory=dict)
    fault: str = "none"
    name: str = "cric.queues"
    source: SourceName = SourceName.CRIC
    sections: Sequence[str] = ("queues",)
    lists_everything: bool = True

    async def everything(self) -> AsyncIterator[Page]:
        """Give all queues in pages."""
        async for page in self._pages(dict(self.queues)):
            yield page

    async def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        """Give the queues changed since then."""
        if self.fault == "no changes":
            raise NotOfferedError("cric", "changes are not offered")
        async for page in self._pages({k: v for k, v in self.queues.items() if v[1] >= since}):
            yield page

    async def _pages(self, queues: dict[str, tuple[str, dt.datetime]]) -> AsyncIterator[Page]:
        records: list[Record] = [{"name": name, "status": status} for name, (status, _at) in queues.items()]
        if self.fault == "empty":
            records = []
        if self.fault == "half":
            records = records[: len(records) // 2]
        self.chance.shuffle(records)
        records += self.chance.sample(records, min(2, len(records)))
        for start in range(0, max(1, len(records)), 4):
            yield Page("queues", records[start : start + 4], self.clock())
            if self.fault == "cut":
                raise GarbledError("cric", "cut short")
            if self.fault == "killed":
                raise KilledError


@dataclass
class World:
    """One history: the upstream, the copy, the time, and what was ever true."""

    database: Database
    now: dt.datetime = START
    upstream: Upstream = field(init=False)
    ever: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.upstream = Upstream(lambda: self.now, random.Random(1))
        for name in NAMES:
            self.put(name, "online")

    def put(self, name: str, status: str) -> None:
        """Add or change a queue."""
        self.upstream.queues[name] = (status, self.now)
        self.ever.add((name, status))

    async def read(self, *, whole: bool) -> None:
        """Run the job in a process of its own, which may die."""
        engine = Engine(
            self.database,
            {"cric.queues": Job(self.upstream, PACE)},
            clock=lambda: self.now,
            owner=f"process at {self.now}",
            chance=random.Random(2),
        )
        await engine.register()
        try:
            await engine.run("cric.queues", whole=whole)
        except KilledError:
            self.now += LEASE + dt.timedelta(seconds=1)

    async def copy(self) -> dict[str, str | None]:
        """Return what the copy says is there."""
        async with self.database.snapshot() as session:
            rows = await session.execute(select(Queue.name, Queue.status).where(Queue.gone_at.is_(None)))
            return {row.name: row.status for row in rows}


STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(NAMES), st.sampled_from(["online", "offline", "test"])),
    st.tuples(st.just("remove"), st.sampled_from(NAMES)),
    st.tuples(st.just("wait"), st.integers(1, 900)),
    st.tuples(
        st.just("read"),
        st.booleans(),
        st.sampled_from(["none", "none", "empty", "half", "cut", "killed", "no changes"]),
    ),
)
# Faults that look like a good answer: by themselves they may remove a row only if they come twice and remove
# little; one that comes once must never remove anything.
SILENT = {"empty", "half"}


async def play(world: World, steps: Sequence[tuple[object, ...]]) -> None:
    """Play a history and hold its promises after every step."""
    silent_in_a_row = 0
    missing_since_whole: set[str] = set()
    for step in steps:
        match step:
            case ("put", str(name), str(status)):
                world.put(name, status)
            case ("remove", str(name)):
                world.upstream.queues.pop(name, None)
            case ("wait", int(seconds)):
                world.now += dt.timedelta(seconds=seconds)
            case ("read", bool(whole), str(fault)):
                before = await world.copy()
                world.upstream.fault = fault
                await world.read(whole=whole)
                world.upstream.fault = "none"
                silent_in_a_row = silent_in_a_row + 1 if fault in SILENT else 0
                gone = before.keys() - (await world.copy()).keys()
                if silent_in_a_row < 2:
                    wrongly_gone = {name for name in gone if name in world.upstream.queues}
                    assert wrongly_gone <= missing_since_whole, (step, wrongly_gone)
                if fault in SILENT:
                    missing_since_whole = set(world.upstream.queues)
                elif fault == "none" and whole:
                    missing_since_whole = set()
        assert set((await world.copy()).items()) <= world.ever
    world.now += LEASE + dt.timedelta(hours=1)
    for _time in range(3):
        await world.read(whole=True)
    # What is held in the end is truly gone: an operator says so.
    await release_removals(
        world.database, OPERATOR, SourceName.CRIC, "cric.queues", reason="it is so", now=world.now
    )
    await world.read(whole=True)
    assert await world.copy() == {name: status for name, (status, _at) in world.upstream.queues.items()}


@pytest.fixture(scope="module")
def template(database_maker: DatabaseMaker) -> str:
    return database_maker.migrated_template


def test_any_history_ends_with_an_equal_copy(database_maker: DatabaseMaker, template: str) -> None:
    played = 0
    # PostgreSQL copies a template in 50 ms where SQLite needs 1 ms: a tenth of the histories runs there.
    histories = HISTORIES if database_maker.kind == "sqlite" else max(1, HISTORIES // 10)

    @settings(max_examples=histories, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(STEPS, min_size=3, max_size=14))
    def history(steps: list[tuple[object, ...]]) -> None:
        nonlocal played
        played += 1

        async def run() -> None:
            async with opened(database_maker.copy_of(template)) as database:
                await play(World(database), steps)

        asyncio.run(run())

    history()
    print(f"{played} histories on {database_maker.kind}: 0 wrong removals, 0 copies unequal in the end")
    assert played >= histories


# Every change is read as such: nothing but the first reading may be whole.
CHANGES_ONLY = Pace(changes_every_s=60, whole_every_s=10**9, deadline_s=120, stale_after_s=7200)
# What the overlap of readings must bear: a clock that is behind, and what is stamped before it is seen.
MOST_BEHIND_S = 300
MOST_DELAY_S = 290
# A clock that is ahead must not matter.
MOST_AHEAD_S = 3600


@dataclass
class Changing:
    """An upstream whose clock is set now and then, and that shows a change a while after it stamped it."""

    world: "ChangingWorld"
    skew: dt.timedelta = dt.timedelta()
    pause: dt.timedelta = dt.timedelta()
    fault: str = "none"
    whole_readings: int = 0
    # By name: status, when it was stamped by this service's clock, from when on it is seen.
    queues: dict[str, tuple[str, dt.datetime, dt.datetime]] = field(default_factory=dict)
    coming: list[tuple[str, str, dt.datetime, dt.datetime]] = field(default_factory=list)
    name: str = "cric.queues"
    source: SourceName = SourceName.CRIC
    sections: Sequence[str] = ("queues",)
    lists_everything: bool = True

    def put(self, name: str, status: str, delay_s: int) -> None:
        now = self.world.now
        self.coming.append((name, status, now + self.skew, now + dt.timedelta(seconds=delay_s)))

    def seen(self) -> dict[str, tuple[str, dt.datetime, dt.datetime]]:
        """What is seen now, in the order in which it came to be seen."""
        for one in sorted(self.coming, key=lambda each: each[3]):
            if one[3] <= self.world.now:
                self.queues[one[0]] = one[1:]
                self.coming.remove(one)
        return dict(self.queues)

    async def everything(self) -> AsyncIterator[Page]:
        self.whole_readings += 1
        async for page in self._pages(self.seen()):
            yield page

    async def changes(self, since: dt.datetime) -> AsyncIterator[Page]:
        async for page in self._pages({k: v for k, v in self.seen().items() if v[1] >= since}):
            yield page

    async def _pages(self, queues: dict[str, tuple[str, dt.datetime, dt.datetime]]) -> AsyncIterator[Page]:
        records: list[Record] = [{"name": name, "status": known[0]} for name, known in queues.items()]
        for start in range(0, max(1, len(records)), 2):
            yield Page("queues", records[start : start + 2], self.world.now + self.skew)
            self.world.now += self.pause
            if self.fault == "cut":
                raise GarbledError("cric", "cut short")
            if self.fault == "killed":
                raise KilledError


class ChangingWorld:
    """One history of changes and readings of changes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START
        self.upstream = Changing(self)

    async def read(self) -> None:
        engine = Engine(
            self.database,
            {"cric.queues": Job(self.upstream, CHANGES_ONLY)},
            clock=lambda: self.now,
            owner=f"process at {self.now}",
            chance=random.Random(2),
        )
        await engine.register()
        try:
            await engine.run("cric.queues")
        except KilledError:
            self.now += LEASE + dt.timedelta(seconds=1)

    async def play(self, steps: Sequence[tuple[object, ...]]) -> None:
        """Play a history; in the end what was never read whole again is an equal copy."""
        for name in NAMES[:4]:
            self.upstream.put(name, "online", 0)
        await self.read()
        for step in steps:
            match step:
                case ("put", str(name), str(status), int(delay_s)):
                    self.upstream.put(name, status, delay_s)
                case ("wait", int(seconds)):
                    self.now += dt.timedelta(seconds=seconds)
                case ("set clock", int(seconds)):
                    self.upstream.skew = dt.timedelta(seconds=seconds)
                case ("read", str(fault), int(pause_s)):
                    self.upstream.fault = fault
                    self.upstream.pause = dt.timedelta(seconds=pause_s)
                    await self.read()
                    self.upstream.fault, self.upstream.pause = "none", dt.timedelta()
        self.now += dt.timedelta(seconds=MOST_DELAY_S + 1)
        await self.read()
        async with self.database.snapshot() as session:
            rows = await session.execute(select(Queue.name, Queue.status).where(Queue.gone_at.is_(None)))
            copy = {row.name: row.status for row in rows}
        assert copy == {name: known[0] for name, known in self.upstream.seen().items()}
        assert self.upstream.whole_readings == 1


CHANGES = st.one_of(
    st.tuples(
        st.just("put"),
        st.sampled_from(NAMES),
        st.sampled_from(["online", "offline", "test"]),
        st.integers(0, MOST_DELAY_S),
    ),
    st.tuples(st.just("wait"), st.integers(1, 1_500)),
    st.tuples(st.just("set clock"), st.integers(-MOST_BEHIND_S, MOST_AHEAD_S)),
    st.tuples(
        st.just("read"),
        st.sampled_from(["none", "none", "none", "cut", "killed"]),
        st.sampled_from([0, 0, 900]),
    ),
)


def test_what_changed_is_found_without_reading_everything_again(
    database_maker: DatabaseMaker, template: str
) -> None:
    played = 0
    histories = HISTORIES // 4 if database_maker.kind == "sqlite" else max(1, HISTORIES // 20)

    @example([("put", "Q5", "offline", 200), ("read", "none", 900)])
    @example([("put", "Q0", "offline", 1), ("set clock", 601), ("read", "none", 900)])
    @example([("set clock", 3600), ("read", "none", 0), ("set clock", 0), ("put", "Q1", "test", 0)])
    @settings(max_examples=histories, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(CHANGES, min_size=3, max_size=12))
    def history(steps: list[tuple[object, ...]]) -> None:
        nonlocal played
        played += 1

        async def run() -> None:
            async with opened(database_maker.copy_of(template)) as database:
                await ChangingWorld(database).play(steps)

        asyncio.run(run())

    history()
    print(f"{played} histories of changes on {database_maker.kind}: 0 copies unequal in the end")
    assert played >= histories


async def test_the_histories_would_notice_a_sweep_without_guards(database: Database) -> None:
    """The control: the same promises fail when whatever is missing once is believed."""
    world = World(database)
    await world.read(whole=True)
    world.upstream.fault = "half"
    await world.read(whole=True)

    async with database.transaction() as session:
        removal = await remove_missing(
            session,
            Queue,
            {("Q0",), ("Q1",)} | {(n,) for n in NAMES[:6]},
            at=world.now,
            listing="queues",
            guard=Guard(hold_part=2.0),
        )

    assert removal.gone == 6
    assert await world.copy() != {name: status for name, (status, _at) in world.upstream.queues.items()}
