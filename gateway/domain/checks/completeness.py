"""Checks of losses: what a step expected, what PanDA processed, and which seeds are missing."""

from collections.abc import Sequence

from gateway.domain.facts import DatasetFacts, RequestFacts, TaskFacts
from gateway.domain.findings import (
    Evidence,
    Finding,
    Severity,
    dataset_subject,
    request_subject,
    task_subject,
)
from gateway.domain.seeds import SeedRange, count_seeds, format_seeds, missing_seeds
from gateway.domain.states import Execution, execution_of


def nothing_is_lost(request: RequestFacts, task: TaskFacts) -> tuple[Finding, ...]:
    """Invariant 13: a task is `done` if, and only if, it processed every seed of the request.

    For `finished` the finding says what is lost. At the end PanDA overwrites the total with the finished
    count, so the expectation is the request's own. Silent for tasks that are not at such an end or whose
    finished jobs are not known.
    """
    expected, processed = request.seeds.count, task.jobs_finished
    execution = execution_of(task.status)
    if processed is None or execution not in {Execution.COMPLETE, Execution.PARTIAL}:
        return ()
    if execution is Execution.COMPLETE and processed == expected:
        return ()
    if execution is Execution.PARTIAL and processed < expected:
        return (_loss(request, task, processed),)
    message = (
        f"Task {task.jedi_task_id} is {task.status} with {processed} of {expected} jobs of {request.name}."
    )
    return (_task_finding(request, task, "state-contradicts-count", message, *_numbers(request, task)),)


def _loss(request: RequestFacts, task: TaskFacts, processed: int) -> Finding:
    expected = request.seeds.count
    missing = "not known" if task.missing_seeds is None else format_seeds(task.missing_seeds)
    message = (
        f"Task {task.jedi_task_id} ({task.name}) processed {processed} of {expected} jobs: "
        f"{expected - processed} are lost."
    )
    evidence = (*_numbers(request, task), Evidence("missing seeds", missing))
    return _task_finding(request, task, "jobs-lost", message, *evidence)


def _numbers(request: RequestFacts, task: TaskFacts) -> tuple[Evidence, ...]:
    return (
        Evidence("expected jobs", str(request.seeds.count), request_subject(request.name)),
        Evidence("processed jobs", str(task.jobs_finished)),
        Evidence("jobs in PanDA", "not known" if task.jobs_expected is None else str(task.jobs_expected)),
    )


def reconstructed_seeds_were_simulated(
    request: RequestFacts, simulation: TaskFacts, reconstruction: TaskFacts
) -> tuple[Finding, ...]:
    """Invariant 13: every seed that was reconstructed had been simulated; silent unless both are known."""
    simulated, reconstructed = simulation.finished_seeds, reconstruction.finished_seeds
    if simulated is None or reconstructed is None:
        return ()
    outside = [gap for held in reconstructed for gap in missing_seeds(held, simulated)]
    if not outside:
        return ()
    message = (
        f"Task {reconstruction.jedi_task_id} reconstructed {count_seeds(outside)} seeds "
        f"that task {simulation.jedi_task_id} did not simulate."
    )
    evidence = (
        Evidence("simulation", str(simulation.jedi_task_id), task_subject(simulation.jedi_task_id)),
        Evidence("seeds", format_seeds(outside)),
    )
    return (_task_finding(request, reconstruction, "reconstructed-unsimulated", message, *evidence),)


def outputs_have_equal_counts(
    request: RequestFacts, task: TaskFacts, datasets: Sequence[DatasetFacts]
) -> tuple[Finding, ...]:
    """Invariant 13: the datasets of one finished task hold as many files as each other, one per seed.

    Datasets whose files are not known are left out, and tasks still going are not looked at.
    """
    counted = [(dataset, dataset.files) for dataset in datasets if dataset.files is not None]
    is_over = execution_of(task.status) in {Execution.COMPLETE, Execution.PARTIAL}
    if not is_over or len({files for _, files in counted}) < 2:
        return ()
    message = f"The outputs of task {task.jedi_task_id} hold different numbers of files."
    evidence = (
        Evidence(f"files in {dataset.data_type}", str(files), dataset_subject(dataset.did))
        for dataset, files in counted
    )
    return (_task_finding(request, task, "output-counts-differ", message, *evidence),)


def lost_seeds(request: RequestFacts, task: TaskFacts) -> tuple[SeedRange, ...] | None:
    """The seeds of the request that the task did not finish, ascending; None when PanDA did not say which."""
    finished = task.finished_seeds
    return None if finished is None else missing_seeds(request.seeds, finished)


def _task_finding(
    request: RequestFacts, task: TaskFacts, code: str, message: str, *evidence: Evidence
) -> Finding:
    return Finding(
        invariant=13,
        code=code,
        severity=Severity.WARNING,
        subject=task_subject(task.jedi_task_id),
        request_name=request.name,
        message=message,
        evidence=evidence,
    )
