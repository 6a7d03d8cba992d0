"""A snapshot sees one moment and keeps nothing; a transaction is kept whole or not at all."""

import asyncio
import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, StatementError

from gateway.errors import DatabaseBusyError, SettingError
from gateway.store.database import Database, owned_by_this_process, parse_database_url
from gateway.store.registries import Campaign
from gateway.store.sources import Source
from tests.store.factories import AT

SERVE = """
import sys
from gateway.errors import DatabaseBusyError
from gateway.store.database import owned_by_this_process, parse_database_url
try:
    with owned_by_this_process(parse_database_url(sys.argv[1])):
        print("served")
except DatabaseBusyError as error:
    print(error.message)
"""


async def add(database: Database, name: str) -> None:
    async with database.transaction() as session:
        session.add(Campaign(name=name))


async def names(database: Database) -> list[str]:
    async with database.snapshot() as session:
        return list(await session.scalars(select(Campaign.name).order_by(Campaign.name)))


async def test_a_snapshot_does_not_see_what_is_committed_meanwhile(database: Database) -> None:
    await add(database, "before")
    async with database.snapshot() as reader:
        first = list(await reader.scalars(select(Campaign.name)))

        await add(database, "meanwhile")
        async with database.transaction() as writer:
            await writer.execute(update(Campaign).values(description="changed meanwhile"))

        again = [(row.name, row.description) for row in await reader.execute(select(Campaign.__table__))]

    assert first == ["before"]
    assert again == [("before", None)]
    assert await names(database) == ["before", "meanwhile"]


async def test_a_snapshot_sees_what_was_committed_before_it_began(database: Database) -> None:
    await add(database, "before")

    assert await names(database) == ["before"]


async def test_two_snapshots_of_different_moments_stand_side_by_side(database: Database) -> None:
    async with database.snapshot() as early:
        await early.scalar(select(func.count()).select_from(Campaign))
        await add(database, "between")
        async with database.snapshot() as late:
            counts = [
                await session.scalar(select(func.count()).select_from(Campaign)) for session in (early, late)
            ]

    assert counts == [0, 1]


async def test_nothing_can_be_written_within_a_snapshot(database: Database) -> None:
    async with database.snapshot() as session:
        session.add(Campaign(name="smuggled"))

        with pytest.raises(DBAPIError, match=r"read-only|readonly"):
            await session.commit()

    assert await names(database) == []
    await add(database, "written as it should be")
    assert await names(database) == ["written as it should be"]


async def test_snapshots_and_transactions_may_take_turns_on_one_connection(
    database: Database,
) -> None:
    single = Database(database.url.render_as_string(hide_password=False), pool_size=1)
    try:
        for number in range(3):
            await add(single, f"campaign {number}")
            assert len(await names(single)) == number + 1
    finally:
        await single.close()


async def test_a_transaction_that_fails_keeps_nothing(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.transaction() as session:
            session.add(Campaign(name="half"))
            await session.flush()
            raise RuntimeError("something else went wrong")

    with pytest.raises(RuntimeError, match="something else"):
        await write_and_fail()

    assert await names(database) == []


async def test_writers_at_once_each_get_their_turn(database: Database) -> None:
    async def increment() -> None:
        async with database.transaction() as session:
            statement = select(Campaign).with_for_update()
            campaign = (await session.scalars(statement)).one()
            campaign.description = str(int(campaign.description or "0") + 1)

    await add(database, "counted")
    await asyncio.gather(*(increment() for _ in range(20)))

    async with database.snapshot() as session:
        assert await session.scalar(select(Campaign.description)) == "20"


async def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Database) -> None:
    in_moscow = AT.astimezone(dt.timezone(dt.timedelta(hours=3))) + dt.timedelta(microseconds=7)
    async with database.transaction() as session:
        session.add(Source(name="panda", stale_after_s=1, last_ok_at=in_moscow))

    async with database.snapshot() as session:
        moment = await session.scalar(select(Source.last_ok_at))

    assert moment == in_moscow
    assert moment is not None
    assert moment.tzinfo is dt.UTC


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = AT.replace(tzinfo=None)

    with pytest.raises(StatementError, match="naive datetime"):
        async with database.transaction() as session:
            session.add(Source(name="panda", stale_after_s=1, last_ok_at=naive))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("gateway.db", "is not a database URL"),
        ("mysql://localhost/spd", "uses the driver 'mysql'"),
        ("sqlite:///gateway.db", "uses the driver 'sqlite'"),
        ("sqlite+aiosqlite://", "names no file"),
    ],
)
def test_a_url_that_cannot_work_is_refused_in_one_line_that_says_what_does(text: str, part: str) -> None:
    with pytest.raises(SettingError) as refusal:
        parse_database_url(text)

    assert part in refusal.value.message
    assert "sqlite+aiosqlite" in refusal.value.message
    assert "\n" not in refusal.value.message


def test_a_second_process_may_not_serve_the_same_file(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/new folder/gateway.db"

    with owned_by_this_process(parse_database_url(url)):
        beside = subprocess.run(
            [sys.executable, "-c", SERVE, url], capture_output=True, text=True, check=True
        )
    after = subprocess.run([sys.executable, "-c", SERVE, url], capture_output=True, text=True, check=True)

    assert beside.stdout == (
        f"another gateway process serves {tmp_path}/new folder/gateway.db: "
        "stop it, or use PostgreSQL for several processes\n"
    )
    assert after.stdout == "served\n"


def test_the_file_is_free_again_when_serving_fails(tmp_path: Path) -> None:
    url = parse_database_url(f"sqlite+aiosqlite:///{tmp_path}/gateway.db")

    with pytest.raises(RuntimeError), owned_by_this_process(url):
        raise RuntimeError
    with owned_by_this_process(url), pytest.raises(DatabaseBusyError), owned_by_this_process(url):
        pass


def test_a_folder_that_cannot_be_made_is_a_setting_to_correct(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    url = parse_database_url(f"sqlite+aiosqlite:///{tmp_path}/taken/gateway.db")

    with pytest.raises(SettingError) as refusal, owned_by_this_process(url):
        pass

    assert f"cannot write beside the database file in {tmp_path}/taken" in refusal.value.message
    assert "\n" not in refusal.value.message
