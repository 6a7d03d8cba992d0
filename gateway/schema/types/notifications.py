"""What people and programs are told of, as they chose it."""

import datetime as dt

import strawberry

from gateway.resolvers.notifications import Counts
from gateway.schema.enums import NoticeKind
from gateway.schema.scalars import BigInt
from gateway.store.notices import MailSetting
from gateway.store.notices import Webhook as WebhookRow


@strawberry.type(description="What you are told of by e-mail. Nobody else is shown it.")
class NotificationSettings:
    """A person's choice."""

    is_mail_possible: bool = strawberry.field(
        description="Whether this gateway sends e-mail at all; nothing can be set where it does not."
    )
    address: str | None = strawberry.field(description="Your address; null while you gave none.")
    is_confirmed: bool = strawberry.field(
        description="Whether you named the code that was sent there; nothing else is sent before."
    )
    kinds: list[NoticeKind] = strawberry.field(description="What you want to be told of.")
    only_own: bool = strawberry.field(
        description=(
            "Whether you want to hear only of requests that you asked for or submitted, and of sources."
        )
    )

    @classmethod
    def of(cls, row: MailSetting | None, address: str | None, *, has_mail: bool) -> "NotificationSettings":
        """Show a choice, or that there is none."""
        return cls(
            is_mail_possible=has_mail,
            address=address,
            is_confirmed=row is not None and row.confirmed_at is not None,
            kinds=[] if row is None else [NoticeKind(word) for word in row.kinds.split()],
            only_own=True if row is None else row.only_own,
        )


@strawberry.type(description="A program's address to which events are posted, signed with its secret.")
class Webhook:
    """A webhook without its secret."""

    id: BigInt = strawberry.field(description="Its number.")
    url: str = strawberry.field(description="Where events are posted.")
    name: str = strawberry.field(description="What it is for.")
    kinds: list[NoticeKind] = strawberry.field(description="What is posted there.")
    is_active: bool = strawberry.field(description="Whether anything is posted at present.")
    created_at: dt.datetime = strawberry.field(description="When it was made, UTC.")
    created_by: str = strawberry.field(description="Who made it.")
    last_ok_at: dt.datetime | None = strawberry.field(
        description="When it last took an event, UTC; null for never."
    )
    error: str | None = strawberry.field(
        description="Why it did not take the last one, in words; null when it did."
    )
    waiting: BigInt = strawberry.field(description="Events that wait to be posted, or posted again.")
    dead: BigInt = strawberry.field(
        description=(
            "Events of the last 30 days that were given up after 16 tries, which take a day and a half."
        )
    )

    @classmethod
    def of(cls, row: WebhookRow, counts: Counts) -> "Webhook":
        """Show a webhook."""
        return cls(
            id=BigInt(row.id),
            url=row.url,
            name=row.name,
            kinds=[NoticeKind(word) for word in row.kinds.split()],
            is_active=row.is_active,
            created_at=row.created_at,
            created_by=row.created_by,
            last_ok_at=row.last_ok_at,
            error=row.error,
            waiting=BigInt(counts.waiting),
            dead=BigInt(counts.dead),
        )
