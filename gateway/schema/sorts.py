"""What every list can be sorted by: up to five keys, each with a direction.

Each value is a sort name of its entity (`resolvers.entities`); a test compares them. A name with a dot sorts
by a value of the row that a relation leads to; rows without one come last.
"""

import enum

import strawberry
from strawberry import enum_value

from gateway.schema.arguments import Direction


@strawberry.enum(description="What campaigns can be sorted by.")
class CampaignSortField(enum.Enum):
    """Sort names of Campaign."""

    NAME = "name"


@strawberry.input(description="One key of the order of campaigns.")
class CampaignSort:
    """One sort key."""

    by: CampaignSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What requests can be sorted by.")
class RequestSortField(enum.Enum):
    """Sort names of Request."""

    NAME = "name"
    CAMPAIGN_NAME = "campaign_name"
    STAGE_NAME = "stage_name"
    ENERGY_GEV = "energy_gev"
    EVENTS = "events"
    PRIORITY = "priority"
    INTENT = "intent"
    REQUESTED_BY = "requested_by"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@strawberry.input(description="One key of the order of requests.")
class RequestSort:
    """One sort key."""

    by: RequestSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What tasks can be sorted by.")
class TaskSortField(enum.Enum):
    """Sort names of Task."""

    JEDI_TASK_ID = "jedi_task_id"
    NAME = "name"
    STATUS = "status"
    USER_NAME = "user_name"
    REQUEST_NAME = "request_name"
    CREATED_AT = "created_at"
    STARTED_AT = "started_at"
    ENDED_AT = "ended_at"
    JOBS_EXPECTED = "jobs_expected"
    JOBS_FINISHED = "jobs_finished"
    JOBS_FAILED = "jobs_failed"
    OUTPUT_BYTES = "output_bytes"
    REQUEST_CAMPAIGN_NAME = enum_value("request.campaign_name", description="The campaign of its request.")
    REQUEST_ENERGY_GEV = enum_value("request.energy_gev", description="The energy of its request.")
    REQUEST_PRIORITY = enum_value("request.priority", description="The priority of its request.")


@strawberry.input(description="One key of the order of tasks.")
class TaskSort:
    """One sort key."""

    by: TaskSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What datasets can be sorted by.")
class DatasetSortField(enum.Enum):
    """Sort names of Dataset."""

    DID = "did"
    SIZE_BYTES = "size_bytes"
    FILE_COUNT = "file_count"
    EVENT_COUNT = "event_count"
    REQUEST_NAME = "request_name"
    CREATED_AT = "created_at"
    EXPIRES_AT = "expires_at"
    REQUEST_CAMPAIGN_NAME = enum_value("request.campaign_name", description="The campaign of its request.")
    REQUEST_ENERGY_GEV = enum_value("request.energy_gev", description="The energy of its request.")
    TASK_STATUS = enum_value("task.status", description="The status of its task in PanDA.")


@strawberry.input(description="One key of the order of datasets.")
class DatasetSort:
    """One sort key."""

    by: DatasetSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What rules can be sorted by.")
class RuleSortField(enum.Enum):
    """Sort names of Rule."""

    DID = "did"
    STATE = "state"
    CREATED_AT = "created_at"
    EXPIRES_AT = "expires_at"
    DATASET_SIZE_BYTES = enum_value("dataset.size_bytes", description="The size of its dataset.")
    DATASET_CREATED_AT = enum_value("dataset.created_at", description="When its dataset was made.")


@strawberry.input(description="One key of the order of rules.")
class RuleSort:
    """One sort key."""

    by: RuleSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What replicas can be sorted by.")
class ReplicaSortField(enum.Enum):
    """Sort names of Replica."""

    DID = "did"
    RSE_NAME = "rse_name"
    SIZE_BYTES = "size_bytes"
    DATASET_CREATED_AT = enum_value("dataset.created_at", description="When its dataset was made.")
    DATASET_EXPIRES_AT = enum_value("dataset.expires_at", description="When its dataset expires.")


@strawberry.input(description="One key of the order of replicas.")
class ReplicaSort:
    """One sort key."""

    by: ReplicaSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What storages can be sorted by.")
