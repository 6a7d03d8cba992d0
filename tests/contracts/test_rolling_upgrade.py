"""Processes of the version before work on while a migration comes: after 0015 a migration only adds."""

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Inspector, create_engine, inspect, text

from gateway.errors import DatabaseVersionError
from gateway.store.database import SQLITE, begin_sqlite_ourselves, parse_database_url
from gateway.store.migrate import check_current, head, migrations_folder
from tests.schema.mutations.asking import created
from tests.support.asking import Asker
from tests.support.databases import DatabaseMaker, opened

# The last one that was free to do anything: nobody ran two versions at once before it.
FIRST_BOUND = "0015"


def revisions() -> list[str]:
    """The revisions from the first that is bound by the rule, the oldest first."""
    found = [one.revision for one in ScriptDirectory.from_config(config()).walk_revisions()][::-1]
    return found[next(place for place, one in enumerate(found) if one.startswith(FIRST_BOUND)) :]


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(migrations_folder()))
    return made


@contextlib.contextmanager
def engine_of(url_text: str) -> Iterator[Engine]:
    url = parse_database_url(url_text)
    is_sqlite = url.drivername == SQLITE
    engine = create_engine(url.set(drivername="sqlite") if is_sqlite else url)
    if is_sqlite:
        begin_sqlite_ourselves(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def empty(database_maker: DatabaseMaker) -> Iterator[Engine]:
    """An empty database."""
    with engine_of(database_maker.empty_url()) as engine:
        yield engine


@pytest.fixture
def migrated(database_maker: DatabaseMaker, migrated_template: str) -> Iterator[Engine]:
    """A migrated database of its own."""
    with engine_of(database_maker.copy_of(migrated_template)) as engine:
        yield engine


def migrate(engine: Engine, revision: str) -> None:
    with engine.execution_options(begin_immediate=True).begin() as connection:
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, revision)


Shape = Mapping[str, Mapping[str, object]]


def shape_of(connection: Connection) -> Shape:
    """What a process relies on: for each table its columns by type, its keys, and what must be unique."""
    looked: Inspector = inspect(connection)
    return {
        table: {
            "columns": {
                one["name"]: (str(one["type"]), bool(one["nullable"]) or one["default"] is not None)
                for one in looked.get_columns(table)
            },
            "key": looked.get_pk_constraint(table)["constrained_columns"],
            "unique": {
                *(tuple(one["column_names"]) for one in looked.get_unique_constraints(table)),
                *(tuple(one["column_names"]) for one in looked.get_indexes(table) if one["unique"]),
            },
            "foreign": {
                (tuple(one["constrained_columns"]), one["referred_table"])
                for one in looked.get_foreign_keys(table)
            },
            "checks": {str(one["name"]) for one in looked.get_check_constraints(table)},
        }
        for table in looked.get_table_names()
    }


def hindrances(before: Shape, after: Shape) -> Iterator[str]:
    """What a process of the schema before cannot live with in the schema after."""
    for table, old in before.items():
        if table not in after:
            yield f"{table} is gone"
            continue
        new = after[table]
        old_columns, new_columns = dict(old["columns"]), dict(new["columns"])  # type: ignore[call-overload]
        for name, (kind, may_be_left_out) in old_columns.items():
            if name not in new_columns:
                yield f"{table}.{name} is gone"
            elif new_columns[name][0] != kind:
                yield f"{table}.{name} is {new_columns[name][0]} and no more {kind}"
            elif may_be_left_out and not new_columns[name][1]:
                yield f"{table}.{name} must be given now"
        for name in new_columns.keys() - old_columns.keys():
            if not new_columns[name][1]:
                yield f"{table}.{name} must be given, and an old process does not know it"
        if old["key"] != new["key"]:
            yield f"{table} has another key"
        for what in ("unique", "foreign", "checks"):
            for one in new[what] - old[what]:  # type: ignore[operator]
                columns = one if what == "unique" else one[0] if what == "foreign" else ()
                if what == "checks" or set(columns) <= old_columns.keys():
                    yield f"{table} refuses more than before ({what} {one})"


def test_no_migration_takes_anything_away_from_a_process_that_runs(empty: Engine) -> None:
    first, *later = revisions()
    migrate(empty, first)
    with empty.connect() as connection:
        before = shape_of(connection)

    for revision in later:
        migrate(empty, revision)
        with empty.connect() as connection:
            after = shape_of(connection)
        assert list(hindrances(before, after)) == [], revision
        before = after

    assert {"requests", "attempts", "audit_entries"} <= before.keys()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE campaigns ADD COLUMN colour VARCHAR(8)", []),
        ("ALTER TABLE campaigns ADD COLUMN colour VARCHAR(8) NOT NULL DEFAULT 'red'", []),
        ("CREATE TABLE colours (name VARCHAR(8) PRIMARY KEY)", []),
        ("CREATE INDEX ix_new ON campaigns (description)", []),
        ("DROP TABLE comments", ["comments is gone"]),
        ("ALTER TABLE campaigns DROP COLUMN description", ["campaigns.description is gone"]),
        (
            "CREATE UNIQUE INDEX uq_new ON campaigns (description)",
            ["campaigns refuses more than before (unique ('description',))"],
        ),
    ],
)
def test_a_change_that_hinders_would_be_found(migrated: Engine, change: str, found: list[str]) -> None:
    with migrated.connect() as connection:
        before = shape_of(connection)

    with migrated.execution_options(begin_immediate=True).begin() as connection:
        connection.execute(text(change))

    with migrated.connect() as connection:
        assert list(hindrances(before, shape_of(connection))) == found


async def test_a_process_reads_and_writes_on_while_the_next_migration_comes(
    database_maker: DatabaseMaker, world_template: str
) -> None:
    url = database_maker.copy_of(world_template)
    async with opened(url) as database:
        ask = Asker(database, dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
        before = await ask("{ requests { totalCount } }")

        # What the next version may bring, while this process has its connections and prepared statements.
        async with database.transaction() as session:
            for statement in (
                "CREATE TABLE colours (name VARCHAR(8) PRIMARY KEY)",
                "ALTER TABLE requests ADD COLUMN colour VARCHAR(8)",
                "ALTER TABLE steps ADD COLUMN colour VARCHAR(8) DEFAULT 'red' NOT NULL",
                "CREATE INDEX ix_requests_colour ON requests (colour)",
                "UPDATE alembic_version SET version_num = '9999_colours'",
            ):
                await session.execute(text(statement))
        request = await created(ask)
        after = await ask("{ requests { totalCount } }")

    assert after["requests"]["totalCount"] == before["requests"]["totalCount"] + 1
    assert request["version"] == 1
    with pytest.raises(DatabaseVersionError, match="newer than this code"):
        check_current(parse_database_url(url))
    assert head() != "9999_colours"
