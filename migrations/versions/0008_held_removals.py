"""Keep the rows whose loss was not believed for a person to decide, and how the clocks of sources differ."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "held_removals",
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("known_rows", sa.BigInteger(), nullable=False),
        sa.Column("examples", _JSON, nullable=True),
        sa.Column("row_keys", _JSON, nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("job", "section", name=op.f("pk_held_removals")),
    )
    op.add_column("sync_jobs", sa.Column("clock_ahead_s", sa.Float(), nullable=True))
