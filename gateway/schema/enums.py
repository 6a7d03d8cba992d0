"""Words of our own that the schema shows as enums, with what each means; imported from here by all types."""

import strawberry

from gateway.auth.permissions import Right, Role
from gateway.domain.findings import Severity, SubjectKind
from gateway.domain.freshness import Presence
from gateway.domain.notices import NoticeKind
from gateway.domain.states import Execution, Intent
from gateway.domain.steering import CommandKind, CommandState
from gateway.domain.submission import ChainMode
from gateway.store.audit import AuditOutcome
from gateway.store.sources import SourceName
from gateway.store.statistics import ProductionDimension, StorageDimension

__all__ = [
    "AuditOutcome",
    "ChainMode",
    "CommandKind",
    "CommandState",
    "Execution",
    "Intent",
    "NoticeKind",
    "Presence",
    "ProductionDimension",
    "Right",
    "Role",
    "Severity",
    "SourceName",
    "StorageDimension",
    "SubjectKind",
]

strawberry.enum(
    SourceName,
    name="SourceName",
    description=(
        "The services whose data this gateway keeps a copy of. PANDA: tasks and their jobs. RUCIO: datasets, "
        "rules, replicas, storages, quotas. CRIC: sites, queues, services, downtimes. IAM: people and groups."
    ),
)
strawberry.enum(
    Presence,
    name="Presence",
    description=(
        "Whether something another service owns exists there. PRESENT: our copy has it. ABSENT: a complete "
        "listing of its owner did not contain it. UNKNOWN: its owner has never been listed completely, so "
        "nobody can say. NOT_EXPECTED: there is nothing to look for yet."
    ),
)
strawberry.enum(
    Intent,
    name="Intent",
    description=(
        "What people decided about a request. The grid never changes it: for that see `execution`. "
        "DRAFT is still being written, READY waits for approval, APPROVED for submission, SUBMITTED was "
        "given to PanDA, ACCEPTED and REJECTED say what somebody thought of the result, "
        "ON_HOLD goes back to where "
        "it was, CANCELLED was given up before it was submitted, OBSOLETE was accepted and is superseded."
    ),
)
strawberry.enum(
    Execution,
    name="Execution",
    description=(
        "What the grid does, derived from PanDA and never typed in. QUEUED, RUNNING, STOPPING move by "
        "themselves; ATTENTION, FAILED, ABORTED need a person; COMPLETE is everything, PARTIAL only a part; "
        "BLOCKED waits for another step, NOT_SUBMITTED for us, SUBMITTING for PanDA's answer; UNKNOWN is a "
        "PanDA state this gateway does not know, or a task it has no copy of."
    ),
)
strawberry.enum(
    Severity,
    name="Severity",
    description="BLOCKER: must not go on so. WARNING: somebody should look. INFO: good to know.",
)
strawberry.enum(
    SubjectKind,
    name="SubjectKind",
    description=(
        "What a finding is about, and what its `subjectKey` then is: a REQUEST by name, a TASK by PanDA task "
        "id, a DATASET by DID, a PERSON by user name, a STORAGE or a SITE by name."
    ),
)
strawberry.enum(
    AuditOutcome,
    name="AuditOutcome",
    description=(
        "What became of what somebody wanted. ASKED: another service is about to be asked for it; the "
        "next entry about the same thing says what came of that, or nobody was there any more to see it. "
        "DONE: it was done. REFUSED: they may not, or not now, and nothing was changed. FAILED: another "
        "service did not do it. UNKNOWN: nobody can say yet whether it did."
    ),
)
strawberry.enum(
    Right,
    name="Right",
    description=(
        "What a viewer may do. READ: see productions, tasks, datasets, sites, names and groups of people. "
        "READ_FILES: read lists of files. READ_QUOTAS: see others' quotas. READ_PERSONAL: see personal data; "
        "none is kept now. INTROSPECT: "
        "ask the schema about itself. COMMENT: comment on requests. DEFINE: make, change and clone requests. "
        "APPROVE: approve, hold and cancel them. ACCEPT: judge what they produced. SUBMIT: send steps to "
        "PanDA. STEER: retry, stop and move tasks. MANAGE_RULES: change Rucio's rules. REPAIR: redo exactly "
        "what is missing. ACKNOWLEDGE: take note of findings, adopt tasks and datasets. MANAGE_REGISTRIES: "
        "change campaigns, software, geometries, templates. OPERATE: have a source read at once, let a held "
        "removal through. READ_AUDIT: see who did what. OWN_TOKENS: make and revoke access tokens for "
        "oneself. ADMINISTER: end other people's logins and tokens."
    ),
)
strawberry.enum(
    Role,
    name="Role",
    description=(
        "What somebody is here; IAM groups say it, and one may be several. VIEWER reads. ANALYST defines "
        "requests besides. OPERATOR keeps tasks, rules and sources going. PRODUCTION_MANAGER decides and "
        "submits. ADMINISTRATOR sees who did what, and ends logins. SERVICE is a program that reads."
    ),
)
strawberry.enum(
    ProductionDimension,
    name="ProductionDimension",
    description=(
        "What tasks can be grouped by: CAMPAIGN and STAGE of the request, REQUEST and STEP that the task's "
        "name says, PanDA STATUS and USER. MONTH is the month in which the task started, or "
        "was created while "
        "its start is not known, UTC. SITE counts a task at every site that ran jobs of it."
    ),
)
strawberry.enum(
    StorageDimension,
    name="StorageDimension",
    description=(
        "What replicas can be grouped by: SITE and STORAGE where they are; SCOPE and ACCOUNT of the dataset; "
        "REQUEST, STEP and DATA_TYPE that its name says; CAMPAIGN and STAGE of that request."
    ),
)
strawberry.enum(
    ChainMode,
    name="ChainMode",
    description=(
        "When a step that reads another's output is sent. GATED: when that one has ended well, done or "
        "finished "
        "with the agreed part of its jobs, and its outputs are in Rucio. NATIVE: as soon as PanDA knows that "
        "one, and PanDA starts it in time; take it when your login will not last until then."
    ),
)
strawberry.enum(
    CommandKind,
    name="TaskCommandKind",
    description=(
        "What can be asked of PanDA for a task. RETRY: run again what failed, in the same task. KILL: stop "
        "it "
        "and all its jobs. FINISH: end it with what there is. PAUSE and RESUME: hold it and let it go on. "
        "REASSIGN: move it to another queue. CHANGE_PRIORITY: give it another priority."
    ),
)
strawberry.enum(
    CommandState,
    name="TaskCommandState",
    description=(
        "What became of a command. SENDING: being asked. TAKEN: PanDA acts within minutes; pending. DONE: "
        "the "
        "task shows it. REFUSED: nothing was done. UNKNOWN: the answer was lost; the task will show it. "
        "LAPSED: the task has not shown it within an hour."
    ),
)

strawberry.enum(
    NoticeKind,
    name="NoticeKind",
    description=(
        "What people and programs are told of. REQUEST_STATE: somebody decided about a request. "
        "SUBMISSION_SETTLED: PanDA has a task for an attempt; SUBMISSION_REFUSED: it refused it; "
        "SUBMISSION_NEEDS_LOGIN: it waits until whoever submitted it logs in; SUBMISSION_STUCK: for a day "
        "nobody could tell. TASK_FINISHED: a task is done, or finished in part; TASK_FAILED: it failed; "
        "TASK_BROKEN: PanDA cannot work on it. FINDING_OPENED: a check found something that is more than "
        "information. SOURCE_SILENT: a source's data is older than promised, or held; SOURCE_BACK: it is "
        "fresh again. CHECK_FAILED: a service was not well at two looks in a row; CHECK_RECOVERED: it is "
        "well again. TRIAL: somebody tries whether telling works; nobody chooses it."
    ),
)
