"""The schema as a whole: types put together, and which type shows which kind of row."""

import functools
from collections.abc import Mapping

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.schema.context import ShownAs
from gateway.schema.federation import FEDERATION_SCALARS, federated_query, subgraph_sdl
from gateway.schema.mutation import Mutation
from gateway.schema.needs import check_rights
from gateway.schema.node import read_column
from gateway.schema.query import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.subscription import Subscription
from gateway.schema.types import (
    audit,
    datasets,
    findings,
    people,
    registries,
    requests,
    sites,
    sources,
    steps,
    storages,
    tasks,
)
from gateway.store import attempts as attempt_rows
from gateway.store import audit as audit_rows
from gateway.store import datasets as dataset_rows
from gateway.store import findings as finding_rows
from gateway.store import people as people_rows
from gateway.store import registries as registry_rows
from gateway.store import requests as request_rows
from gateway.store import seeds as seed_rows
from gateway.store import sites as site_rows
from gateway.store import sources as source_rows
from gateway.store import storages as storage_rows
from gateway.store import sync_jobs as sync_job_rows
from gateway.store import tasks as task_rows

SHOWN_AS: ShownAs = {
    attempt_rows.Attempt: steps.Attempt,
    audit_rows.AuditRow: audit.AuditEntry,
    dataset_rows.Dataset: datasets.Dataset,
    dataset_rows.Replica: datasets.Replica,
    dataset_rows.Rule: datasets.Rule,
    finding_rows.FindingRow: findings.Finding,
    people_rows.Group: people.Group,
    people_rows.IdentityLink: people.Identity,
    people_rows.Person: people.Person,
    registry_rows.Campaign: registries.Campaign,
    registry_rows.Geometry: requests.Geometry,
    registry_rows.Stage: registries.Stage,
    request_rows.Comment: requests.Comment,
    request_rows.Request: requests.Request,
    request_rows.RequestRelation: requests.RequestRelation,
    request_rows.StatusChange: requests.StatusChange,
    request_rows.Step: steps.Step,
    request_rows.StepDataset: steps.DeclaredDataset,
    seed_rows.SeedRange: requests.SeedRange,
    site_rows.Downtime: sites.Downtime,
    site_rows.Queue: sites.Queue,
    site_rows.Service: sites.Service,
    site_rows.Site: sites.Site,
    source_rows.Source: sources.Source,
    source_rows.SyncRun: sources.SyncRun,
    sync_job_rows.HeldRemoval: sources.HeldRemoval,
    sync_job_rows.SyncJob: sources.SyncJob,
    storage_rows.Quota: storages.Quota,
    storage_rows.Storage: storages.Storage,
    storage_rows.StorageEndpoint: storages.StorageEndpoint,
    storage_rows.StorageUsage: storages.StorageUsage,
    task_rows.Task: tasks.Task,
    task_rows.TaskJobCount: tasks.JobCount,
}

# How long the plain lists of the schema are at most, usually, for the cost of a query; pages say it.
LIST_BOUNDS: Mapping[str, int] = {
    "Request.steps": 4,
    "Request.geometries": 10,
    "Request.seedRanges": 2,
    "Request.relations": 4,
    "Request.relatedFrom": 4,
    "Request.statusChanges": 10,
    "Request.comments": 10,
    "Step.attempts": 3,
    "Step.declaredDatasets": 5,
    "Attempt.datasets": 4,
    "Task.datasets": 4,
    "Task.jobCounts": 12,
    "Dataset.rules": 3,
    "Dataset.replicas": 3,
    "Storage.usages": 4,
    "Storage.quotas": 50,
    "Site.queues": 10,
    "Site.storages": 5,
    "Site.services": 10,
    "Site.downtimes": 10,
    "Person.groups": 10,
    "Person.identities": 3,
    "Person.quotas": 10,
    "Viewer.quotas": 10,
    "Viewer.accessTokens": 20,
    "Query.sources": 4,
    "Source.jobs": 6,
    "SyncJob.held": 3,
    "Query.search": 80,
    "Query.webhooks": 50,
    "Query.serviceHealth": 10,
    "Line.keys": 20,
    "ServiceCheck.periods": 30,
    "Query.previewBulkEdit": 50,
    "RequestPreview.steps": 3,
    "ClonePreview.clones": 10,
    "SeedMap.ranges": 100,
    "RequestsCloned.requests": 10,
    "RequestsEdited.requests": 50,
    "Statistics.production": 100,
    "Statistics.storage": 100,
}


def build_schema(*, is_federated: bool = False) -> strawberry.Schema:
    """Return the schema; its SDL is the public contract and is committed as schema.graphql.

    A federated one has what a router asks of a subgraph beside it.
    Raises SetupError when a mutation asks for no right.
    """
    scalars = SCALARS | (FEDERATION_SCALARS if is_federated else {})

    # Printed when a router asks, which it does at its start; from the schema that is made next.
    @functools.cache
    def sdl() -> str:
        return subgraph_sdl(schema.as_str())

    schema = strawberry.Schema(
        query=federated_query(sdl) if is_federated else Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[shown for shown in SHOWN_AS.values() if shown is not sources.SyncRun],
        # Not `sort_schema`: the sorted copy loses Strawberry's enums, whose defaults then cannot be written.
        config=StrawberryConfig(default_resolver=read_column, scalar_map=scalars),  # type: ignore[arg-type]
    )
    check_rights(schema)
    return schema
