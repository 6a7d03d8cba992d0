"""Keep versions of requests, idempotency keys and the counters behind which names and seeds are given."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "idempotency_keys",
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("arguments_hash", sa.String(length=32), nullable=False),
        sa.Column("answer", json, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor", "action", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_made_at"), "idempotency_keys", ["made_at"], unique=False)
    op.create_table(
        "request_counters",
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_request_counters")),
    )
    op.create_table(
        "request_versions",
        sa.Column("request_name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("content", json, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_name"], ["requests.name"], name=op.f("fk_request_versions_request_name")
        ),
        sa.PrimaryKeyConstraint("request_name", "version", name=op.f("pk_request_versions")),
    )
    # The highest seed of a physics key is asked for with each reservation.
    op.create_index("ix_seed_ranges_seed_space_id_seed_last", "seed_ranges", ["seed_space_id", "seed_last"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER request_versions_append_only BEFORE UPDATE OR DELETE ON request_versions "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER request_versions_no_{event.lower()} BEFORE {event} ON request_versions "
            "BEGIN SELECT RAISE(ABORT, 'rows of request_versions are only ever added'); END"
        )
