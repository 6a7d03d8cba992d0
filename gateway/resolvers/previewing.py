"""What a request would become: names, seeds, task parameters, forecast and findings; nothing is written."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Protocol

from sqlalchemy import func, select

from gateway.domain.checks.cvmfs import NOT_MOUNTED, Seen, release_path, software_is_there
from gateway.domain.checks.resources import no_downtime_announced, quota_has_room, storage_has_room
from gateway.domain.facts import DowntimeFacts, QuotaFacts, RequestFacts, StorageFacts
from gateway.domain.findings import Finding
from gateway.domain.forecast import Estimate, Forecast, NoHistory
from gateway.domain.names import DatasetName, StepKind
from gateway.domain.planned_tasks import ReadAttempt, planned_task
from gateway.domain.task_parameters import SUBMISSION_KEY, Json, task_parameters
from gateway.errors import GatewayError, InputError
from gateway.resolvers.changes.definitions import StoredRequest, read_requests
from gateway.resolvers.checking import check_request, worst_first
from gateway.resolvers.forecasting import History, forecast_of, read_history
from gateway.resolvers.stages import Stages, read_stages
from gateway.resolvers.templates import read_template
from gateway.store.attempts import Attempt
from gateway.store.requests import Step
from gateway.store.rows import Rows
from gateway.store.sites import Downtime
from gateway.store.storages import Quota, Storage, StorageEndpoint, StorageUsage

# What has no forecast of days is looked at for downtimes this far ahead.
_LOOKED_AHEAD = dt.timedelta(days=14)


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
class StepPreview:
    """One step as its next attempt would be; `problem` says why there are no parameters."""

    kind: StepKind
    attempt: int
    task_name: str | None
    outputs: tuple[DatasetName, ...]
    template: str | None
    parameters: Mapping[str, Json] | None
    problem: str | None
    forecast: Forecast | NoHistory


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
    history: History | None = None,
) -> Preview:
    """Return what would come of the request; raises InputError for a storage that nobody knows.

    `history` is that of its physics where it has been read already, as for each of several clones.
    """
    stages = await read_stages(rows)
    history = history or await read_history(rows, request)
    forecasts = forecast_of(request, history)
    attempts = await next_attempts(rows, [request.name])
    sources = await _sources(rows, request)
    steps = [
        await _preview_step(
            rows, request, step.kind, priority, stages, attempts, sources, forecasts[step.kind]
        )
        for step in request.steps
    ]
    needs = [each for each in forecasts.values() if isinstance(each, Forecast)]
    size = (
        reduce(add, (need.size_bytes for need in needs)) if needs and len(needs) == len(forecasts) else None
    )
    seen = {
        path: await view.cvmfs.look_at(path)
        for path in [*(step.script for step in request.steps if step.script), release_path(request)]
    }
    findings = [
        *await check_request(rows, request),
        *software_is_there(request, seen),
        *await _room(rows, request, view, forecasts),
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


async def next_attempts(rows: Rows, names: Sequence[str]) -> Mapping[str, int]:
    """The number that the next attempt at each step would have, by the step's key; 1 where none is listed."""
    found = await rows(
        select(Attempt.step_key, func.max(Attempt.number).label("number"))
        .join(Step, Step.key == Attempt.step_key)
        .where(Step.request_name.in_(names))
        .group_by(Attempt.step_key)
    )
    return {row.step_key: row.number + 1 for row in found}


async def _sources(rows: Rows, request: RequestFacts) -> Mapping[str, StoredRequest]:
    """The other requests whose steps are read."""
    names = sorted({step.reads_from for step in request.steps if step.reads_from})
    return await read_requests(rows, names) if names else {}


async def _preview_step(
    rows: Rows,
    request: RequestFacts,
    kind: StepKind,
    priority: int | None,
    stages: Stages,
    attempts: Mapping[str, int],
    sources: Mapping[str, StoredRequest],
    need: Forecast | NoHistory,
) -> StepPreview:
    attempt = attempts.get(f"{request.name}.{kind}", 1)
    rule = stages.rule(request)
    try:
        if rule is None:
            raise InputError(f"The stage {request.stage} is not registered, so no name can be derived.")
        named = await read_template(rows, request.software_project, kind)
        reads = await _read_attempt(rows, request, kind, stages, attempts, sources)
        task = planned_task(
            request,
            kind,
            rule=rule,
            attempt=attempt,
            priority=priority,
            reads=reads,
        )
        parameters = task_parameters(task, key="", templates={kind: named.template})
        del parameters[SUBMISSION_KEY]
    except GatewayError as error:
        return StepPreview(kind, attempt, None, (), None, None, error.message, need)
    return StepPreview(
        kind,
        attempt,
        task.name,
        tuple(task.outputs),
        f"{named.name} version {named.version}",
        parameters,
        None,
        need,
    )


