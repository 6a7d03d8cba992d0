"""What the next attempt at each step would be: number, names, PanDA parameters, or why there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from gateway.domain.facts import RequestFacts
from gateway.domain.forecast import Forecast, NoHistory
from gateway.domain.names import DatasetName, StepKind
from gateway.domain.planned_tasks import ReadAttempt, planned_task
from gateway.domain.task_parameters import SUBMISSION_KEY, Json, task_parameters
from gateway.errors import GatewayError, InputError
from gateway.resolvers.changes.definitions import StoredRequest, read_requests
from gateway.resolvers.stages import Stages, read_stages
from gateway.resolvers.templates import NamedTemplate, read_template
from gateway.store.attempts import Attempt
from gateway.store.requests import Step
from gateway.store.rows import Rows


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
class Plan:
    """What the parameters of steps are made from, read once for all requests.

    Templates, or why there is none, are by software project and kind of step.
    """

    stages: Stages
    attempts: Mapping[str, int]
    sources: Mapping[str, StoredRequest]
    templates: Mapping[tuple[str, StepKind], NamedTemplate | GatewayError]
    priority: int | None


async def read_plan(rows: Rows, requests: Sequence[RequestFacts], priority: int | None) -> Plan:
    """Read what the steps of all these requests are planned from; one without a template is no error yet."""
    others = sorted({step.reads_from for each in requests for step in each.steps if step.reads_from})
    wanted = {(request.software_project, step.kind) for request in requests for step in request.steps}
    templates: dict[tuple[str, StepKind], NamedTemplate | GatewayError] = {}
    for project, kind in sorted(wanted):
        try:
            templates[project, kind] = await read_template(rows, project, kind)
        except GatewayError as error:
            templates[project, kind] = error
    return Plan(
        stages=await read_stages(rows),
        attempts=await _next_attempts(rows, [*(request.name for request in requests), *others]),
        sources=await read_requests(rows, others) if others else {},
        templates=templates,
        priority=priority,
    )


async def _next_attempts(rows: Rows, names: Sequence[str]) -> Mapping[str, int]:
    """The number that the next attempt at each step would have, by the step's key; 1 where none is listed."""
    found = await rows(
        select(Attempt.step_key, func.max(Attempt.number).label("number"))
        .join(Step, Step.key == Attempt.step_key)
        .where(Step.request_name.in_(names))
        .group_by(Attempt.step_key)
    )
    return {row.step_key: row.number + 1 for row in found}


def preview_step(
    request: RequestFacts, kind: StepKind, plan: Plan, need: Forecast | NoHistory
) -> StepPreview:
    """Return the step as its next attempt would be; what keeps it from becoming a task is its `problem`."""
    attempt = plan.attempts.get(f"{request.name}.{kind}", 1)
    rule = plan.stages.rule(request)
    try:
        if rule is None:
            raise InputError(f"The stage {request.stage} is not registered, so no name can be derived.")
        named = plan.templates[request.software_project, kind]
        if isinstance(named, GatewayError):
            raise named
        task = planned_task(
            request,
            kind,
            rule=rule,
            attempt=attempt,
            priority=plan.priority,
            reads=_read_attempt(request, kind, plan),
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


def _read_attempt(request: RequestFacts, kind: StepKind, plan: Plan) -> ReadAttempt | None:
    """The attempt that the step would read: the last one that was made, or the one that comes first."""
    step = request.step(kind)
    if step is None or step.reads_kind is None:
        return None
    source = request
    if step.reads_from is not None:
        if step.reads_from not in plan.sources:
            raise InputError(f"{request.name} {kind} reads {step.reads_from}, which is not there.")
        source = plan.sources[step.reads_from].facts
    rule = plan.stages.rule(source)
    if rule is None:
        raise InputError(f"The stage {source.stage} of {source.name} is not registered.")
    made = plan.attempts.get(f"{source.name}.{step.reads_kind}", 1) - 1
    return ReadAttempt(source, rule, step.reads_kind, max(made, 1))
