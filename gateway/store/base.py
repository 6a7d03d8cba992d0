"""What every table shares: the declarative base, column types and the marks of remembered rows."""

import datetime as dt
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger, DateTime, Integer, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column
from sqlalchemy.types import JSON, TypeDecorator

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment: aware on our side, UTC in the database (SQLite keeps no zone: it is put back on reading)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[dt.datetime]:
        """What values of the column are; a decorated type says `object` by itself."""
        return dt.datetime

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse naive moments: they are upstream's guess until an adapter has made them UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: say which zone it is in before it is stored")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, _dialect: Dialect) -> dt.datetime | None:
        """Give every moment back aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


# SQLite numbers rows by itself only in a column of exactly this type.
RowId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")

Key = Annotated[str, mapped_column(String(300))]
Word = Annotated[str, mapped_column(String(64))]
Long = Annotated[str, mapped_column(Text)]
Count = Annotated[int, mapped_column(BigInteger)]
Moment = Annotated[dt.datetime, mapped_column(UtcDateTime)]


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Root of all tables; constraint names follow one pattern so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[object, object]] = {dt.datetime: UtcDateTime(), JsonValue: Json}


class Remembered(MappedAsDataclass, kw_only=True):
    """A row that mirrors what another service owns: who said it, since when, and whether it is still there.

    Only `store.remembered` writes these columns. `record_hash` stands for the record that the content was
    made of, where that is known: the same record again is the same content. `gone_at` set means: a complete,
    trusted listing no longer contains it; the row stays, so that whatever refers to it can still be
    explained.
    """

    source: Mapped[str] = mapped_column(String(16), init=False)
    first_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, init=False)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, init=False)
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, init=False)
    content_hash: Mapped[str] = mapped_column(String(32), init=False)
    record_hash: Mapped[str | None] = mapped_column(String(32), init=False)
    gone_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, init=False)

    bookkeeping: ClassVar[frozenset[str]] = frozenset(
        {"source", "first_seen_at", "last_seen_at", "changed_at", "content_hash", "record_hash", "gone_at"}
    )
