"""The grammar of production names: what can be built can be parsed back to the same value."""

from gateway.domain.names.datasets import OUTPUT_TYPES, DatasetName, outputs_of
from gateway.domain.names.scripts import ScriptPath
from gateway.domain.names.tags import Tag, split_flags
from gateway.domain.names.tasks import RequestName, TaskName, TestTaskName, parse_task_name, task_name
from gateway.domain.names.tokens import (
    NAME_LIMIT,
    NAME_PATTERN,
    RECO,
    SCOPE_LIMIT,
    SIM,
    TASK_NAME_LIMIT,
    StepKind,
    energy_token,
    parse_energy_token,
    scope_of,
    software_token,
    step_kind,
)

__all__ = [
    "NAME_LIMIT",
    "NAME_PATTERN",
    "OUTPUT_TYPES",
    "RECO",
    "SCOPE_LIMIT",
    "SIM",
    "TASK_NAME_LIMIT",
    "DatasetName",
    "RequestName",
    "ScriptPath",
    "StepKind",
    "Tag",
    "TaskName",
    "TestTaskName",
    "energy_token",
    "outputs_of",
    "parse_energy_token",
    "parse_task_name",
    "scope_of",
    "software_token",
    "split_flags",
    "step_kind",
    "task_name",
]
