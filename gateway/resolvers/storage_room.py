"""Whether there is room at a storage for what requests will write, in bytes, quota and time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

from sqlalchemy import select

from gateway.domain.checks.resources import no_downtime_announced, quota_has_room, storage_has_room
from gateway.domain.facts import DowntimeFacts, QuotaFacts, RequestFacts, StorageFacts
from gateway.domain.findings import Finding
from gateway.domain.forecast import Forecast, NoHistory
from gateway.domain.names import StepKind
from gateway.errors import InputError
from gateway.store.rows import Rows
from gateway.store.sites import Downtime
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage

# What has no forecast of days is looked at for downtimes this far ahead.
_LOOKED_AHEAD = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of a storage where outputs will lie."""

    storage: StorageFacts
    quotas: Sequence[QuotaFacts]
    downtimes: Sequence[DowntimeFacts]


async def read_room(rows: Rows, storage: str, account: str | None) -> Room:
    """Read what is known of the storage and of the account's quota there; InputError if there is no such."""
    if not await rows(select(Storage.name).where(Storage.name == storage, Storage.gone_at.is_(None))):
        raise InputError(f"There is no storage {storage[:64]!r}.")
    usages = await rows(
        select(StorageUsage.free_bytes).where(
            StorageUsage.rse_name == storage,
            StorageUsage.free_bytes.is_not(None),
            StorageUsage.gone_at.is_(None),
        )
    )
    quotas = await rows(
        select(Quota.account, Quota.limit_bytes, Quota.used_bytes).where(
            Quota.account == account,
            Quota.rse_name == storage,
            Quota.is_unlimited.is_(False),
            Quota.gone_at.is_(None),
        )
    )
    downtimes = await rows(
        select(
            Downtime.site_name, Downtime.starts_at, Downtime.ends_at, Downtime.affected, Downtime.description
        )
        .join(StorageEndpoint, StorageEndpoint.site_name == Downtime.site_name)
        .where(
            StorageEndpoint.rse_name == storage,
            StorageEndpoint.gone_at.is_(None),
            Downtime.gone_at.is_(None),
        )
    )
    return Room(
        storage=StorageFacts(name=storage, free_bytes=max((row.free_bytes for row in usages), default=None)),
        quotas=[
            QuotaFacts(
                account=row.account,
                storage=storage,
                limit_bytes=row.limit_bytes,
                used_bytes=row.used_bytes,
            )
            for row in quotas
        ],
        downtimes=[
            DowntimeFacts(
                site=row.site_name,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                service=row.affected,
                reason=row.description,
            )
            for row in downtimes
        ],
    )


def findings_of_room(
    request: RequestFacts,
    now: dt.datetime,
    room: Room,
    forecasts: Mapping[StepKind, Forecast | NoHistory],
) -> list[Finding]:
    """What stands against the storage: too little room or quota, an announced downtime."""
    if not forecasts:
        return []
    need = _together(forecasts)
    days = [each.days.highest for each in forecasts.values() if isinstance(each, Forecast) and each.days]
    ends_at = now + (dt.timedelta(days=sum(days)) if days else _LOOKED_AHEAD)
    return [
        *storage_has_room(request, need, room.storage),
        *(finding for quota in room.quotas for finding in quota_has_room(request, need, quota)),
        *no_downtime_announced(
            request,
            room.downtimes,
            sites={each.site for each in room.downtimes},
            starts_at=now,
            ends_at=ends_at,
        ),
    ]


def _together(forecasts: Mapping[StepKind, Forecast | NoHistory]) -> Forecast | NoHistory:
    """All steps as one need: their outputs lie at the storage together."""
    needs = list(forecasts.values())
    kinds = StepKind(" and ".join(forecasts))
    known = [need for need in needs if isinstance(need, Forecast)]
    if len(known) < len(needs):
        return NoHistory(kinds, needs[0].jobs)
    size = reduce(add, (need.size_bytes for need in known))
    return replace(
        known[0],
        step=kinds,
        size_bytes=size,
        task_ids=tuple(sorted(task_id for need in known for task_id in need.task_ids)),
    )
