"""Looking at services in their time, keeping what was found, and telling when one fails or is well again."""

import asyncio
import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

import structlog
from sqlalchemy import String, Table, delete, func, select
from sqlalchemy import cast as cast_in_sql
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.health import EVERY_S, TOLD_AFTER, Look
from gateway.domain.notices import Notice, NoticeKind
from gateway.errors import GatewayError
from gateway.store.database import Database
from gateway.store.health import HealthSpan
from gateway.store.notices import Delivery, DeliveryState, TargetKind, Webhook, announce
from gateway.store.sites import Queue
from gateway.store.storages import Storage, StorageEndpoint
from gateway.store.sync_jobs import NO_SOURCE, SyncJob
from gateway.store.upsert import insert_missing
from gateway.sync.lease import Clock, Lease, LeaseLostError, take_lease
from gateway.upstreams.ports import Upstream

log = structlog.get_logger()

DEADLINE_S: Final = 45.0
KEPT_FOR: Final = dt.timedelta(days=90)
# A tick may come a little early.
_EARLY: Final = dt.timedelta(seconds=2)
# Longer is no history but one long row: availability is added up by the hour.
_SPAN: Final = dt.timedelta(hours=1)
_MOST_NAMED: Final = 5
_STATE_LIMIT: Final = 200
# By this its lease is known among those of the readings.
JOB: Final = "health"


class Check(Protocol):
    """Something that is looked at; `look` never raises on purpose."""

    @property
    def name(self) -> str:
        """Its name, the same for ever."""
        ...

    @property
    def title(self) -> str:
        """What is looked at, for people."""
        ...

    @property
    def group(self) -> str:
        """What it is shown with: services, storage, network, ..."""
        ...

    @property
    def every_s(self) -> int:
        """How often it is looked at, seconds."""
        ...

    async def look(self) -> Look:
        """Look once."""
        ...


@dataclass(frozen=True, slots=True)
class ServiceCheck:
    """One of the services that copies are kept of, asked the cheap questions of `gateway doctor`."""

    upstream: Upstream
    group: str = "services"
    every_s: int = EVERY_S

    @property
    def name(self) -> str:
        """The source's name."""
        return self.upstream.source.value

    @property
    def title(self) -> str:
        """The service as people call it."""
        return {"panda": "PanDA", "rucio": "Rucio", "cric": "CRIC", "iam": "IAM"}[self.name]

    async def look(self) -> Look:
        """Ask it, and take time."""
        began = time.monotonic()
        try:
            health = await self.upstream.look()
        except GatewayError as error:
            # A password that cannot be read, say: it is not well as long as we cannot even ask.
            return Look(False, error.message)
        latency_s = time.monotonic() - began
        version = f", version {health.version}" if health.version else ""
        said = " ".join(health.advice) or f"it answers{version}"
        return Look(health.is_ok, said, latency_s=latency_s)


@dataclass(frozen=True, slots=True)
class StoragesCheck:
    """Whether all storages can be read and written, as Rucio and CRIC say by our copy."""

    database: Database
    name: str = "storages"
    title: str = "Storages"
    group: str = "storage"
    every_s: int = 300

    async def look(self) -> Look:
        """Count what cannot be used; `value` is how many can."""
        async with self.database.snapshot() as session:
            rows = await session.execute(
                select(Storage.name, Storage.can_read, Storage.can_write, StorageEndpoint.state)
                .outerjoin(
                    StorageEndpoint,
                    (StorageEndpoint.rse_name == Storage.name) & StorageEndpoint.gone_at.is_(None),
                )
                .where(Storage.gone_at.is_(None))
                .order_by(Storage.name)
            )
            storages = rows.all()
        bad = [
            row.name
            for row in storages
            if row.can_read is False or row.can_write is False or (row.state or "ACTIVE") != "ACTIVE"
        ]
        return _counted(len(storages), bad, "storages", "cannot be read or written, or are not active")


