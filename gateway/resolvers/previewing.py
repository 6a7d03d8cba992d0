"""What a request would become: names, seeds, task parameters, forecast and findings; nothing is written."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol

from gateway.domain.checks.cvmfs import NOT_MOUNTED, Seen, release_path, software_is_there
from gateway.domain.facts import RequestFacts
from gateway.domain.findings import Finding
from gateway.domain.forecast import Estimate, Forecast
from gateway.resolvers.checking import check_requests, worst_first
from gateway.resolvers.forecasting import History, forecast_of, read_history
from gateway.resolvers.planned_steps import Plan, StepPreview, preview_step, read_plan
from gateway.resolvers.storage_room import Room, findings_of_room, read_room
from gateway.store.rows import Rows


class Cvmfs(Protocol):
    """Where scripts and releases can be looked at."""

    async def look_at(self, path: str) -> Seen:
        """Return what is at an absolute path."""
        ...


class NoCvmfs:
    """What says of every path that nobody can know."""

    async def look_at(self, _path: str) -> Seen:
        """Return "not mounted"."""
        return NOT_MOUNTED


@dataclass(frozen=True, slots=True)
class Preview:
    """A request as it would be; `size_bytes` is None where a step has no history."""

    request: RequestFacts
    steps: tuple[StepPreview, ...]
    findings: tuple[Finding, ...]
    size_bytes: Estimate | None
    unsure_task_ids: tuple[int, ...]
    scripts: Mapping[str, Seen]


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Where and when a preview is made; without a storage, room and downtimes are not looked at."""

    now: dt.datetime
    cvmfs: Cvmfs
    storage: str | None = None
    rucio_account: str | None = None


async def preview_request(
    rows: Rows,
    request: RequestFacts,
    view: Viewpoint,
    *,
    priority: int | None,
    without_own: bool = False,
) -> Preview:
    """Return what would come of the request; raises InputError for a storage that nobody knows.

    Forecasts are made `without_own` tasks to be compared with what came of those.
    """
    [preview] = await preview_requests(rows, [request], view, priority=priority, without_own=without_own)
    return preview


async def preview_requests(
    rows: Rows,
    requests: Sequence[RequestFacts],
    view: Viewpoint,
    *,
    priority: int | None,
    without_own: bool = False,
) -> Sequence[Preview]:
    """Return what would come of each of several requests of one physics, as clones of one are.

    In as many statements as one takes. Raises InputError for a storage that nobody knows.
    """
    history = await read_history(rows, requests[0], without_own=without_own)
    plan = await read_plan(rows, requests, priority)
    room = None if view.storage is None else await read_room(rows, view.storage, view.rucio_account)
    checked = await check_requests(rows, requests)
    seen = {
        path: await view.cvmfs.look_at(path)
        for path in sorted({path for request in requests for path in _paths(request)})
    }
    return [
        _previewed(request, view, plan, history, room, checked[request.name], seen) for request in requests
    ]


def _previewed(
    request: RequestFacts,
    view: Viewpoint,
    plan: Plan,
    history: History,
    room: Room | None,
    checked: Sequence[Finding],
    scripts: Mapping[str, Seen],
) -> Preview:
    forecasts = forecast_of(request, history)
    steps = [preview_step(request, step.kind, plan, forecasts[step.kind]) for step in request.steps]
    needs = [each for each in forecasts.values() if isinstance(each, Forecast)]
    size = (
        reduce(add, (need.size_bytes for need in needs)) if needs and len(needs) == len(forecasts) else None
    )
    seen = {path: scripts[path] for path in _paths(request)}
    findings = [
        *checked,
        *software_is_there(request, seen),
        *([] if room is None else findings_of_room(request, view.now, room, forecasts)),
    ]
    return Preview(
        request=request,
        steps=tuple(steps),
        findings=worst_first(findings),
        size_bytes=size,
        unsure_task_ids=tuple(
            sorted(task_id for need in needs for task_id in need.task_ids if task_id in history.unsure)
        ),
        scripts=seen,
    )


def _paths(request: RequestFacts) -> list[str]:
    """What the request needs on CVMFS: its scripts and its release."""
    return [*(step.script for step in request.steps if step.script), release_path(request)]