class StorageSortField(enum.Enum):
    """Sort names of Storage."""

    NAME = "name"


@strawberry.input(description="One key of the order of storages.")
class StorageSort:
    """One sort key."""

    by: StorageSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What entries of the trail can be sorted by.")
class AuditEntrySortField(enum.Enum):
    """Sort names of AuditEntry."""

    NUMBER = "number"
    AT = "at"
    ACTOR = "actor"


@strawberry.input(description="One key of the order of entries of the trail.")
class AuditEntrySort:
    """One sort key."""

    by: AuditEntrySortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What quotas can be sorted by.")
class QuotaSortField(enum.Enum):
    """Sort names of Quota."""

    ACCOUNT = "account"
    RSE_NAME = "rse_name"
    USED_BYTES = "used_bytes"


@strawberry.input(description="One key of the order of quotas.")
class QuotaSort:
    """One sort key."""

    by: QuotaSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What sites can be sorted by.")
class SiteSortField(enum.Enum):
    """Sort names of Site."""

    NAME = "name"
    CORES = "cores"


@strawberry.input(description="One key of the order of sites.")
class SiteSort:
    """One sort key."""

    by: SiteSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What queues can be sorted by.")
class QueueSortField(enum.Enum):
    """Sort names of Queue."""

    NAME = "name"
    STATUS = "status"


@strawberry.input(description="One key of the order of queues.")
class QueueSort:
    """One sort key."""

    by: QueueSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What services can be sorted by.")
class ServiceSortField(enum.Enum):
    """Sort names of Service."""

    NAME = "name"


@strawberry.input(description="One key of the order of services.")
class ServiceSort:
    """One sort key."""

    by: ServiceSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What downtimes can be sorted by.")
class DowntimeSortField(enum.Enum):
    """Sort names of Downtime."""

    STARTS_AT = "starts_at"
    ENDS_AT = "ends_at"


@strawberry.input(description="One key of the order of downtimes.")
class DowntimeSort:
    """One sort key."""

    by: DowntimeSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What people can be sorted by.")
class PersonSortField(enum.Enum):
    """Sort names of Person."""

    USERNAME = "username"
    DISPLAY_NAME = "display_name"


@strawberry.input(description="One key of the order of people.")
class PersonSort:
    """One sort key."""

    by: PersonSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What groups can be sorted by.")
class GroupSortField(enum.Enum):
    """Sort names of Group."""

    NAME = "name"


@strawberry.input(description="One key of the order of groups.")
class GroupSort:
    """One sort key."""

    by: GroupSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What findings can be sorted by.")
class FindingSortField(enum.Enum):
    """Sort names of Finding."""

    INVARIANT = "invariant"
    SEVERITY = "severity"
    SUBJECT_KEY = "subject_key"
    FIRST_FOUND_AT = "first_found_at"


@strawberry.input(description="One key of the order of findings.")
class FindingSort:
    """One sort key."""

    by: FindingSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What sync runs can be sorted by.")
class SyncRunSortField(enum.Enum):
    """Sort names of SyncRun."""

    STARTED_AT = "started_at"


@strawberry.input(description="One key of the order of sync runs.")
class SyncRunSort:
    """One sort key."""

    by: SyncRunSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What job counts can be sorted by.")
class JobCountSortField(enum.Enum):
    """Sort names of JobCount."""

    QUEUE_NAME = "queue_name"
    JOB_STATE = "job_state"
    JOBS = "jobs"


@strawberry.input(description="One key of the order of job counts.")
class JobCountSort:
    """One sort key."""

    by: JobCountSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What steps can be sorted by.")
class StepSortField(enum.Enum):
    """Sort names of Step."""

    KEY = "key"
    REQUEST_NAME = "request_name"
    KIND = "kind"
    POSITION = "position"
    REQUEST_CAMPAIGN_NAME = enum_value("request.campaign_name", description="The campaign of its request.")
    REQUEST_ENERGY_GEV = enum_value("request.energy_gev", description="The energy of its request.")
    REQUEST_PRIORITY = enum_value("request.priority", description="The priority of its request.")


@strawberry.input(description="One key of the order of steps.")
class StepSort:
    """One sort key."""

    by: StepSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What attempts can be sorted by.")
