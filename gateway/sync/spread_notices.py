"""Who is told of what: each notice becomes one delivery for each target that wants it, once."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.auth.standing import standing_of
from gateway.domain.notices import UNCHOSEN, NoticeKind
from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.store.notices import Delivery, DeliveryState, MailSetting, NoticeRow, TargetKind, Webhook
from gateway.store.requests import Request, Step
from gateway.store.upsert import insert_missing

_AT_ONCE: Final = 200
# What happens in bursts, such as the findings of one reconciliation, comes in one mail.
MAIL_GATHERS_FOR: Final = dt.timedelta(seconds=30)
# They concern everybody who chose them, whoever's request it is.
_NOBODYS: Final = frozenset(
    {
        NoticeKind.SOURCE_SILENT,
        NoticeKind.SOURCE_BACK,
        NoticeKind.CHECK_FAILED,
        NoticeKind.CHECK_RECOVERED,
    }
)


@dataclass(frozen=True, slots=True)
class _Targets:
    webhooks: Sequence[Webhook]
    mails: Sequence[MailSetting]


async def spread_notices(database: Database, *, at: dt.datetime) -> int:
    """Write the deliveries of all notices that have none yet; return how many notices that were.

    Nobody is told of what happened before they asked to be. Several processes may do it at once.
    """
    spread = 0
    async with database.snapshot() as session:
        # Most times there is nothing, and a transaction would make other writers wait.
        if await session.scalar(select(NoticeRow.id).where(NoticeRow.is_spread.is_(False)).limit(1)) is None:
            return 0
    while True:
        async with database.transaction() as session:
            notices = (
                await session.scalars(
                    select(NoticeRow)
                    .where(NoticeRow.is_spread.is_(False))
                    .order_by(NoticeRow.at, NoticeRow.id)
                    .limit(_AT_ONCE)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            if not notices:
                return spread
            await _spread(session, notices, await _targets(session), at)
        spread += len(notices)


async def _targets(session: AsyncSession) -> _Targets:
    webhooks = (await session.scalars(select(Webhook).where(Webhook.is_active))).all()
    confirmed = await session.scalars(select(MailSetting).where(MailSetting.confirmed_at.is_not(None)))
    mails = []
    for setting in confirmed.all():
        standing = await standing_of(session, setting.subject)
        if standing is not None and standing.may_log_in:
            mails.append(setting)
    return _Targets(webhooks, mails)


async def _spread(
    session: AsyncSession, notices: Sequence[NoticeRow], targets: _Targets, at: dt.datetime
) -> None:
    owners = await _owners(session, {one.request_name for one in notices if one.request_name is not None})
    rows: list[dict[str, object]] = []
    for notice in notices:
        if NoticeKind(notice.kind) in UNCHOSEN:
            continue
        rows += [
            _row(notice, TargetKind.WEBHOOK, str(hook.id), at)
            for hook in targets.webhooks
            if notice.kind in hook.kinds.split() and hook.created_at <= notice.at
        ]
        rows += [
            _row(notice, TargetKind.EMAIL, setting.subject, at + MAIL_GATHERS_FOR)
            for setting in targets.mails
            if _wants(setting, notice, owners)
        ]
    await insert_missing(
        session,
        cast("Table", Delivery.__table__),
        rows,
        unique=["notice_id", "target_kind", "target_key"],
    )
    await session.execute(
        update(NoticeRow)
        .where(NoticeRow.id.in_([one.id for one in notices]))
        .values(is_spread=True)
        .execution_options(synchronize_session=False)
    )


def _wants(setting: MailSetting, notice: NoticeRow, owners: Mapping[str, frozenset[str]]) -> bool:
    is_late = setting.confirmed_at is not None and setting.confirmed_at > notice.at
    # People know what they did themselves.
    if is_late or notice.kind not in setting.kinds.split() or notice.actor == setting.username:
        return False
    if not setting.only_own or NoticeKind(notice.kind) in _NOBODYS:
        return True
    return setting.username in owners.get(notice.request_name or "", frozenset())


async def _owners(session: AsyncSession, names: set[str]) -> Mapping[str, frozenset[str]]:
    """Who asked for each request, and who submitted its attempts."""
    if not names:
        return {}
    asked = await session.execute(select(Request.name, Request.requested_by).where(Request.name.in_(names)))
    sent = await session.execute(
        select(Step.request_name, Attempt.submitted_by)
        .join(Attempt, Attempt.step_key == Step.key)
        .where(Step.request_name.in_(names))
        .distinct()
    )
    owners: dict[str, set[str]] = {}
    for name, person in (*asked, *sent):
        if person is not None:
            owners.setdefault(name, set()).add(person)
    return {name: frozenset(people) for name, people in owners.items()}


def _row(notice: NoticeRow, kind: TargetKind, key: str, due_at: dt.datetime) -> dict[str, object]:
    return {
        "notice_id": notice.id,
        "target_kind": kind.value,
        "target_key": key,
        "state": DeliveryState.WAITING.value,
        "tries": 0,
        "due_at": due_at,
    }
