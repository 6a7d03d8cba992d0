"""Keep what Rucio says of transfers at each storage, and how each service is really called."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for way in ("in", "out"):
        for count in ("queued_files", "queued_bytes", "done_files", "failed_files"):
            op.add_column("storages", sa.Column(f"{way}_{count}", sa.BigInteger(), nullable=True))
    for name in ("changes_every_s", "whole_every_s", "deadline_s"):
        op.add_column("sync_jobs", sa.Column(name, sa.Float(), nullable=True))
    op.add_column(
        "sync_jobs",
        sa.Column("manners", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    )
