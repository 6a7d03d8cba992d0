"""How rows lead to each other: each relation declared once, used by filters, pages and batch loaders alike.

A name reads as a sentence: TASK_BY_ATTEMPT gives the task of an attempt. Names inside quotes are what a
filter calls the relation, and are the Python names of the schema's fields.
"""

from gateway.resolvers import entities as e
from gateway.resolvers.entity import Link, Relation
from gateway.store.attempts import Attempt
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.findings import FindingRow
from gateway.store.people import Group, GroupMember, IdentityLink, Person
from gateway.store.registries import Campaign, Geometry, Stage
from gateway.store.requests import (
    Comment,
    Request,
    RequestGeometry,
    RequestRelation,
    StatusChange,
    Step,
    StepDataset,
)
from gateway.store.seeds import SeedRange, SeedSpace
from gateway.store.sites import Downtime, Queue, Service, Site
from gateway.store.sources import Source, SourceName, SyncRun
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage
from gateway.store.sync_jobs import HeldRemoval, SyncJob
from gateway.store.tasks import Task, TaskJobCount

# Of a campaign
REQUESTS_BY_CAMPAIGN = Relation(
    "requests", e.CAMPAIGN, e.REQUEST, Campaign.name, Request.campaign_name, is_many=True
)

# Of a request
CAMPAIGN_BY_REQUEST = Relation(
    "campaign", e.REQUEST, e.CAMPAIGN, Request.campaign_name, Campaign.name, is_many=False
)
STAGE_BY_REQUEST = Relation("stage", e.REQUEST, e.STAGE, Request.stage_name, Stage.name, is_many=False)
STEPS_BY_REQUEST = Relation(
    "steps", e.REQUEST, e.STEP, Request.name, Step.request_name, is_many=True, order=("position",)
)
SEED_RANGES_BY_REQUEST = Relation(
    "seed_ranges", e.REQUEST, e.SEED_RANGE, Request.name, SeedRange.request_name, is_many=True
)
GEOMETRIES_BY_REQUEST = Relation(
    "geometries",
    e.REQUEST,
    e.GEOMETRY,
    Request.name,
    Geometry.name,
    is_many=True,
    link=Link(
        RequestGeometry,
        RequestGeometry.request_name,
        RequestGeometry.geometry_name,
        order=RequestGeometry.position,
    ),
)
RELATIONS_BY_REQUEST = Relation(
    "relations", e.REQUEST, e.REQUEST_RELATION, Request.name, RequestRelation.request_name, is_many=True
)
REVERSE_RELATIONS_BY_REQUEST = Relation(
    "related_from", e.REQUEST, e.REQUEST_RELATION, Request.name, RequestRelation.other_name, is_many=True
)
STATUS_CHANGES_BY_REQUEST = Relation(
    "status_changes", e.REQUEST, e.STATUS_CHANGE, Request.name, StatusChange.request_name, is_many=True
)
COMMENTS_BY_REQUEST = Relation(
    "comments", e.REQUEST, e.COMMENT, Request.name, Comment.request_name, is_many=True
)
TASKS_BY_REQUEST = Relation("tasks", e.REQUEST, e.TASK, Request.name, Task.request_name, is_many=True)
DATASETS_BY_REQUEST = Relation(
    "datasets", e.REQUEST, e.DATASET, Request.name, Dataset.request_name, is_many=True
)
FINDINGS_BY_REQUEST = Relation(
    "findings", e.REQUEST, e.FINDING, Request.name, FindingRow.request_name, is_many=True
)
REQUESTER_BY_REQUEST = Relation(
    "requester", e.REQUEST, e.PERSON, Request.requested_by, Person.username, is_many=False
)
REQUEST_BY_RELATION = Relation(
    "request", e.REQUEST_RELATION, e.REQUEST, RequestRelation.request_name, Request.name, is_many=False
)
OTHER_REQUEST_BY_RELATION = Relation(
    "other", e.REQUEST_RELATION, e.REQUEST, RequestRelation.other_name, Request.name, is_many=False
)

# Of seeds
SPACE_BY_SEED_RANGE = Relation(
    "space", e.SEED_RANGE, e.SEED_SPACE, SeedRange.seed_space_id, SeedSpace.id, is_many=False
)
REQUEST_BY_SEED_RANGE = Relation(
    "request", e.SEED_RANGE, e.REQUEST, SeedRange.request_name, Request.name, is_many=False
)

