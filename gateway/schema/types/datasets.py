"""Rucio datasets, their rules and replicas in the schema."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import DATASET, REPLICA, RULE
from gateway.schema.filters import ReplicaFilter, RuleFilter
from gateway.schema.links import link, links
from gateway.schema.node import Node, RowType
from gateway.schema.scalars import BigInt
from gateway.schema.sorts import ReplicaSort, RuleSort
from gateway.schema.synced import Synced
from gateway.store.datasets import Dataset as DatasetRow
from gateway.store.datasets import Replica as ReplicaRow
from gateway.store.datasets import Rule as RuleRow

if TYPE_CHECKING:
    from gateway.schema.types.requests import Request
    from gateway.schema.types.storages import Storage
    from gateway.schema.types.tasks import Task

LazyRequest = Annotated["Request", strawberry.lazy("gateway.schema.types.requests")]
LazyStorage = Annotated["Storage", strawberry.lazy("gateway.schema.types.storages")]
LazyTask = Annotated["Task", strawberry.lazy("gateway.schema.types.tasks")]


@strawberry.type(description="A dataset or container in Rucio. Owned by Rucio.")
class Dataset(Node, Synced, RowType):
    """A Rucio dataset."""

    row: strawberry.Private[DatasetRow]
    entity = DATASET

    did: str = strawberry.field(description="Its DID, 'scope:name'; never given twice by Rucio.")
    scope: str = strawberry.field(description="Its scope, for example MC2025_S1.")
    name: str = strawberry.field(description="Its name without the scope.")
    did_type: str = strawberry.field(description="DATASET or CONTAINER.")
    account: str | None = strawberry.field(description="Owning Rucio account; null when Rucio did not say.")
    is_open: bool | None = strawberry.field(description="Whether files may still be added; null if unknown.")
    size_bytes: BigInt | None = strawberry.field(
        description="Size, bytes. Null while the dataset is open: Rucio counts when it is closed."
    )
    file_count: BigInt | None = strawberry.field(description="Number of files; null while it is open.")
    event_count: BigInt | None = strawberry.field(
        description="Number of events as recorded in Rucio; null when it was not recorded."
    )
    created_at: dt.datetime | None = strawberry.field(description="Created in Rucio, UTC; null if unknown.")
    updated_at: dt.datetime | None = strawberry.field(description="Changed in Rucio, UTC; null if unknown.")
    closed_at: dt.datetime | None = strawberry.field(description="Closed, UTC; null while open or unknown.")
    expires_at: dt.datetime | None = strawberry.field(
        description="When the dataset itself expires, UTC; null for never. Its rules expire by themselves."
    )
    request_name: str | None = strawberry.field(
        description="The request its name says; null when the name does not follow the grammar."
    )
    step_kind: str | None = strawberry.field(description="The step its name says; null as above.")
    attempt_number: BigInt | None = strawberry.field(description="The attempt its name says; null as above.")
    data_type: str | None = strawberry.field(
        description="S (simulation), P (parameters), R (reconstruction) or log; null as above."
    )
    request: LazyRequest | None = link(
        r.REQUEST_BY_DATASET,
        "The request its name says, or that adopted it; null if we have none (an orphan).",
    )
    task: LazyTask | None = link(
        r.TASK_BY_DATASET, "The PanDA task that its name says made it; null when our copy has none."
    )
    rules: list["Rule"] = links(
        r.RULES_BY_DATASET, RuleFilter, RuleSort, "Its replication rules; empty means nothing protects it."
    )
    replicas: list["Replica"] = links(
        r.REPLICAS_BY_DATASET,
        ReplicaFilter,
        ReplicaSort,
        "Where it is; empty means that no storage has any of it.",
    )


@strawberry.type(description="A promise in Rucio that a dataset is kept somewhere. Owned by Rucio.")
class Rule(Node, Synced, RowType):
    """A replication rule."""

    row: strawberry.Private[RuleRow]
    entity = RULE

    rule_id: str = strawberry.field(description="Rule id, 32 hexadecimal digits.")
    did: str = strawberry.field(description="DID of the dataset.")
    account: str = strawberry.field(description="Rucio account whose quota pays for it.")
    rse_expression: str = strawberry.field(description="Where the copies may be, as an RSE expression.")
    copies: BigInt = strawberry.field(description="How many copies are promised.")
    state: str = strawberry.field(description="OK, REPLICATING, STUCK, SUSPENDED, WAITING_APPROVAL, INJECT.")
    locks_ok: BigInt | None = strawberry.field(description="Files that are in place; null if unknown.")
    locks_replicating: BigInt | None = strawberry.field(description="Files on their way; null if unknown.")
    locks_stuck: BigInt | None = strawberry.field(description="Files that cannot be moved; null if unknown.")
    activity: str | None = strawberry.field(description="Transfer activity; null if unknown.")
    error: str | None = strawberry.field(description="Rucio's reason when it is stuck; null otherwise.")
    created_at: dt.datetime | None = strawberry.field(description="Created, UTC; null if unknown.")
    updated_at: dt.datetime | None = strawberry.field(description="Changed, UTC; null if unknown.")
    expires_at: dt.datetime | None = strawberry.field(description="When it ends, UTC; null for never.")
    dataset: Dataset | None = link(r.DATASET_BY_RULE, "The dataset; null when our copy has none.")


@strawberry.type(description="What of a dataset is at one storage. Owned by Rucio.")
class Replica(Node, Synced, RowType):
    """A dataset replica."""

    row: strawberry.Private[ReplicaRow]
    entity = REPLICA

    did: str = strawberry.field(description="DID of the dataset.")
    rse_name: str = strawberry.field(description="Storage (RSE).")
    state: str = strawberry.field(description="AVAILABLE when all of it can be read, else UNAVAILABLE.")
    size_bytes: BigInt | None = strawberry.field(
        description="Size it should have there, bytes; null if unknown."
    )
    file_count: BigInt | None = strawberry.field(description="Files it should have there; null if unknown.")
    available_bytes: BigInt | None = strawberry.field(
        description="Size that can be read there, bytes; null if unknown."
    )
    available_files: BigInt | None = strawberry.field(
        description="Files that can be read there; null if unknown."
    )
    created_at: dt.datetime | None = strawberry.field(description="Created, UTC; null if unknown.")
    accessed_at: dt.datetime | None = strawberry.field(
        description="Last read, UTC; null if never or unknown."
    )
    dataset: Dataset | None = link(r.DATASET_BY_REPLICA, "The dataset; null when our copy has none.")
    storage: LazyStorage | None = link(
        r.STORAGE_BY_REPLICA, "The storage, with its site; null when our copy has none."
    )
