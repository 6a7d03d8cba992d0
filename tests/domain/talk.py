"""The 2025 productions as the CHEP 2025 talk showed them, turned into facts."""

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TypedDict

from gateway.domain.facts import AttemptFacts, RequestFacts, StageRule, StepFacts, TaskFacts
from gateway.domain.names import SIM, StepKind, TaskName, parse_task_name, step_kind
from gateway.domain.seeds import SeedRange
from gateway.domain.states import FINAL_EXECUTIONS, execution_of, intent_of_word

FILE = Path(__file__).parents[1] / "data" / "spd2025.json"

STAGE_RULES = {
    "S1": StageRule(
        name="S1",
        scope="MC2025_S1",
        energy_max_gev=Decimal(10),
        required_geometry=frozenset({"Micromegas"}),
        forbidden_geometry=frozenset({"DSSD"}),
    ),
    "S2": StageRule(
        name="S2",
        scope="MC2025_S2",
        energy_max_gev=Decimal(27),
        required_geometry=frozenset({"DSSD"}),
        forbidden_geometry=frozenset({"Micromegas"}),
    ),
}


class RequestRow(TypedDict):
    name: str
    campaign: str | None
    status: str
    stage: str
    collision_type: str
    energy_gev: int
    polarization: str
    software_project: str
    software_version: str
    tag: str
    events: int
    events_per_file: int
    seed_first: int
    seed_last: int
    geometry: list[str]
    processing: list[str]
    description: str | None


class TaskRow(TypedDict, total=False):
    jedi_task_id: int
    name: str
    status: str
    user: str
    total_events_as_shown: int | None
    events_per_job: int | None
    total_jobs: int
    out_ds_size_gb: float
    out_log_size_gb: float


class ProcessingRow(TypedDict):
    request: str
    type: str
    script: str | None
    dsn_pattern: str | None
    output_datasets: list[str]


class Talk(TypedDict):
    requests: list[RequestRow]
    tasks: list[TaskRow]
    processings: list[ProcessingRow]


def load() -> Talk:
    talk: Talk = json.loads(FILE.read_text(encoding="utf-8"))
    return talk


def tasks(talk: Talk) -> tuple[TaskFacts, ...]:
    return tuple(_task(row) for row in talk["tasks"])


def _task(row: TaskRow) -> TaskFacts:
    name = parse_task_name(row["name"])
    return TaskFacts(
        jedi_task_id=row["jedi_task_id"],
        name=row["name"],
        status=row["status"],
        user_name=row.get("user"),
        request_name=str(name.request) if isinstance(name, TaskName) else None,
        jobs_finished=row.get("total_jobs"),
        events_reported=row.get("total_events_as_shown"),
        events_per_job=row.get("events_per_job"),
        output_bytes=_bytes(row.get("out_ds_size_gb")),
        log_bytes=_bytes(row.get("out_log_size_gb")),
    )


def _bytes(size_gb: float | None) -> int | None:
    return None if size_gb is None else round(size_gb * 10**9)


def requests(talk: Talk) -> tuple[RequestFacts, ...]:
    return tuple(_request(row, talk) for row in talk["requests"])


def _request(row: RequestRow, talk: Talk) -> RequestFacts:
    return RequestFacts(
        name=row["name"],
        campaign=row["campaign"],
        stage=row["stage"],
        software_project=row["software_project"],
        software_version=row["software_version"],
        tag=row["tag"],
        collision_type=row["collision_type"],
        energy_gev=Decimal(row["energy_gev"]),
        polarization=row["polarization"],
        events=row["events"],
        events_per_file=row["events_per_file"],
        seeds=SeedRange(row["seed_first"], row["seed_last"]),
        geometry=frozenset(row["geometry"]),
        intent=intent_of_word(row["status"], row["description"] or ""),
        steps=tuple(_steps(row, talk)),
    )


def _steps(row: RequestRow, talk: Talk) -> Iterable[StepFacts]:
    attempts: dict[StepKind, list[AttemptFacts]] = {step_kind(word): [] for word in row["processing"]}
    for task in talk["tasks"]:
        name = parse_task_name(task["name"])
        if isinstance(name, TaskName) and str(name.request) == row["name"]:
            execution = execution_of(task["status"])
            attempts.setdefault(name.step, []).append(
                AttemptFacts(
                    number=name.attempt_number,
                    jedi_task_id=task["jedi_task_id"],
                    task_name=task["name"],
                    is_live=execution not in FINAL_EXECUTIONS,
                    execution=execution,
                )
            )
    written = {step_kind(p["type"]): p for p in talk["processings"] if p["request"] == row["name"]}
    for kind in sorted(attempts, key=lambda each: each != SIM):
        processing = written.get(kind)
        yield StepFacts(
            kind=kind,
            script=processing["script"] if processing else None,
            pattern=processing["dsn_pattern"] if processing else None,
            outputs=tuple(processing["output_datasets"]) if processing else None,
            attempts=tuple(attempts[kind]),
        )
