"""What a production will need, taken from what tasks of the same physics key and step needed.

Output per job hardly varies within a physics key (0.035 % over four simulation tasks, CHEP 2025
talk), so a proportion is enough.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.names import StepKind

SECONDS_PER_HOUR: Final = 3600
SECONDS_PER_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class TaskUse:
    """What one past task used: finished jobs, output, summed core time, and time from start to end."""

    jedi_task_id: int
    jobs: int
    output_bytes: int
    core_seconds: float | None = None
    wall_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """An expected amount, and the amount if every job were like the smallest and the largest task's."""

    expected: float
    lowest: float
    highest: float

    @property
    def spread(self) -> float:
        """The width between lowest and highest as a part of the expected amount; 0.01 is one per cent."""
        return (self.highest - self.lowest) / self.expected if self.expected else 0.0

    def __add__(self, other: "Estimate") -> "Estimate":
        """What both need together."""
        return Estimate(
            self.expected + other.expected, self.lowest + other.lowest, self.highest + other.highest
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the jobs will need; core-hours and days are None when no task of the history recorded them.

    Days assume the throughput of the past tasks: the same sites, as busy as they were then.
    """

    step: StepKind
    jobs: int
    size_bytes: Estimate
    core_hours: Estimate | None
    days: Estimate | None
    task_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NoHistory:
    """No task of this physics key and step has finished a job, so nothing can be said."""

    step: StepKind
    jobs: int


def forecast(step: StepKind, jobs: int, history: Sequence[TaskUse]) -> Forecast | NoHistory:
    """What `jobs` more jobs of this step need, from the tasks given, which must share the physics key.

    Tasks without finished jobs are left out; the rest weigh by their jobs. Bytes are rounded to whole bytes.
    """
    used = tuple(task for task in history if task.jobs > 0)
    size = _estimate(jobs, ((task.output_bytes, task.jobs) for task in used))
    if size is None:
        return NoHistory(step, jobs)
    return Forecast(
        step=step,
        jobs=jobs,
        size_bytes=Estimate(round(size.expected), round(size.lowest), round(size.highest)),
        core_hours=_estimate(
            jobs,
            (
                (task.core_seconds / SECONDS_PER_HOUR, task.jobs)
                for task in used
                if task.core_seconds is not None
            ),
        ),
        days=_estimate(
            jobs,
            (
                (task.wall_seconds / SECONDS_PER_DAY, task.jobs)
                for task in used
                if task.wall_seconds is not None
            ),
        ),
        task_ids=tuple(sorted(task.jedi_task_id for task in used)),
    )


def _estimate(jobs: int, amounts: Iterable[tuple[float, int]]) -> Estimate | None:
    known = tuple(amounts)
    if not known:
        return None
    # Multiplied before divided: whole numbers stay exact for longer.
    scaled = [jobs * amount / past_jobs for amount, past_jobs in known]
    expected = jobs * sum(amount for amount, _ in known) / sum(past_jobs for _, past_jobs in known)
    return Estimate(expected, min(scaled), max(scaled))
