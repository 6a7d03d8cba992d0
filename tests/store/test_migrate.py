"""A database is brought to this code's schema once, and nothing is done to one that other code made."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, inspect, text

from gateway.errors import DatabaseVersionError, SettingError
from gateway.store.base import Base
from gateway.store.database import SQLITE, parse_database_url
from gateway.store.migrate import check_current, head, upgrade
from tests.support.databases import DatabaseMaker

UPGRADE = """
import sys
from gateway.store.database import parse_database_url
from gateway.store.migrate import upgrade
sys.stdin.readline()
upgrade(parse_database_url(sys.argv[1]))
"""


@pytest.fixture
def url(database_maker: DatabaseMaker) -> URL:
    """A database without any table."""
    return parse_database_url(database_maker.empty_url())


def engine_of(url: URL) -> Engine:
    return create_engine(url.set(drivername="sqlite") if url.drivername == SQLITE else url)


def tables(url: URL) -> set[str]:
    engine = engine_of(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def execute(url: URL, statement: str) -> None:
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def test_an_empty_database_gets_every_table(url: URL) -> None:
    upgrade(url)

    assert tables(url) == {*Base.metadata.tables, "alembic_version"}
    check_current(url)


def test_a_second_upgrade_changes_nothing(url: URL) -> None:
    upgrade(url)
    execute(url, "INSERT INTO campaigns (name) VALUES ('SPD MC 2025')")

    upgrade(url)

    engine = engine_of(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT name FROM campaigns")) == "SPD MC 2025"
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [(head(),)]
    engine.dispose()


def test_a_database_of_newer_code_is_refused_and_left_alone(url: URL) -> None:
    upgrade(url)
    execute(url, "UPDATE alembic_version SET version_num = '9999'")

    for step in (upgrade, check_current):
        with pytest.raises(DatabaseVersionError) as refusal:
            step(url)

        assert "is at revision 9999, which is newer than this code" in refusal.value.message
        assert "\n" not in refusal.value.message
    assert tables(url) == {*Base.metadata.tables, "alembic_version"}


def test_an_older_database_is_not_served_before_it_is_migrated(url: URL) -> None:
    with pytest.raises(DatabaseVersionError) as refusal:
        check_current(url)

    assert refusal.value.message == (
        f"the database is at revision none, this code needs {head()}: run `gateway migrate`"
    )
    assert tables(url) == set()


def test_two_who_migrate_at_once_do_not_meet(url: URL) -> None:
    address = url.render_as_string(hide_password=False)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, address],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    said = [process.communicate()[1].strip() for process in both]

    assert said == ["", ""]
    assert [process.returncode for process in both] == [0, 0]
    check_current(url)


def test_a_migration_that_breaks_off_leaves_no_half_a_schema(url: URL) -> None:
    execute(url, "CREATE TABLE attempts (key VARCHAR(120) PRIMARY KEY)")

    with pytest.raises(Exception, match="already exists"):
        upgrade(url)

    assert tables(url) == {"attempts"}


@pytest.mark.parametrize("step", [upgrade, check_current])
def test_a_file_in_no_folder_is_a_setting_to_correct(tmp_path: Path, step: object) -> None:
    url = parse_database_url(f"sqlite+aiosqlite:///{tmp_path}/missing/gateway.db")

    assert refusal_of(step, url) == (
        f"cannot open the database sqlite:///{tmp_path}/missing/gateway.db: check GATEWAY_DATABASE_URL, "
        "that the server is up and that the folder can be written"
    )


@pytest.mark.parametrize("step", [upgrade, check_current])
def test_a_file_that_is_no_database_is_a_setting_to_correct(tmp_path: Path, step: object) -> None:
    (tmp_path / "notes.txt").write_text("Seeds 1 to 1000 are mine. " * 100)
    url = parse_database_url(f"sqlite+aiosqlite:///{tmp_path}/notes.txt")

    assert f"cannot open the database sqlite:///{tmp_path}/notes.txt" in refusal_of(step, url)
    assert (tmp_path / "notes.txt").read_text().startswith("Seeds 1 to 1000")


@pytest.mark.parametrize("step", [upgrade, check_current])
def test_a_server_that_does_not_answer_is_a_setting_to_correct(step: object) -> None:
    url = parse_database_url("postgresql+psycopg://gateway:secret@127.0.0.1:1/spd")

    message = refusal_of(step, url)

    assert "cannot open the database postgresql+psycopg://gateway:***@127.0.0.1:1/spd" in message
    assert "secret" not in message


def refusal_of(step: object, url: URL) -> str:
    assert callable(step)
    with pytest.raises(SettingError) as refusal:
        step(url)
    assert "\n" not in refusal.value.message
    return refusal.value.message
