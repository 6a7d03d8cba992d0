"""Keep edits of many requests, so that they can be undone, and what people say of findings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_edits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("steps", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_edits")),
    )
    op.add_column("findings", sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("findings", sa.Column("acknowledged_by", sa.String(length=64), nullable=True))
    op.add_column("findings", sa.Column("acknowledged_reason", sa.Text(), nullable=True))
    op.create_index(op.f("ix_findings_acknowledged_at"), "findings", ["acknowledged_at"], unique=False)
