"""Which seeds of a step are still missing, by number, from PanDA's record of each attempt's jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.seeds import SeedRange, merge, missing_seeds, parse_seeds
from gateway.errors import ChangeRefusedError, MissingError, UpstreamError
from gateway.store.attempts import Attempt, Submission
from gateway.store.requests import Request, Step
from gateway.store.seeds import SeedRange as SeedRangeRow
from gateway.store.tasks import Task

_DEAD: Final = ["REJECTED", "CANCELLED"]


class JobRecords(Protocol):
    """What knows which jobs of a task have ended well."""

    async def finished_seeds(self, task_id: int, *, reads_files: bool) -> frozenset[int]:
        """Return the numbers of a task's finished jobs, or of the files it has read.

        Of a task that makes events they count from 1, of one that reads files they are in the files' names.
        Raises UpstreamError when that cannot be told.
        """
        ...


@dataclass(frozen=True, slots=True)
class MissingSeeds:
    """What a step lacks; `attempts` are those that were looked at, `is_running` whether one still works."""

    step_key: str
    seeds: tuple[SeedRange, ...]
    expected: int
    attempts: tuple[str, ...]
    is_running: bool

    @property
    def count(self) -> int:
        """How many seeds are missing."""
        return sum(each.count for each in self.seeds)


async def find_missing_seeds(
    session: AsyncSession, records: JobRecords | None, step_key: str
) -> MissingSeeds:
    """Compare the request's seeds with what all attempts at the step have finished.

    Asks PanDA once for each attempt with a task. Where PanDA lists fewer jobs than it had, because it forgets
    them in time, the seeds count that were known to be missing then. Raises MissingError for no such step,
    ChangeRefusedError when nobody can tell: what is not known to be missing is never redone.
    """
    step = await session.get(Step, step_key)
    if step is None:
        raise MissingError(f"There is no step {step_key[:100]!r}.")
    if records is None:
        raise ChangeRefusedError("This gateway has no PanDA to ask: set GATEWAY_PANDA_URL.")
    expected = await expected_seeds(session, step.request_name)
    done: list[SeedRange] = []
    attempts, is_running = [], False
    rows = await session.execute(
        select(
            Attempt.key,
            Attempt.jedi_task_id,
            Submission.parameters,
            Task.status,
            Task.jobs_finished,
            Task.missing_seeds,
        )
        .outerjoin(Submission, Submission.attempt_key == Attempt.key)
        .outerjoin(Task, Task.jedi_task_id == Attempt.jedi_task_id)
        .where(Attempt.step_key == step_key, Attempt.state.not_in(_DEAD))
        .order_by(Attempt.number)
    )
    for row in rows.all():
        attempts.append(str(row.key))
        is_running = is_running or row.status not in {"done", "finished", "failed", "aborted", "broken"}
        if row.jedi_task_id is None:
            continue
        parameters = cast("Mapping[str, object]", row.parameters or {})
        try:
            numbers = await records.finished_seeds(
                row.jedi_task_id, reads_files=step.parent_step_key is not None
            )
        except UpstreamError as error:
            raise ChangeRefusedError(
                f"PanDA does not tell now which jobs of {row.key} ended well: {error.message}. Ask again "
                "later."
            ) from error
        if len(numbers) >= (row.jobs_finished or 0):
            done += _seeds_of(parameters, expected, numbers, reads_files=step.parent_step_key is not None)
        elif row.missing_seeds is not None:
            known = parse_seeds(row.missing_seeds)
            done += [rest for each in expected for rest in missing_seeds(each, known)]
        else:
            raise ChangeRefusedError(
                f"PanDA lists {len(numbers)} finished jobs of {row.key}, which had {row.jobs_finished}: it "
                "has forgotten some, so nobody can tell what is missing. Look at the files in Rucio."
            )
    missing = tuple(gap for each in expected for gap in missing_seeds(each, done))
    return MissingSeeds(step_key, missing, sum(each.count for each in expected), tuple(attempts), is_running)


def check_recovery(missing: MissingSeeds, expected_count: int) -> None:
    """Return if exactly so many seeds are missing and nothing runs; raise ChangeRefusedError otherwise."""
    if missing.is_running:
        raise ChangeRefusedError(
            f"An attempt at {missing.step_key} still runs: what is missing is known when it has ended."
        )
    if missing.count != expected_count or not missing.count:
        raise ChangeRefusedError(
            f"{missing.step_key} lacks {missing.count} of {missing.expected} seeds and not {expected_count}: "
            "look at missingSeeds again."
        )


async def expected_seeds(session: AsyncSession, request_name: str) -> tuple[SeedRange, ...]:
    """Return the seeds that a request has, ascending; empty when it names none."""
    rows = await session.execute(
        select(SeedRangeRow.seed_first, SeedRangeRow.seed_last)
        .join(Request, Request.name == SeedRangeRow.request_name)
        .where(SeedRangeRow.request_name == request_name)
        .order_by(SeedRangeRow.seed_first)
    )
    return merge([SeedRange(row.seed_first, row.seed_last) for row in rows])


def _seeds_of(
    parameters: Mapping[str, object],
    expected: tuple[SeedRange, ...],
    numbers: frozenset[int],
    *,
    reads_files: bool,
) -> list[SeedRange]:
    """The seeds behind an attempt's numbers: those in files' names, an offset, or a list in its command."""
    if reads_files:
        return [SeedRange(number, number) for number in sorted(numbers) if number > 0]
    listed = listed_seeds(parameters)
    if listed is not None:
        return [SeedRange(listed[n - 1], listed[n - 1]) for n in sorted(numbers) if 0 < n <= len(listed)]
    offset = _offset(parameters)
    if offset is None:
        offset = expected[0].first - 1 if expected else 0
    return [SeedRange(n + offset, n + offset) for n in sorted(numbers) if n + offset > 0]


def _pieces(parameters: Mapping[str, object]) -> list[Mapping[str, object]]:
    pieces = parameters.get("jobParameters")
    return [piece for piece in pieces if isinstance(piece, dict)] if isinstance(pieces, list) else []


def _offset(parameters: Mapping[str, object]) -> int | None:
    for piece in _pieces(parameters):
        if "RNDMSEED" in str(piece.get("value")):
            offset = piece.get("offset", 0)
            return offset if isinstance(offset, int) else None
    return None


def listed_seeds(parameters: Mapping[str, object]) -> list[int] | None:
    """Return the single seeds in a task's command, in the order of its jobs; None when it names none."""
    for piece in _pieces(parameters):
        before, mark, rest = str(piece.get("value")).partition("set -- ")
        if mark and before:
            return [int(word) for word in rest.partition(";")[0].split()]
    return None
