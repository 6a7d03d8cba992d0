"""The task that an attempt at a step would be, from what is defined."""

from dataclasses import dataclass

from gateway.domain.checks.names import derived_outputs
from gateway.domain.facts import RequestFacts, StageRule
from gateway.domain.names import RequestName, StepKind, Tag
from gateway.domain.task_parameters import StepTask
from gateway.errors import InputError


@dataclass(frozen=True, slots=True)
class ReadAttempt:
    """The attempt whose outputs a step reads."""

    request: RequestFacts
    rule: StageRule
    kind: StepKind
    attempt: int


def planned_task(
    request: RequestFacts,
    kind: StepKind,
    *,
    rule: StageRule,
    attempt: int,
    priority: int | None,
    reads: ReadAttempt | None = None,
) -> StepTask:
    """The task of this attempt at the whole step.

    Raises NamingError when a name cannot be derived, InputError for a step without a script.
    """
    step = request.step(kind)
    if step is None or step.script is None:
        raise InputError(f"{request.name} {kind} has no script yet, so it cannot become a task.")
    return StepTask(
        request=RequestName.parse(request.name),
        step=kind,
        attempt=attempt,
        scope=rule.scope,
        tag=Tag.parse(request.tag),
        energy_gev=request.energy_gev,
        polarization=request.polarization,
        events_per_file=request.events_per_file,
        events=request.events,
        seeds=(request.seeds,),
        script=step.script,
        campaign=request.campaign,
        priority=priority,
        reads=()
        if reads is None
        else tuple(
            output
            for output in derived_outputs(reads.request, reads.rule, reads.kind, reads.attempt)
            if output.data_type != "log"
        ),
    )
