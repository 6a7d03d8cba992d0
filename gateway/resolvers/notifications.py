"""What people choose to be told of by e-mail, and the addresses of programs that are told.

An address is used only after its owner has named the code that was sent to it: nobody can have us write to
somebody else. Addresses and secrets are sealed; a secret is shown when it is made and never again.
"""

import datetime as dt
import hmac
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.auth.sealing import Sealer
from gateway.auth.sessions import hash_of
from gateway.auth.viewer import Viewer
from gateway.domain.notices import CHOOSABLE, Notice, NoticeKind
from gateway.domain.webhook_targets import parse_target
from gateway.errors import ChangeRefusedError, InputError, MissingError
from gateway.resolvers.reading import Reading
from gateway.store.audit import AuditEntry, record
from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.notices import (
    Delivery,
    DeliveryState,
    MailSetting,
    TargetKind,
    Webhook,
    announce,
)

MOST_WEBHOOKS: Final = 50
NAME_LIMIT: Final = 64
_SECRET_BYTES: Final = 32
# By this a secret is known at sight, as our tokens are.
PREFIX: Final = "spdwh_"
# A code of eight digits that lives an hour and is asked for five times at most cannot be guessed.
_CODE_DIGITS: Final = 8
CODE_LIVES: Final = dt.timedelta(hours=1)
CODE_TRIES: Final = 5
CODE_EVERY: Final = dt.timedelta(minutes=1)
# Enough to catch slips; whether it is somebody's address, the code shows.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")


@dataclass(frozen=True, slots=True)
class Notifying:
    """What telling needs here: what seals, and whether mail can be sent at all."""

    sealer: Sealer
    has_mail: bool


@dataclass(frozen=True, slots=True)
class WebhookMade:
    """A webhook with its secret, which is shown now and never again."""

    row: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """Deliveries of one webhook that wait, and that were given up."""

    waiting: int = 0
    dead: int = 0


def purpose_of_webhook(url: str) -> str:
    """What a webhook's secret is sealed for: it is of no use at another address."""
    return f"webhook {url}"


def purpose_of_mail(subject: str) -> str:
    """What a person's address and code are sealed for."""
    return f"mail of {subject}"


async def mail_setting(reading: Reading, subject: str) -> MailSetting | None:
    """Return what a person chose; one statement."""
    rows = await reading.rows(select(MailSetting).where(MailSetting.subject == subject))
    return rows[0][0] if rows else None


async def webhooks(reading: Reading) -> Sequence[tuple[Webhook, Counts]]:
    """Return all webhooks with what became of their deliveries; two statements."""
    rows = await reading.rows(select(Webhook).order_by(Webhook.id))
    counted = await reading.rows(
        select(Delivery.target_key, Delivery.state, func.count().label("found"))
        .where(Delivery.target_kind == TargetKind.WEBHOOK.value)
        .group_by(Delivery.target_key, Delivery.state)
    )
    found = {(row.target_key, row.state): row.found for row in counted}
    return [
        (
            row[0],
            Counts(
                waiting=found.get((str(row[0].id), DeliveryState.WAITING.value), 0),
                dead=found.get((str(row[0].id), DeliveryState.DEAD.value), 0),
            ),
        )
        for row in rows
    ]


async def set_notifications(
    database: Database,
    viewer: Viewer,
    notifying: Notifying | None,
    *,
    kinds: Collection[NoticeKind],
    only_own: bool,
    address: str | None,
    now: dt.datetime,
) -> None:
    """Keep what the viewer wants by mail; a new `address` is sent a code first, None keeps the present one.

    Raises ChangeRefusedError without a login, without mail, or too soon after the last code; InputError for
    what is no address, or when there is none.
    """
    notifying, subject = _able(viewer, notifying)
    if not notifying.has_mail:
        raise ChangeRefusedError("This gateway sends no e-mail: GATEWAY_SMTP_HOST is not set.")
    if address is not None and not _ADDRESS.fullmatch(address):
        raise InputError("This is no e-mail address: write name@host.example.")
    words = _words(kinds)
    async with database.transaction() as session:
        row = await session.get(MailSetting, subject, with_for_update=True)
        if row is None and address is None:
            raise InputError("Give an address: none is known yet.")
        known = row and notifying.sealer.open(row.sealed_address, purpose_of_mail(subject))
        if row is None:
            row = MailSetting(
                subject=subject,
                username="",
                sealed_address="",
                kinds=words,
                only_own=only_own,
                updated_at=now,
            )
            session.add(row)
        row.username, row.kinds, row.only_own, row.updated_at = viewer.actor, words, only_own, now
        await session.flush()
        if address is not None and (address != known or row.confirmed_at is None):
            await _send_code(session, row, notifying.sealer, address, now)
        after: Mapping[str, JsonValue] = {"kinds": words, "onlyOwn": only_own}
        await record(session, _entry(viewer, "setNotifications", "Notifications", viewer.actor, now, after))


