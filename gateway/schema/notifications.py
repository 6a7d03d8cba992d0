"""notificationSettings and webhooks: what people and programs are told of."""

import contextlib

import strawberry

from gateway.errors import CredentialMissingError
from gateway.resolvers.notifications import mail_setting, purpose_of_mail, webhooks
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.types.notifications import NotificationSettings, Webhook


@strawberry.type
class NotificationQueries:
    """The questions."""

    @strawberry.field(
        description=(
            "What you are told of by e-mail; null without a login of your own: a token that only reads is "
            "not shown it."
        )
    )
    async def notification_settings(self, info: Info) -> NotificationSettings | None:
        """Return the viewer's own choice."""
        viewer = info.context.viewer
        if viewer.subject is None or not viewer.may(Right.OWN_TOKENS):
            return None
        return await settings_of(info, viewer.subject)

    @strawberry.field(
        description="All webhooks, the oldest first. Null without the right ADMINISTER, with an error."
    )
    async def webhooks(self, info: Info) -> list[Webhook] | None:
        """Return the webhooks."""
        info.context.viewer.require(Right.ADMINISTER)
        return [Webhook.of(row, counts) for row, counts in await webhooks(info.context.reading)]


async def settings_of(info: Info, subject: str) -> NotificationSettings:
    """Show what a person chose, to themselves; one statement."""
    notifying = info.context.services.notifying
    row = await mail_setting(info.context.reading, subject)
    address = None
    if row is not None and notifying is not None:
        # Sealed with a key that is gone: the address has to be given again.
        with contextlib.suppress(CredentialMissingError):
            address = notifying.sealer.open(row.sealed_address, purpose_of_mail(subject))
    return NotificationSettings.of(row, address, has_mail=notifying is not None and notifying.has_mail)
