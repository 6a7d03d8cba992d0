"""How services are and were, from what was found when they were looked at."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import case, func, select

from gateway.errors import FilterError
from gateway.resolvers.reading import Reading
from gateway.store.health import HealthSpan

MOST_HOURS: Final = 90 * 24
# A week and more of rows of an hour each, for each check.
MOST_SPANS: Final = 500


@dataclass(frozen=True, slots=True)
class CheckHistory:
    """What one check found in the time that was asked for.

    `last` is its last row, `spans` are the newest rows, at most MOST_SPANS, the oldest first; the share that
    found it well and the mean duration, seconds, are of all rows, None without a look or a duration.
    """

    last: HealthSpan
    spans: Sequence[HealthSpan] = ()
    availability: float | None = None
    latency_s: float | None = None


async def check_histories(reading: Reading, hours: int) -> Sequence[CheckHistory]:
    """Return all checks with what they found in the last `hours`, by group and name; three statements."""
    if not 1 <= hours <= MOST_HOURS:
        raise FilterError(f"`hours` is {hours}: 1 to {MOST_HOURS} are kept")
    newest = select(func.max(HealthSpan.id)).group_by(HealthSpan.name)
    last = await reading.rows(
        select(HealthSpan).where(HealthSpan.id.in_(newest)).order_by(HealthSpan.group_name, HealthSpan.name)
    )
    is_asked_for = HealthSpan.last_at >= reading.now - dt.timedelta(hours=hours)
    timed = case((HealthSpan.latency_sum_s.is_not(None), HealthSpan.looks))
    sums = await reading.rows(
        select(
            HealthSpan.name,
            func.sum(HealthSpan.looks).label("looks"),
            func.sum(case((HealthSpan.is_ok, HealthSpan.looks), else_=0)).label("well"),
            func.sum(HealthSpan.latency_sum_s).label("latency_sum_s"),
            func.sum(timed).label("timed"),
        )
        .where(is_asked_for)
        .group_by(HealthSpan.name)
    )
    place = func.row_number().over(partition_by=HealthSpan.name, order_by=HealthSpan.id.desc())
    placed = select(HealthSpan.id, place.label("place")).where(is_asked_for).subquery()
    rows = await reading.rows(
        select(HealthSpan)
        .join(placed, placed.c.id == HealthSpan.id)
        .where(placed.c.place <= MOST_SPANS)
        .order_by(HealthSpan.id)
    )
    spans: dict[str, list[HealthSpan]] = {}
    for (span,) in rows:
        spans.setdefault(span.name, []).append(span)
    shares = {
        row.name: (
            float(row.well) / float(row.looks),
            row.latency_sum_s / float(row.timed) if row.timed else None,
        )
        for row in sums
    }
    return [
        CheckHistory(row[0], spans.get(row[0].name, ()), *shares.get(row[0].name, (None, None)))
        for row in last
    ]
