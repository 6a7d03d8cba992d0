"""Keep what is to be sent to PanDA, how far each sending has come, and what was asked of tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("sends", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settles_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("attempts", column)
    op.create_index("ix_attempts_state", "attempts", ["state"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("attempt_key", sa.String(length=120), nullable=False),
        sa.Column("submission_key", sa.String(length=64), nullable=False),
        sa.Column("parameters", _JSON, nullable=True),
        sa.Column("parameters_hash", sa.String(length=64), nullable=False),
        sa.Column("outputs", _JSON, nullable=True),
        sa.Column("parent_attempt_key", sa.String(length=120), nullable=True),
        sa.Column("mode", sa.String(length=8), nullable=True),
        sa.Column("min_fraction", sa.Float(), nullable=False),
        sa.Column("credential", sa.String(length=200), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_key"], ["attempts.key"], name=op.f("fk_submissions_attempt_key")),
        sa.ForeignKeyConstraint(
            ["parent_attempt_key"], ["attempts.key"], name=op.f("fk_submissions_parent_attempt_key")
        ),
        sa.PrimaryKeyConstraint("attempt_key", name=op.f("pk_submissions")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_submissions_submission_key")),
    )
    op.create_index(
        op.f("ix_submissions_parent_attempt_key"), "submissions", ["parent_attempt_key"], unique=False
    )
    op.create_table(
        "attempt_changes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("attempt_key", sa.String(length=120), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("sends", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_key"], ["attempts.key"], name=op.f("fk_attempt_changes_attempt_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_changes")),
    )
    op.create_index(op.f("ix_attempt_changes_attempt_key"), "attempt_changes", ["attempt_key"], unique=False)
    op.create_table(
        "task_commands",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("jedi_task_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("arguments", _JSON, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("status_before", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_commands")),
    )
    for column in ("jedi_task_id", "state"):
        op.create_index(op.f(f"ix_task_commands_{column}"), "task_commands", [column], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER attempt_changes_append_only BEFORE UPDATE OR DELETE ON attempt_changes "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER attempt_changes_no_{event.lower()} BEFORE {event} ON attempt_changes "
            "BEGIN SELECT RAISE(ABORT, 'rows of attempt_changes are only ever added'); END"
        )
