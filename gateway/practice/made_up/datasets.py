"""The made-up datasets of tasks and of analysts, with their rules and replicas."""

import datetime as dt
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from gateway.domain.names import RECO, SIM
from gateway.practice.made_up.requests import STEPS, MadeRequest
from gateway.practice.made_up.shape import ATTEMPTS_PER_STEP, DATASETS_PER_UNIT, STORAGES, Row
from gateway.practice.made_up.tasks import MadeTask
from gateway.practice.made_up.unit import Unit

# How large each type is, in thousandths of what the task calls its output: S and P together are that output,
# and so is R. `mon` and `dst` are made up beside the talk's types and come on top, as logs do.
_SHARES: Final = {
    SIM: {"S": 995, "P": 5, "log": 1, "mon": 4},
    RECO: {"R": 1000, "dst": 95, "log": 1, "mon": 4},
}
_WITH_EVENTS: Final = frozenset({"S", "R", "dst"})


def add_outputs(unit: Unit, task: MadeTask) -> None:
    """Add what the task wrote; reconstructed data has a second replica, logs expire, open ones lack sizes."""
    request = task.request
    scope = request.physics.scope(request.created_at.year)
    is_open = task.ended_at is None
    for data_type, share in _SHARES[task.kind].items():
        name = f"{scope}.{request.physics.tag}.{request.physics.beam}.{task.key}.{data_type}"
        events = task.finished * request.physics.draft.events_per_file if data_type in _WITH_EVENTS else None
        row: Row = {
            "did": f"{scope}:{name}",
            "scope": scope,
            "name": name,
            "did_type": "DATASET",
            "account": "prodman",
            "is_open": is_open,
            "size_bytes": None if is_open else _size_bytes(task, data_type, share),
            "file_count": None if is_open else task.finished,
            "event_count": None if is_open else events,
            "created_at": task.started_at,
            "updated_at": task.ended_at or task.started_at,
            "closed_at": task.ended_at,
            "expires_at": unit.expiry() if data_type == "log" else None,
            "jedi_task_id": task.task_id,
            "request_name": request.name,
            "step_kind": task.kind,
            "attempt_number": task.attempt,
            "attempt_key": task.key,
            "data_type": data_type,
        }
        second = (unit.chance.choice(STORAGES[1:]),) if data_type == "R" else ()
        _add(unit, row, (STORAGES[0], *second))
        if task.attempt == ATTEMPTS_PER_STEP:
            step = {"step_key": request.step_key(task.kind), "role": "output", "did": row["did"]}
            unit.rows.step_datasets.append(step)


def _size_bytes(task: MadeTask, data_type: str, share: int) -> int:
    """Return a share of the output; S takes what rounding would lose, so that the sum is exact."""
    if data_type == "S":
        return task.output_bytes - task.output_bytes * _SHARES[SIM]["P"] // 1000
    return task.output_bytes * share // 1000


def add_analysis_datasets(unit: Unit, requests: Sequence[MadeRequest]) -> None:
    """Add what analysts made of the productions, up to the unit's number of datasets."""
    outputs = sum(len(_SHARES[kind]) for kind in STEPS) * ATTEMPTS_PER_STEP * len(requests)
    for number in range(DATASETS_PER_UNIT - outputs):
        request = requests[number % len(requests)]
        user = unit.chance.choice(unit.world.users)
        name = f"{request.name}.selection.{number:03d}"
        made = request.created_at + dt.timedelta(days=10 + number % 20)
        row: Row = {
            "did": f"user.{user}:{name}",
            "scope": f"user.{user}",
            "name": name,
            "did_type": "DATASET",
            "account": user,
            "is_open": False,
            "size_bytes": unit.chance.randrange(10**9, 10**12),
            "file_count": unit.chance.randrange(1, 500),
            "created_at": made,
            "updated_at": made,
            "closed_at": made,
            "expires_at": unit.expiry(),
        }
        _add(unit, row, (unit.chance.choice(STORAGES),))


def _add(unit: Unit, dataset: Row, storages: Sequence[str]) -> None:
    """Add a dataset with a rule and a replica at each of the storages."""
    unit.rows.datasets.append(dataset)
    did, files, size = dataset["did"], dataset["file_count"], dataset["size_bytes"]
    is_production = "jedi_task_id" in dataset
    for storage in storages:
        unit.rows.rules.append(
            {
                "rule_id": blake2b(f"{did} {storage}".encode(), digest_size=16).hexdigest(),
                "did": did,
                "account": dataset["account"],
                "rse_expression": storage,
                "copies": 1,
                "state": "OK",
                "locks_ok": files,
                "locks_replicating": 0,
                "locks_stuck": 0,
                "activity": "Production Output" if is_production else "User Subscriptions",
                "created_at": dataset["created_at"],
                "updated_at": dataset["updated_at"],
                "expires_at": dataset["expires_at"],
            }
        )
        unit.rows.replicas.append(
            {
                "did": did,
                "rse_name": storage,
                "state": "AVAILABLE",
                "size_bytes": size,
                "file_count": files,
                "available_bytes": size,
                "available_files": files,
                "created_at": dataset["created_at"],
            }
        )
