"""Noticing that a source has fallen silent, or speaks again: each is told once."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.freshness import freshness_of
from gateway.domain.notices import Notice, NoticeKind
from gateway.store.database import Database
from gateway.store.notices import NoticeRow, announce
from gateway.store.sources import Source
from gateway.store.sync_jobs import SyncJob

SOURCE: Final = "SOURCE"
_KINDS: Final = (NoticeKind.SOURCE_SILENT.value, NoticeKind.SOURCE_BACK.value)


async def watch_sources(database: Database, *, at: dt.datetime) -> None:
    """Have it told of each source that is read here which was fresh and is stale, or the other way round.

    A source is silent when it was asked since its data became too old, and did not answer: after a pause of
    our own nobody is called. Repeating it tells nothing twice.
    """
    async with database.snapshot() as session:
        read = (
            await session.scalars(
                select(Source).where(Source.name.in_(select(SyncJob.source).distinct())).order_by(Source.name)
            )
        ).all()
        last = await _last_told(session)
    notices = [
        notice for source in read if (notice := _notice(source, last.get(source.name), at)) is not None
    ]
    if notices:
        async with database.transaction() as session:
            await announce(session, notices)


async def _last_told(session: AsyncSession) -> Mapping[str, NoticeRow]:
    newest = (
        select(NoticeRow.subject_key, func.max(NoticeRow.at).label("at"))
        .where(NoticeRow.kind.in_(_KINDS))
        .group_by(NoticeRow.subject_key)
        .subquery()
    )
    rows = await session.scalars(
        select(NoticeRow)
        .join(newest, (newest.c.subject_key == NoticeRow.subject_key) & (newest.c.at == NoticeRow.at))
        .where(NoticeRow.kind.in_(_KINDS))
    )
    return {row.subject_key: row for row in rows}


def _notice(source: Source, last: NoticeRow | None, at: dt.datetime) -> Notice | None:
    fresh = freshness_of(
        now=at,
        last_ok_at=source.last_ok_at,
        last_full_ok_at=source.last_full_ok_at,
        stale_after_s=source.stale_after_s,
        hold_reason=source.hold_reason,
        error=source.error,
    )
    is_told_silent = last is not None and last.kind == NoticeKind.SOURCE_SILENT.value
    if fresh.is_stale and not is_told_silent and _was_asked(source):
        return _told(
            source,
            NoticeKind.SOURCE_SILENT,
            f"{source.name} is stale: {fresh.reason}",
            f"since {source.last_ok_at if source.hold_reason is None else source.last_full_ok_at}",
            at,
        )
    if not fresh.is_stale and is_told_silent and last is not None:
        return _told(source, NoticeKind.SOURCE_BACK, f"{source.name} is fresh again", f"after {last.id}", at)
    return None


def _was_asked(source: Source) -> bool:
    if source.last_ok_at is None or source.hold_reason is not None:
        return source.last_attempt_at is not None
    too_old_at = source.last_ok_at + dt.timedelta(seconds=source.stale_after_s)
    return source.last_attempt_at is not None and source.last_attempt_at > too_old_at


def _told(source: Source, kind: NoticeKind, message: str, identity: str, at: dt.datetime) -> Notice:
    return Notice(
        kind=kind,
        subject_kind=SOURCE,
        subject_key=source.name,
        message=message,
        at=at,
        identity=identity,
        data={"source": source.name},
    )
