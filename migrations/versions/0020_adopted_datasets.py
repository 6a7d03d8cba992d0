"""Keep which datasets people gave to a request, whatever their names say."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adopted_datasets",
        sa.Column("did", sa.String(length=300), nullable=False),
        sa.Column("request_name", sa.String(length=64), nullable=False),
        sa.Column("step_kind", sa.String(length=16), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("did", name=op.f("pk_adopted_datasets")),
    )
    op.create_index(
        op.f("ix_adopted_datasets_request_name"), "adopted_datasets", ["request_name"], unique=False
    )
