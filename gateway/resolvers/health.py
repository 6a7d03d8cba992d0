"""How services are and were, from what was found when they were looked at."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from gateway.errors import FilterError
from gateway.resolvers.reading import Reading
from gateway.store.health import HealthSpan

MOST_HOURS: Final = 90 * 24


@dataclass(frozen=True, slots=True)
class CheckHistory:
    """What one check found: its last row, and all rows of the time that was asked for, the oldest first."""

    last: HealthSpan
    spans: Sequence[HealthSpan]

    @property
    def availability(self) -> float | None:
        """The part of looks that found it well; None without a look."""
        looks = sum(span.looks for span in self.spans)
        return sum(span.looks for span in self.spans if span.is_ok) / looks if looks else None

    @property
    def latency_s(self) -> float | None:
        """The mean of all looks that took time; None where none did."""
        timed = [span for span in self.spans if span.latency_sum_s is not None]
        looks = sum(span.looks for span in timed)
        return sum(span.latency_sum_s or 0.0 for span in timed) / looks if looks else None


async def check_histories(reading: Reading, hours: int) -> Sequence[CheckHistory]:
    """Return all checks with what they found in the last `hours`, by group and name; two statements."""
    if not 1 <= hours <= MOST_HOURS:
        raise FilterError(f"`hours` is {hours}: 1 to {MOST_HOURS} are kept")
    newest = select(func.max(HealthSpan.id)).group_by(HealthSpan.name)
    last = await reading.rows(
        select(HealthSpan).where(HealthSpan.id.in_(newest)).order_by(HealthSpan.group_name, HealthSpan.name)
    )
    rows = await reading.rows(
        select(HealthSpan)
        .where(HealthSpan.last_at >= reading.now - dt.timedelta(hours=hours))
        .order_by(HealthSpan.id)
    )
    spans: dict[str, list[HealthSpan]] = {}
    for (span,) in rows:
        spans.setdefault(span.name, []).append(span)
    return [CheckHistory(row[0], spans.get(row[0].name, [])) for row in last]