async def confirm_address(
    database: Database, viewer: Viewer, notifying: Notifying | None, code: str, *, now: dt.datetime
) -> None:
    """Believe that the address is the viewer's when they name its code; raises ChangeRefusedError if not."""
    _notifying, subject = _able(viewer, notifying)
    refused: str | None = None
    async with database.transaction() as session:
        row = await session.get(MailSetting, subject, with_for_update=True)
        if row is None or row.code_hash is None or row.code_sent_at is None:
            refused = "No code is waited for."
        elif now - row.code_sent_at > CODE_LIVES or row.code_tries >= CODE_TRIES:
            refused = "The code has expired: set the address again."
        elif not hmac.compare_digest(hash_of(code.strip()), row.code_hash):
            row.code_tries += 1
            refused = "This is not the code that was sent."
        else:
            row.confirmed_at, row.code_hash = now, None
            await record(
                session,
                _entry(viewer, "confirmNotificationAddress", "Notifications", viewer.actor, now, None),
            )
    # Raised here, so that a wrong try counts.
    if refused is not None:
        raise ChangeRefusedError(refused)


async def forget_notifications(database: Database, viewer: Viewer, *, now: dt.datetime) -> bool:
    """Delete the viewer's choice and address; false when there was none.

    Raises ChangeRefusedError right after a code was sent: what is forgotten could be sent the next at once.
    """
    async with database.transaction() as session:
        row = await session.get(MailSetting, viewer.subject or "", with_for_update=True)
        if row is None:
            return False
        _refuse_too_soon(row, now)
        await session.delete(row)
        await session.execute(
            delete(Delivery).where(
                Delivery.target_kind == TargetKind.EMAIL.value, Delivery.target_key == row.subject
            )
        )
        await record(session, _entry(viewer, "forgetNotifications", "Notifications", viewer.actor, now, None))
        return True


async def create_webhook(
    database: Database,
    viewer: Viewer,
    notifying: Notifying | None,
    *,
    url: str,
    name: str,
    kinds: Collection[NoticeKind],
    now: dt.datetime,
) -> WebhookMade:
    """Make a webhook with a secret of its own; where the address leads is looked at with each post.

    Raises InputError for an address or a name that is none, ChangeRefusedError for an address that is there.
    """
    notifying, _subject = _able(viewer, notifying)
    parse_target(url)
    label, words = _name(name), _words(kinds)
    secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    async with database.transaction() as session:
        if await session.scalar(select(Webhook.id).where(Webhook.url == url)) is not None:
            raise ChangeRefusedError("There is a webhook for this address: change that one.")
        if (await session.scalar(select(func.count()).select_from(Webhook)) or 0) >= MOST_WEBHOOKS:
            raise ChangeRefusedError(f"There are {MOST_WEBHOOKS} webhooks, which is the most.")
        row = Webhook(
            url=url,
            name=label,
            kinds=words,
            sealed_secret=notifying.sealer.seal(secret, purpose_of_webhook(url)),
            created_at=now,
            created_by=viewer.actor,
        )
        session.add(row)
        await session.flush()
        await record(session, _entry(viewer, "createWebhook", "Webhook", str(row.id), now, _shown(row)))
    return WebhookMade(row, secret)


async def update_webhook(
    database: Database,
    viewer: Viewer,
    webhook_id: int,
    *,
    kinds: Collection[NoticeKind] | None,
    name: str | None,
    is_active: bool | None,
    now: dt.datetime,
) -> None:
    """Change what is given of a webhook; raises MissingError when there is none of this number."""
    async with database.transaction() as session:
        row = await _webhook(session, webhook_id)
        before = _shown(row)
        row.kinds = row.kinds if kinds is None else _words(kinds)
        row.name = row.name if name is None else _name(name)
        row.is_active = row.is_active if is_active is None else is_active
        entry = _entry(viewer, "updateWebhook", "Webhook", str(row.id), now, _shown(row), before)
        await record(session, entry)


async def delete_webhook(database: Database, viewer: Viewer, webhook_id: int, *, now: dt.datetime) -> None:
    """Delete a webhook and what waits for it; raises MissingError when there is none of this number."""
    async with database.transaction() as session:
        row = await _webhook(session, webhook_id)
        await session.execute(
            delete(Delivery).where(
                Delivery.target_kind == TargetKind.WEBHOOK.value, Delivery.target_key == str(row.id)
            )
        )
        await session.delete(row)
        await record(session, _entry(viewer, "deleteWebhook", "Webhook", str(row.id), now, None, _shown(row)))