async def _read_attempt(
    rows: Rows,
    request: RequestFacts,
    kind: StepKind,
    stages: Stages,
    attempts: Mapping[str, int],
    sources: Mapping[str, StoredRequest],
) -> ReadAttempt | None:
    """The attempt that the step would read: the last one that was made, or the one that comes first."""
    step = request.step(kind)
    if step is None or step.reads_kind is None:
        return None
    source = request
    if step.reads_from is not None:
        if step.reads_from not in sources:
            raise InputError(f"{request.name} {kind} reads {step.reads_from}, which is not there.")
        source = sources[step.reads_from].facts
        attempts = await next_attempts(rows, [source.name])
    rule = stages.rule(source)
    if rule is None:
        raise InputError(f"The stage {source.stage} of {source.name} is not registered.")
    made = attempts.get(f"{source.name}.{step.reads_kind}", 1) - 1
    return ReadAttempt(source, rule, step.reads_kind, max(made, 1))


async def _room(
    rows: Rows,
    request: RequestFacts,
    view: Viewpoint,
    forecasts: Mapping[StepKind, Forecast | NoHistory],
) -> list[Finding]:
    """What stands against the storage: too little room or quota, an announced downtime."""
    if view.storage is None or not forecasts:
        return []
    if not await rows(select(Storage.name).where(Storage.name == view.storage, Storage.gone_at.is_(None))):
        raise InputError(f"There is no storage {view.storage[:64]!r}.")
    need = _together(forecasts)
    usages = await rows(
        select(StorageUsage.free_bytes).where(
            StorageUsage.rse_name == view.storage,
            StorageUsage.free_bytes.is_not(None),
            StorageUsage.gone_at.is_(None),
        )
    )
    free = max((row.free_bytes for row in usages), default=None)
    findings = [*storage_has_room(request, need, StorageFacts(name=view.storage, free_bytes=free))]
    for row in await rows(
        select(Quota.account, Quota.limit_bytes, Quota.used_bytes).where(
            Quota.account == view.rucio_account,
            Quota.rse_name == view.storage,
            Quota.is_unlimited.is_(False),
            Quota.gone_at.is_(None),
        )
    ):
        quota = QuotaFacts(
            account=row.account,
            storage=view.storage,
            limit_bytes=row.limit_bytes,
            used_bytes=row.used_bytes,
        )
        findings += quota_has_room(request, need, quota)
    days = [each.days.highest for each in forecasts.values() if isinstance(each, Forecast) and each.days]
    ends_at = view.now + (dt.timedelta(days=sum(days)) if days else _LOOKED_AHEAD)
    downtimes = await rows(
        select(
            Downtime.site_name, Downtime.starts_at, Downtime.ends_at, Downtime.affected, Downtime.description
        )
        .join(StorageEndpoint, StorageEndpoint.site_name == Downtime.site_name)
        .where(
            StorageEndpoint.rse_name == view.storage,
            StorageEndpoint.gone_at.is_(None),
            Downtime.gone_at.is_(None),
        )
    )
    facts = [
        DowntimeFacts(
            site=row.site_name,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            service=row.affected,
            reason=row.description,
        )
        for row in downtimes
    ]
    findings += no_downtime_announced(
        request,
        facts,
        sites={each.site for each in facts},
        starts_at=view.now,
        ends_at=ends_at,
    )
    return findings


def _together(forecasts: Mapping[StepKind, Forecast | NoHistory]) -> Forecast | NoHistory:
    """All steps as one need: their outputs lie at the storage together."""
    needs = list(forecasts.values())
    kinds = StepKind(" and ".join(forecasts))
    known = [need for need in needs if isinstance(need, Forecast)]
    if len(known) < len(needs):
        return NoHistory(kinds, needs[0].jobs)
    size = reduce(add, (need.size_bytes for need in known))
    return replace(
        known[0],
        step=kinds,
        size_bytes=size,
        task_ids=tuple(sorted(task_id for need in known for task_id in need.task_ids)),
    )
