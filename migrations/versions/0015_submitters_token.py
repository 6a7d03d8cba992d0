"""Keep with a submission which token or login it was asked for with."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submissions", sa.Column("jti", sa.String(length=255), nullable=True))
