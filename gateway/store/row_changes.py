"""Which rows changed lately: a log that triggers of the database write with every change, whoever makes it.

An entry says of one row what it is found by: its key, and every value that a relation compares, as they were
and as they are. An entry without values says that any row of its table may have changed. The log is exact:
who reads it from where they stopped gets every committed change once, and none that was undone.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final, cast

from sqlalchemy import BigInteger, CursorResult, Index, Integer, String, Text, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base

# By table, the columns whose values an entry holds, in this order; the triggers of the migrations write them.
NOTED: Final[Mapping[str, tuple[str, ...]]] = {
    "attempts": ("key", "step_key", "jedi_task_id"),
    "campaigns": ("name",),
    "comments": ("id", "request_name"),
    "datasets": ("did", "attempt_key", "request_name"),
    "downtimes": ("downtime_id", "site_name"),
    "findings": ("key", "request_name"),
    "geometries": ("name",),
    "group_members": ("subject", "group_name"),
    "groups": ("name",),
    "identity_links": ("name", "subject"),
    "people": ("subject", "username"),
    "queues": ("name", "site_name"),
    "quotas": ("account", "rse_name"),
    "replicas": ("did", "rse_name"),
    "request_geometries": ("request_name",),
    "request_relations": ("request_name", "other_name"),
    "requests": ("name", "campaign_name", "requested_by"),
    "rules": ("rule_id", "did"),
    "seed_ranges": ("id", "request_name"),
    "seed_spaces": ("id",),
    "services": ("name", "site_name"),
    "sites": ("name",),
    "sources": ("name",),
    "stages": ("name",),
    "status_changes": ("id", "request_name"),
    "step_datasets": ("step_key", "did"),
    "steps": ("key", "request_name"),
    "storage_endpoints": ("rse_name", "site_name"),
    "storage_usages": ("rse_name",),
    "storages": ("name",),
    "task_job_counts": ("jedi_task_id", "queue_name"),
    "tasks": ("jedi_task_id", "request_name", "parent_task_id"),
}

# The entry that says up to where the log was cut off.
CUT_ID: Final = 0
# How long entries are kept at least, and how often old ones are looked for.
KEPT_S: Final = 60.0


class RowChange(Base, kw_only=True):
    """One changed row; `number` is the transaction on PostgreSQL, and 0 on SQLite, where ids are in order.

    `points` is a JSON array of the values that `NOTED` names, null for any row of the table.
    """

    __tablename__ = "row_changes"
    __table_args__ = (Index("ix_row_changes_number", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(64))
    points: Mapped[str | None] = mapped_column(Text())
    number: Mapped[int] = mapped_column(BigInteger)


class Cutting:
    """Cuts old entries off the log of one database, in transactions that others make.

    Nobody may need them: each entry cut was readable KEPT_S ago. Who has read less than that finds, by the
    entry CUT_ID, that some of what they want is gone.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._mark: int | None = None
        self._marked_at_s = monotonic()

    async def cut(self, session: AsyncSession) -> int:
        """Cut off what can be, and return how many entries that were; does nothing most of the time."""
        now_s = self._monotonic()
        if now_s - self._marked_at_s < KEPT_S:
            return 0
        is_postgresql = session.get_bind().dialect.name == "postgresql"
        cut = 0
        if is_postgresql:
            await session.execute(text(_FORGET_FOREIGN))
        if self._mark is not None:
            column = "number" if is_postgresql else "id"
            statement = text(f"DELETE FROM row_changes WHERE {column} < :mark AND id <> {CUT_ID}")  # noqa: S608
            done = cast("CursorResult[object]", await session.execute(statement, {"mark": self._mark}))
            cut = done.rowcount
            await session.execute(text(_SET_CUT), {"mark": self._mark})
        # Every transaction before this one is over, and what it wrote can be read from now on.
        newest = _OLDEST_OPEN if is_postgresql else _NEXT_ID
        self._mark = int((await session.execute(text(newest))).scalar_one())
        self._marked_at_s = now_s
        return cut


# Entries that a backup brought along from another server, whose transactions had greater numbers than ours
# have: nobody could tell old from new by them.
_FORGET_FOREIGN: Final = """
    DELETE FROM row_changes WHERE number >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        AND number <> pg_current_xact_id()::text::bigint
"""
_OLDEST_OPEN: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
_NEXT_ID: Final = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'row_changes'"
_SET_CUT: Final = f"""
    INSERT INTO row_changes (id, table_name, number) VALUES ({CUT_ID}, '', :mark)
    ON CONFLICT (id) DO UPDATE SET number =
        CASE WHEN row_changes.number > excluded.number THEN row_changes.number ELSE excluded.number END
"""  # noqa: S608 - a number of ours
