"""Deliveries of notices: each is tried until its target has taken it, or given up after a day and a half.

A try is leased and committed before anything leaves. Whoever dies between the target's yes and writing it
down leaves a delivery that is tried again: the target sees the same event id, and knows it.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import orjson
import structlog
from sqlalchemy import ColumnElement, Select, Subquery, Update, delete, func, or_, select, update

from gateway.auth.sealing import Sealer
from gateway.domain.notices import MOST_TRIES, pause_after
from gateway.errors import CredentialMissingError, GatewayError, InputError, UpstreamError
from gateway.resolvers.notifications import purpose_of_mail, purpose_of_webhook
from gateway.store.database import Database
from gateway.store.notices import Delivery, DeliveryState, MailSetting, NoticeRow, TargetKind, Webhook
from gateway.sync.lease import Clock
from gateway.sync.spread_notices import spread_notices

log = structlog.get_logger()

# Longer than any try can take.
LEASE: Final = dt.timedelta(minutes=3)
# Posts in flight at once, and of them to one webhook: one that hangs must not keep the others waiting.
_AT_ONCE: Final = 16
_AT_ONCE_EACH: Final = 4
# Mails in flight at once, and what one of them may tell of: more is no mail that anybody reads.
_MAILS_AT_ONCE: Final = 16
MOST_IN_A_MAIL: Final = 200
# Rounds of one call: what is left is for the next tick.
_ROUNDS: Final = 50
KEPT_FOR: Final = dt.timedelta(days=30)
_GIVEN_UP: Final = f"given up after {MOST_TRIES} tries"


class WebhookPoster(Protocol):
    """What posts to a program's address; see `upstreams.webhooks`."""

    async def post(
        self, url: str, body: bytes, *, secret: str, event_id: str, kind: str, timestamp: int
    ) -> None:
        """Post once; raise InputError or an UpstreamError unless it was taken."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class MailSender(Protocol):
    """What sends a mail; see `upstreams.mail`."""

    async def send(self, address: str, subject: str, text: str, *, message_id: str) -> None:
        """Send once; raise an UpstreamError unless it was taken."""
        ...


@dataclass(frozen=True, slots=True)
class _Due:
    delivery: Delivery
    notice: NoticeRow


class Notifier:
    """One process's part in telling; without `mail` nothing is sent by e-mail, and waits.

    What a dead process had in hand is free again after `lease`, which is longer than any try.
    """

    def __init__(
        self,
        database: Database,
        webhooks: WebhookPoster,
        mail: MailSender | None,
        sealer: Sealer,
        *,
        clock: Clock,
        public_url: str,
        lease: dt.timedelta = LEASE,
    ) -> None:
        self._database = database
        self._webhooks = webhooks
        self._mail = mail
        self._sealer = sealer
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._lease = lease
        self._working = asyncio.Lock()

    async def work(self) -> None:
        """Spread what happened, and try what is due; called meanwhile, it does nothing."""
        if self._working.locked():
            return
        async with self._working:
            await spread_notices(self._database, at=self._clock())
            for _round in range(_ROUNDS):
                due = await self._claimed()
                if not due:
                    return
                tried = await asyncio.gather(
                    *(self._try(batch) for batch in _batches(due)), return_exceptions=True
                )
                # What could not be written down is raised when all others have been.
                for failure in filter(None, tried):
                    raise failure

    async def close(self) -> None:
        """Close all connections."""
        await self._webhooks.close()

    async def _claimed(self) -> Sequence[_Due]:
        """Lease what is due: some of each webhook, and of a person everything that waits, for one mail."""
        now = self._clock()
        is_due = (
            Delivery.state == DeliveryState.WAITING.value,
            Delivery.due_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
        )
        async with self._database.snapshot() as session:
            heads = list(await session.scalars(_posts_due(is_due)))
            if self._mail is not None:
                heads += await session.scalars(_mails_due(is_due))
        if not heads:
            return ()
        async with self._database.transaction() as session:
            # What another process takes at this moment is not waited for.
            free = await session.scalars(
                select(Delivery.id)
                .where(Delivery.id.in_(heads), *is_due)
                .order_by(Delivery.id)
                .with_for_update(skip_locked=True)
            )
            ids = list(free)
            await session.execute(
                update(Delivery)
                .where(Delivery.id.in_(ids))
                .values(lease_until=now + self._lease, tries=Delivery.tries + 1)
                .execution_options(synchronize_session=False)
            )
        if not ids:
            return ()
        async with self._database.snapshot() as session:
            rows = await session.execute(
                select(Delivery, NoticeRow)
                .join(NoticeRow, NoticeRow.id == Delivery.notice_id)
                .where(Delivery.id.in_(ids))
                .order_by(NoticeRow.at, Delivery.id)
            )
            return [_Due(delivery, notice) for delivery, notice in rows]

    async def _try(self, batch: Sequence[_Due]) -> None:
        """Try what goes to one target at once, and write down what came of it."""
        first = batch[0].delivery
        error: GatewayError | None = None
        try:
            if first.target_kind == TargetKind.EMAIL.value:
                await self._mail_to(first.target_key, batch)
            else:
                await self._post_to(int(first.target_key), batch[0])
        except (UpstreamError, InputError, CredentialMissingError) as failure:
            error = failure
        except Exception as failure:
            # Whatever it is, this delivery says so, waits and is tried again; the others go on.
            log.exception("a notice failed on our side", action="notice.broke", delivery=first.id)
            words = f"telling failed on our side ({type(failure).__name__}); the log has more"
            error = UpstreamError("notices", words)
        await self._learn(batch, error)

    async def _post_to(self, webhook_id: int, due: _Due) -> None:
        async with self._database.snapshot() as session:
            hook = await session.get(Webhook, webhook_id)
        if hook is None or not hook.is_active:
            raise _PointlessError("the webhook is switched off")
        secret = self._sealer.open(hook.sealed_secret, purpose_of_webhook(hook.url))
        body = orjson.dumps(_event(due.notice, self._link(due.notice)))
        await self._webhooks.post(
            hook.url,
            body,
            secret=secret,
            event_id=due.notice.id,
            kind=due.notice.kind,
            timestamp=round(self._clock().timestamp()),
        )

    async def _mail_to(self, subject: str, batch: Sequence[_Due]) -> None:
        async with self._database.snapshot() as session:
            setting = await session.get(MailSetting, subject)
        if setting is None or self._mail is None:
            raise _PointlessError("there is no address any more")
        address = self._sealer.open(setting.sealed_address, purpose_of_mail(subject))
        secret = [one.delivery.sealed_text for one in batch if one.delivery.sealed_text is not None]
        if secret:
            text = self._sealer.open(secret[-1], purpose_of_mail(subject))
            title = "Confirm this address"
        elif setting.confirmed_at is None:
            raise _PointlessError("the address was not confirmed")
        else:
            text = "\n\n".join(f"{one.notice.message}\n{self._link(one.notice)}" for one in batch)
            title = batch[0].notice.message if len(batch) == 1 else f"{len(batch)} things happened"
        ids = " ".join(one.notice.id for one in batch)
        await self._mail.send(
            address,
            f"[SPD gateway] {title}",
            f"{text}\n\n-- \nWhat you are told of is your choice: {self._public_url}/settings\n",
            message_id=hashlib.blake2b(f"{subject} {ids}".encode(), digest_size=16).hexdigest(),
        )

    def _link(self, notice: NoticeRow) -> str:
        match notice.subject_kind:
            case "TASK":
                return f"{self._public_url}/tasks/{notice.subject_key}"
            case _ if notice.request_name is not None:
                return f"{self._public_url}/requests/{notice.request_name}"
            case _:
                return f"{self._public_url}/"

    async def _learn(self, batch: Sequence[_Due], error: GatewayError | None) -> None:
        now = self._clock()
        first = batch[0].delivery
        async with self._database.transaction() as session:
            hook: Webhook | None = None
            if first.target_kind == TargetKind.WEBHOOK.value:
                # Whoever learns of the same target waits here, and not for single rows below.
                hook = await session.get(Webhook, int(first.target_key), with_for_update=True)
            for one in batch:
                values: dict[str, object] = {"lease_until": None, "error": error and error.message}
                if error is None:
                    values |= {"state": DeliveryState.DELIVERED.value, "ended_at": now, "sealed_text": None}
                elif isinstance(error, _PointlessError):
                    values |= {"state": DeliveryState.DROPPED.value, "ended_at": now, "sealed_text": None}
                elif (pause := pause_after(one.delivery.tries)) is None:
                    values |= {"state": DeliveryState.DEAD.value, "ended_at": now, "sealed_text": None}
                    values["error"] = f"{_GIVEN_UP}: {error.message}"
                else:
                    values["due_at"] = now + pause
                    if hook is None or hook.last_ok_at is None or one.notice.at > hook.last_ok_at:
                        await session.execute(_postponed(first, now + pause))
                await session.execute(
                    update(Delivery)
                    .where(Delivery.id == one.delivery.id, Delivery.tries == one.delivery.tries)
                    .values(**values)
                )
            if hook is not None and error is None:
                await session.execute(_brought_forward(first, hook.last_ok_at, now))
                hook.last_ok_at, hook.error = now, None
            elif hook is not None and error is not None and not isinstance(error, _PointlessError):
                hook.error = error.message
        if error is not None:
            log.warning(
                "a notice was not taken",
                action="notice.failed",
                target=f"{first.target_kind} {first.target_key}",
                error=error.message,
            )


async def forget_notices(database: Database, *, at: dt.datetime) -> None:
    """Delete notices of a month ago with their deliveries."""
    async with database.transaction() as session:
        await session.execute(delete(NoticeRow).where(NoticeRow.at < at - KEPT_FOR))


class _PointlessError(InputError):
    """Trying again would not help."""


def _postponed(first: Delivery, until: dt.datetime) -> Update:
    """What else waits for a target that fails waits as long, so that it is not asked once for each.

    Not for what it does not take while it takes others.
    """
    return (
        update(Delivery)
        .where(
            Delivery.target_kind == first.target_kind,
            Delivery.target_key == first.target_key,
            Delivery.state == DeliveryState.WAITING.value,
            Delivery.due_at < until,
            Delivery.lease_until.is_(None),
        )
        .values(due_at=until)
        .execution_options(synchronize_session=False)
    )


def _brought_forward(first: Delivery, ok_before: dt.datetime | None, now: dt.datetime) -> Update:
    """A target that takes one is given what waits for it, and need not wait for the end of a long pause.

    One that it does not take while it takes others keeps its own pauses: it was made before the target
    answered the last time.
    """
    is_for_lack_of_target = [Delivery.tries == 0]
    if ok_before is not None:
        made_since = select(NoticeRow.id).where(NoticeRow.id == Delivery.notice_id, NoticeRow.at > ok_before)
        is_for_lack_of_target.append(made_since.exists())
    else:
        is_for_lack_of_target.append(Delivery.tries > 0)
    return (
        update(Delivery)
        .where(
            Delivery.target_kind == first.target_kind,
            Delivery.target_key == first.target_key,
            Delivery.state == DeliveryState.WAITING.value,
            Delivery.due_at > now,
            Delivery.lease_until.is_(None),
            or_(*is_for_lack_of_target),
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def _ranked(is_due: Sequence[ColumnElement[bool]], kind: TargetKind) -> Subquery:
    place = func.row_number().over(partition_by=Delivery.target_key, order_by=(Delivery.due_at, Delivery.id))
    return (
        select(Delivery.id, Delivery.target_key, Delivery.due_at, place.label("place"))
        .where(Delivery.target_kind == kind.value, *is_due)
        .subquery()
    )


def _posts_due(is_due: Sequence[ColumnElement[bool]]) -> Select[tuple[int]]:
    """Some of each webhook's, the oldest first."""
    ranked = _ranked(is_due, TargetKind.WEBHOOK)
    return (
        select(ranked.c.id)
        .where(ranked.c.place <= _AT_ONCE_EACH)
        .order_by(ranked.c.due_at, ranked.c.id)
        .limit(_AT_ONCE)
    )


