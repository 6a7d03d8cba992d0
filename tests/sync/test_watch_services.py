"""Looking at services: what is found is kept as history, and told of after two bad looks."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from gateway.domain.health import Look, WebCheck
from gateway.errors import SettingError
from gateway.resolvers.health import MOST_SPANS
from gateway.store.database import Database
from gateway.store.health import HealthSpan
from gateway.store.notices import NoticeRow
from gateway.store.remembered import remember
from gateway.store.sites import Queue
from gateway.store.sources import SourceName
from gateway.store.storages import Storage, StorageEndpoint
from gateway.sync.lease import LEASE
from gateway.sync.watch_services import (
    KEPT_FOR,
    QueuesCheck,
    ServiceCheck,
    ServiceWatch,
    StoragesCheck,
    forget_health,
)
from gateway.upstreams.ports import Feed, Health
from gateway.upstreams.web_checks import WebLook
from tests.store.factories import AT
from tests.support.asking import Asker
from tests.support.receivers import Moving, receiving

WELL, ILL = Look(True, "it answers", latency_s=0.1), Look(False, "it is away", latency_s=0.3)
ASK = """{ serviceHealth(hours: 24) { name title group isOk message failures availability latencyS
  periods { isOk looks latencyMaxS } } }"""


@dataclass
class Said:
    """A check that says what it is told to, then that all is well."""

    looks: list[Look] = field(default_factory=list)
    name: str = "panda"
    title: str = "PanDA"
    group: str = "services"
    every_s: int = 60

    async def look(self) -> Look:
        return self.looks.pop(0) if self.looks else WELL


async def told(database: Database) -> list[tuple[str, str]]:
    async with database.snapshot() as session:
        rows = await session.execute(select(NoticeRow.kind, NoticeRow.message).order_by(NoticeRow.at))
        return [(row.kind, row.message) for row in rows]


async def test_looks_become_a_history_of_periods_and_people_are_told_after_two_bad_ones(
    database: Database,
) -> None:
    clock = Moving(AT)
    watch = ServiceWatch(database, [Said([WELL, ILL, WELL, ILL, ILL, ILL, WELL])], clock=clock, owner="one")

    for _look in range(7):
        await watch.work()
        # Not due yet: it is looked at once a minute.
        clock.on(seconds=30)
        await watch.work()
        clock.on(seconds=30)

    [shown] = (await Asker(database, clock.now)(ASK))["serviceHealth"]
    assert await told(database) == [
        ("CHECK_FAILED", "PanDA is not well: it is away"),
        ("CHECK_RECOVERED", "PanDA is well again: it answers"),
    ]
    assert [(each["isOk"], each["looks"]) for each in shown["periods"]] == [
        (True, 1),
        (False, 1),
        (True, 1),
        (False, 3),
        (True, 1),
    ]
    assert (shown["availability"], shown["failures"], shown["isOk"]) == (3 / 7, 0, True)
    assert shown["latencyS"] == pytest.approx((3 * 0.1 + 4 * 0.3) / 7)


async def test_a_day_of_the_same_is_kept_in_a_row_an_hour_and_forgotten_in_the_end(
    database: Database,
) -> None:
    clock = Moving(AT)
    watch = ServiceWatch(database, [Said(every_s=600)], clock=clock, owner="one")
    for _look in range(13):
        await watch.work()
        clock.on(minutes=10)

    async with database.snapshot() as session:
        looks = (await session.scalars(select(HealthSpan.looks).order_by(HealthSpan.id))).all()
    await forget_health(database, at=AT + KEPT_FOR + dt.timedelta(minutes=90))
    async with database.snapshot() as session:
        left = (await session.scalars(select(HealthSpan.looks).order_by(HealthSpan.id))).all()
    assert (looks, left) == ([6, 6, 1], [6, 1])


async def test_the_copy_says_which_storages_and_queues_cannot_be_used(database: Database) -> None:
    async with database.transaction() as session:
        storages = [
            Storage(name=name, can_read=True, can_write=name != "B", can_delete=True) for name in "ABC"
        ]
        await remember(session, storages, source=SourceName.RUCIO, at=AT)
        closed = StorageEndpoint(rse_name="C", state="DISABLED")
        await remember(session, [closed], source=SourceName.CRIC, at=AT)
        queues = [Queue(name="one", status="online"), Queue(name="two", status="offline")]
        await remember(session, queues, source=SourceName.CRIC, at=AT)

    assert await StoragesCheck(database).look() == Look(
        False, "2 of 3 storages cannot be read or written, or are not active: B, C", value=1.0
    )
    assert await QueuesCheck(database).look() == Look(False, "1 of 2 queues are not online: two", value=1.0)


async def test_an_empty_copy_is_no_alarm(database: Database) -> None:
    assert (await StoragesCheck(database).look()).is_ok
    assert (await QueuesCheck(database).look()).is_ok


async def test_a_further_check_asks_an_address() -> None:
    async with receiving(200, 500) as receiver:
        check = WebLook(WebCheck("c", "C", receiver.url))
        looks = [await check.look() for _again in range(2)]
        unparsed = await WebLook(WebCheck("c", "C", receiver.url, pointer="/a")).look()
    away = await check.look()

    assert [(look.is_ok, look.message) for look in (*looks, unparsed, away)] == [
        (True, "it answers"),
        (False, "it answers HTTP 500"),
        (False, "it answers HTTP 204"),
        (False, "it cannot be reached: ConnectError"),
    ]
    assert all(look.latency_s is not None for look in looks)


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (b"[" * 100_000, "", "it sent JSON that is too deep or has a number too large"),
        (b'{"a": 1' + b"0" * 400 + b"}", "", "it sent JSON that is too deep or has a number too large"),
        (b"no gzip", "Content-Encoding: gzip\r\n", "it cannot be reached: DecodingError"),
    ],
    ids=["deep", "large", "no gzip"],
)
async def test_an_answer_of_any_kind_is_a_look_that_failed(content: bytes, more: str, said: str) -> None:
    async with receiving(200) as receiver:
        receiver.content, receiver.more = content, more
        look = await WebLook(WebCheck("c", "C", receiver.url, pointer="/a", at_most=1)).look()

    assert (look.is_ok, look.message) == (False, said)


async def test_an_address_that_is_none_is_a_look_that_failed() -> None:
    look = await WebLook(WebCheck("c", "C", "https://[::1")).look()

    assert (look.is_ok, look.message) == (False, "it cannot be reached: InvalidURL")


async def test_a_number_that_changes_with_each_look_makes_no_row_of_its_own(database: Database) -> None:
    clock = Moving(AT)
    check = WebCheck("loss", "Loss", "https://ps.example", pointer="", at_most=10)
    watch = ServiceWatch(
        database,
        [Said([check.judge(number) for number in (1, 2, 3, 11, 12)], name="loss")],
        clock=clock,
        owner="one",
    )
    for _look in range(5):
        await watch.work()
        clock.on(minutes=1)

    async with database.snapshot() as session:
        rows = await session.execute(
            select(HealthSpan.looks, HealthSpan.value, HealthSpan.message).order_by(HealthSpan.id)
        )
    assert [tuple(row) for row in rows] == [(3, 3.0, "3"), (2, 12.0, "12, more than 10")]


@dataclass
class Slow(Said):
    """A check that says when it is looked at, and waits until it may go on."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> Look:
        self.begun.set()
        await self.may_end.wait()
        return WELL


