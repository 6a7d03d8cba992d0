"""Every version of a request's definition: what an edit was made from, and what an undo goes back to."""

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Json, JsonValue, UtcDateTime, Word


class RequestVersion(Base, kw_only=True):
    """What a request's definition was from this version on. Rows are only ever added (held by a trigger).

    Imports do not write here: the version before the first edit is added together with it.
    """

    __tablename__ = "request_versions"

    request_name: Mapped[Word] = mapped_column(ForeignKey("requests.name"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    action: Mapped[Word]
    content: Mapped[JsonValue] = mapped_column(Json, nullable=False)
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[Word | None] = mapped_column(default=None)
