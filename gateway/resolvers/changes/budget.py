"""What a submission will take, held against what there is: to be known before, and no reason to stop."""

from collections.abc import Collection
from functools import reduce
from operator import add

from sqlalchemy import select

from gateway.domain.facts import RequestFacts
from gateway.domain.forecast import Forecast
from gateway.domain.names import StepKind
from gateway.resolvers.forecasting import forecast_of, read_history
from gateway.store.rows import Rows
from gateway.store.storages import Storage, StorageUsage

_TB = 1e12


async def budget_warnings(rows: Rows, request: RequestFacts, kinds: Collection[StepKind]) -> tuple[str, ...]:
    """Say when the outputs of these steps, by what others of the same physics wrote, fit into no storage.

    Nothing is said where there is no history, or no storage says how much room it has.
    """
    forecasts = forecast_of(request, await read_history(rows, request))
    needs = [forecasts.get(kind) for kind in kinds]
    known = [need for need in needs if isinstance(need, Forecast)]
    if not known or len(known) < len(needs):
        return ()
    wanted = reduce(add, (need.size_bytes for need in known))
    found = await rows(
        select(StorageUsage.rse_name, StorageUsage.free_bytes)
        .join(Storage, Storage.name == StorageUsage.rse_name)
        .where(
            StorageUsage.free_bytes.is_not(None),
            StorageUsage.gone_at.is_(None),
            Storage.gone_at.is_(None),
            Storage.can_write.is_not(False),
        )
        .order_by(StorageUsage.free_bytes.desc(), StorageUsage.rse_name)
        .limit(1)
    )
    if not found or found[0].free_bytes >= wanted.expected:
        return ()
    [most] = found
    return (
        f"The outputs are expected to take {float(wanted.expected) / _TB:.1f} TB, and no storage has so much "
        f"room: {most.rse_name} has most, {most.free_bytes / _TB:.1f} TB.",
    )
