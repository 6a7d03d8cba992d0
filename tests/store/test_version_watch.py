"""Versions of tables: moved by every committed write, seen by every process, told to many with one look."""

import asyncio
import sys

import pytest
from sqlalchemy import delete, insert, select, text, update

from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.registries import Stage
from gateway.store.version_watch import Seen, VersionWatch
from gateway.store.versions import looking, tables_in
from tests.store.factories import AT, add_request


async def seen_by(watch: VersionWatch) -> Seen:
    seen = await watch.now()
    assert seen is not None
    return seen


@pytest.fixture
def watch(database: Database) -> VersionWatch:
    return database.versions


async def moved(database: Database, watch: VersionWatch, statement: object) -> set[str]:
    """Return the tables whose version another commit of this statement moved."""
    before = await seen_by(watch)
    async with database.transaction() as session:
        await session.execute(statement)  # type: ignore[call-overload]
    after = await seen_by(watch)
    assert (after.number > before.number) == (after.versions != before.versions)
    return {name for name in after.versions if after.versions[name] != before.versions.get(name)}


async def test_insert_update_and_delete_move_the_version_of_their_table(
    database: Database, watch: VersionWatch
) -> None:
    assert await moved(database, watch, insert(Stage).values(name="S9")) == {"stages"}
    assert await moved(database, watch, update(Stage).values(description="late")) == {"stages"}
    assert await moved(database, watch, text("DELETE FROM stages WHERE name = 'S9'")) == {"stages"}
    assert await moved(database, watch, select(Stage)) == set()


async def test_rows_of_objects_move_the_version_too(database: Database, watch: VersionWatch) -> None:
    before = await seen_by(watch)

    async with database.transaction() as session:
        session.add(Stage(name="S9"))

    assert (await seen_by(watch)).versions == {**before.versions, "stages": 1}


async def test_a_transaction_that_fails_moves_nothing(database: Database, watch: VersionWatch) -> None:
    before = await seen_by(watch)

    async def fail() -> None:
        async with database.transaction() as session:
            await session.execute(insert(Stage).values(name="S9"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    # What was written in vain is not counted for the next one on the same connection either.
    async with database.transaction() as session:
        await session.execute(select(Stage))

    assert (await seen_by(watch)).versions == before.versions


async def test_what_is_told_moves_the_events(database: Database, watch: VersionWatch) -> None:
    async with database.transaction() as session:
        await add_request(session)
        tell(session, EventKind.REQUEST, "PROD2025-013", at=AT)

    versions = (await seen_by(watch)).versions
    assert {"events", "requests", "steps", "stages", "software_releases"} <= versions.keys()


async def test_transactions_that_write_the_same_tables_side_by_side_are_all_counted(
    database: Database, watch: VersionWatch
) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            names = ["stages", "campaigns"] if number % 2 else ["campaigns", "stages"]
            for name in names:
                await session.execute(text(f"DELETE FROM {name} WHERE name = 'none'"))  # noqa: S608 - two names of ours

    await asyncio.gather(*(write(number) for number in range(20)))

    versions = (await seen_by(watch)).versions
    assert (versions["stages"], versions["campaigns"]) == (20, 20)


async def test_a_write_in_another_process_is_seen_by_the_next_look(
    database: Database, watch: VersionWatch
) -> None:
    async with database.transaction() as session:
        await add_request(session)
    before = await seen_by(watch)
    url = database.url.render_as_string(hide_password=False)

    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.writer", url, "PROD2025-013", "3", "0"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await writer.wait() == 0

    after = await seen_by(watch)
    assert after.number == before.number + 3
    assert not after.is_same(before, frozenset({"requests"}))
    assert after.is_same(before, frozenset({"stages"}))


async def test_those_who_ask_at_once_share_a_look(database: Database, watch: VersionWatch) -> None:
    first = await seen_by(watch)

    everybody = await asyncio.gather(*(watch.now() for _ in range(50)))

    assert all(seen == first for seen in everybody)
    # One that was under way, and one for all who came meanwhile; and the one before.
    # On SQLite a look waits for nothing, so there is nothing to share.
    assert watch.looks <= 3 or database.is_sqlite


async def test_a_database_that_does_not_answer_says_nothing(database: Database) -> None:
    gone = Database(
        database.url.set(database="/nowhere/at/all.db" if database.is_sqlite else "nowhere").render_as_string(
            hide_password=False
        )
    )
    try:
        assert await gone.versions.now() is None
    finally:
        await gone.close()


async def test_tables_of_a_statement_are_collected_while_somebody_looks(database: Database) -> None:
    with looking() as looked:
        async with database.snapshot() as session:
            await session.execute(select(Stage))
    async with database.snapshot() as session:
        await session.execute(text("SELECT count(*) FROM campaigns"))

    assert looked.tables == {"stages"}


def test_names_of_tables_are_found_wherever_they_stand() -> None:
    statement = 'SELECT 1 FROM "groups" JOIN (SELECT key FROM steps) AS s ON true, tasks AS t -- no_table'

    assert tables_in(statement) == {"groups", "steps", "tasks"}
    assert tables_in('SELECT s.events, s."rules" AS sites FROM steps AS s, people AS "tasks"') == {
        "steps",
        "people",
    }


async def test_deleting_through_objects_is_a_write(database: Database, watch: VersionWatch) -> None:
    async with database.transaction() as session:
        session.add(Stage(name="S9"))

    assert await moved(database, watch, delete(Stage).where(Stage.name == "S9")) == {"stages"}


def test_the_same_numbers_of_another_server_are_not_the_same_versions() -> None:
    """One that took over from another gives numbers again that the other had given to other rows."""
    tables = frozenset({"tasks"})
    seen = Seen(7, {"tasks": 7}, "since noon")

    assert seen.is_same(Seen(7, {"tasks": 7}, "since noon"), tables)
    assert not seen.is_same(Seen(7, {"tasks": 7}, "since one"), tables)
