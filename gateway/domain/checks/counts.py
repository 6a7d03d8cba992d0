"""Checks of what a task reports: events that fit its jobs, bytes per job like those of its siblings."""

from collections.abc import Sequence
from typing import Final

from gateway.domain.facts import TaskFacts
from gateway.domain.findings import Evidence, Finding, Severity, details, task_subject
from gateway.domain.forecast import TaskUse

# Agreed tolerance of invariant 12; within one physics key the 2025 tasks differ by 0.035 %.
USUAL_WITHIN: Final = 0.01


def events_match_jobs(simulation: TaskFacts) -> tuple[Finding, ...]:
    """Invariant 12: the events a SIM task shows are its events per job times its finished jobs."""
    shown, per_job, jobs = simulation.events_reported, simulation.events_per_job, simulation.jobs_finished
    if shown is None or per_job is None or jobs is None or shown == per_job * jobs:
        return ()
    real = per_job * jobs
    return (
        Finding(
            invariant=12,
            code="events-do-not-match-jobs",
            severity=Severity.WARNING,
            subject=task_subject(simulation.jedi_task_id),
            request_name=simulation.request_name,
            message=f"Task {simulation.jedi_task_id} shows {shown} events, "
            f"but {jobs} jobs of {per_job} make {real}.",
            evidence=(
                Evidence("events shown", str(shown)),
                Evidence("events per job", str(per_job)),
                Evidence("finished jobs", str(jobs)),
                Evidence("events made", str(real)),
                Evidence("factor", f"{real / shown:g}" if shown else "infinite"),
            ),
            suggestion="Trust the product; the shown total is a monitor's.",
        ),
    )


def output_per_job_is_usual(task: TaskFacts, history: Sequence[TaskUse]) -> tuple[Finding, ...]:
    """Invariant 12: bytes per finished job lie within 1 % of the history of the same physics key and step.

    The task itself is left out of its history; silent when there is nothing to compare.
    """
    others = [use for use in history if use.jobs > 0 and use.jedi_task_id != task.jedi_task_id]
    if not others or not task.jobs_finished or task.output_bytes is None:
        return ()
    usual = sum(use.output_bytes for use in others) / sum(use.jobs for use in others)
    per_job = task.output_bytes / task.jobs_finished
    if abs(per_job - usual) <= USUAL_WITHIN * usual:
        return ()
    return (
        Finding(
            invariant=12,
            code="unusual-output-size",
            severity=Severity.WARNING,
            subject=task_subject(task.jedi_task_id),
            request_name=task.request_name,
            message=f"Task {task.jedi_task_id} wrote {per_job / 1e9:.4f} GB per job, "
            f"where {usual / 1e9:.4f} GB are usual.",
            evidence=(
                Evidence("bytes per job", str(round(per_job))),
                Evidence("usual bytes per job", str(round(usual))),
                *details(
                    "compared with",
                    # The newest first: with each new task the history moves on.
                    [(str(use.jedi_task_id), task_subject(use.jedi_task_id)) for use in reversed(others)],
                ),
            ),
            suggestion="Compare script, geometry and logs with those tasks before anybody uses the data.",
        ),
    )
