"""Looking for our own submissions among PanDA's tasks: what was found, and whether absence can be believed.

PanDA answers a failed look into its database with success and nothing, and knows a new task under a random
name at first. So tasks are found by the key that we put into their parameters, and nothing is called absent
unless the same answer contains tasks that must be there.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final

from gateway.domain.submission import FoundTask, LookUp
from gateway.errors import GarbledError
from gateway.upstreams.panda.client import SOURCE, PandaClient
from gateway.upstreams.panda.translate import SUBMISSION_KEY, Wire

# PanDA leaves out whatever is beyond; an answer nearly as long as this proves no absence.
MOST_TASKS: Final = 20_000
_NEARLY_FULL: Final = 0.9
# PanDA's clock may be behind ours, and JEDI sets modification times back by up to an hour.
OVERLAP: Final = dt.timedelta(hours=1)
# How far back PanDA lists (panda-server 1.0.4).
WINDOW: Final = dt.timedelta(days=90)


class SubmissionLookup:
    """Asks a PanDA server (1.0.0 or newer) with the gateway's own token."""

    def __init__(self, client: PandaClient, *, most_tasks: int = MOST_TASKS) -> None:
        self._client = client
        self._most_tasks = most_tasks

    async def find(
        self, keys: Collection[str], *, since: dt.datetime, canaries: Mapping[int, dt.datetime]
    ) -> LookUp:
        """Look for tasks submitted since a moment with these keys; raises UpstreamError without an answer.

        `canaries` are tasks that PanDA must still have, with the moments at which they last changed. A new
        task whose parameters cannot be read may be any of those looked for, and makes absence unproven.
        """
        begin = min([since, *canaries.values()]) - OVERLAP
        kept, answer = await self._client.tasks_since(
            _kept, since=begin.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S"), n_tasks=self._most_tasks
        )
        found: dict[str, list[FoundTask]] = {}
        seen: set[int] = set()
        is_clear = True
        for task_id, status, key, is_readable, created in kept:
            seen.add(task_id)
            is_clear = is_clear and (is_readable or (created is not None and created < since - OVERLAP))
            if key is not None and key in keys:
                found.setdefault(key, []).append(FoundTask(task_id, status))
        return LookUp(
            {key: tuple(sorted(tasks, key=lambda one: one.task_id)) for key, tasks in found.items()},
            proves_absence=(
                is_clear
                and bool(canaries.keys() & seen)
                and canaries.keys() <= seen
                and len(kept) < _NEARLY_FULL * self._most_tasks
                and answer.date - begin < WINDOW
            ),
        )


def _kept(wire: object) -> tuple[int, str, str | None, bool, dt.datetime | None]:
    if not isinstance(wire, dict) or type(wire.get("jediTaskID")) is not int:
        raise GarbledError(SOURCE, "panda listed something that is not a task")
    found: Wire = wire
    parameters = found.get("raw_task_params")
    is_readable = isinstance(parameters, dict)
    key = parameters.get(SUBMISSION_KEY) if isinstance(parameters, dict) else None
    return (
        found["jediTaskID"],
        str(found.get("status")),
        key if isinstance(key, str) else None,
        is_readable,
        _moment(found.get("creationDate")),
    )


def _moment(value: object) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
