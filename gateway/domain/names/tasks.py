"""Names of requests and of the PanDA tasks that serve them."""

import re
from dataclasses import dataclass
from typing import Final, Self

from gateway.domain.names.scan import Scanner, require_whole, shown
from gateway.domain.names.tokens import COUNTER, COUNTER_MAX, STEP, TASK_NAME_LIMIT, StepKind, require_step
from gateway.errors import NamingError

YEAR: Final = re.compile(r"[0-9]{4}")
DIGIT: Final = re.compile(r"[0-9]")
# Three digits at least, and no padding beyond three: 0016 would be printed as 016.
NUMBER: Final = re.compile(r"(?:(?!000)[0-9]{3}|[1-9][0-9]{3,8})(?![0-9])")
DOT: Final = re.compile(r"\.")


@dataclass(frozen=True, slots=True, order=True)
class RequestName:
    """A production request, `PROD2025-016`; ordered by year, then number (legacy ids run the other way)."""

    year: int
    number: int

    def __post_init__(self) -> None:
        """Refuse what could not be printed and read again."""
        require_whole("the year of a request", self.year, 0, 9999)
        require_whole("the number of a request", self.number, 1, COUNTER_MAX)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a request name; raises NamingError saying at which character it fails."""
        scanner = Scanner("a request name", text, "PROD2025-016")
        request = cls(*_request(scanner))
        scanner.end()
        return request

    def __str__(self) -> str:
        return f"PROD{self.year:04d}-{self.number:03d}"


@dataclass(frozen=True, slots=True)
class TaskName:
    """A production task, `PROD2025-013.SIM.2`.

    The trailing number counts submissions (each a new jediTaskID), not PanDA's retries. Older tasks left the
    first one unwritten: `attempt` is then None, and the name prints back without it.
    """

    request: RequestName
    step: StepKind
    attempt: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be printed and read again."""
        require_step(self.step)
        _require_attempt(self.attempt)
        _require_length(str(self))

    @property
    def attempt_number(self) -> int:
        """Which submission this is; an unwritten attempt is the first."""
        return 1 if self.attempt is None else self.attempt

    def __str__(self) -> str:
        return f"{self.request}.{self.step}{_suffix(self.attempt)}"


@dataclass(frozen=True, slots=True)
class TestTaskName:
    """A trial task outside any request, `MC2025_S1-003-SIM.4`."""

    __test__ = False  # pytest collects classes by this prefix

    year: int
    stage_number: int
    number: int
    step: StepKind
    attempt: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be printed and read again."""
        require_whole("the year of a test task", self.year, 0, 9999)
        require_whole("the stage of a test task", self.stage_number, 0, 9)
        require_whole("the number of a test task", self.number, 1, 999)
        require_step(self.step)
        _require_attempt(self.attempt)
        _require_length(str(self))

    @property
    def stage(self) -> str:
        """The stage as requests name it, such as S1."""
        return f"S{self.stage_number}"

    @property
    def attempt_number(self) -> int:
        """Which submission this is; an unwritten attempt is the first."""
        return 1 if self.attempt is None else self.attempt

    def __str__(self) -> str:
        series = f"MC{self.year:04d}_S{self.stage_number}-{self.number:03d}"
        return f"{series}-{self.step}{_suffix(self.attempt)}"


def parse_task_name(text: str) -> TaskName | TestTaskName:
    """Read the name of a production or test task.

    Names are not unique in PanDA (three tasks were called `MC2025_S1-003-SIM.1`), so this is the second-best
    way to a request, after our own submission record. Raises NamingError saying at which character it fails.
    """
    if text.startswith("MC"):
        return _test_task(text)
    scanner = Scanner("a task name", text, "PROD2025-013.SIM.2")
    request = RequestName(*_request(scanner))
    scanner.take(DOT, "a dot and the step kind")
    step, attempt = _step_and_attempt(scanner)
    return TaskName(request, step, attempt)


def task_name(request: RequestName, step: StepKind, attempt: int) -> TaskName:
    """The name a new submission gets; the attempt is always written, lest a second look like the first."""
    return TaskName(request, step, attempt)


def _request(scanner: Scanner) -> tuple[int, int]:
    scanner.literal("PROD")
    year = int(scanner.take(YEAR, "a year of four digits"))
    scanner.literal("-")
    return year, int(scanner.take(NUMBER, "a number of three digits or more (001, 1000)"))


def _test_task(text: str) -> TestTaskName:
    scanner = Scanner("a test task name", text, "MC2025_S1-003-SIM.4")
    scanner.literal("MC")
    year = int(scanner.take(YEAR, "a year of four digits"))
    scanner.literal("_S")
    stage_number = int(scanner.take(DIGIT, "one digit of the stage"))
    scanner.literal("-")
    number = int(scanner.take(NUMBER, "a number of three digits (001)"))
    scanner.literal("-")
    step, attempt = _step_and_attempt(scanner)
    return TestTaskName(year, stage_number, number, step, attempt)


def _step_and_attempt(scanner: Scanner) -> tuple[StepKind, int | None]:
    step = StepKind(scanner.take(STEP, "an upper-case step kind (SIM, RECO)"))
    attempt = None
    if scanner.take_if(DOT) is not None:
        attempt = int(scanner.take(COUNTER, "the number of the attempt, from 1"))
    scanner.end()
    return step, attempt


def _suffix(attempt: int | None) -> str:
    return "" if attempt is None else f".{attempt}"


def _require_attempt(attempt: int | None) -> None:
    if attempt is not None:
        require_whole("an attempt", attempt, 1, COUNTER_MAX)


def _require_length(name: str) -> None:
    if len(name) > TASK_NAME_LIMIT:
        raise NamingError(
            f"The task name {shown(name)} has {len(name)} characters; "
            f"PanDA keeps {TASK_NAME_LIMIT}. Use a shorter step kind."
        )
