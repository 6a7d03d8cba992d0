"""setNotifications and its like: what a person is told of by e-mail, and which programs by webhook."""

from collections.abc import Awaitable
from typing import Annotated, TypeVar

import strawberry

from gateway.errors import ChangeRefusedError, InputError
from gateway.resolvers.notifications import (
    confirm_address,
    create_webhook,
    delete_webhook,
    forget_notifications,
    set_notifications,
    try_webhook,
    update_webhook,
    webhooks,
)
from gateway.schema.context import Info
from gateway.schema.enums import NoticeKind, Right
from gateway.schema.mutations.results import Refused
from gateway.schema.needs import mutation
from gateway.schema.notifications import settings_of
from gateway.schema.scalars import BigInt
from gateway.schema.types.notifications import NotificationSettings, Webhook

Result = TypeVar("Result")


@strawberry.type(description="What you want to be told of was kept.")
class NotificationsSet:
    """A choice was kept."""

    settings: NotificationSettings = strawberry.field(description="What you are told of from now on.")
    is_code_awaited: bool = strawberry.field(
        description="Whether a code was sent to the address, to be named to confirmNotificationAddress."
    )


@strawberry.type(description="The webhook was made.")
class WebhookCreated:
    """A new webhook, with its secret."""

    secret: str = strawberry.field(
        description="What its events are signed with. It is shown now and never again."
    )
    webhook: Webhook = strawberry.field(description="The webhook as it is listed from now on.")


@strawberry.type(description="The webhook was changed.")
class WebhookChanged:
    """A webhook after a change."""

    webhook: Webhook = strawberry.field(description="The webhook as it is now.")


@strawberry.type(description="The webhook is gone, and what waited for it.")
class WebhookDeleted:
    """A webhook ended."""

    id: BigInt = strawberry.field(description="The number it had.")


@strawberry.type(
    description="An event of the kind TRIAL is on its way; see `lastOkAt` and `error` of the webhook."
)
class WebhookTried:
    """A trial is under way."""

    event_id: str = strawberry.field(description="The id of the event, as the receiver gets it.")


NotificationsResult = Annotated[
    NotificationsSet | Refused,
    strawberry.union("NotificationsResult", description="What you are told of, or why nothing was changed."),
]
CreateWebhookResult = Annotated[
    WebhookCreated | Refused,
    strawberry.union("CreateWebhookResult", description="The new webhook, or why there is none."),
]
UpdateWebhookResult = Annotated[
    WebhookChanged | Refused,
    strawberry.union("UpdateWebhookResult", description="The webhook, or why nothing was changed."),
]
DeleteWebhookResult = Annotated[
    WebhookDeleted | Refused,
    strawberry.union("DeleteWebhookResult", description="That it is gone, or why it is not."),
]
TryWebhookResult = Annotated[
    WebhookTried | Refused,
    strawberry.union("TryWebhookResult", description="What was sent, or why nothing was."),
]
WebhookId = Annotated[BigInt, strawberry.argument(description="The webhook's number.")]
Kinds = Annotated[list[NoticeKind], strawberry.argument(description="What to tell of.")]


