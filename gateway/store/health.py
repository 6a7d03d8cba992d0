"""How services were when they were looked at: a row for a time in which all looks said the same."""

import datetime as dt

from sqlalchemy import BigInteger, Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Long, RowId, UtcDateTime, Word


class HealthSpan(Base, kw_only=True):
    """Looks of one check that said the same: how many, from when to when, and how long they took.

    `failures` counts failed looks in a row up to the last one, over all spans. `message` and `value` are the
    last look's; `state` is what all of them share, None where that is the message.
    """

    __tablename__ = "health_spans"
    __table_args__ = (
        Index("ix_health_spans_name_last_at", "name", "last_at"),
        Index("ix_health_spans_name_id", "name", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    name: Mapped[Word]
    title: Mapped[str] = mapped_column(String(200))
    group_name: Mapped[Word]
    is_ok: Mapped[bool]
    message: Mapped[Long]
    began_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    looks: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(BigInteger)
    is_told: Mapped[bool]
    latency_sum_s: Mapped[float | None] = mapped_column(Float, default=None)
    latency_max_s: Mapped[float | None] = mapped_column(Float, default=None)
    value: Mapped[float | None] = mapped_column(Float, default=None)
    state: Mapped[str | None] = mapped_column(String(200), default=None)
