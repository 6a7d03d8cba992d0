"""Remember which record a row was made of, so that the same record again need not be looked into."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

REMEMBERED = (
    "datasets",
    "downtimes",
    "group_members",
    "groups",
    "people",
    "queues",
    "quotas",
    "replicas",
    "rules",
    "services",
    "sites",
    "storage_endpoints",
    "storage_usages",
    "storages",
    "task_job_counts",
    "tasks",
)


def upgrade() -> None:
    for table in REMEMBERED:
        op.add_column(table, sa.Column("record_hash", sa.String(length=32), nullable=True))
