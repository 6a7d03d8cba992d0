"""Which checks are made of one request, one task, one dataset and one person: the only list of them.

Who holds all facts at once (`domain.audit`) and who reads them piece by piece make the same checks.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from gateway.domain.checks.attempts import attempt_numbers_grow
from gateway.domain.checks.completeness import (
    nothing_is_lost,
    outputs_have_equal_counts,
    reconstructed_seeds_were_simulated,
)
from gateway.domain.checks.counts import events_match_jobs, output_per_job_is_usual
from gateway.domain.checks.datasets import (
    dataset_does_not_expire_soon,
    dataset_has_a_replica,
    dataset_has_a_rule,
    rucio_agrees_with_panda,
)
from gateway.domain.checks.intent import intent_fits_execution
from gateway.domain.checks.names import (
    outputs_fit_rucio,
    outputs_in_stage_scope,
    outputs_match_pattern,
    scripts_fit,
    tag_is_safe,
    version_agrees,
)
from gateway.domain.checks.ownership import (
    disabled_person_owns_nothing_live,
    panda_name_means_one_person,
    person_is_known_everywhere,
)
from gateway.domain.checks.physics import (
    reconstruction_reads_latest_simulation,
    stage_fits,
    tag_fits_collision,
)
from gateway.domain.checks.seeds import panda_used_declared_seeds, seeds_fit_events
from gateway.domain.facts import DatasetFacts, PersonFacts, RequestFacts, StageRule, TaskFacts
from gateway.domain.findings import Finding
from gateway.domain.forecast import TaskUse
from gateway.domain.names import RECO, SIM, StepKind
from gateway.domain.physics_key import PhysicsKey

# The newest tasks of a physics key say what is usual; comparing each with all would cost the square.
HISTORY_COMPARED: Final = 20


def check_request(request: RequestFacts, others: Mapping[str, RequestFacts]) -> Iterator[Finding]:
    """Make every check of one request but those of its stage; `others`, by name, are those it may read."""
    yield from seeds_fit_events(request)
    yield from version_agrees(request)
    yield from tag_is_safe(request)
    yield from outputs_fit_rucio(request)
    yield from outputs_match_pattern(request)
    yield from scripts_fit(request)
    yield from tag_fits_collision(request)
    yield from reconstruction_reads_latest_simulation(request, others)
    yield from attempt_numbers_grow(request)
    yield from intent_fits_execution(request)


def check_stage(request: RequestFacts, rule: StageRule | None) -> Iterator[Finding]:
    """Make every check of a request against the rule of its stage; None is a stage without one."""
    yield from stage_fits(request, rule)
    if rule is not None:
        yield from outputs_in_stage_scope(request, rule)


def check_tasks(
    request: RequestFacts,
    tasks: Iterable[tuple[StepKind, TaskFacts]],
    datasets: Mapping[int, Sequence[DatasetFacts]],
    history: Mapping[tuple[PhysicsKey, StepKind], Sequence[TaskUse]],
    *,
    has_one_range: bool = True,
) -> Iterator[Finding]:
    """Make every check of one request's tasks, given by step in the order of their attempts.

    `datasets` are what each task wrote, `history` what tasks of each physics used, oldest first. Without
    `has_one_range` the request's seeds are in pieces, and are not compared with PanDA's one by one.
    """
    latest: dict[StepKind, TaskFacts] = {}
    physics_key = request.physics_key
    for kind, task in tasks:
        latest[kind] = task
        written = datasets.get(task.jedi_task_id, ())
        yield from nothing_is_lost(request, task)
        yield from outputs_have_equal_counts(request, task, written)
        yield from rucio_agrees_with_panda(task, written)
        yield from output_per_job_is_usual(task, history.get((physics_key, kind), ())[-HISTORY_COMPARED:])
        if kind == SIM:
            yield from events_match_jobs(task)
            if has_one_range:
                yield from panda_used_declared_seeds(request, task)
    if SIM in latest and RECO in latest:
        yield from reconstructed_seeds_were_simulated(request, latest[SIM], latest[RECO])


def check_dataset(
    dataset: DatasetFacts, request: RequestFacts | None, *, now: dt.datetime
) -> Iterator[Finding]:
    """Make every check of one dataset and the request of ours that it belongs to, if any."""
    yield from dataset_has_a_rule(dataset)
    yield from dataset_has_a_replica(dataset)
    yield from dataset_does_not_expire_soon(dataset, request, now=now)


def check_person(
    person: PersonFacts, tasks: Sequence[TaskFacts], datasets: Sequence[DatasetFacts]
) -> Iterator[Finding]:
    """Make every check of one person and what they own."""
    yield from person_is_known_everywhere(person)
    yield from panda_name_means_one_person(person)
    yield from disabled_person_owns_nothing_live(person, tasks, datasets)
