"""Findings: what the invariants say about the present data, kept so that they can be listed and followed."""

import datetime as dt

from sqlalchemy import BigInteger, Index, String, case, literal_column
from sqlalchemy.orm import Mapped, column_property, mapped_column

from gateway.store.base import Base, Json, JsonValue, Long, UtcDateTime, Word


class FindingRow(Base, kw_only=True):
    """One finding of `domain.checks`; `key` is the same each time the same thing is found.

    `resolved_at` is set when a later reconciliation no longer finds it; the row stays as history. What people
    noted of it (`acknowledged_*`) is never touched by a reconciliation.
    """

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_subject", "subject_kind", "subject_key"),)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    invariant: Mapped[int] = mapped_column(BigInteger, index=True)
    code: Mapped[str] = mapped_column(String(64), index=True)
    severity: Mapped[str] = mapped_column(String(16), index=True)
    # How bad it is, the worst first, for orders that the words do not give.
    severity_rank: Mapped[int] = column_property(
        case({"BLOCKER": 0, "WARNING": 1}, value=literal_column("findings.severity"), else_=2)
    )
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_key: Mapped[str] = mapped_column(String(300))
    request_name: Mapped[str | None] = mapped_column(String(64), index=True, default=None)
    message: Mapped[Long]
    evidence: Mapped[JsonValue] = mapped_column(Json)
    suggestion: Mapped[Long | None] = mapped_column(default=None)
    first_found_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_found_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    acknowledged_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    acknowledged_by: Mapped[Word | None] = mapped_column(default=None)
    acknowledged_reason: Mapped[Long | None] = mapped_column(default=None)
