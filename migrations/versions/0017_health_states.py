"""Keep what the looks of a span have in common, and find the newest of each check by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("health_spans", sa.Column("state", sa.String(length=200), nullable=True))
    op.create_index("ix_health_spans_name_id", "health_spans", ["name", "id"], unique=False)
