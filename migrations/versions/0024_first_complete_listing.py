"""Remember since when a source has been listed completely: before, nobody knows what it did not have."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# What each source has listed since it was first read; its runs of then may be forgotten.
_FIRST = {"panda": "tasks", "rucio": "datasets", "cric": "sites", "iam": "people"}


def upgrade() -> None:
    op.add_column("sources", sa.Column("first_full_ok_at", sa.DateTime(timezone=True), nullable=True))
    for source, table in _FIRST.items():
        op.execute(
            f"UPDATE sources SET first_full_ok_at = "
            f"COALESCE((SELECT MIN(first_seen_at) FROM {table}), last_full_ok_at) "
            f"WHERE name = '{source}' AND last_full_ok_at IS NOT NULL"
        )
