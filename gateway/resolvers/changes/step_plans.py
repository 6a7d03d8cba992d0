"""What submitting steps would send: each attempt with its number, its inputs and its exact parameters.

The same plan is made before anything is asked of Rucio and again inside the transaction, so that what was
looked up is what is written.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gateway.domain.checks.names import scripts_fit, tag_is_safe, version_agrees
from gateway.domain.checks.physics import tag_fits_collision
from gateway.domain.checks.seeds import seeds_fit_events
from gateway.domain.findings import Finding, Severity
from gateway.domain.names import RequestName, StepKind, Tag, scope_of
from gateway.domain.names.datasets import DatasetName, outputs_of
from gateway.domain.seeds import SeedRange, count_seeds
from gateway.domain.states import FINAL_EXECUTIONS, execution_of
from gateway.domain.submission import OPEN_STATES
from gateway.domain.task_parameters import Json, StepTask, StepTemplate, task_parameters
from gateway.errors import ChangeRefusedError, InvalidChangeError, MissingError
from gateway.resolvers.changes.definitions import StoredRequest, read_requests
from gateway.resolvers.templates import read_template
from gateway.store.attempts import Attempt, Submission
from gateway.store.datasets import Dataset
from gateway.store.rows import Rows
from gateway.store.sites import Downtime
from gateway.store.tasks import Task

# What must hold of a request before any of it is sent; a blocker among what they find stops it.
_CHECKS: Final = (seeds_fit_events, version_agrees, tag_is_safe, scripts_fit, tag_fits_collision)
# The next ones; whoever submits reads no longer list.
_MOST_DOWNTIMES: Final = 10
_DEAD: Final = frozenset({"REJECTED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One attempt to be made. `parent` is the attempt whose outputs it reads, planned before it or there."""

    step_key: str
    number: int
    task: StepTask
    template: StepTemplate
    parent: str | None

    @property
    def key(self) -> str:
        """The attempt's key."""
        return f"{self.step_key}.{self.number}"

    @property
    def outputs(self) -> tuple[str, ...]:
        """The DIDs that it will write."""
        return tuple(output.did for output in self.task.outputs)

    def parameters(self, key: str) -> dict[str, Json]:
        """What is sent, with our key in it."""
        return task_parameters(self.task, key=key, templates={self.task.step: self.template})


