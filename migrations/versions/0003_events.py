"""Remember for a while what changed, in order, for readers that follow it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
        # Numbers are never used twice, not even after the newest row is gone.
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_told_at"), "events", ["told_at"], unique=False)
