"""The record of imported files: each row as it was, and what became of it. Nothing that was read is lost."""

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, RowId, UtcDateTime, Word


class ImportedFile(Base, kw_only=True):
    """One file that was imported."""

    __tablename__ = "imported_files"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, init=False)
    file_name: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    imported_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    imported_by: Mapped[Word | None] = mapped_column(default=None)


class ImportedRow(Base, kw_only=True):
    """One row of an imported file: the cells as they were, the verdict and, for a rejected row, why."""

    __tablename__ = "imported_rows"

    file_id: Mapped[int] = mapped_column(ForeignKey("imported_files.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    subject: Mapped[Word | None] = mapped_column(index=True, default=None)
    verdict: Mapped[str] = mapped_column(String(16))
    cells: Mapped[JsonValue] = mapped_column(Json)
    notes: Mapped[JsonValue] = mapped_column(Json, default=None)
