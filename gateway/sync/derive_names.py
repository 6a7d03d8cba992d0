"""What the names of tasks and datasets say about requests, steps and attempts, ready for their tables."""

from dataclasses import dataclass

from gateway.domain.names import DatasetName, TaskName, parse_task_name
from gateway.errors import NamingError


@dataclass(frozen=True, slots=True)
class NamedAttempt:
    """The columns read from a name; all None where it does not follow the production grammar."""

    request_name: str | None = None
    step_kind: str | None = None
    attempt_number: int | None = None
    attempt_key: str | None = None


def attempt_of_task(name: str) -> NamedAttempt:
    """The attempt that a task's name speaks of; test tasks belong to no request."""
    try:
        parsed = parse_task_name(name)
    except NamingError:
        return NamedAttempt()
    return _attempt(parsed) if isinstance(parsed, TaskName) else NamedAttempt()


def attempt_of_dataset(did: str) -> tuple[NamedAttempt, str | None]:
    """The attempt that a dataset's name speaks of, and its data type (S, P, R, log)."""
    try:
        parsed = DatasetName.parse(did)
    except NamingError:
        return NamedAttempt(), None
    return _attempt(TaskName(parsed.request, parsed.step, parsed.attempt)), parsed.data_type


def _attempt(name: TaskName) -> NamedAttempt:
    request = str(name.request)
    return NamedAttempt(
        request_name=request,
        step_kind=name.step,
        attempt_number=name.attempt_number,
        attempt_key=f"{request}.{name.step}.{name.attempt_number}",
    )
