"""What every list can be filtered by: typed inputs, across relations where people need it.

Each field is named like the filter or relation of its entity (`resolvers.entities`, `resolvers.relations`);
a test compares them. One module because filters refer to each other in circles.
"""

from typing import Any

import strawberry

from gateway.schema.arguments import (
    DecimalFilter,
    EntityFilter,
    IntFilter,
    MomentFilter,
    TextFilter,
)
from gateway.schema.enums import AuditOutcome, Execution, Intent, Severity, SubjectKind

AND = "All of these hold."
OR = "At least one of these holds; an empty list finds nothing."
NOT = "This does not hold."


def _by(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


def _and() -> Any:
    return strawberry.field(name="and", default=strawberry.UNSET, description=AND)


def _or() -> Any:
    return strawberry.field(name="or", default=strawberry.UNSET, description=OR)


def _not() -> Any:
    return strawberry.field(name="not", default=strawberry.UNSET, description=NOT)


@strawberry.input(description="Which campaigns; everything stated must hold.")
class CampaignFilter(EntityFilter):
    """Filters of Campaign."""

    name: TextFilter | None = _by("By name.")
    requests: "RequestFilter | None" = _by("Some request of the campaign meets this.")
    and_: "list[CampaignFilter] | None" = _and()
    or_: "list[CampaignFilter] | None" = _or()
    not_: "CampaignFilter | None" = _not()


@strawberry.input(description="Which requests; everything stated must hold.")
class RequestFilter(EntityFilter):
    """Filters of Request."""

    name: TextFilter | None = _by("By name, for example PROD2025-013.")
    campaign_name: TextFilter | None = _by("By the campaign's name.")
    stage_name: TextFilter | None = _by("By stage: S1, S2.")
    software_project: TextFilter | None = _by("By software project, for example spdroot-dev.")
    software_version: TextFilter | None = _by("By software version, for example 4.1.7.2.")
    collision_type: TextFilter | None = _by("By collision type: pp, dd, pd.")
    energy_gev: DecimalFilter | None = _by("By energy of the collision (square root of s), GeV.")
    polarization: TextFilter | None = _by("By polarization, two letters of U, L, T.")
    tag: TextFilter | None = _by("By the tag as written.")
    events: IntFilter | None = _by("By the number of events asked for.")
    events_per_file: IntFilter | None = _by("By events per output file.")
    priority: IntFilter | None = _by("By priority.")
    description: TextFilter | None = _by("By the description's text.")
    intent: list[Intent] | None = _by("By intent: one of these.")
    execution: list[Execution] | None = _by("By what the grid does with it: one of these.")
    is_test: bool | None = _by("Whether the request is a test.")
    requested_by: TextFilter | None = _by("By the IAM user name of who asked.")
    created_at: MomentFilter | None = _by("By when it was created here.")
    updated_at: MomentFilter | None = _by("By when it was last changed.")
    campaign: "CampaignFilter | None" = _by("Its campaign meets this.")
    requester: "PersonFilter | None" = _by("The person who asked meets this.")
    steps: "StepFilter | None" = _by("Some step meets this.")
    geometries: "GeometryFilter | None" = _by("Some geometry component meets this.")
    seed_ranges: "SeedRangeFilter | None" = _by("Some seed range meets this.")
    tasks: "TaskFilter | None" = _by("Some task whose name says this request meets this.")
    datasets: "DatasetFilter | None" = _by("Some dataset whose name says this request meets this.")
    findings: "FindingFilter | None" = _by("Some finding about the request that stands meets this.")
    line: str | None = _by(
        "By a line such as `stage:S2 energy:27 status:PARTIAL events:>40M`; see Query.readLine."
    )
    and_: "list[RequestFilter] | None" = _and()
    or_: "list[RequestFilter] | None" = _or()
    not_: "RequestFilter | None" = _not()


@strawberry.input(description="Which geometry components; everything stated must hold.")
class GeometryFilter(EntityFilter):
    """Filters of Geometry."""

    name: TextFilter | None = _by("By name, for example Micromegas.")
    and_: "list[GeometryFilter] | None" = _and()
    or_: "list[GeometryFilter] | None" = _or()
    not_: "GeometryFilter | None" = _not()


@strawberry.input(description="Which seed ranges; everything stated must hold.")
class SeedRangeFilter(EntityFilter):
    """Filters of SeedRange."""

    seed_first: IntFilter | None = _by("By the first seed.")
    seed_last: IntFilter | None = _by("By the last seed.")
    is_exempt: bool | None = _by("Whether the range is exempt from the rule against overlaps.")
    and_: "list[SeedRangeFilter] | None" = _and()
    or_: "list[SeedRangeFilter] | None" = _or()
    not_: "SeedRangeFilter | None" = _not()


@strawberry.input(description="Which steps; everything stated must hold.")
class StepFilter(EntityFilter):
    """Filters of Step."""

    key: TextFilter | None = _by("By key, for example PROD2025-013.SIM.")
    request_name: TextFilter | None = _by("By the request's name.")
    kind: TextFilter | None = _by("By kind: SIM, RECO, ...")
    position: IntFilter | None = _by("By place among the request's steps, from 1.")
    script: TextFilter | None = _by("By script path on CVMFS.")
    script_version: TextFilter | None = _by("By version of the script's directory, for example V02.")
    script_variant: TextFilter | None = _by("By script variant, for example D0sig.")
    execution: list[Execution] | None = _by("By what the grid does with it: one of these.")
    request: "RequestFilter | None" = _by("Its request meets this.")
    parent: "StepFilter | None" = _by("The step whose output it reads meets this.")
    attempts: "AttemptFilter | None" = _by("Some attempt meets this.")
    declared_datasets: "DeclaredDatasetFilter | None" = _by("Some dataset its definition names meets this.")
    and_: "list[StepFilter] | None" = _and()
    or_: "list[StepFilter] | None" = _or()
    not_: "StepFilter | None" = _not()


@strawberry.input(description="Which attempts; everything stated must hold.")
class AttemptFilter(EntityFilter):
    """Filters of Attempt."""

    key: TextFilter | None = _by("By key, for example PROD2025-013.SIM.2.")
    number: IntFilter | None = _by("By attempt number.")
    task_name: TextFilter | None = _by("By PanDA task name.")
    state: TextFilter | None = _by("By submission state.")
    is_live: bool | None = _by("Whether the attempt is live.")
    execution: list[Execution] | None = _by("By what the grid does with it: one of these.")
    jedi_task_id: IntFilter | None = _by("By PanDA task id.")
    origin: TextFilter | None = _by("By how we know of it: gateway, adopted.")
    submitted_by: TextFilter | None = _by("By the IAM user name of who submitted.")
    submitted_at: MomentFilter | None = _by("By when it was sent.")
    created_at: MomentFilter | None = _by("By when it was recorded here.")
    step: "StepFilter | None" = _by("Its step meets this.")
    task: "TaskFilter | None" = _by("Its task meets this.")
    datasets: "DatasetFilter | None" = _by("Some of its outputs in Rucio meets this.")
    and_: "list[AttemptFilter] | None" = _and()
    or_: "list[AttemptFilter] | None" = _or()
    not_: "AttemptFilter | None" = _not()


@strawberry.input(description="Which PanDA tasks; everything stated must hold.")
class TaskFilter(EntityFilter):
    """Filters of Task."""

    jedi_task_id: IntFilter | None = _by("By PanDA task id.")
    name: TextFilter | None = _by("By task name.")
    status: TextFilter | None = _by("By PanDA status, spelled as PanDA spells it: running, done, finished.")
    execution: list[Execution] | None = _by(
        "By what its status means: one of these. Pending for more than a day is ATTENTION."
    )
    user_name: TextFilter | None = _by("By PanDA user name.")
    request_name: TextFilter | None = _by("By the request its name says.")
    step_kind: TextFilter | None = _by("By the step its name says: SIM, RECO.")
    created_at: MomentFilter | None = _by("By creation in PanDA.")
    started_at: MomentFilter | None = _by("By start.")
    ended_at: MomentFilter | None = _by("By end.")
    jobs_expected: IntFilter | None = _by("By expected jobs.")
    jobs_finished: IntFilter | None = _by("By finished jobs.")
    jobs_failed: IntFilter | None = _by("By failed jobs.")
    output_bytes: IntFilter | None = _by("By output size, bytes, from Rucio or PanDA's monitor.")
    error_dialog: TextFilter | None = _by("By PanDA's error text.")
    request: "RequestFilter | None" = _by("Its request meets this.")
    user: "PersonFilter | None" = _by("Its user, as a person of IAM, meets this.")
    job_counts: "JobCountFilter | None" = _by("Some of its job counts meets this.")
    datasets: "DatasetFilter | None" = _by("Some of its datasets meets this.")
    and_: "list[TaskFilter] | None" = _and()
    or_: "list[TaskFilter] | None" = _or()
    not_: "TaskFilter | None" = _not()


@strawberry.input(description="Which job counts; everything stated must hold.")
class JobCountFilter(EntityFilter):
    """Filters of JobCount."""

    queue_name: TextFilter | None = _by("By PanDA queue.")
    job_state: TextFilter | None = _by("By job state.")
    jobs: IntFilter | None = _by("By number of jobs.")
    queue: "QueueFilter | None" = _by("Its queue meets this.")
    task: "TaskFilter | None" = _by("Its task meets this.")
    and_: "list[JobCountFilter] | None" = _and()
    or_: "list[JobCountFilter] | None" = _or()
    not_: "JobCountFilter | None" = _not()


@strawberry.input(description="Which Rucio datasets; everything stated must hold.")
class DatasetFilter(EntityFilter):
    """Filters of Dataset."""

    did: TextFilter | None = _by("By DID, 'scope:name'.")
    scope: TextFilter | None = _by("By scope, for example MC2025_S1.")
    name: TextFilter | None = _by("By name without the scope.")
    account: TextFilter | None = _by("By owning Rucio account.")
    is_open: bool | None = _by("Whether files may still be added.")
    size_bytes: IntFilter | None = _by("By size, bytes.")
    file_count: IntFilter | None = _by("By number of files.")
    event_count: IntFilter | None = _by("By number of events.")
    created_at: MomentFilter | None = _by("By creation in Rucio.")
    expires_at: MomentFilter | None = _by("By expiry of the dataset itself.")
    request_name: TextFilter | None = _by("By the request its name says.")
    step_kind: TextFilter | None = _by("By the step its name says: SIM, RECO.")
    data_type: TextFilter | None = _by("By data type: S, P, R, log.")
    request: "RequestFilter | None" = _by("Its request meets this.")
    task: "TaskFilter | None" = _by("Its task meets this.")
    rules: "RuleFilter | None" = _by("Some rule meets this.")
    replicas: "ReplicaFilter | None" = _by("Some replica meets this.")
    and_: "list[DatasetFilter] | None" = _and()
    or_: "list[DatasetFilter] | None" = _or()
    not_: "DatasetFilter | None" = _not()


@strawberry.input(description="Which replication rules; everything stated must hold.")
class RuleFilter(EntityFilter):
    """Filters of Rule."""

    did: TextFilter | None = _by("By the dataset's DID.")
    account: TextFilter | None = _by("By owning Rucio account.")
    rse_expression: TextFilter | None = _by("By RSE expression.")
    state: TextFilter | None = _by("By state: OK, REPLICATING, STUCK, SUSPENDED.")
    locks_stuck: IntFilter | None = _by("By number of stuck file locks.")
    created_at: MomentFilter | None = _by("By creation.")
    expires_at: MomentFilter | None = _by("By expiry.")
    dataset: "DatasetFilter | None" = _by("Its dataset meets this.")
    and_: "list[RuleFilter] | None" = _and()
    or_: "list[RuleFilter] | None" = _or()
    not_: "RuleFilter | None" = _not()


@strawberry.input(description="Which dataset replicas; everything stated must hold.")
class ReplicaFilter(EntityFilter):
    """Filters of Replica."""

    did: TextFilter | None = _by("By the dataset's DID.")
    rse_name: TextFilter | None = _by("By storage (RSE).")
    state: TextFilter | None = _by("By state: AVAILABLE, UNAVAILABLE, COPYING.")
    size_bytes: IntFilter | None = _by("By size there, bytes.")
    available_bytes: IntFilter | None = _by("By size that can be read there, bytes.")
    dataset: "DatasetFilter | None" = _by("Its dataset meets this.")
    storage: "StorageFilter | None" = _by("Its storage meets this.")
    and_: "list[ReplicaFilter] | None" = _and()
    or_: "list[ReplicaFilter] | None" = _or()
    not_: "ReplicaFilter | None" = _not()


@strawberry.input(description="Which storages; everything stated must hold.")
class StorageFilter(EntityFilter):
    """Filters of Storage."""

    name: TextFilter | None = _by("By RSE name.")
    rse_type: TextFilter | None = _by("By kind: DISK, TAPE.")
    can_read: bool | None = _by("Whether Rucio lets it be read.")
    can_write: bool | None = _by("Whether Rucio lets it be written.")
    site: "SiteFilter | None" = _by("Its site, as CRIC says, meets this.")
    and_: "list[StorageFilter] | None" = _and()
    or_: "list[StorageFilter] | None" = _or()
    not_: "StorageFilter | None" = _not()


@strawberry.input(description="Which quotas; everything stated must hold.")
class QuotaFilter(EntityFilter):
    """Filters of Quota."""

    account: TextFilter | None = _by("By Rucio account.")
    rse_name: TextFilter | None = _by("By storage (RSE).")
    limit_bytes: IntFilter | None = _by("By limit, bytes.")
    used_bytes: IntFilter | None = _by("By use, bytes.")
    storage: "StorageFilter | None" = _by("Its storage meets this.")
    and_: "list[QuotaFilter] | None" = _and()
    or_: "list[QuotaFilter] | None" = _or()
    not_: "QuotaFilter | None" = _not()


@strawberry.input(description="Which entries of the trail; everything stated must hold.")
class AuditEntryFilter(EntityFilter):
    """Filters of AuditEntry."""

    number: IntFilter | None = _by("By place in the trail.")
    at: MomentFilter | None = _by("By when it was done.")
    actor: TextFilter | None = _by("By who did it.")
    action: TextFilter | None = _by("By what was done, for example approveRequest.")
    object_kind: TextFilter | None = _by("By kind of thing, for example Request.")
    object_key: TextFilter | None = _by("By name of the thing, for example PROD2025-013.")
    outcome: list[AuditOutcome] | None = _by("By what became of it: one of these.")
    jti: TextFilter | None = _by("By the id of the access token, or `session:…` for a browser's session.")
    and_: "list[AuditEntryFilter] | None" = _and()
    or_: "list[AuditEntryFilter] | None" = _or()
    not_: "AuditEntryFilter | None" = _not()


@strawberry.input(description="Which sites; everything stated must hold.")
class SiteFilter(EntityFilter):
    """Filters of Site."""

    name: TextFilter | None = _by("By name, for example JINR.")
    country: TextFilter | None = _by("By country.")
    state: TextFilter | None = _by("By state in CRIC.")
    cores: IntFilter | None = _by("By number of cores.")
    queues: "QueueFilter | None" = _by("Some queue meets this.")
    storages: "StorageFilter | None" = _by("Some storage meets this.")
    downtimes: "DowntimeFilter | None" = _by("Some downtime meets this.")
    and_: "list[SiteFilter] | None" = _and()
    or_: "list[SiteFilter] | None" = _or()
    not_: "SiteFilter | None" = _not()


@strawberry.input(description="Which PanDA queues; everything stated must hold.")
class QueueFilter(EntityFilter):
    """Filters of Queue."""

    name: TextFilter | None = _by("By name.")
    site_name: TextFilter | None = _by("By site.")
    status: TextFilter | None = _by("By status: online, offline, brokeroff, test.")
    state: TextFilter | None = _by("By state of the record: ACTIVE, DISABLED.")
    queue_type: TextFilter | None = _by("By type: production, analysis, unified.")
    site: "SiteFilter | None" = _by("Its site meets this.")
    and_: "list[QueueFilter] | None" = _and()
    or_: "list[QueueFilter] | None" = _or()
    not_: "QueueFilter | None" = _not()


@strawberry.input(description="Which services; everything stated must hold.")
class ServiceFilter(EntityFilter):
    """Filters of Service."""

    name: TextFilter | None = _by("By name.")
    site_name: TextFilter | None = _by("By site; null for central services.")
    service_type: TextFilter | None = _by("By type: CE, SE, ...")
    state: TextFilter | None = _by("By state.")
    and_: "list[ServiceFilter] | None" = _and()
    or_: "list[ServiceFilter] | None" = _or()
    not_: "ServiceFilter | None" = _not()


@strawberry.input(description="Which downtimes; everything stated must hold.")
class DowntimeFilter(EntityFilter):
    """Filters of Downtime."""

    site_name: TextFilter | None = _by("By site.")
    severity: TextFilter | None = _by("By severity: OUTAGE, WARNING (at risk).")
    starts_at: MomentFilter | None = _by("By start.")
    ends_at: MomentFilter | None = _by("By end.")
    and_: "list[DowntimeFilter] | None" = _and()
    or_: "list[DowntimeFilter] | None" = _or()
    not_: "DowntimeFilter | None" = _not()


@strawberry.input(description="Which people; everything stated must hold.")
class PersonFilter(EntityFilter):
    """Filters of Person."""

    username: TextFilter | None = _by("By IAM user name.")
    display_name: TextFilter | None = _by("By displayed name.")
    is_active: bool | None = _by("Whether the account is active in IAM.")
    is_service: bool | None = _by("Whether it is a service, not a human.")
    groups: "GroupFilter | None" = _by("Some group meets this.")
    tasks: "TaskFilter | None" = _by("Some task of theirs meets this.")
    requests: "RequestFilter | None" = _by("Some request of theirs meets this.")
    and_: "list[PersonFilter] | None" = _and()
    or_: "list[PersonFilter] | None" = _or()
    not_: "PersonFilter | None" = _not()


@strawberry.input(description="Which groups; everything stated must hold.")
class GroupFilter(EntityFilter):
    """Filters of Group."""

    name: TextFilter | None = _by("By full path, for example spd/production.")
    members: "PersonFilter | None" = _by("Some member meets this.")
    and_: "list[GroupFilter] | None" = _and()
    or_: "list[GroupFilter] | None" = _or()
    not_: "GroupFilter | None" = _not()


@strawberry.input(description="Which sync runs; everything stated must hold.")
class SyncRunFilter(EntityFilter):
    """Filters of SyncRun."""

    job: TextFilter | None = _by("By job name.")
    verdict: TextFilter | None = _by("By verdict.")
    started_at: MomentFilter | None = _by("By start.")
    and_: "list[SyncRunFilter] | None" = _and()
    or_: "list[SyncRunFilter] | None" = _or()
    not_: "SyncRunFilter | None" = _not()


@strawberry.input(description="Which findings; everything stated must hold.")
class FindingFilter(EntityFilter):
    """Filters of Finding."""

    invariant: IntFilter | None = _by("By number of the invariant.")
    code: TextFilter | None = _by("By code, for example seed-overlap.")
    severity: list[Severity] | None = _by("By how bad it is: one of these.")
    subject_kind: list[SubjectKind] | None = _by("By kind of what it is about: one of these.")
    subject_key: TextFilter | None = _by("By key of what it is about.")
    request_name: TextFilter | None = _by("By request.")
    first_found_at: MomentFilter | None = _by("By when it was first found.")
    resolved_at: MomentFilter | None = _by("By when it was no longer found; needs `includeResolved`.")
    acknowledged_at: MomentFilter | None = _by("By when somebody took note of it; isNull: nobody has.")
    acknowledged_by: TextFilter | None = _by("By who took note of it.")
    request: "RequestFilter | None" = _by("Its request meets this.")
    and_: "list[FindingFilter] | None" = _and()
    or_: "list[FindingFilter] | None" = _or()
    not_: "FindingFilter | None" = _not()


@strawberry.input(description="Which declared datasets; everything stated must hold.")
class DeclaredDatasetFilter(EntityFilter):
    """Filters of DeclaredDataset."""

    did: TextFilter | None = _by("By DID as it was written.")
    role: TextFilter | None = _by("By role: input, output.")
    dataset: "DatasetFilter | None" = _by("The dataset in Rucio meets this.")
    and_: "list[DeclaredDatasetFilter] | None" = _and()
    or_: "list[DeclaredDatasetFilter] | None" = _or()
    not_: "DeclaredDatasetFilter | None" = _not()


@strawberry.input(description="Which relations between requests; everything stated must hold.")
class RequestRelationFilter(EntityFilter):
    """Filters of RequestRelation."""

    kind: TextFilter | None = _by("By kind: EXTENDS, REPEATS, SUPERSEDES.")
    created_at: MomentFilter | None = _by("By when it was recorded.")
    request: "RequestFilter | None" = _by("The one that extends, repeats or supersedes meets this.")
    other: "RequestFilter | None" = _by("The one that is extended, repeated or superseded meets this.")
    and_: "list[RequestRelationFilter] | None" = _and()
    or_: "list[RequestRelationFilter] | None" = _or()
    not_: "RequestRelationFilter | None" = _not()


@strawberry.input(description="Which changes of intent; everything stated must hold.")
class StatusChangeFilter(EntityFilter):
    """Filters of StatusChange."""

    from_intent: list[Intent] | None = _by("By the intent before: one of these.")
    to_intent: list[Intent] | None = _by("By the intent after: one of these.")
    changed_by: TextFilter | None = _by("By the IAM user name of who changed it.")
    changed_at: MomentFilter | None = _by("By when it was changed.")
    and_: "list[StatusChangeFilter] | None" = _and()
    or_: "list[StatusChangeFilter] | None" = _or()
    not_: "StatusChangeFilter | None" = _not()


@strawberry.input(description="Which comments; everything stated must hold.")
class CommentFilter(EntityFilter):
    """Filters of Comment."""

    author: TextFilter | None = _by("By the IAM user name of who wrote it.")
    created_at: MomentFilter | None = _by("By when it was written.")
    and_: "list[CommentFilter] | None" = _and()
    or_: "list[CommentFilter] | None" = _or()
    not_: "CommentFilter | None" = _not()


@strawberry.input(description="Which counts of space; everything stated must hold.")
class StorageUsageFilter(EntityFilter):
    """Filters of StorageUsage."""

    usage_kind: TextFilter | None = _by("By who counts: rucio, storage.")
    and_: "list[StorageUsageFilter] | None" = _and()
    or_: "list[StorageUsageFilter] | None" = _or()
    not_: "StorageUsageFilter | None" = _not()


@strawberry.input(description="Which identities; everything stated must hold.")
class IdentityFilter(EntityFilter):
    """Filters of Identity."""

    system: TextFilter | None = _by("By service: panda, rucio.")
    name: TextFilter | None = _by("By the name there.")
    and_: "list[IdentityFilter] | None" = _and()
    or_: "list[IdentityFilter] | None" = _or()
    not_: "IdentityFilter | None" = _not()


@strawberry.input(description="Which held rows; everything stated must hold.")
class HeldRemovalFilter(EntityFilter):
    """Filters of HeldRemoval."""

    section: TextFilter | None = _by("By section, for example rules.")
    and_: "list[HeldRemovalFilter] | None" = _and()
    or_: "list[HeldRemovalFilter] | None" = _or()
    not_: "HeldRemovalFilter | None" = _not()


@strawberry.input(description="Which readings; everything stated must hold.")
class SyncJobFilter(EntityFilter):
    """Filters of SyncJob."""

    name: TextFilter | None = _by("By name, for example rucio.rules.")
    and_: "list[SyncJobFilter] | None" = _and()
    or_: "list[SyncJobFilter] | None" = _or()
    not_: "SyncJobFilter | None" = _not()
