"""Edits of many requests at once: which versions they led from and to, so that they can be undone."""

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, RowId, UtcDateTime, Word


class BulkEdit(Base, kw_only=True):
    """One edit of several requests; `steps` is a list of name, version before and version after."""

    __tablename__ = "bulk_edits"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    steps: Mapped[JsonValue] = mapped_column(Json, nullable=False)
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[Word]
    undone_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)
    undone_by: Mapped[Word | None] = mapped_column(default=None)
