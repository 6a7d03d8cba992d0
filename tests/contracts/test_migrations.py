"""The migrated schema is the one that the code believes in, on both databases."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from gateway.resolvers import relations
from gateway.resolvers.entity import Relation
from gateway.store.base import Base
from gateway.store.database import SQLITE, parse_database_url
from gateway.store.row_changes import NOTED
from tests.support.databases import DatabaseMaker


@pytest.fixture
def connection(database_maker: DatabaseMaker, migrated_template: str) -> Iterator[Connection]:
    """A connection to a migrated database of its own."""
    url = parse_database_url(database_maker.copy_of(migrated_template))
    engine = create_engine(url.set(drivername="sqlite") if url.drivername == SQLITE else url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def test_a_migrated_database_has_what_the_models_say(connection: Connection) -> None:
    assert differences(connection) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("ALTER TABLE campaigns ADD COLUMN colour VARCHAR(8)", "remove_column"),
        ("ALTER TABLE campaigns DROP COLUMN description", "add_column"),
        ("DROP TABLE comments", "add_table"),
        ("DROP INDEX uq_attempts_live_step", "add_index"),
        ("CREATE INDEX ix_campaigns_description ON campaigns (description)", "remove_index"),
    ],
)
def test_the_comparison_sees_what_differs(connection: Connection, change: str, what: str) -> None:
    connection.execute(text(change))

    found = differences(connection)

    assert what in {difference[0] for difference in found if isinstance(difference, tuple)}


def test_the_guards_that_no_model_can_state_are_there(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        statement = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        expected = {
            "attempt_changes_no_delete",
            "attempt_changes_no_update",
            "audit_entries_no_delete",
            "audit_entries_no_replacement",
            "audit_entries_no_update",
            "imported_rows_no_delete",
            "imported_rows_no_update",
            "request_versions_no_delete",
            "request_versions_no_update",
            "seed_ranges_no_overlap_insert",
            "seed_ranges_no_overlap_update",
            "status_changes_no_delete",
            "status_changes_no_update",
        }
    else:
        statement = (
            "SELECT conname FROM pg_constraint WHERE contype = 'x' "
            "UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        expected = {
            "attempt_changes_append_only",
            "audit_entries_append_only",
            "audit_entries_not_emptied",
            "ex_seed_ranges_no_overlap",
            "imported_rows_append_only",
            "request_versions_append_only",
            "status_changes_append_only",
        }

    found = set(connection.scalars(text(statement)))
    assert {name for name in found if "_noted_" not in name} == expected


def test_changes_are_noted_of_every_row_that_a_relation_leads_to(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        events, array = ("insert", "update", "delete"), "json_array(NEW.{columns})"
        definitions = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        events, array = ("insert", "update", "delete", "truncate"), "json_build_array({columns})"
        definitions = (
            "SELECT tgname, pg_get_functiondef(tgfoid) FROM pg_trigger "
            "WHERE NOT tgisinternal AND tgenabled = 'O'"
        )
    found: dict[str, str] = {
        name: definition for name, definition in connection.execute(text(definitions)) if "_noted_" in name
    }

    assert set(found) == {f"{table}_noted_{event}" for table in NOTED for event in events}
    for table, columns in NOTED.items():
        separator = ", NEW." if connection.dialect.name == "sqlite" else ", "
        assert array.format(columns=separator.join(columns)) in found[f"{table}_noted_insert"]


def test_what_relations_compare_is_noted() -> None:
    declared = [each for each in vars(relations).values() if isinstance(each, Relation)]
    matched = [each.matched_column for each in declared]

    missing = {
        f"{column.class_.__tablename__}.{column.key}"
        for column in matched
        if column.key not in NOTED.get(column.class_.__tablename__, ())
    }

    assert len(declared) > 50
    # Journals of the synchronisation, which change all the time and stand in few answers.
    assert missing == {"sync_jobs.source", "sync_runs.source", "held_removals.job"}
