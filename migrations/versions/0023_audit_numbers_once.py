"""Refuse an entry of the trail whose number is there already: SQLite's INSERT OR REPLACE would change it."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # There is no such statement: ON CONFLICT DO UPDATE meets the trigger against changes.
        return
    op.execute(
        "CREATE TRIGGER audit_entries_no_replacement BEFORE INSERT ON audit_entries "
        "WHEN EXISTS (SELECT 1 FROM audit_entries WHERE number = NEW.number) "
        "BEGIN SELECT RAISE(ABORT, 'rows of audit_entries are only ever added'); END"
    )