@dataclass(frozen=True, slots=True)
class QueuesCheck:
    """Whether PanDA may use its queues, as CRIC says by our copy."""

    database: Database
    name: str = "queues"
    title: str = "Computing queues"
    group: str = "computing"
    every_s: int = 300

    async def look(self) -> Look:
        """Count what is not online; `value` is how many are."""
        async with self.database.snapshot() as session:
            rows = await session.execute(
                select(Queue.name, Queue.status).where(Queue.gone_at.is_(None)).order_by(Queue.name)
            )
            queues = rows.all()
        bad = [row.name for row in queues if row.status not in {None, "online"}]
        return _counted(len(queues), bad, "queues", "are not online")


@dataclass(frozen=True, slots=True)
class NoticesCheck:
    """Whether what is told arrives: deliveries that were given up within a day."""

    database: Database
    clock: Clock
    name: str = "notices"
    title: str = "Notices"
    group: str = "gateway"
    every_s: int = 60

    async def look(self) -> Look:
        """Count what was given up; `value` is how many deliveries that were."""
        since = self.clock() - dt.timedelta(days=1)
        async with self.database.snapshot() as session:
            rows = await session.execute(
                select(Delivery.target_kind, Webhook.name, func.count().label("dead"))
                .outerjoin(
                    Webhook,
                    (Delivery.target_kind == TargetKind.WEBHOOK.value)
                    & (cast_in_sql(Webhook.id, String) == Delivery.target_key),
                )
                .where(Delivery.state == DeliveryState.DEAD.value, Delivery.ended_at > since)
                .group_by(Delivery.target_kind, Webhook.name)
                .order_by(Delivery.target_kind, Webhook.name)
            )
            found = rows.all()
        if not found:
            return Look(True, "nothing was given up within a day", value=0.0)
        named = [f"{row.dead} to {row.name or 'e-mail'}" for row in found[:_MOST_NAMED]]
        return Look(
            False,
            f"given up within a day: {', '.join(named)}",
            value=float(sum(row.dead for row in found)),
            state="given up within a day",
        )


def _counted(known: int, bad: Sequence[str], what: str, how: str) -> Look:
    if not known:
        return Look(True, f"no {what} are known", value=0.0)
    good = float(known - len(bad))
    if not bad:
        return Look(True, f"all {known} {what} are usable", value=good)
    more = f" and {len(bad) - _MOST_NAMED} more" if len(bad) > _MOST_NAMED else ""
    names = ", ".join(bad[:_MOST_NAMED])
    return Look(False, f"{len(bad)} of {known} {what} {how}: {names}{more}", value=good)