async def test_of_several_processes_one_looks_and_after_its_death_another(database: Database) -> None:
    clock = Moving(AT)
    slow, other = Slow(), Said()
    working = asyncio.ensure_future(ServiceWatch(database, [slow], clock=clock, owner="one").work())
    await slow.begun.wait()
    second = ServiceWatch(database, [other], clock=clock, owner="two")

    await second.work()
    looked_meanwhile = await looks(database)
    clock.on(seconds=LEASE.total_seconds() + 1)
    await second.work()
    looked_after = await looks(database)
    slow.may_end.set()
    await working

    assert (looked_meanwhile, looked_after) == ([], [1])
    # What the first one found is a minute and a half old, and its lease is lost.
    assert await looks(database) == [1]


async def looks(database: Database) -> list[int]:
    async with database.snapshot() as session:
        return list(await session.scalars(select(HealthSpan.looks).order_by(HealthSpan.id)))


async def test_a_long_history_is_shown_in_part_and_counted_whole(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all(
            HealthSpan(
                name="panda",
                title="PanDA",
                group_name="services",
                is_ok=number >= 300,
                message=str(number),
                began_at=AT,
                last_at=AT,
                looks=2,
                failures=0,
                is_told=False,
                latency_sum_s=None if number % 2 else 1.0,
            )
            for number in range(MOST_SPANS + 100)
        )

    [shown] = (await Asker(database, AT)(ASK.replace("isOk looks", "message isOk looks")))["serviceHealth"]

    assert [period["message"] for period in shown["periods"]] == [
        str(number) for number in range(100, MOST_SPANS + 100)
    ]
    assert (shown["availability"], shown["latencyS"]) == (0.5, 0.5)


@dataclass
class Breaking:
    """A service that cannot be asked, as `error` says."""

    error: Exception
    source: SourceName
    feeds: Sequence[Feed] = ()

    async def look(self) -> Health:
        raise self.error

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_look_that_breaks_is_kept_as_one_that_failed_and_stops_no_other(database: Database) -> None:
    checks = [
        ServiceCheck(Breaking(SettingError("the password file cannot be read"), SourceName.RUCIO)),
        ServiceCheck(Breaking(RuntimeError("never thought of"), SourceName.CRIC)),
        Said(),
    ]

    await ServiceWatch(database, checks, clock=Moving(AT), owner="one").work()

    async with database.snapshot() as session:
        rows = await session.execute(
            select(HealthSpan.name, HealthSpan.is_ok, HealthSpan.message).order_by(HealthSpan.name)
        )
    assert [tuple(row) for row in rows] == [
        ("cric", False, "looking failed on our side (RuntimeError); the log has more"),
        ("panda", True, "it answers"),
        ("rucio", False, "the password file cannot be read"),
    ]


async def test_only_what_is_kept_is_asked_for(database: Database) -> None:
    for hours in (0, 2161):
        answer = await Asker(database, AT).answer(f"{{ serviceHealth(hours: {hours}) {{ name }} }}")

        assert answer["errors"][0]["extensions"]["code"] == "BAD_FILTER"
