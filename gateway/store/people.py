"""People and groups as IAM says them, and the links that make one person of their names elsewhere.

E-mail addresses, certificates and home-institute ids are not kept: nothing here needs them.
"""

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Long, Remembered, UtcDateTime, Word


class Person(Remembered, Base, kw_only=True):
    """An IAM account; `subject` is the token's `sub`.

    A user name belongs to one present account; one that was made anew has another subject, and the old row,
    gone, keeps the name it had.
    """

    __tablename__ = "people"

    subject: Mapped[Word] = mapped_column(primary_key=True)
    username: Mapped[Word] = mapped_column(index=True)
    display_name: Mapped[str | None] = mapped_column(String(200), default=None)
    is_active: Mapped[bool]
    is_service: Mapped[bool] = mapped_column(default=False)
    membership_ends_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, default=None)


class Group(Remembered, Base, kw_only=True):
    """An IAM group; `name` is its full path, for example "spd/production"."""

    __tablename__ = "groups"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    description: Mapped[Long | None] = mapped_column(default=None)


class GroupMember(Remembered, Base, kw_only=True):
    """One person's membership of one group."""

    __tablename__ = "group_members"

    subject: Mapped[Word] = mapped_column(primary_key=True)
    group_name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


class IdentityLink(Base, kw_only=True):
    """What a person is called in another service, and the rule that made the link.

    Ours, not remembered: it is derived from what IAM, PanDA and Rucio say, or set by an administrator.
    """

    __tablename__ = "identity_links"

    system: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    subject: Mapped[Word] = mapped_column(index=True)
    rule: Mapped[Word]
    linked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
