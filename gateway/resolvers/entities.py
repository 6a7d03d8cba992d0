"""Every entity the schema shows, with what it may be filtered and sorted by.

Names are those of the schema's fields in Python spelling; a test compares the two.
"""

from gateway.resolvers.entity import Entity, by, derived, mev_of_gev
from gateway.store import execution
from gateway.store.attempts import Attempt
from gateway.store.audit import AuditRow
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.findings import FindingRow
from gateway.store.people import Group, IdentityLink, Person
from gateway.store.registries import Campaign, Geometry, SoftwareRelease, Stage
from gateway.store.requests import Comment, Request, RequestRelation, StatusChange, Step, StepDataset
from gateway.store.seeds import SeedRange, SeedSpace
from gateway.store.sites import Downtime, Queue, Service, Site
from gateway.store.sources import Source, SourceName, SyncRun
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage
from gateway.store.sync_jobs import HeldRemoval, SyncJob
from gateway.store.tasks import Task, TaskJobCount

CAMPAIGN = Entity(
    "Campaign",
    Campaign,
    filters={"name": by(Campaign.name)},
    sorts={"name": Campaign.name},
    default_order=("name",),
)
STAGE = Entity("Stage", Stage, filters={"name": by(Stage.name)}, sorts={}, default_order=())
SOFTWARE_RELEASE = Entity(
    "SoftwareRelease",
    SoftwareRelease,
    filters={"project": by(SoftwareRelease.project), "version": by(SoftwareRelease.version)},
    sorts={"project": SoftwareRelease.project, "version": SoftwareRelease.version},
    default_order=("project", "version"),
)
GEOMETRY = Entity(
    "Geometry", Geometry, filters={"name": by(Geometry.name)}, sorts={"name": Geometry.name}, default_order=()
)
REQUEST = Entity(
    "Request",
    Request,
    filters={
        "name": by(Request.name),
        "campaign_name": by(Request.campaign_name),
        "stage_name": by(Request.stage_name),
        "software_project": by(Request.software_project),
        "software_version": by(Request.software_version),
        "collision_type": by(Request.collision_type),
        "energy_gev": by(Request.beam_energy_mev, mev_of_gev),
        "polarization": by(Request.polarization),
        "tag": by(Request.tag),
        "events": by(Request.events),
        "events_per_file": by(Request.events_per_file),
        "priority": by(Request.priority),
        "description": by(Request.description),
        "intent": by(Request.intent),
        "execution": derived(execution.request_is, SourceName.PANDA),
        "is_test": by(Request.is_test),
        "requested_by": by(Request.requested_by),
        "created_at": by(Request.created_at),
        "updated_at": by(Request.updated_at),
    },
    sorts={
        "name": Request.name,
        "campaign_name": Request.campaign_name,
        "stage_name": Request.stage_name,
        "energy_gev": Request.beam_energy_mev,
        "events": Request.events,
        "priority": Request.priority,
        "intent": Request.intent,
        "requested_by": Request.requested_by,
        "created_at": Request.created_at,
        "updated_at": Request.updated_at,
    },
    default_order=("name",),
)
STEP = Entity(
    "Step",
    Step,
    filters={
        "key": by(Step.key),
        "request_name": by(Step.request_name),
        "kind": by(Step.kind),
        "position": by(Step.position),
        "script": by(Step.script),
        "script_version": by(Step.script_version),
        "script_variant": by(Step.script_variant),
        "execution": derived(execution.step_is, SourceName.PANDA),
    },
    sorts={
        "key": Step.key,
        "request_name": Step.request_name,
        "kind": Step.kind,
        "position": Step.position,
    },
    default_order=("request_name", "position"),
    sorts_across=("request.campaign_name", "request.energy_gev", "request.priority"),
)
STEP_DATASET = Entity(
    "DeclaredDataset",
    StepDataset,
    filters={"did": by(StepDataset.did), "role": by(StepDataset.role)},
    sorts={"role": StepDataset.role, "did": StepDataset.did},
    default_order=("role", "did"),
)
ATTEMPT = Entity(
    "Attempt",
    Attempt,
    filters={
        "key": by(Attempt.key),
        "number": by(Attempt.number),
        "task_name": by(Attempt.task_name),
        "state": by(Attempt.state),
        "is_live": by(Attempt.is_live),
        "execution": derived(execution.attempt_is, SourceName.PANDA),
        "jedi_task_id": by(Attempt.jedi_task_id),
        "origin": by(Attempt.origin),
        "submitted_by": by(Attempt.submitted_by),
        "submitted_at": by(Attempt.submitted_at),
        "created_at": by(Attempt.created_at),
    },
    sorts={
        "key": Attempt.key,
        "number": Attempt.number,
        "task_name": Attempt.task_name,
        "state": Attempt.state,
        "jedi_task_id": Attempt.jedi_task_id,
        "submitted_by": Attempt.submitted_by,
        "submitted_at": Attempt.submitted_at,
        "created_at": Attempt.created_at,
    },
    default_order=("-created_at",),
    sorts_across=("step.request_name", "step.kind", "task.status", "task.ended_at", "task.jobs_failed"),
)
SEED_SPACE = Entity("SeedSpace", SeedSpace, filters={}, sorts={}, default_order=())
SEED_RANGE = Entity(
    "SeedRange",
    SeedRange,
    filters={
        "seed_first": by(SeedRange.seed_first),
        "seed_last": by(SeedRange.seed_last),
        "is_exempt": by(SeedRange.is_exempt),
    },
    sorts={"seed_first": SeedRange.seed_first, "seed_last": SeedRange.seed_last},
    default_order=("seed_first",),
)
REQUEST_RELATION = Entity(
    "RequestRelation",
    RequestRelation,
    filters={"kind": by(RequestRelation.kind), "created_at": by(RequestRelation.created_at)},
    sorts={"kind": RequestRelation.kind, "created_at": RequestRelation.created_at},
    default_order=("created_at",),
)
STATUS_CHANGE = Entity(
    "StatusChange",
    StatusChange,
    filters={
        "from_intent": by(StatusChange.from_intent),
        "to_intent": by(StatusChange.to_intent),
        "changed_by": by(StatusChange.changed_by),
        "changed_at": by(StatusChange.changed_at),
    },
    sorts={"changed_at": StatusChange.changed_at},
    default_order=("changed_at",),
)
COMMENT = Entity(
    "Comment",
    Comment,
    filters={"author": by(Comment.author), "created_at": by(Comment.created_at)},
    sorts={"author": Comment.author, "created_at": Comment.created_at},
    default_order=("created_at",),
)
TASK = Entity(
    "Task",
    Task,
    source=SourceName.PANDA,
    filters={
        "jedi_task_id": by(Task.jedi_task_id),
        "name": by(Task.name),
        "status": by(Task.status),
        "execution": derived(execution.task_is, SourceName.PANDA),
        "user_name": by(Task.user_name),
        "request_name": by(Task.request_name),
        "step_kind": by(Task.step_kind),
        "created_at": by(Task.created_at),
        "started_at": by(Task.started_at),
        "ended_at": by(Task.ended_at),
        "jobs_expected": by(Task.jobs_expected),
        "jobs_finished": by(Task.jobs_finished),
        "jobs_failed": by(Task.jobs_failed),
        "output_bytes": by(Task.output_bytes),
        "error_dialog": by(Task.error_dialog),
    },
    sorts={
        "jedi_task_id": Task.jedi_task_id,
        "name": Task.name,
        "status": Task.status,
        "user_name": Task.user_name,
        "request_name": Task.request_name,
        "created_at": Task.created_at,
        "started_at": Task.started_at,
        "ended_at": Task.ended_at,
        "jobs_expected": Task.jobs_expected,
        "jobs_finished": Task.jobs_finished,
        "jobs_failed": Task.jobs_failed,
        "output_bytes": Task.output_bytes,
    },
    default_order=("-jedi_task_id",),
    sorts_across=("request.campaign_name", "request.energy_gev", "request.priority"),
)
JOB_COUNT = Entity(
    "JobCount",
    TaskJobCount,
    source=SourceName.PANDA,
    filters={
        "queue_name": by(TaskJobCount.queue_name),
        "job_state": by(TaskJobCount.job_state),
        "jobs": by(TaskJobCount.jobs),
    },
    sorts={
        "queue_name": TaskJobCount.queue_name,
        "job_state": TaskJobCount.job_state,
        "jobs": TaskJobCount.jobs,
    },
    default_order=("queue_name", "job_state"),
)
DATASET = Entity(
    "Dataset",
    Dataset,
    source=SourceName.RUCIO,
    filters={
        "did": by(Dataset.did),
        "scope": by(Dataset.scope),
        "name": by(Dataset.name),
        "account": by(Dataset.account),
        "is_open": by(Dataset.is_open),
        "size_bytes": by(Dataset.size_bytes),
        "file_count": by(Dataset.file_count),
        "event_count": by(Dataset.event_count),
        "created_at": by(Dataset.created_at),
        "expires_at": by(Dataset.expires_at),
        "request_name": by(Dataset.request_name),
        "step_kind": by(Dataset.step_kind),
        "data_type": by(Dataset.data_type),
    },
    sorts={
        "did": Dataset.did,
        "size_bytes": Dataset.size_bytes,
        "file_count": Dataset.file_count,
        "event_count": Dataset.event_count,
        "request_name": Dataset.request_name,
        "created_at": Dataset.created_at,
        "expires_at": Dataset.expires_at,
    },
    default_order=("did",),
    sorts_across=("request.campaign_name", "request.energy_gev", "task.status"),
)
RULE = Entity(
    "Rule",
    Rule,
    source=SourceName.RUCIO,
    filters={
        "did": by(Rule.did),
        "account": by(Rule.account),
        "rse_expression": by(Rule.rse_expression),
        "state": by(Rule.state),
        "locks_stuck": by(Rule.locks_stuck),
        "created_at": by(Rule.created_at),
        "expires_at": by(Rule.expires_at),
    },
    sorts={
        "did": Rule.did,
        "state": Rule.state,
        "created_at": Rule.created_at,
        "expires_at": Rule.expires_at,
    },
    default_order=("did",),
    sorts_across=("dataset.size_bytes", "dataset.created_at"),
)
REPLICA = Entity(
    "Replica",
    Replica,
    source=SourceName.RUCIO,
    filters={
        "did": by(Replica.did),
        "rse_name": by(Replica.rse_name),
        "state": by(Replica.state),
        "size_bytes": by(Replica.size_bytes),
        "available_bytes": by(Replica.available_bytes),
    },
    sorts={"did": Replica.did, "rse_name": Replica.rse_name, "size_bytes": Replica.size_bytes},
    default_order=("rse_name", "did"),
    sorts_across=("dataset.created_at", "dataset.expires_at"),
)
STORAGE = Entity(
    "Storage",
    Storage,
    source=SourceName.RUCIO,
    filters={
        "name": by(Storage.name),
        "rse_type": by(Storage.rse_type),
        "can_read": by(Storage.can_read),
        "can_write": by(Storage.can_write),
    },
    sorts={"name": Storage.name},
    default_order=("name",),
)
STORAGE_USAGE = Entity(
    "StorageUsage",
    StorageUsage,
    source=SourceName.RUCIO,
    filters={"usage_kind": by(StorageUsage.usage_kind)},
    sorts={"usage_kind": StorageUsage.usage_kind, "used_bytes": StorageUsage.used_bytes},
    default_order=("usage_kind",),
)
STORAGE_ENDPOINT = Entity(
    "StorageEndpoint",
    StorageEndpoint,
    source=SourceName.CRIC,
    filters={"site_name": by(StorageEndpoint.site_name), "state": by(StorageEndpoint.state)},
    sorts={},
    default_order=(),
)
AUDIT_ENTRY = Entity(
    "AuditEntry",
    AuditRow,
    filters={
        "number": by(AuditRow.number),
        "at": by(AuditRow.at),
        "actor": by(AuditRow.actor),
        "action": by(AuditRow.action),
        "object_kind": by(AuditRow.object_kind),
        "object_key": by(AuditRow.object_key),
        "outcome": by(AuditRow.outcome),
        "jti": by(AuditRow.jti),
    },
    sorts={"number": AuditRow.number, "at": AuditRow.at, "actor": AuditRow.actor},
    default_order=("-number",),
)
QUOTA = Entity(
    "Quota",
    Quota,
    source=SourceName.RUCIO,
    filters={
        "account": by(Quota.account),
        "rse_name": by(Quota.rse_name),
        "limit_bytes": by(Quota.limit_bytes),
        "used_bytes": by(Quota.used_bytes),
    },
    sorts={"account": Quota.account, "rse_name": Quota.rse_name, "used_bytes": Quota.used_bytes},
    default_order=("account", "rse_name"),
)
SITE = Entity(
    "Site",
    Site,
    source=SourceName.CRIC,
    filters={
        "name": by(Site.name),
        "country": by(Site.country),
        "state": by(Site.state),
        "cores": by(Site.cores),
    },
    sorts={"name": Site.name, "cores": Site.cores},
    default_order=("name",),
)
QUEUE = Entity(
    "Queue",
    Queue,
    source=SourceName.CRIC,
    filters={
        "name": by(Queue.name),
        "site_name": by(Queue.site_name),
        "status": by(Queue.status),
        "state": by(Queue.state),
        "queue_type": by(Queue.queue_type),
    },
    sorts={"name": Queue.name, "status": Queue.status},
    default_order=("name",),
)
SERVICE = Entity(
    "Service",
    Service,
    source=SourceName.CRIC,
    filters={
        "name": by(Service.name),
        "site_name": by(Service.site_name),
        "service_type": by(Service.service_type),
        "state": by(Service.state),
    },
    sorts={"name": Service.name},
    default_order=("name",),
)
DOWNTIME = Entity(
    "Downtime",
    Downtime,
    source=SourceName.CRIC,
    filters={
        "site_name": by(Downtime.site_name),
        "severity": by(Downtime.severity),
        "starts_at": by(Downtime.starts_at),
        "ends_at": by(Downtime.ends_at),
    },
    sorts={"starts_at": Downtime.starts_at, "ends_at": Downtime.ends_at},
    default_order=("starts_at",),
)
PERSON = Entity(
    "Person",
    Person,
    source=SourceName.IAM,
    filters={
        "username": by(Person.username),
        "display_name": by(Person.display_name),
        "is_active": by(Person.is_active),
        "is_service": by(Person.is_service),
    },
    sorts={"username": Person.username, "display_name": Person.display_name},
    default_order=("username",),
)
GROUP = Entity(
    "Group",
    Group,
    source=SourceName.IAM,
    filters={"name": by(Group.name)},
    sorts={"name": Group.name},
    default_order=("name",),
)
IDENTITY_LINK = Entity(
    "Identity",
    IdentityLink,
    filters={"system": by(IdentityLink.system), "name": by(IdentityLink.name)},
    sorts={"system": IdentityLink.system, "name": IdentityLink.name},
    default_order=("system",),
)
SOURCE = Entity("Source", Source, filters={"name": by(Source.name)}, sorts={}, default_order=())
SYNC_JOB = Entity(
    "SyncJob",
    SyncJob,
    filters={"name": by(SyncJob.name)},
    sorts={"name": SyncJob.name},
    default_order=("name",),
)
HELD_REMOVAL = Entity(
    "HeldRemoval",
    HeldRemoval,
    filters={"section": by(HeldRemoval.section)},
    sorts={"section": HeldRemoval.section},
    default_order=("section",),
)
SYNC_RUN = Entity(
    "SyncRun",
    SyncRun,
    filters={
        "job": by(SyncRun.job),
        "verdict": by(SyncRun.verdict),
        "started_at": by(SyncRun.started_at),
    },
    sorts={"started_at": SyncRun.started_at},
    default_order=("-started_at",),
)
FINDING = Entity(
    "Finding",
    FindingRow,
    ends=FindingRow.resolved_at,
    filters={
        "invariant": by(FindingRow.invariant),
        "code": by(FindingRow.code),
        "severity": by(FindingRow.severity),
        "subject_kind": by(FindingRow.subject_kind),
        "subject_key": by(FindingRow.subject_key),
        "request_name": by(FindingRow.request_name),
        "first_found_at": by(FindingRow.first_found_at),
        "resolved_at": by(FindingRow.resolved_at),
        "acknowledged_at": by(FindingRow.acknowledged_at),
        "acknowledged_by": by(FindingRow.acknowledged_by),
    },
    sorts={
        "invariant": FindingRow.invariant,
        "severity": FindingRow.severity_rank,
        "subject_key": FindingRow.subject_key,
        "first_found_at": FindingRow.first_found_at,
    },
    default_order=("invariant", "subject_key"),
)
