"""What a task that is made again keeps of what was sent for it, gets anew, and must never inherit, as data.

What was sent is stored with each submission, and is the whole of the task: neither an edit of the request
since then nor a newer template changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, cast

from gateway.domain.cloning import Inherited
from gateway.domain.names.datasets import DatasetName
from gateway.domain.names.tasks import parse_task_name
from gateway.domain.task_parameters import SUBMISSION_KEY, Json, request_id
from gateway.errors import InputError

K, A, N = Inherited.KEPT, Inherited.ANEW, Inherited.NEVER
# Every parameter that a task of ours may have. One that is not here is of another version of this program,
# and nobody can say whether a second task may have it: such a task is not cloned.
PARAMETERS: Final[Mapping[str, Inherited]] = MappingProxyType(
    {
        # By these PanDA, Rucio and we tell one task from another.
        "taskName": A,
        "reqID": A,
        SUBMISSION_KEY: A,
        # Their pieces are kept, but for the names of what is written.
        "log": A,
        "jobParameters": A,
        # What it does, on what, and for whom.
        "vo": K,
        "workingGroup": K,
        "cloud": K,
        "campaign": K,
        "prodSourceLabel": K,
        "taskType": K,
        "processingType": K,
        "taskPriority": K,
        "currentPriority": K,
        "architecture": K,
        "transUses": K,
        "transHome": K,
        "transPath": K,
        "coreCount": K,
        "ramCount": K,
        "ramUnit": K,
        "walltime": K,
        "cpuTime": K,
        "cpuTimeUnit": K,
        "outDiskCount": K,
        "outDiskUnit": K,
        "maxAttempt": K,
        "skipScout": K,
        "ddmBackEnd": K,
        "noInput": K,
        "nEvents": K,
        "nEventsPerJob": K,
        "nFilesPerJob": K,
        "addNthFieldToLFN": K,
        "useFileAsSourceLFN": K,
        "dsForIN": K,
        # What PanDA adds of its own; the person is whoever clones it.
        "userName": N,
        "jediTaskID": N,
        "parent_tid": N,
        "oldStatus": N,
    }
)
# Every column of an attempt and of its submission.
ATTEMPT_FIELDS: Final[Mapping[str, Inherited]] = MappingProxyType(
    {
        "step_key": K,
        "key": A,
        "number": A,
        "task_name": A,
        "state": A,
        "is_live": A,
        "origin": A,
        "submitted_by": A,
        "created_at": A,
        "jedi_task_id": N,
        "reason": N,
        "submitted_at": N,
        "sends": N,
        "owner": N,
        "lease_until": N,
        "settles_at": N,
        "not_before": N,
    }
)
SUBMISSION_FIELDS: Final[Mapping[str, Inherited]] = MappingProxyType(
    {
        "parent_attempt_key": K,
        "mode": K,
        "min_fraction": K,
        "attempt_key": A,
        "submission_key": A,
        "parameters": A,
        "parameters_hash": A,
        "outputs": A,
        # Of whoever clones it: nobody acts with the login of somebody else, nor by another deed's right.
        "credential": A,
        "needs": A,
        "jti": A,
        "planned_at": A,
    }
)

# Between these nobody has to ask whether a digit slipped; PanDA itself takes anything.
_PRIORITIES: Final = (0, 10_000)
_CORES: Final = (1, 256)
_RAM_MB: Final = (100, 1_000_000)
_TRIES: Final = (1, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanges:
    """What a clone is to have otherwise than its source; None is as there. Memory is for each core, MB."""

    priority: int | None = None
    core_count: int | None = None
    ram_mb: int | None = None
    max_attempts: int | None = None

    def parameters(self) -> dict[str, Json]:
        """The parameters that change; raises InputError for a value outside of what can be meant."""
        given = (
            ("priority", self.priority, _PRIORITIES, ("taskPriority", "currentPriority")),
            ("coreCount", self.core_count, _CORES, ("coreCount",)),
            ("ramMb", self.ram_mb, _RAM_MB, ("ramCount",)),
            ("maxAttempts", self.max_attempts, _TRIES, ("maxAttempt",)),
        )
        changed: dict[str, Json] = {}
        for field, value, (least, most), names in given:
            if value is not None:
                if not least <= value <= most:
                    raise InputError(f"`{field}` is between {least} and {most}, not {value}.")
                changed |= dict.fromkeys(names, value)
        return changed


@dataclass(frozen=True, slots=True)
class ClonedTask:
    """A task that would be made again as another attempt: what it writes, and what is sent for it."""

    name: str
    outputs: tuple[str, ...]
    parameters: Mapping[str, Json]

    def with_key(self, key: str) -> dict[str, Json]:
        """What is sent, with our key in it."""
        return {**self.parameters, SUBMISSION_KEY: key}


def clone_of_task(
    stored: Mapping[str, Json], outputs: Sequence[str], attempt: int, changes: TaskChanges
) -> ClonedTask:
    """Return the task as this attempt, its key still to be given.

    `stored` and `outputs` are those of its source's submission. Raises InputError for a parameter that is not
    in PARAMETERS and for changes that cannot be, NamingError for names outside the grammar.
    """
    unknown = sorted(stored.keys() - PARAMETERS.keys())
    if unknown:
        raise InputError(
            f"The task was sent with {unknown[0][:64]}, of which this version knows nothing: submit its step "
            "again."
        )
    source = parse_task_name(str(stored["taskName"]))
    name = str(replace(source, attempt=attempt))
    new = {old.name: replace(old, attempt=attempt) for old in (DatasetName.parse(did) for did in outputs)}
    kept = {key: value for key, value in stored.items() if PARAMETERS[key] is K}
    return ClonedTask(
        name,
        tuple(each.did for each in new.values()),
        {
            **kept,
            **changes.parameters(),
            "taskName": name,
            "reqID": request_id(name),
            "log": _renamed(stored["log"], new),
            "jobParameters": [_renamed(piece, new) for piece in cast("list[Json]", stored["jobParameters"])],
        },
    )


def _renamed(piece: Json, new: Mapping[str, DatasetName]) -> Json:
    """A piece of a command, with the attempt's own name where it writes something."""
    if not isinstance(piece, dict) or piece.get("param_type") not in {"output", "log"}:
        return piece
    old = DatasetName.parse(str(piece["dataset"]))
    made = new[old.name]
    return {**piece, "dataset": made.did, "value": str(piece["value"]).replace(old.name, made.name)}