@strawberry.type
class NotificationMutations:
    """The mutations."""

    @mutation(
        needs=Right.OWN_TOKENS,
        description=(
            "Choose what you are told of by e-mail. A new address is sent a code, and nothing else until you "
            "named it."
        ),
    )
    async def set_notifications(
        self,
        info: Info,
        kinds: Kinds,
        only_own: Annotated[
            bool,
            strawberry.argument(description="Whether to tell only of requests you asked for or submitted."),
        ] = True,
        address: Annotated[
            str | None, strawberry.argument(description="Where to write to; null keeps the present one.")
        ] = None,
    ) -> NotificationsResult:
        """Keep the choice."""
        context = info.context
        return await _shown(
            info,
            set_notifications(
                context.database,
                context.viewer,
                context.services.notifying,
                kinds=kinds,
                only_own=only_own,
                address=address,
                now=context.reading.now,
            ),
        )

    @mutation(
        needs=Right.OWN_TOKENS,
        description="Confirm that the address is yours, by the `code` that was sent there within the hour.",
    )
    async def confirm_notification_address(self, info: Info, code: str) -> NotificationsResult:
        """Confirm the address."""
        context = info.context
        return await _shown(
            info,
            confirm_address(
                context.database,
                context.viewer,
                context.services.notifying,
                code[:64],
                now=context.reading.now,
            ),
        )

    @mutation(
        needs=Right.OWN_TOKENS,
        description=(
            "Have your address and choice forgotten; done again it changes nothing. Refused for a minute "
            "after a code was sent."
        ),
    )
    async def forget_notifications(self, info: Info) -> NotificationsResult:
        """Forget the choice."""
        context = info.context
        return await _shown(
            info, forget_notifications(context.database, context.viewer, now=context.reading.now)
        )

    @mutation(
        needs=Right.ADMINISTER,
        concerns="url",
        description=(
            "Have events posted to a program, at an https address that leads into no private network. A "
            "second webhook for one address is refused."
        ),
    )
    async def create_webhook(
        self,
        info: Info,
        url: Annotated[str, strawberry.argument(description="Where to post, https://host/path.")],
        name: Annotated[str, strawberry.argument(description="What it is for, in a few words.")],
        kinds: Kinds,
    ) -> CreateWebhookResult:
        """Make the webhook."""
        context = info.context
        made = await _tried(
            create_webhook(
                context.database,
                context.viewer,
                context.services.notifying,
                url=url,
                name=name,
                kinds=kinds,
                now=context.reading.now,
            )
        )
        if isinstance(made, Refused):
            return made
        return WebhookCreated(secret=made.secret, webhook=await _webhook(info, made.row.id))

    @mutation(
        needs=Right.ADMINISTER,
        concerns="id",
        description="Change the name, the kinds or the activity of a webhook; what is null stays.",
    )
    async def update_webhook(
        self,
        info: Info,
        id: WebhookId,  # noqa: A002 - GraphQL's word
        kinds: Annotated[
            list[NoticeKind] | None, strawberry.argument(description="What to tell of from now on.")
        ] = None,
        name: Annotated[str | None, strawberry.argument(description="What it is for.")] = None,
        is_active: Annotated[
            bool | None, strawberry.argument(description="Whether anything is posted there.")
        ] = None,
    ) -> UpdateWebhookResult:
        """Change the webhook."""
        context = info.context
        refused = await _tried(
            update_webhook(
                context.database,
                context.viewer,
                id,
                kinds=kinds,
                name=name,
                is_active=is_active,
                now=context.reading.now,
            )
        )
        return refused or WebhookChanged(webhook=await _webhook(info, id))

    @mutation(
        needs=Right.ADMINISTER, concerns="id", description="Delete a webhook, with all that waits for it."
    )
    async def delete_webhook(
        self,
        info: Info,
        id: WebhookId,  # noqa: A002 - GraphQL's word
    ) -> DeleteWebhookResult:
        """Delete the webhook."""
        context = info.context
        refused = await _tried(delete_webhook(context.database, context.viewer, id, now=context.reading.now))
        return refused or WebhookDeleted(id=id)

    @mutation(
        needs=Right.ADMINISTER,
        concerns="id",
        description="Post an event of the kind TRIAL to a webhook, to see whether it takes it.",
    )
    async def try_webhook(
        self,
        info: Info,
        id: WebhookId,  # noqa: A002 - GraphQL's word
    ) -> TryWebhookResult:
        """Try the webhook."""
        context = info.context
        sent = await _tried(try_webhook(context.database, context.viewer, id, now=context.reading.now))
        return sent if isinstance(sent, Refused) else WebhookTried(event_id=sent)


async def _tried(work: Awaitable[Result]) -> Result | Refused:
    try:
        return await work
    except (ChangeRefusedError, InputError) as error:
        return Refused(code=error.code, message=error.message)


async def _shown(info: Info, work: Awaitable[object]) -> NotificationsResult:
    refused = await _tried(work)
    if isinstance(refused, Refused):
        return refused
    await info.context.renew()
    settings = await settings_of(info, info.context.viewer.subject or "")
    return NotificationsSet(
        settings=settings, is_code_awaited=settings.address is not None and not settings.is_confirmed
    )


async def _webhook(info: Info, webhook_id: int) -> Webhook:
    await info.context.renew()
    rows = await webhooks(info.context.reading)
    return next(Webhook.of(row, counts) for row, counts in rows if row.id == webhook_id)