# Of a step and its attempts
REQUEST_BY_STEP = Relation("request", e.STEP, e.REQUEST, Step.request_name, Request.name, is_many=False)
PARENT_BY_STEP = Relation("parent", e.STEP, e.STEP, Step.parent_step_key, Step.key, is_many=False)
ATTEMPTS_BY_STEP = Relation(
    "attempts", e.STEP, e.ATTEMPT, Step.key, Attempt.step_key, is_many=True, order=("number",)
)
DECLARED_DATASETS_BY_STEP = Relation(
    "declared_datasets", e.STEP, e.STEP_DATASET, Step.key, StepDataset.step_key, is_many=True
)
DATASET_BY_DECLARATION = Relation(
    "dataset", e.STEP_DATASET, e.DATASET, StepDataset.did, Dataset.did, is_many=False
)
STEP_BY_ATTEMPT = Relation("step", e.ATTEMPT, e.STEP, Attempt.step_key, Step.key, is_many=False)
TASK_BY_ATTEMPT = Relation("task", e.ATTEMPT, e.TASK, Attempt.jedi_task_id, Task.jedi_task_id, is_many=False)
DATASETS_BY_ATTEMPT = Relation(
    "datasets", e.ATTEMPT, e.DATASET, Attempt.key, Dataset.attempt_key, is_many=True
)

# Of a task
REQUEST_BY_TASK = Relation("request", e.TASK, e.REQUEST, Task.request_name, Request.name, is_many=False)
ATTEMPT_BY_TASK = Relation(
    "attempt", e.TASK, e.ATTEMPT, Task.jedi_task_id, Attempt.jedi_task_id, is_many=False
)
JOB_COUNTS_BY_TASK = Relation(
    "job_counts", e.TASK, e.JOB_COUNT, Task.jedi_task_id, TaskJobCount.jedi_task_id, is_many=True
)
DATASETS_BY_TASK = Relation(
    "datasets", e.TASK, e.DATASET, Task.attempt_key, Dataset.attempt_key, is_many=True
)
PARENT_BY_TASK = Relation("parent", e.TASK, e.TASK, Task.parent_task_id, Task.jedi_task_id, is_many=False)
CHILDREN_BY_TASK = Relation("children", e.TASK, e.TASK, Task.jedi_task_id, Task.parent_task_id, is_many=True)
QUEUE_BY_JOB_COUNT = Relation(
    "queue", e.JOB_COUNT, e.QUEUE, TaskJobCount.queue_name, Queue.name, is_many=False
)
USER_BY_TASK = Relation(
    "user",
    e.TASK,
    e.PERSON,
    Task.user_name,
    Person.subject,
    is_many=False,
    link=Link(IdentityLink, IdentityLink.name, IdentityLink.subject, only=(IdentityLink.system, "panda")),
)

# Of a dataset
REQUEST_BY_DATASET = Relation(
    "request", e.DATASET, e.REQUEST, Dataset.request_name, Request.name, is_many=False
)
TASK_BY_DATASET = Relation("task", e.DATASET, e.TASK, Dataset.jedi_task_id, Task.jedi_task_id, is_many=False)
RULES_BY_DATASET = Relation("rules", e.DATASET, e.RULE, Dataset.did, Rule.did, is_many=True)
REPLICAS_BY_DATASET = Relation("replicas", e.DATASET, e.REPLICA, Dataset.did, Replica.did, is_many=True)
DATASET_BY_RULE = Relation("dataset", e.RULE, e.DATASET, Rule.did, Dataset.did, is_many=False)
DATASET_BY_REPLICA = Relation("dataset", e.REPLICA, e.DATASET, Replica.did, Dataset.did, is_many=False)
STORAGE_BY_REPLICA = Relation("storage", e.REPLICA, e.STORAGE, Replica.rse_name, Storage.name, is_many=False)

