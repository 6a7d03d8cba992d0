"""What remembered rows said before they changed: one row per past version, for questions "as of" a moment.

The present version stands in its own table and is valid from its `changed_at`; only past versions are here.
"""

import datetime as dt

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, RowId, UtcDateTime


class PastVersion(Base, kw_only=True):
    """The content that one remembered row had from `valid_from` until just before `valid_to`."""

    __tablename__ = "past_versions"
    __table_args__ = (Index("ix_past_versions_row", "table_name", "row_key", "valid_from"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    table_name: Mapped[str] = mapped_column(String(32))
    row_key: Mapped[str] = mapped_column(String(400))
    valid_from: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    content: Mapped[JsonValue] = mapped_column(Json)
