"""The PanDA task of one attempt at a step: exactly what is sent, from what the request says.

What a step's kind brings with it (environment, command, memory) is a template, data and not code; a script of
another framework is another template. The shape follows tasks that a real panda-server 1.0.4 with JEDI
refined and ran to `done` (November 2026): pieces of a command are joined by blanks, JEDI fills in `${...}`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from gateway.domain.names import RequestName, StepKind, Tag
from gateway.domain.names.datasets import DatasetName, outputs_of
from gateway.domain.names.tasks import task_name
from gateway.domain.names.tokens import RECO, SIM
from gateway.domain.seeds import SeedRange
from gateway.errors import InputError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

# PanDA keeps parameters it does not know; by this one our submissions are found again.
SUBMISSION_KEY: Final = "spdSubmissionKey"
# A file's number is this part of its name, as JEDI counts them between dots: scope, tag, energy, request,
# step, attempt and type stand before it (`domain.names.datasets`).
_NUMBER_FIELD: Final = 8
# What JEDI puts there, with a dot in front.
_NUMBER_READ: Final = "${MIDDLENAME}"
# So many single seeds fit into a command; more are a request of their own.
MOST_SINGLE_SEEDS: Final = 1000


@dataclass(frozen=True, slots=True)
class StepTemplate:
    """What all tasks of a kind of step have in common.

    `environment` is sourced before the script is run; `command` runs it, with `{script}` for its path.
    """

    processing_type: str
    environment: str
    command: str
    core_count: int = 1
    ram_mb: int = 2000
    out_disk_kb: int = 500
    max_attempts: int = 3
    priority: int = 900
    trans_path: str = "https://spd.jinr.ru/trf/runspd-00-00-01"
    destination: str = "local"


_ENVIRONMENT: Final = "source /cvmfs/spd.jinr.ru/production/env.sh"
TEMPLATES: Final[Mapping[StepKind, StepTemplate]] = MappingProxyType(
    {
        SIM: StepTemplate("simul", _ENVIRONMENT, 'root -l -b -q "{script}('),
        RECO: StepTemplate("recon", _ENVIRONMENT, 'root -l -b -q "{script}('),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTask:
    """What one attempt is to do.

    `seeds` are the seeds to simulate, or of the files to read. `reads` are the datasets that it takes as
    input, none for a step that makes events. `only` restricts those to the files of `seeds`.
    """

    request: RequestName
    step: StepKind
    attempt: int
    scope: str
    tag: Tag
    energy_gev: Decimal
    polarization: str
    events_per_file: int
    events: int
    seeds: tuple[SeedRange, ...]
    script: str
    campaign: str | None = None
    priority: int | None = None
    reads: Sequence[DatasetName] = ()
    only: bool = False

    @property
    def name(self) -> str:
        """The task's name, never used before."""
        return str(task_name(self.request, self.step, self.attempt))

    @property
    def outputs(self) -> tuple[DatasetName, ...]:
        """The datasets that it will write."""
        return outputs_of(
            scope=self.scope,
            tag=self.tag,
            energy_gev=self.energy_gev,
            polarization=self.polarization,
            request=self.request,
            step=self.step,
            attempt=self.attempt,
        )


def task_parameters(
    task: StepTask, *, key: str, templates: Mapping[StepKind, StepTemplate] = TEMPLATES
) -> dict[str, Json]:
    """Return PanDA's parameters of a task, with our key in them.

    Raises InputError for a kind of step without template, a step without seeds, and more single seeds than
    fit into a command.
    """
    template = templates.get(task.step)
    if template is None:
        raise InputError(
            f"There is no task template for the step kind {task.step}; known: {', '.join(templates)}."
        )
    if not task.seeds:
        raise InputError(f"{task.name} has no seeds, so there is nothing to run.")
    priority = template.priority if task.priority is None else task.priority
    parameters: dict[str, Json] = {
        "taskName": task.name,
        "vo": "spd",
        "workingGroup": "SPD",
        "cloud": "SPD",
        "campaign": task.campaign,
        "reqID": request_id(task.name),
        SUBMISSION_KEY: key,
        "prodSourceLabel": "managed",
        "taskType": "prod",
        "processingType": template.processing_type,
        "taskPriority": priority,
        "currentPriority": priority,
        "architecture": "",
        "transUses": "",
        "transHome": "",
        "transPath": template.trans_path,
        "coreCount": template.core_count,
        "ramCount": template.ram_mb,
        "ramUnit": "MBPerCore",
        "walltime": 0,
        "cpuTime": 0,
        "cpuTimeUnit": "HS06sPerEvent",
        "outDiskCount": template.out_disk_kb,
        "outDiskUnit": "kB",
        "maxAttempt": template.max_attempts,
        "skipScout": True,
        "ddmBackEnd": "rucio",
    }
    if task.reads:
        return parameters | _reading(task, template)
    return parameters | _making(task, template)