class ServiceWatch:
    """Looks at what is due. Among all processes one does it at a time; `owner` names this one."""

    def __init__(self, database: Database, checks: Sequence[Check], *, clock: Clock, owner: str) -> None:
        self._database = database
        self._checks = checks
        self._clock = clock
        self._owner = owner

    async def work(self) -> None:
        """Look at all that is due side by side, and write each down in a transaction of its own.

        Called meanwhile, here or elsewhere, it does nothing.
        """
        if not await self._due():
            return
        lease = await self._take_lease()
        if lease is None:
            return
        try:
            # Asked again: whoever had the lease until now may have looked at the same.
            looked = await asyncio.gather(
                *(self._look(check, lease) for check in await self._due()), return_exceptions=True
            )
            for failure in filter(None, looked):
                raise failure
        except LeaseLostError:
            log.warning("looking at services was overtaken", action="health.lost")
        finally:
            async with self._database.transaction() as session:
                await lease.give_up(session)

    async def _take_lease(self) -> Lease | None:
        async with self._database.snapshot() as session:
            is_known = await session.get(SyncJob, JOB) is not None
        if not is_known:
            async with self._database.transaction() as session:
                row = {"name": JOB, "source": NO_SOURCE, "stale_after_s": 0.0, "fails": 0, "lease_number": 0}
                await insert_missing(session, cast("Table", SyncJob.__table__), [row], unique=["name"])
        return await take_lease(self._database, JOB, owner=self._owner, clock=self._clock)

    async def _due(self) -> Sequence[Check]:
        now = self._clock()
        async with self._database.snapshot() as session:
            newest = (
                select(func.max(HealthSpan.id))
                .where(HealthSpan.name.in_([check.name for check in self._checks]))
                .group_by(HealthSpan.name)
            )
            rows = await session.execute(
                select(HealthSpan.name, HealthSpan.last_at).where(HealthSpan.id.in_(newest))
            )
            last = {row.name: row.last_at for row in rows}
        return [
            check
            for check in self._checks
            if check.name not in last
            or now >= last[check.name] + dt.timedelta(seconds=check.every_s) - _EARLY
        ]

    async def _look(self, check: Check, lease: Lease) -> None:
        try:
            async with asyncio.timeout(DEADLINE_S):
                look = await check.look()
        except TimeoutError:
            look = Look(False, f"it did not answer within {DEADLINE_S:.0f} s", latency_s=DEADLINE_S)
        except Exception as error:
            # Whatever it is, this check says so, and the others are looked at all the same.
            log.exception("a look failed on our side", action="health.broke", check=check.name)
            look = Look(False, f"looking failed on our side ({type(error).__name__}); the log has more")
        async with self._database.transaction() as session:
            await lease.renew(session)
            await _keep(session, check, look, self._clock())


async def forget_health(database: Database, *, at: dt.datetime) -> None:
    """Delete what was found more than 90 days ago."""
    async with database.transaction() as session:
        await session.execute(delete(HealthSpan).where(HealthSpan.last_at < at - KEPT_FOR))


async def _keep(session: AsyncSession, check: Check, look: Look, now: dt.datetime) -> None:
    last = await session.scalar(
        select(HealthSpan).where(HealthSpan.name == check.name).order_by(HealthSpan.id.desc()).limit(1)
    )
    failures = 0 if look.is_ok else 1 + (0 if last is None else last.failures)
    was_told = last is not None and last.is_told
    is_same = (
        last is not None
        and (last.is_ok, last.state or last.message)
        == (look.is_ok, look.state[:_STATE_LIMIT] or look.message)
        and now - last.began_at < _SPAN
    )
    if last is None or not is_same:
        last = HealthSpan(
            name=check.name,
            title=check.title[:200],
            group_name=check.group[:64],
            is_ok=look.is_ok,
            message=look.message,
            state=look.state[:_STATE_LIMIT] or None,
            began_at=now,
            last_at=now,
            looks=0,
            failures=failures,
            is_told=was_told,
        )
        session.add(last)
    last.last_at, last.looks, last.failures = now, last.looks + 1, failures
    last.message, last.value = look.message, look.value
    if look.latency_s is not None:
        last.latency_sum_s = (last.latency_sum_s or 0.0) + look.latency_s
        last.latency_max_s = max(last.latency_max_s or 0.0, look.latency_s)
    if failures >= TOLD_AFTER and not was_told:
        last.is_told = True
        await announce(session, [_notice(check, NoticeKind.CHECK_FAILED, look.message, now)])
    elif look.is_ok and was_told:
        last.is_told = False
        await announce(session, [_notice(check, NoticeKind.CHECK_RECOVERED, look.message, now)])


def _notice(check: Check, kind: NoticeKind, said: str, now: dt.datetime) -> Notice:
    how = "is not well" if kind is NoticeKind.CHECK_FAILED else "is well again"
    return Notice(
        kind=kind,
        subject_kind="CHECK",
        subject_key=check.name,
        message=f"{check.title} {how}: {said}",
        at=now,
        identity=now.isoformat(),
        data={"check": check.name, "group": check.group},
    )