def _mails_due(is_due: Sequence[ColumnElement[bool]]) -> Select[tuple[int]]:
    """All that waits for some people, who get it in one mail each."""
    ranked = _ranked(is_due, TargetKind.EMAIL)
    people = (
        select(ranked.c.target_key)
        .where(ranked.c.place == 1)
        .order_by(ranked.c.due_at, ranked.c.target_key)
        .limit(_MAILS_AT_ONCE)
    )
    return select(ranked.c.id).where(
        ranked.c.place <= MOST_IN_A_MAIL, ranked.c.target_key.in_(people.scalar_subquery())
    )


def _batches(due: Sequence[_Due]) -> list[list[_Due]]:
    """A mail for all that goes to one person, but one for what is secret; a post for each event."""
    batches: dict[str, list[_Due]] = {}
    for one in due:
        is_alone = (
            one.delivery.target_kind == TargetKind.WEBHOOK.value or one.delivery.sealed_text is not None
        )
        key = str(one.delivery.id) if is_alone else f"to {one.delivery.target_key}"
        batches.setdefault(key, []).append(one)
    return list(batches.values())


def _event(notice: NoticeRow, link: str) -> dict[str, object]:
    """What a receiver gets; the same bytes each time it is sent."""
    return {
        "id": notice.id,
        "kind": notice.kind,
        "at": notice.at.isoformat(),
        "message": notice.message,
        "subject": {"kind": notice.subject_kind, "key": notice.subject_key},
        "request": notice.request_name,
        "actor": notice.actor,
        "data": notice.data,
        "link": link,
    }
