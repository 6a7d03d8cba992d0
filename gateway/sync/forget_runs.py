"""Keeping the record of readings short: quick jobs write tens of thousands of runs a day."""

import datetime as dt
from typing import Final

from sqlalchemy import and_, delete, func, or_, select

from gateway.store.database import Database
from gateway.store.sources import SyncRun
from gateway.sync.record_runs import RunVerdict

# A good run that changed nothing only says that all was well then.
QUIET_KEPT_FOR: Final = dt.timedelta(days=1)
# One that changed something, failed or was held explains what people see today.
TELLING_KEPT_FOR: Final = dt.timedelta(days=90)
AT_ONCE: Final = 5_000


async def forget_runs(database: Database, *, at: dt.datetime, at_once: int = AT_ONCE) -> int:
    """Delete runs that are too old to explain anything, `at_once` in one transaction; return how many.

    The newest run of each job stays however old it is, and so does a run that has not ended.
    """
    is_quiet = and_(
        SyncRun.verdict == RunVerdict.OK.value,
        SyncRun.rows_changed == 0,
        SyncRun.rows_gone == 0,
        SyncRun.rows_quarantined == 0,
    )
    newest = select(func.max(SyncRun.id)).group_by(SyncRun.job).scalar_subquery()
    too_old = (
        select(SyncRun.id)
        .where(
            SyncRun.ended_at.is_not(None),
            or_(
                SyncRun.started_at < at - TELLING_KEPT_FOR,
                and_(is_quiet, SyncRun.started_at < at - QUIET_KEPT_FOR),
            ),
            SyncRun.id.not_in(newest),
        )
        .limit(at_once)
    )
    forgotten = 0
    while True:
        # A short transaction for each part: whoever writes beside us waits for one part at most.
        async with database.transaction() as session:
            ids = list(await session.scalars(too_old))
            if ids:
                await session.execute(delete(SyncRun).where(SyncRun.id.in_(ids)))
        forgotten += len(ids)
        if len(ids) < at_once:
            return forgotten