def _making(task: StepTask, template: StepTemplate) -> dict[str, Json]:
    """A task that makes events: one job for each seed."""
    seeds = sum(each.count for each in task.seeds)
    is_whole = len(task.seeds) == 1
    if not is_whole and seeds > MOST_SINGLE_SEEDS:
        raise InputError(
            f"{task.name} has {seeds} seeds in {len(task.seeds)} pieces; a task takes one piece, or at most "
            f"{MOST_SINGLE_SEEDS} single seeds."
        )
    # Job n has the n-th seed. One piece is an offset; single seeds are arguments of the shell, of which the
    # n-th is taken: JEDI would not let a `${name}` of the shell's own through.
    offset = task.seeds[0].first - 1 if is_whole else 0
    start = f"{template.environment};"
    if not is_whole:
        listed = " ".join(str(seed) for each in task.seeds for seed in range(each.first, each.last + 1))
        start = f"{start} set -- {listed}; shift $((-1 +"
    command: list[Json] = [{"type": "constant", "value": start}]
    number: dict[str, Json] = {"type": "template", "param_type": "number", "value": "${RNDMSEED}"}
    if is_whole:
        number["offset"] = offset
        command += [
            {"type": "constant", "value": template.command.format(script=task.script)},
            {"type": "template", "param_type": "number", "value": "${MAXEVENTS},"},
            number,
            {"type": "constant", "value": ')"'},
        ]
    else:
        command += [
            number,
            {"type": "constant", "value": f")); {template.command.format(script=task.script)}"},
            {"type": "template", "param_type": "number", "value": "${MAXEVENTS},"},
            {"type": "constant", "value": '$1)"'},
        ]
    events = min(task.events, seeds * task.events_per_file)
    return {
        "noInput": True,
        "nEvents": events,
        "nEventsPerJob": task.events_per_file,
        "log": _log(task, template, offset),
        "jobParameters": [*command, *_outputs(task, template, offset)],
    }


def _reading(task: StepTask, template: StepTemplate) -> dict[str, Json]:
    """A task that reads files: one job for each file of its input."""
    read = [dataset.did for dataset in task.reads if dataset.data_type == "S"] or [
        dataset.did for dataset in task.reads
    ]
    source: dict[str, Json] = {
        "type": "template",
        "param_type": "input",
        "dataset": ",".join(read),
        "value": "${IN/L}",
        "expand": True,
        "exclude": r"\.log\.tgz(\.\d+)*$",
    }
    if task.only:
        numbers = [f"{seed:06d}" for each in task.seeds for seed in range(each.first, each.last + 1)]
        if len(numbers) > MOST_SINGLE_SEEDS:
            raise InputError(
                f"{task.name} would read {len(numbers)} single files; at most {MOST_SINGLE_SEEDS}."
            )
        source["include"] = rf"\.({'|'.join(numbers)})\.root$"
    return {
        "nFilesPerJob": 1,
        # What was read is then seen in the name of what was made of it: JEDI's own number only counts jobs,
        # and a job that runs again gets another one.
        "addNthFieldToLFN": str(_NUMBER_FIELD),
        "useFileAsSourceLFN": True,
        "dsForIN": ",".join(read),
        "log": _log(task, template, 0),
        "jobParameters": [
            {
                "type": "constant",
                "value": f"{template.environment}; {template.command.format(script=task.script)}",
            },
            source,
            {"type": "constant", "value": ')"'},
            *_outputs(task, template, 0, before=_NUMBER_READ),
        ],
    }


def _outputs(task: StepTask, template: StepTemplate, offset: int, *, before: str = "") -> list[Json]:
    return [
        {
            "type": "template",
            "param_type": "output",
            "token": template.destination,
            "destination": template.destination,
            "offset": offset,
            "dataset": output.did,
            "value": f"--out{output.data_type}={output.name}{before}.${{SN}}.root",
        }
        for output in task.outputs
        if output.data_type != "log"
    ]


def _log(task: StepTask, template: StepTemplate, offset: int) -> Json:
    log = next(output for output in task.outputs if output.data_type == "log")
    return {
        "type": "template",
        "param_type": "log",
        "token": template.destination,
        "destination": template.destination,
        "offset": offset,
        "dataset": log.did,
        "value": f"{log.name}.${{SN}}.log.tgz",
    }


def request_id(name: str) -> int:
    """A number of the attempt's own: PanDA keys one of its lists by it and shows one task of several."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) & 0x7FFFFFFF
