"""Note which rows change, so that only what shows them is read again."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# What a row is found by: its key, and every column that a relation compares.
NOTED = {
    "attempts": ("key", "step_key", "jedi_task_id"),
    "campaigns": ("name",),
    "comments": ("id", "request_name"),
    "datasets": ("did", "attempt_key", "request_name"),
    "downtimes": ("downtime_id", "site_name"),
    "findings": ("key", "request_name"),
    "geometries": ("name",),
    "group_members": ("subject", "group_name"),
    "groups": ("name",),
    "identity_links": ("name", "subject"),
    "people": ("subject", "username"),
    "queues": ("name", "site_name"),
    "quotas": ("account", "rse_name"),
    "replicas": ("did", "rse_name"),
    "request_geometries": ("request_name",),
    "request_relations": ("request_name", "other_name"),
    "requests": ("name", "campaign_name", "requested_by"),
    "rules": ("rule_id", "did"),
    "seed_ranges": ("id", "request_name"),
    "seed_spaces": ("id",),
    "services": ("name", "site_name"),
    "sites": ("name",),
    "sources": ("name",),
    "stages": ("name",),
    "status_changes": ("id", "request_name"),
    "step_datasets": ("step_key", "did"),
    "steps": ("key", "request_name"),
    "storage_endpoints": ("rse_name", "site_name"),
    "storage_usages": ("rse_name",),
    "storages": ("name",),
    "task_job_counts": ("jedi_task_id", "queue_name"),
    "tasks": ("jedi_task_id", "request_name", "parent_task_id"),
}

# A statement that changes more rows than this is noted as "any row of the table".
MOST_ROWS = 200

TRANSACTION = "pg_current_xact_id()::text::bigint"


def upgrade() -> None:
    op.create_table(
        "row_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("points", sa.Text(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_row_changes")),
        # Numbers are never used twice, not even after the newest row is gone.
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_row_changes_number"), "row_changes", ["number"], unique=False)
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(EMPTIED)
    for table, columns in NOTED.items():
        for statement in (of_postgresql if is_postgresql else of_sqlite)(table, columns):
            op.execute(sa.text(statement.replace(":", r"\:")))


EMPTIED = rf"""
    CREATE FUNCTION note_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO row_changes (table_name, points, number) VALUES (TG_TABLE_NAME, NULL, {TRANSACTION});
        RETURN NULL;
    END $$
"""


def of_postgresql(table, columns):
    """Note the rows of each statement at once."""
    points = f"json_build_array({', '.join(columns)})::text"

    def note(rows, found):
        return f"""
            IF (SELECT count(*) FROM (SELECT FROM {rows} LIMIT {MOST_ROWS + 1}) AS counted) > {MOST_ROWS} THEN
                INSERT INTO row_changes (table_name, points, number) VALUES ('{table}', NULL, {TRANSACTION});
            ELSE
                INSERT INTO row_changes (table_name, points, number)
                SELECT '{table}', found.points, {TRANSACTION} FROM ({found}) AS found;
            END IF;
        """

    new, old = (f"SELECT {points} AS points FROM {rows}" for rows in ("new_rows", "old_rows"))
    yield f"""
        CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN {note("new_rows", new)}
            ELSIF TG_OP = 'DELETE' THEN {note("old_rows", old)}
            ELSE {note("new_rows", f"{new} UNION {old}")}
            END IF;
            RETURN NULL;
        END $$
    """
    for event, referencing in (
        ("insert", "NEW TABLE AS new_rows"),
        ("update", "NEW TABLE AS new_rows OLD TABLE AS old_rows"),
        ("delete", "OLD TABLE AS old_rows"),
    ):
        yield f"""
            CREATE TRIGGER {table}_noted_{event} AFTER {event.upper()} ON {table} REFERENCING {referencing}
            FOR EACH STATEMENT EXECUTE FUNCTION note_{table}()
        """
    yield f"""
        CREATE TRIGGER {table}_noted_truncate AFTER TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION note_emptied()
    """


def of_sqlite(table, columns):
    """Note each row by itself: SQLite knows no other triggers."""

    def note(which, condition):
        points = ", ".join(f"{which}.{column}" for column in columns)
        return f"""
            INSERT INTO row_changes (table_name, points, number)
            SELECT '{table}', json_array({points}), 0 WHERE {condition};
        """

    moved = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    for event, body in (
        ("insert", note("NEW", "true")),
        ("update", note("NEW", "true") + note("OLD", moved)),
        ("delete", note("OLD", "true")),
    ):
        yield f"CREATE TRIGGER {table}_noted_{event} AFTER {event.upper()} ON {table} BEGIN {body} END"