class AttemptSortField(enum.Enum):
    """Sort names of Attempt."""

    KEY = "key"
    NUMBER = "number"
    TASK_NAME = "task_name"
    STATE = "state"
    JEDI_TASK_ID = "jedi_task_id"
    SUBMITTED_BY = "submitted_by"
    SUBMITTED_AT = "submitted_at"
    CREATED_AT = "created_at"
    STEP_REQUEST_NAME = enum_value("step.request_name", description="The request that its step is of.")
    STEP_KIND = enum_value("step.kind", description="The kind of its step.")
    TASK_STATUS = enum_value("task.status", description="The status of its task in PanDA.")
    TASK_ENDED_AT = enum_value("task.ended_at", description="When its task ended.")
    TASK_JOBS_FAILED = enum_value("task.jobs_failed", description="How many jobs of its task failed.")


@strawberry.input(description="One key of the order of attempts.")
class AttemptSort:
    """One sort key."""

    by: AttemptSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What declared datasets can be sorted by.")
class DeclaredDatasetSortField(enum.Enum):
    """Sort names of DeclaredDataset."""

    ROLE = "role"
    DID = "did"


@strawberry.input(description="One key of the order of declared datasets.")
class DeclaredDatasetSort:
    """One sort key."""

    by: DeclaredDatasetSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What geometry components can be sorted by.")
class GeometrySortField(enum.Enum):
    """Sort names of Geometry."""

    NAME = "name"


@strawberry.input(description="One key of the order of geometry components.")
class GeometrySort:
    """One sort key."""

    by: GeometrySortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What seed ranges can be sorted by.")
class SeedRangeSortField(enum.Enum):
    """Sort names of SeedRange."""

    SEED_FIRST = "seed_first"
    SEED_LAST = "seed_last"


@strawberry.input(description="One key of the order of seed ranges.")
class SeedRangeSort:
    """One sort key."""

    by: SeedRangeSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What relations between requests can be sorted by.")
class RequestRelationSortField(enum.Enum):
    """Sort names of RequestRelation."""

    KIND = "kind"
    CREATED_AT = "created_at"


@strawberry.input(description="One key of the order of relations between requests.")
class RequestRelationSort:
    """One sort key."""

    by: RequestRelationSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What changes of intent can be sorted by.")
class StatusChangeSortField(enum.Enum):
    """Sort names of StatusChange."""

    CHANGED_AT = "changed_at"


@strawberry.input(description="One key of the order of changes of intent.")
class StatusChangeSort:
    """One sort key."""

    by: StatusChangeSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What comments can be sorted by.")
class CommentSortField(enum.Enum):
    """Sort names of Comment."""

    AUTHOR = "author"
    CREATED_AT = "created_at"


@strawberry.input(description="One key of the order of comments.")
class CommentSort:
    """One sort key."""

    by: CommentSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What counts of space can be sorted by.")
class StorageUsageSortField(enum.Enum):
    """Sort names of StorageUsage."""

    USAGE_KIND = "usage_kind"
    USED_BYTES = "used_bytes"


@strawberry.input(description="One key of the order of counts of space.")
class StorageUsageSort:
    """One sort key."""

    by: StorageUsageSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What identities can be sorted by.")
class IdentitySortField(enum.Enum):
    """Sort names of Identity."""

    SYSTEM = "system"
    NAME = "name"


@strawberry.input(description="One key of the order of identities.")
class IdentitySort:
    """One sort key."""

    by: IdentitySortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What held rows can be sorted by.")
class HeldRemovalSortField(enum.Enum):
    """Sort names of HeldRemoval."""

    SECTION = "section"


@strawberry.input(description="One key of the order of held rows.")
class HeldRemovalSort:
    """One sort key."""

    by: HeldRemovalSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")


@strawberry.enum(description="What readings can be sorted by.")
class SyncJobSortField(enum.Enum):
    """Sort names of SyncJob."""

    NAME = "name"


@strawberry.input(description="One key of the order of readings.")
class SyncJobSort:
    """One sort key."""

    by: SyncJobSortField = strawberry.field(description="The value to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Up or down.")
