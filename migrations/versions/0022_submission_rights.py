"""Keep with a submission which right its person must still have when it is sent."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "submissions", sa.Column("needs", sa.String(length=32), nullable=False, server_default="submit")
    )
