"""Sites, PanDA queues, services and downtimes, as CRIC says them."""

import datetime as dt

from sqlalchemy import BigInteger, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Long, Remembered, UtcDateTime, Word


class Site(Remembered, Base, kw_only=True):
    """A site of the experiment; `centre_name` is the physical centre (CRIC rcsite) behind it."""

    __tablename__ = "sites"

    name: Mapped[Word] = mapped_column(primary_key=True)
    centre_name: Mapped[Word | None] = mapped_column(default=None)
    country: Mapped[Word | None] = mapped_column(default=None)
    state: Mapped[str | None] = mapped_column(String(32), default=None)
    tier_level: Mapped[int | None] = mapped_column(BigInteger, default=None)
    cores: Mapped[int | None] = mapped_column(BigInteger, default=None)
    cores_usual: Mapped[int | None] = mapped_column(BigInteger, default=None)
    storage_raw_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    storage_usable_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    storage_note: Mapped[Long | None] = mapped_column(default=None)
    latitude: Mapped[float | None] = mapped_column(Float, default=None)
    longitude: Mapped[float | None] = mapped_column(Float, default=None)


class Queue(Remembered, Base, kw_only=True):
    """A PanDA queue (computingsite): `state` says that it is in use, `status` what PanDA may do with it."""

    __tablename__ = "queues"

    name: Mapped[Word] = mapped_column(primary_key=True)
    site_name: Mapped[Word | None] = mapped_column(index=True, default=None)
    status: Mapped[str | None] = mapped_column(String(32), index=True, default=None)
    state: Mapped[str | None] = mapped_column(String(32), default=None)
    comment: Mapped[Long | None] = mapped_column(default=None)
    queue_type: Mapped[str | None] = mapped_column(String(32), default=None)
    resource_type: Mapped[str | None] = mapped_column(String(32), default=None)
    core_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    max_rss_mb: Mapped[int | None] = mapped_column(BigInteger, default=None)
    max_walltime_s: Mapped[int | None] = mapped_column(BigInteger, default=None)


class Service(Remembered, Base, kw_only=True):
    """A service that CRIC lists: a computing or storage element, or a central service without a site."""

    __tablename__ = "services"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    site_name: Mapped[Word | None] = mapped_column(index=True, default=None)
    service_type: Mapped[Word | None] = mapped_column(default=None)
    flavour: Mapped[Word | None] = mapped_column(default=None)
    endpoint: Mapped[str | None] = mapped_column(String(500), default=None)
    state: Mapped[str | None] = mapped_column(String(32), default=None)
    status: Mapped[str | None] = mapped_column(String(32), default=None)


class Downtime(Remembered, Base, kw_only=True):
    """An announced downtime of a site; severity WARNING means at risk, not down."""

    __tablename__ = "downtimes"

    downtime_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    site_name: Mapped[Word] = mapped_column(index=True)
    severity: Mapped[str | None] = mapped_column(String(16), default=None)
    classification: Mapped[str | None] = mapped_column(String(16), default=None)
    starts_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    affected: Mapped[str | None] = mapped_column(String(500), default=None)
    description: Mapped[Long | None] = mapped_column(default=None)