async def try_webhook(database: Database, viewer: Viewer, webhook_id: int, *, now: dt.datetime) -> str:
    """Have a trial notice sent to one webhook, and return its id.

    Raises MissingError as the others do, ChangeRefusedError for one that is switched off.
    """
    async with database.transaction() as session:
        row = await _webhook(session, webhook_id)
        if not row.is_active:
            raise ChangeRefusedError("This webhook is switched off: switch it on, then try it.")
        notice = Notice(
            kind=NoticeKind.TRIAL,
            subject_kind="WEBHOOK",
            subject_key=str(row.id),
            message=f"{viewer.name} tries the webhook {row.name}",
            at=now,
            identity=now.isoformat(),
            actor=viewer.actor,
        )
        await _deliver(session, notice, TargetKind.WEBHOOK, str(row.id), now)
        await record(session, _entry(viewer, "tryWebhook", "Webhook", str(row.id), now, None))
    return notice.id


async def reseal_notifications(database: Database, sealer: Sealer) -> int:
    """Seal with the first key what was sealed with another; return how many things that were."""
    done = 0
    async with database.transaction() as session:
        for hook in (await session.scalars(select(Webhook))).all():
            if not sealer.is_current(hook.sealed_secret):
                purpose = purpose_of_webhook(hook.url)
                hook.sealed_secret = sealer.seal(sealer.open(hook.sealed_secret, purpose), purpose)
                done += 1
        for setting in (await session.scalars(select(MailSetting))).all():
            if not sealer.is_current(setting.sealed_address):
                purpose = purpose_of_mail(setting.subject)
                setting.sealed_address = sealer.seal(sealer.open(setting.sealed_address, purpose), purpose)
                done += 1
    return done


async def _send_code(
    session: AsyncSession, row: MailSetting, sealer: Sealer, address: str, now: dt.datetime
) -> None:
    _refuse_too_soon(row, now)
    code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
    purpose = purpose_of_mail(row.subject)
    row.sealed_address = sealer.seal(address, purpose)
    row.confirmed_at, row.code_hash = None, hash_of(code)
    row.code_tries, row.code_sent_at = 0, now
    text = (
        f"{row.username} wants the SPD gateway to write to this address. If that is you, confirm it with "
        f"the code\n\n    {code}\n\nwithin an hour. If not, do nothing: nothing more is sent."
    )
    notice = Notice(
        kind=NoticeKind.TRIAL,
        subject_kind="PERSON",
        subject_key=row.username,
        message="An address is to be confirmed",
        at=now,
        identity=f"{row.subject} {now.isoformat()}",
    )
    await _deliver(
        session, notice, TargetKind.EMAIL, row.subject, now, sealed_text=sealer.seal(text, purpose)
    )


def _refuse_too_soon(row: MailSetting, now: dt.datetime) -> None:
    if row.code_sent_at is not None and now - row.code_sent_at < CODE_EVERY:
        raise ChangeRefusedError("A code was sent less than a minute ago: wait a little.")


async def _deliver(
    session: AsyncSession,
    notice: Notice,
    kind: TargetKind,
    key: str,
    now: dt.datetime,
    *,
    sealed_text: str | None = None,
) -> None:
    """Tell one target, whatever it chose; asked for twice at one moment it is one notice."""
    await announce(session, [notice])
    known = await session.scalar(select(Delivery.id).where(Delivery.notice_id == notice.id))
    if known is None:
        session.add(
            Delivery(
                notice_id=notice.id,
                target_kind=kind.value,
                target_key=key,
                state=DeliveryState.WAITING.value,
                due_at=now,
                sealed_text=sealed_text,
            )
        )
        await session.flush()


async def _webhook(session: AsyncSession, webhook_id: int) -> Webhook:
    row = await session.get(Webhook, webhook_id)
    if row is None:
        raise MissingError(f"There is no webhook {webhook_id}.")
    return row


def _able(viewer: Viewer, notifying: Notifying | None) -> tuple[Notifying, str]:
    if viewer.subject is None:
        raise ChangeRefusedError("Log in first: it is kept for the person you are.")
    if notifying is None:
        raise ChangeRefusedError("This gateway tells nobody anything: GATEWAY_VAULT_KEYS is not set.")
    return notifying, viewer.subject


def _words(kinds: Collection[NoticeKind]) -> str:
    wanted = frozenset(kinds)
    if not wanted <= frozenset(CHOOSABLE):
        raise InputError("TRIAL is not chosen: it is sent when somebody tries something.")
    return " ".join(kind.value for kind in CHOOSABLE if kind in wanted)


def _name(name: str) -> str:
    label = name.strip()
    if not 1 <= len(label) <= NAME_LIMIT or not label.isprintable():
        raise InputError(f"A name has 1 to {NAME_LIMIT} printable characters.")
    return label


def _shown(row: Webhook) -> Mapping[str, JsonValue]:
    return {"url": row.url, "name": row.name, "kinds": row.kinds, "isActive": row.is_active}


def _entry(
    viewer: Viewer,
    action: str,
    kind: str,
    key: str,
    now: dt.datetime,
    after: Mapping[str, JsonValue] | None,
    before: Mapping[str, JsonValue] | None = None,
) -> AuditEntry:
    return AuditEntry(
        actor=viewer.actor,
        action=action,
        object_kind=kind,
        object_key=key,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        jti=viewer.jti,
        at=now,
    )