# Of a storage
ENDPOINT_BY_STORAGE = Relation(
    "endpoint", e.STORAGE, e.STORAGE_ENDPOINT, Storage.name, StorageEndpoint.rse_name, is_many=False
)
SITE_BY_STORAGE = Relation(
    "site",
    e.STORAGE,
    e.SITE,
    Storage.name,
    Site.name,
    is_many=False,
    link=Link(StorageEndpoint, StorageEndpoint.rse_name, StorageEndpoint.site_name, source=SourceName.CRIC),
)
USAGES_BY_STORAGE = Relation(
    "usages", e.STORAGE, e.STORAGE_USAGE, Storage.name, StorageUsage.rse_name, is_many=True
)
REPLICAS_BY_STORAGE = Relation(
    "replicas", e.STORAGE, e.REPLICA, Storage.name, Replica.rse_name, is_many=True, order=("did",)
)
QUOTAS_BY_STORAGE = Relation("quotas", e.STORAGE, e.QUOTA, Storage.name, Quota.rse_name, is_many=True)
STORAGE_BY_QUOTA = Relation("storage", e.QUOTA, e.STORAGE, Quota.rse_name, Storage.name, is_many=False)

# Of a site
QUEUES_BY_SITE = Relation("queues", e.SITE, e.QUEUE, Site.name, Queue.site_name, is_many=True)
SERVICES_BY_SITE = Relation("services", e.SITE, e.SERVICE, Site.name, Service.site_name, is_many=True)
DOWNTIMES_BY_SITE = Relation("downtimes", e.SITE, e.DOWNTIME, Site.name, Downtime.site_name, is_many=True)
STORAGES_BY_SITE = Relation(
    "storages",
    e.SITE,
    e.STORAGE,
    Site.name,
    Storage.name,
    is_many=True,
    link=Link(StorageEndpoint, StorageEndpoint.site_name, StorageEndpoint.rse_name, source=SourceName.CRIC),
)
SITE_BY_QUEUE = Relation("site", e.QUEUE, e.SITE, Queue.site_name, Site.name, is_many=False)
JOB_COUNTS_BY_QUEUE = Relation(
    "job_counts", e.QUEUE, e.JOB_COUNT, Queue.name, TaskJobCount.queue_name, is_many=True
)
TASK_BY_JOB_COUNT = Relation(
    "task", e.JOB_COUNT, e.TASK, TaskJobCount.jedi_task_id, Task.jedi_task_id, is_many=False
)
SITE_BY_DOWNTIME = Relation("site", e.DOWNTIME, e.SITE, Downtime.site_name, Site.name, is_many=False)
SITE_BY_SERVICE = Relation("site", e.SERVICE, e.SITE, Service.site_name, Site.name, is_many=False)

# Of a person
GROUPS_BY_PERSON = Relation(
    "groups",
    e.PERSON,
    e.GROUP,
    Person.subject,
    Group.name,
    is_many=True,
    link=Link(GroupMember, GroupMember.subject, GroupMember.group_name, source=SourceName.IAM),
)
MEMBERS_BY_GROUP = Relation(
    "members",
    e.GROUP,
    e.PERSON,
    Group.name,
    Person.subject,
    is_many=True,
    link=Link(GroupMember, GroupMember.group_name, GroupMember.subject, source=SourceName.IAM),
)
IDENTITIES_BY_PERSON = Relation(
    "identities", e.PERSON, e.IDENTITY_LINK, Person.subject, IdentityLink.subject, is_many=True
)
REQUESTS_BY_PERSON = Relation(
    "requests", e.PERSON, e.REQUEST, Person.username, Request.requested_by, is_many=True
)
TASKS_BY_PERSON = Relation(
    "tasks",
    e.PERSON,
    e.TASK,
    Person.subject,
    Task.user_name,
    is_many=True,
    link=Link(IdentityLink, IdentityLink.subject, IdentityLink.name, only=(IdentityLink.system, "panda")),
)
QUOTAS_BY_PERSON = Relation(
    "quotas",
    e.PERSON,
    e.QUOTA,
    Person.subject,
    Quota.account,
    is_many=True,
    link=Link(IdentityLink, IdentityLink.subject, IdentityLink.name, only=(IdentityLink.system, "rucio")),
)

# Of a source and a finding
JOBS_BY_SOURCE = Relation("jobs", e.SOURCE, e.SYNC_JOB, Source.name, SyncJob.source, is_many=True)
HELD_BY_JOB = Relation("held", e.SYNC_JOB, e.HELD_REMOVAL, SyncJob.name, HeldRemoval.job, is_many=True)
RUNS_BY_SOURCE = Relation("runs", e.SOURCE, e.SYNC_RUN, Source.name, SyncRun.source, is_many=True)
REQUEST_BY_FINDING = Relation(
    "request", e.FINDING, e.REQUEST, FindingRow.request_name, Request.name, is_many=False
)
