"""Storages, what is used on them and who may use how much, in the schema."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import QUOTA, STORAGE, STORAGE_ENDPOINT, STORAGE_USAGE
from gateway.schema.connection import Connection
from gateway.schema.enums import Right
from gateway.schema.filters import QuotaFilter, ReplicaFilter, StorageUsageFilter
from gateway.schema.links import connection, link, links
from gateway.schema.node import Node, RowType
from gateway.schema.scalars import BigInt
from gateway.schema.sorts import QuotaSort, ReplicaSort, StorageUsageSort
from gateway.schema.synced import Synced
from gateway.store.storages import Quota as QuotaRow
from gateway.store.storages import Storage as StorageRow
from gateway.store.storages import StorageEndpoint as StorageEndpointRow
from gateway.store.storages import StorageUsage as StorageUsageRow

if TYPE_CHECKING:
    from gateway.schema.types.datasets import Replica
    from gateway.schema.types.sites import Site

LazyReplica = Annotated["Replica", strawberry.lazy("gateway.schema.types.datasets")]
LazySite = Annotated["Site", strawberry.lazy("gateway.schema.types.sites")]


@strawberry.type(
    description="A storage that Rucio keeps data on (RSE). Owned by Rucio; its site is from CRIC."
)
class Storage(Node, Synced, RowType):
    """A storage."""

    row: strawberry.Private[StorageRow]
    entity = STORAGE

    name: str = strawberry.field(description="RSE name, for example JINR_EOS.")
    rse_type: str | None = strawberry.field(description="DISK or TAPE; null if unknown.")
    is_deterministic: bool | None = strawberry.field(
        description="Whether file paths follow from names; null if unknown."
    )
    is_volatile: bool | None = strawberry.field(
        description="Whether it may lose data by itself; null if unknown."
    )
    can_read: bool | None = strawberry.field(description="Whether Rucio lets it be read; null if unknown.")
    can_write: bool | None = strawberry.field(
        description="Whether Rucio lets it be written; null if unknown."
    )
    can_delete: bool | None = strawberry.field(description="Whether Rucio deletes there; null if unknown.")
    in_queued_files: BigInt | None = strawberry.field(
        description="Files that wait to be brought to it, by Rucio's requests; null when Rucio does not say."
    )
    in_queued_bytes: BigInt | None = strawberry.field(
        description="Bytes that wait to be brought to it; null when Rucio does not say."
    )
    in_done_files: BigInt | None = strawberry.field(
        description="Files that were brought to it in the last six hours; null when Rucio does not say."
    )
    in_failed_files: BigInt | None = strawberry.field(
        description="Transfers to it that failed in the last six hours; null when Rucio does not say."
    )
    out_queued_files: BigInt | None = strawberry.field(
        description="Files that wait to be brought from it to another storage; null when Rucio does not say."
    )
    out_queued_bytes: BigInt | None = strawberry.field(
        description="Bytes that wait to be brought from it; null when Rucio does not say."
    )
    out_done_files: BigInt | None = strawberry.field(
        description="Files that were brought from it in the last six hours; null when Rucio does not say."
    )
    out_failed_files: BigInt | None = strawberry.field(
        description="Transfers from it that failed in the last six hours; null when Rucio does not say."
    )
    site: LazySite | None = link(r.SITE_BY_STORAGE, "Its site; null when CRIC does not say.")
    endpoint: Annotated["StorageEndpoint", strawberry.lazy("gateway.schema.types.storages")] | None = link(
        r.ENDPOINT_BY_STORAGE, "CRIC's record of it; null when CRIC does not list it."
    )
    usages: list["StorageUsage"] = links(
        r.USAGES_BY_STORAGE,
        StorageUsageFilter,
        StorageUsageSort,
        "Space on it, by who counts: 'rucio' (logical) and 'storage' (physical).",
    )
    replicas: Connection[LazyReplica] = connection(
        r.REPLICAS_BY_STORAGE, ReplicaFilter, ReplicaSort, "Dataset replicas on it."
    )
    quotas: list[Annotated["Quota", strawberry.lazy("gateway.schema.types.storages")]] | None = links(
        r.QUOTAS_BY_STORAGE,
        QuotaFilter,
        QuotaSort,
        "Who may use how much of it. Null without the right READ_QUOTAS, with an error.",
        needs=Right.READ_QUOTAS,
    )


@strawberry.type(
    description=(
        "Space on a storage as one party counts it. 'rucio' counts what Rucio registered, 'storage' what the "
        "storage itself reports; they differ by redundancy and by files Rucio does not know. Owned by Rucio."
    )
)
class StorageUsage(Synced, RowType):
    """Space on a storage."""

    row: strawberry.Private[StorageUsageRow]
    entity = STORAGE_USAGE

    usage_kind: str = strawberry.field(description="Who counts: rucio, storage, expired, ...")
    used_bytes: BigInt | None = strawberry.field(description="Used, bytes; null when not reported.")
    free_bytes: BigInt | None = strawberry.field(description="Free, bytes; null when not reported.")
    total_bytes: BigInt | None = strawberry.field(description="Total, bytes; null when not reported.")
    file_count: BigInt | None = strawberry.field(description="Files; null when not reported.")
    updated_at: dt.datetime | None = strawberry.field(
        description="When it was counted, UTC; null if unknown."
    )


@strawberry.type(description="CRIC's record of a storage. Owned by CRIC.")
class StorageEndpoint(Synced, RowType):
    """CRIC's record of a storage."""

    row: strawberry.Private[StorageEndpointRow]
    entity = STORAGE_ENDPOINT

    site_name: str | None = strawberry.field(
        description="The site it belongs to; null when CRIC does not say."
    )
    state: str | None = strawberry.field(description="ACTIVE, DISABLED, ...; null when CRIC does not say.")
    state_comment: str | None = strawberry.field(description="Why it is in that state; null for nothing.")
    is_tape: bool | None = strawberry.field(description="Whether it is tape; null when CRIC does not say.")
    storage_type: str | None = strawberry.field(description="Implementation or use; null when not said.")


@strawberry.type(description="How much an account may keep, and keeps, at a storage. Owned by Rucio.")
class Quota(Synced, RowType):
    """A quota."""

    row: strawberry.Private[QuotaRow]
    entity = QUOTA

    account: str = strawberry.field(description="Rucio account.")
    rse_name: str = strawberry.field(description="Storage (RSE).")
    limit_bytes: BigInt | None = strawberry.field(
        description="Limit, bytes; null when there is none, and `isUnlimited` says whether Rucio said so."
    )
    is_unlimited: bool = strawberry.field(description="Whether Rucio says 'unlimited' in so many words.")
    used_bytes: BigInt | None = strawberry.field(description="Used, bytes; null when not counted.")
    used_files: BigInt | None = strawberry.field(description="Files used; null when not counted.")
    storage: Storage | None = link(r.STORAGE_BY_QUOTA, "The storage; null when our copy has none.")
