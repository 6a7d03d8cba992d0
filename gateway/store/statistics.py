"""Aggregates over tasks and replicas, grouped by what people ask for; each is one statement.

Sums keep apart "nothing" and "not known": beside each sum stands the number of rows that had a value.
"""

import enum
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Label,
    Select,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from gateway.store.datasets import Dataset, Replica
from gateway.store.requests import Request
from gateway.store.sites import Queue
from gateway.store.storages import StorageEndpoint
from gateway.store.tasks import Task, TaskJobCount
from gateway.store.whole import whole_product, whole_sum


class ProductionDimension(enum.StrEnum):
    """What tasks can be grouped by."""

    CAMPAIGN = "campaign"
    STAGE = "stage"
    REQUEST = "request"
    STEP = "step"
    STATUS = "status"
    USER = "user"
    MONTH = "month"
    SITE = "site"


class StorageDimension(enum.StrEnum):
    """What replicas can be grouped by."""

    SITE = "site"
    STORAGE = "storage"
    CAMPAIGN = "campaign"
    STAGE = "stage"
    REQUEST = "request"
    STEP = "step"
    DATA_TYPE = "data_type"
    SCOPE = "scope"
    ACCOUNT = "account"


def production_statement(
    dimensions: Sequence[ProductionDimension], condition: ColumnElement[bool]
) -> Select[Any]:
    """Return the statement that sums tasks, jobs, events, bytes and core-hours by the dimensions.

    Columns: one per dimension, then tasks, requests, jobs_finished, jobs_known, events, events_known,
    output_bytes, bytes_known, core_seconds, core_seconds_known. Events are counted for SIM-like tasks only
    (those with events per job). Grouped by site, a task counts at every site that ran jobs of it, jobs and
    events are those finished there, and bytes and core-hours are not known per site: they come out as null.
    """
    by_site = ProductionDimension.SITE in dimensions
    jobs = _jobs_at_site() if by_site else Task.jobs_finished
    events = whole_product(jobs, Task.events_per_job)
    # Typed, because PostgreSQL does not sum a null that could be anything.
    unknown = cast(null(), BigInteger)
    output_bytes: ColumnElement[Any] = unknown if by_site else Task.output_bytes.expression
    core_seconds: ColumnElement[Any] = unknown if by_site else Task.core_seconds.expression
    groups = [_PRODUCTION[dimension].label(dimension.value) for dimension in dimensions]
    statement = (
        select(
            *groups,
            func.count(Task.jedi_task_id.distinct()).label("tasks"),
            func.count(Request.name.distinct()).label("requests"),
            whole_sum(jobs).label("jobs_finished"),
            _known(jobs, by_site=by_site).label("jobs_known"),
            whole_sum(events).label("events"),
            _known(events, by_site=by_site).label("events_known"),
            whole_sum(output_bytes).label("output_bytes"),
            func.count(output_bytes).label("bytes_known"),
            whole_sum(core_seconds).label("core_seconds"),
            func.count(core_seconds).label("core_seconds_known"),
        )
        .select_from(Task)
        .outerjoin(Request, Request.name == Task.request_name)
        .where(Task.gone_at.is_(None), condition)
    )
    if by_site:
        statement = statement.join(
            TaskJobCount,
            (TaskJobCount.jedi_task_id == Task.jedi_task_id) & TaskJobCount.gone_at.is_(None),
        ).outerjoin(Queue, Queue.name == TaskJobCount.queue_name)
    return statement.group_by(*groups).order_by(*_nulls_last(groups)) if groups else statement


def storage_statement(dimensions: Sequence[StorageDimension], condition: ColumnElement[bool]) -> Select[Any]:
    """Return the statement that sums replicas by the dimensions.

    Columns: one per dimension, then datasets, replicas, size_bytes, size_known, file_count, files_known.
    """
    groups = [_STORAGE[dimension].label(dimension.value) for dimension in dimensions]
    statement = (
        select(
            *groups,
            func.count(Replica.did.distinct()).label("datasets"),
            func.count().label("replicas"),
            whole_sum(Replica.size_bytes).label("size_bytes"),
            func.count(Replica.size_bytes).label("size_known"),
            whole_sum(Replica.file_count).label("file_count"),
            func.count(Replica.file_count).label("files_known"),
        )
        .select_from(Replica)
        .outerjoin(Dataset, Dataset.did == Replica.did)
        .outerjoin(Request, Request.name == Dataset.request_name)
        .outerjoin(
            StorageEndpoint,
            (StorageEndpoint.rse_name == Replica.rse_name) & StorageEndpoint.gone_at.is_(None),
        )
        .where(Replica.gone_at.is_(None), condition)
    )
    return statement.group_by(*groups).order_by(*_nulls_last(groups)) if groups else statement


def _nulls_last(groups: Sequence[Label[Any]]) -> list[ColumnElement[Any]]:
    """Order by the groups, those without a value last: of themselves the two databases differ."""
    return [term for group in groups for term in (group.element.is_(None), group)]


def _known(value: ColumnElement[Any] | InstrumentedAttribute[Any], *, by_site: bool) -> ColumnElement[Any]:
    """Count the tasks that have a value; at a site a task has a row for each state its jobs are in."""
    return func.count(case((value.is_not(None), Task.jedi_task_id)).distinct() if by_site else value)


def _jobs_at_site() -> ColumnElement[Any]:
    return case((TaskJobCount.job_state == "finished", TaskJobCount.jobs), else_=literal(0))


# The month a task started in, or was created in while its start is not known, as year * 100 + month: the same
# arithmetic on both databases.
_BEGAN_AT = func.coalesce(Task.started_at, Task.created_at)
_MONTH = extract("year", _BEGAN_AT) * 100 + extract("month", _BEGAN_AT)

_PRODUCTION: Mapping[ProductionDimension, ColumnElement[Any]] = {
    ProductionDimension.CAMPAIGN: Request.campaign_name.expression,
    ProductionDimension.STAGE: Request.stage_name.expression,
    ProductionDimension.REQUEST: Task.request_name.expression,
    ProductionDimension.STEP: Task.step_kind.expression,
    ProductionDimension.STATUS: Task.status.expression,
    ProductionDimension.USER: Task.user_name.expression,
    ProductionDimension.MONTH: _MONTH,
    ProductionDimension.SITE: Queue.site_name.expression,
}
_STORAGE: Mapping[StorageDimension, ColumnElement[Any]] = {
    StorageDimension.SITE: StorageEndpoint.site_name.expression,
    StorageDimension.STORAGE: Replica.rse_name.expression,
    StorageDimension.CAMPAIGN: Request.campaign_name.expression,
    StorageDimension.STAGE: Request.stage_name.expression,
    StorageDimension.REQUEST: Dataset.request_name.expression,
    StorageDimension.STEP: Dataset.step_kind.expression,
    StorageDimension.DATA_TYPE: Dataset.data_type.expression,
    StorageDimension.SCOPE: Dataset.scope.expression,
    StorageDimension.ACCOUNT: Dataset.account.expression,
}
