"""Readers get what any process commits, in order, from where they stopped, and never without bound."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import delete

from gateway.errors import EventsError
from gateway.store.database import Database
from gateway.store.events import Change, Event, EventKind, tell
from gateway.store.feed import MAX_READERS_OF_ONE, Feed
from tests.support.databases import opened

AT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
# Longer than any test: nothing here may be found by looking now and then.
NEVER_S = 600.0
WAIT_S = 60.0


async def tell_of(database: Database, *names: str, kind: EventKind = EventKind.REQUEST) -> None:
    async with database.transaction() as session:
        for name in names:
            tell(session, kind, name, at=AT)


async def take(changes: AsyncIterator[Change], count: int) -> list[tuple[int, str]]:
    async with asyncio.timeout(WAIT_S):
        return [(change.number, change.key) for change in [await anext(changes) for _ in range(count)]]


@pytest.fixture
async def feed(database: Database) -> AsyncIterator[Feed]:
    feed = Feed(database, poll_s=NEVER_S)
    yield feed
    feed.close()


async def test_each_reader_gets_what_it_follows(database: Database, feed: Feed) -> None:
    async with (
        feed.reading(EventKind.REQUEST) as requests,
        feed.reading(EventKind.REQUEST, "b") as b,
        feed.reading(EventKind.TASK) as tasks,
    ):
        await tell_of(database, "a", "b")
        await tell_of(database, "7", kind=EventKind.TASK)

        assert await take(requests, 2) == [(1, "a"), (2, "b")]
        assert await take(b, 1) == [(2, "b")]
        assert await take(tasks, 1) == [(3, "7")]


async def test_what_was_told_before_is_not_given_unless_asked_for(database: Database, feed: Feed) -> None:
    await tell_of(database, "a", "b", "c")

    async with feed.reading(EventKind.REQUEST) as new, feed.reading(EventKind.REQUEST, after=1) as resumed:
        await tell_of(database, "d")

        assert await take(new, 1) == [(4, "d")]
        assert await take(resumed, 3) == [(2, "b"), (3, "c"), (4, "d")]


async def test_more_than_one_batch_is_caught_up_without_gap_or_repetition(
    database: Database, feed: Feed
) -> None:
    await tell_of(database, *(str(number) for number in range(1, 1203)))

    async with feed.reading(EventKind.REQUEST, after=2) as changes:
        await tell_of(database, "new")
        taken = await take(changes, 1201)

    assert [number for number, _key in taken] == list(range(3, 1204))


async def test_a_process_hears_another_one(database: Database, feed: Feed) -> None:
    other_url = database.url.render_as_string(hide_password=False)
    if database.is_sqlite:
        pytest.skip("one process owns a SQLite file")
    async with opened(other_url) as other, feed.reading(EventKind.REQUEST) as changes:
        await tell_of(other, "from afar")

        assert await take(changes, 1) == [(1, "from afar")]


async def test_a_lost_listener_listens_again(database: Database, feed: Feed, postgres_url: str) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no listener")
    other_url = database.url.render_as_string(hide_password=False)
    async with opened(other_url) as other, feed.reading(EventKind.REQUEST) as changes:
        await tell_of(other, "before")
        assert await take(changes, 1) == [(1, "before")]

        ended = await end_listeners(other)
        await tell_of(other, "after")

        assert ended == 1
        assert await take(changes, 1) == [(2, "after")]


async def end_listeners(database: Database) -> int:
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        found = await connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        row = await found.fetchone()
    assert row is not None
    return int(row[0])


async def test_what_was_not_heard_is_found_by_looking(database: Database) -> None:
    async with opened(database.url.render_as_string(hide_password=False)) as other:
        feed = Feed(database, poll_s=0.05)
        async with feed.reading(EventKind.REQUEST) as changes:
            await tell_of(other, "quietly")

            assert await take(changes, 1) == [(1, "quietly")]


async def test_a_thing_that_changes_while_it_waits_is_given_once_with_its_newest_number(
    database: Database, feed: Feed
) -> None:
    async with feed.reading(EventKind.REQUEST) as changes, feed.reading(EventKind.REQUEST, "z") as last:
        for name in ("a", "b", "a", "z"):
            await tell_of(database, name)
        await take(last, 1)

        assert await take(changes, 3) == [(2, "b"), (3, "a"), (4, "z")]


async def test_a_slow_reader_is_told_and_holds_nothing(database: Database) -> None:
    feed = Feed(database, queued=3, poll_s=NEVER_S)
    async with feed.reading(EventKind.REQUEST) as slow, feed.reading(EventKind.REQUEST, "5") as quick:
        await tell_of(database, *"12345")
        assert await take(quick, 1) == [(5, "5")]

        with pytest.raises(EventsError) as refused:
            await take(slow, 1)

    assert refused.value.code == "TOO_SLOW"


async def test_as_many_as_may_wait_are_given(database: Database) -> None:
    feed = Feed(database, queued=3, poll_s=NEVER_S)
    async with feed.reading(EventKind.REQUEST) as slow:
        await tell_of(database, *"123")

        assert await take(slow, 3) == [(1, "1"), (2, "2"), (3, "3")]


@pytest.mark.parametrize("after", [1, 9])
async def test_numbers_of_another_past_are_refused(database: Database, feed: Feed, after: int) -> None:
    await tell_of(database, *"12345")
    async with database.transaction() as session:
        await session.execute(delete(Event).where(Event.number < 3))

    with pytest.raises(EventsError) as refused:
        await feed.reading(EventKind.REQUEST, after=after).__aenter__()

    assert refused.value.code == "EVENTS_FORGOTTEN"
    assert (feed.readers, feed.is_working) == (0, False)


async def test_places_are_limited_and_given_back(feed: Feed, database: Database) -> None:
    feed = Feed(database, readers=1)
    with feed.seat(), pytest.raises(EventsError) as refused, feed.seat():
        pass

    assert refused.value.code == "TOO_MANY_SUBSCRIPTIONS"
    with feed.seat():
        pass


async def test_one_viewer_does_not_take_all_places(feed: Feed) -> None:
    with contextlib.ExitStack() as seats:
        for _seat in range(MAX_READERS_OF_ONE):
            seats.enter_context(feed.seat("s-1"))
        with (
            pytest.raises(EventsError, match="you follow 20 subscriptions here") as refused,
            feed.seat("s-1"),
        ):
            pass
        with feed.seat("s-2"), feed.seat():
            pass
    with feed.seat("s-1"):
        pass

    assert refused.value.code == "TOO_MANY_SUBSCRIPTIONS"


async def test_nothing_is_left_behind_when_the_last_reader_leaves(database: Database, feed: Feed) -> None:
    before = asyncio.all_tasks()
    async with feed.reading(EventKind.TASK):
        was_working = feed.is_working
        # Time for the second task, which listens, to begin.
        await asyncio.sleep(0.05)

    assert was_working
    assert not feed.is_working
    assert asyncio.all_tasks() == before


async def test_closing_ends_all_reading_and_lets_none_begin(database: Database, feed: Feed) -> None:
    async with feed.reading(EventKind.REQUEST) as changes:
        feed.close()
        with pytest.raises(StopAsyncIteration):
            await take(changes, 1)

    with pytest.raises(EventsError), feed.seat():
        pass


async def test_the_last_reader_leaves_at_the_very_moment_something_is_told(
    database: Database, feed: Feed
) -> None:
    """What swallowed being cancelled just then left the work running, and the process with it."""
    async with asyncio.timeout(WAIT_S):
        async with feed.reading(EventKind.REQUEST) as changes:
            await tell_of(database, "a")
            assert await take(changes, 1) == [(1, "a")]
            # Long enough for the work to wait for the next one, which comes as the reader goes.
            await asyncio.sleep(1)
            feed._bell.set()

    assert not feed.is_working
