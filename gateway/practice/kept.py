"""The state of the practice PanDA and Rucio as a file, so that a practice grid goes on where it stopped.

What can be made again, such as sites, people, storages and tokens, is not kept.
"""

import contextlib
import dataclasses
import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway.practice.panda_tasks import PandaState, TwinTask
from gateway.practice.rucio_catalogue import RucioCatalogue

# A file of another form is left aside: the grid begins anew.
FORM: Final = 1
_MOMENT: Final = "moment"


def keep(path: Path, panda: PandaState, rucio: RucioCatalogue) -> None:
    """Write the state; whoever reads meanwhile, or after a crash, finds the old file or the new one whole."""
    whole = {
        "form": FORM,
        "tasks": [dataclasses.asdict(task) for task in panda.tasks.values()],
        "commands": [[task_id, *given] for task_id, given in panda.commands.items()],
        "scopes": rucio.scopes,
        "dids": list(rucio.dids.values()),
        "contents": [[*did, *content] for did, content in rucio.contents.items()],
        "rules": list(rucio.rules.values()),
        "replicas": list(rucio.replicas.values()),
        "usages": list(rucio.usages.values()),
        "made": rucio.made,
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(whole, default=_marked))
    os.replace(part, path)


def restore(path: Path, panda: PandaState, rucio: RucioCatalogue) -> bool:
    """Replace the state by what was kept; without a file that can be read nothing changes, and it says so."""
    try:
        whole = json.loads(path.read_text(), object_hook=_unmarked)
    except (OSError, ValueError):
        return False
    if not isinstance(whole, dict) or whole.get("form") != FORM:
        return False
    with contextlib.suppress(KeyError, TypeError, ValueError):
        _fill(whole, panda, rucio)
        return True
    return False


def _fill(whole: Mapping[str, Any], panda: PandaState, rucio: RucioCatalogue) -> None:
    tasks = [TwinTask(**{**one, "over": [tuple(part) for part in one["over"]]}) for one in whole["tasks"]]
    rules = {one["id"]: one for one in whole["rules"]}
    dids = {(one["scope"], one["name"]): one for one in whole["dids"]}
    replicas = {((one["scope"], one["name"]), one["rse"]): one for one in whole["replicas"]}
    usages = {(one["rse"], one["source"]): one for one in whole["usages"]}
    panda.commands = {task_id: (command, given) for task_id, command, given in whole["commands"]}
    panda.tasks = {task.task_id: task for task in tasks}
    rucio.scopes, rucio.made = whole["scopes"], whole["made"]
    rucio.contents = {(scope, name): tuple(rest) for scope, name, *rest in whole["contents"]}
    rucio.dids, rucio.rules, rucio.replicas, rucio.usages = dids, rules, replicas, usages


def _marked(value: object) -> object:
    if isinstance(value, dt.datetime):
        return {_MOMENT: value.isoformat()}
    raise TypeError(f"no form is known for {type(value).__name__}")


def _unmarked(value: dict[str, Any]) -> object:
    if value.keys() == {_MOMENT}:
        return dt.datetime.fromisoformat(value[_MOMENT])
    return value