@dataclass(frozen=True, slots=True)
class StepPlan:
    """What would be sent for one request, and what to know before."""

    request: StoredRequest
    steps: tuple[PlannedStep, ...]
    warnings: tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Every DID that would be written."""
        return tuple(did for step in self.steps for did in step.outputs)


@dataclass(frozen=True, slots=True)
class _Try:
    number: int
    state: str
    is_over: bool
    events: int | None


async def plan_steps(
    rows: Rows,
    request: StoredRequest,
    kinds: Sequence[StepKind],
    *,
    now: dt.datetime,
    seeds: tuple[SeedRange, ...] | None = None,
) -> StepPlan:
    """Plan an attempt at each of these steps, or at every step that has none when no kind is named.

    `seeds` restricts the attempts to some of the request's seeds. Raises InvalidChangeError with what the
    checks found, ChangeRefusedError for a step that is under way or cannot be sent, MissingError for a step
    that there is not, InputError for a kind of step that no template makes a task of.
    """
    _check(request)
    defined = {step.kind: step for step in request.definition.steps}
    if missing := [kind for kind in kinds if kind not in defined]:
        raise MissingError(f"{request.name} has no step {missing[0]}.")
    tries = await _tries(rows, [f"{request.name}.{kind}" for kind in defined])
    wanted = [
        step
        for kind, step in defined.items()
        if (kind in kinds if kinds else not tries.get(f"{request.name}.{kind}"))
    ]
    if not wanted:
        raise ChangeRefusedError(
            f"Every step of {request.name} was submitted already: submit one again by naming it."
        )
    planned: dict[StepKind, PlannedStep] = {}
    for step in wanted:
        step_key = f"{request.name}.{step.kind}"
        number = _number_after(step_key, tries)
        if not step.script:
            raise ChangeRefusedError(f"{step_key} has no script: edit the request first.")
        parent, reads = await _input(rows, request, step.reads, planned, tries)
        task = _task(request, step.kind, number, step.script, reads, seeds)
        named = await read_template(rows, request.definition.software_project, step.kind)
        planned[step.kind] = PlannedStep(step_key, number, task, named.template, parent)
    return StepPlan(request, tuple(planned.values()), await downtime_warnings(rows, now))


async def next_number(rows: Rows, step_key: str) -> int:
    """The number of the next attempt at a step; raises ChangeRefusedError while one is under way."""
    return _number_after(step_key, await _tries(rows, [step_key]))


async def remembered_names(rows: Rows, dids: Sequence[str]) -> frozenset[str]:
    """Return which names Rucio has or had, as far as we know: a deleted name cannot be used again either."""
    found = await rows(select(Dataset.did).where(Dataset.did.in_(dids)))
    return frozenset(row.did for row in found)


def refuse_taken(taken: frozenset[str]) -> None:
    """Raise ChangeRefusedError naming outputs that exist, if there are any."""
    if taken:
        raise ChangeRefusedError(
            f"Rucio has {', '.join(sorted(taken)[:4])} already, and a name is never used twice. Submit the "
            "step "
            "again: its next attempt has names of its own."
        )


def _check(request: StoredRequest) -> None:
    facts = request.facts
    found: list[Finding] = [finding for check in _CHECKS for finding in check(facts)]
    blockers = [finding for finding in found if finding.severity is Severity.BLOCKER]
    if blockers:
        raise InvalidChangeError(
            f"{request.name} cannot be submitted: {blockers[0].message}", findings=tuple(found)
        )


def _number_after(step_key: str, tries: Mapping[str, list[_Try]]) -> int:
    last = max(tries.get(step_key, ()), key=lambda one: one.number, default=None)
    if last is None:
        return 1
    if not last.is_over:
        raise ChangeRefusedError(
            f"{step_key} is under way as attempt {last.number} ({last.state.lower()}): wait for its end, "
            "or kill its task or cancel it first."
        )
    return last.number + 1


async def _tries(rows: Rows, step_keys: Sequence[str]) -> Mapping[str, list[_Try]]:
    found: dict[str, list[_Try]] = {}
    statement = (
        select(Attempt.step_key, Attempt.number, Attempt.state, Task.status, Submission.parameters)
        .outerjoin(Submission, Submission.attempt_key == Attempt.key)
        .outerjoin(Task, Task.jedi_task_id == Attempt.jedi_task_id)
        .where(Attempt.step_key.in_(step_keys))
        .order_by(Attempt.number)
    )
    for row in await rows(statement):
        if row.state in _DEAD:
            is_over = True
        elif row.state in {state.value for state in OPEN_STATES}:
            is_over = False
        else:
            is_over = row.status is not None and execution_of(row.status) in FINAL_EXECUTIONS
        found.setdefault(row.step_key, []).append(
            _Try(row.number, row.state, is_over, (row.parameters or {}).get("nEvents"))
        )
    return found


async def _input(
    rows: Rows,
    request: StoredRequest,
    reads: str | None,
    planned: Mapping[StepKind, PlannedStep],
    tries: Mapping[str, list[_Try]],
) -> tuple[str | None, tuple[DatasetName, ...]]:
    """The attempt whose outputs are read, and those: planned now, else the latest that was not refused.

    An attempt that only made what another lacked is read together with that one.
    """
    if reads is None:
        return None, ()
    if reads in planned:
        return planned[StepKind(reads)].key, planned[StepKind(reads)].task.outputs
    owner, step_key = request, f"{request.name}.{reads}"
    if "." in reads:
        step_key = reads
        name = reads.rpartition(".")[0]
        owner = (await read_requests(rows, [name])).get(name) or _absent(name)
        tries = await _tries(rows, [step_key])
    usable = [one for one in tries.get(step_key, ()) if one.state not in _DEAD]
    if not usable:
        raise ChangeRefusedError(f"{step_key}, whose output is read, was not submitted yet: submit it first.")
    kind = StepKind(step_key.rpartition(".")[2])
    names: list[DatasetName] = []
    for one in reversed(usable):
        names += _names(owner, kind, one.number)
        if one.events is None or one.events >= owner.definition.events:
            break
    return f"{step_key}.{usable[-1].number}", tuple(names)


def _absent(name: str) -> StoredRequest:
    raise MissingError(f"There is no request {name}, whose output is read.")


def _names(owner: StoredRequest, kind: StepKind, number: int) -> tuple[DatasetName, ...]:
    name, definition = RequestName.parse(owner.name), owner.definition
    return outputs_of(
        scope=scope_of(name.year, definition.stage),
        tag=Tag.parse(definition.tag),
        energy_gev=definition.energy_gev,
        polarization=definition.polarization,
        request=name,
        step=kind,
        attempt=number,
    )


def _task(
    request: StoredRequest,
    kind: StepKind,
    number: int,
    script: str,
    reads: tuple[DatasetName, ...],
    seeds: tuple[SeedRange, ...] | None,
) -> StepTask:
    name, definition = RequestName.parse(request.name), request.definition
    chosen = definition.seeds if seeds is None else seeds
    return StepTask(
        request=name,
        step=kind,
        attempt=number,
        scope=scope_of(name.year, definition.stage),
        tag=Tag.parse(definition.tag),
        energy_gev=definition.energy_gev,
        polarization=definition.polarization,
        events_per_file=definition.events_per_file,
        events=definition.events if seeds is None else count_seeds(seeds) * definition.events_per_file,
        seeds=chosen,
        script=script,
        campaign=definition.campaign,
        priority=definition.priority,
        reads=reads,
        only=seeds is not None,
    )


async def downtime_warnings(rows: Rows, now: dt.datetime) -> tuple[str, ...]:
    """Downtimes that last or are announced, which stop nothing: PanDA sends the jobs elsewhere or later."""
    found = await rows(
        select(Downtime.site_name, Downtime.starts_at, Downtime.ends_at, Downtime.description)
        .where(Downtime.gone_at.is_(None), Downtime.ends_at > now)
        .order_by(Downtime.starts_at, Downtime.downtime_id)
        .limit(_MOST_DOWNTIMES)
    )
    return tuple(
        f"{row.site_name} announces a downtime from {row.starts_at:%Y-%m-%d %H:%M} to "
        f"{row.ends_at:%Y-%m-%d %H:%M} UTC."
        for row in found
    )
