"""The list of a sample's files: which datasets it is read from, what it should have, and what it has."""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.file_lists import Entry, Numbering, listed, missing_from, nearest
from gateway.domain.names.datasets import OUTPUT_TYPES
from gateway.domain.names.tokens import StepKind
from gateway.domain.seeds import SeedRange, jobs_for
from gateway.errors import InputError, MissingError, UnreachableError
from gateway.resolvers.files_on_demand import FileCatalogue, FilesRead
from gateway.resolvers.missing_seeds import expected_seeds, listed_seeds
from gateway.store.attempts import Attempt, Submission
from gateway.store.database import Database
from gateway.store.datasets import Dataset
from gateway.store.requests import Request, Step
from gateway.store.storages import StorageEndpoint

# How files can be read: by ROOT and xrdcp, and by gfal and anything that speaks WebDAV.
SCHEMES: Final = ("root", "davs")
# A chain of steps is as long at most; more is a loop.
_LONGEST_CHAIN: Final = 10


@dataclass(frozen=True, slots=True)
class FileWish:
    """Which list somebody wants.

    `matched` names other outputs (`SIM.P`, or `P` where it is clear) that a seed must have to be listed.
    Without `attempt` all attempts count, the latest for each seed. `site` has what is near come first.
    """

    request: str
    step: str
    output: str
    scheme: str = "root"
    site: str | None = None
    matched: tuple[str, ...] = ()
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class ReadDataset:
    """A dataset that was read for a list."""

    did: str
    attempt: int
    files: int


@dataclass(frozen=True, slots=True)
class FileList:
    """A list; `nameless` files of the output have no number in their name and are left out.

    `without_copy` entries cannot be read now with the scheme that was asked for.
    """

    output: str
    expected: int
    entries: Sequence[Entry]
    missing: tuple[SeedRange, ...]
    nameless: int
    without_copy: int
    datasets: Sequence[ReadDataset]
    taken_at: dt.datetime
    is_stale: bool

    @property
    def is_complete(self) -> bool:
        """Whether there is a file for each seed of the request, which can be read."""
        return len(self.entries) - self.without_copy >= self.expected


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the database says that must be read: datasets with their numbering, by output."""

    expected: tuple[SeedRange, ...]
    count: int
    outputs: Mapping[str, Sequence[tuple[Numbering, str]]]
    near: frozenset[str]


class FileLists:
    """Makes lists of files; without a `catalogue` there are none."""

    def __init__(self, database: Database, catalogue: FileCatalogue | None) -> None:
        self._database = database
        self._catalogue = catalogue

    async def read(self, wish: FileWish) -> FileList:
        """Return the list as it is now, asking Rucio for each dataset whose files are not known yet.

        Raises MissingError for what does not exist, InputError for what cannot be asked for, UpstreamError
        when Rucio cannot tell.
        """
        if wish.scheme not in SCHEMES:
            raise InputError(f"files are read by {' or '.join(SCHEMES)}, not by {wish.scheme[:20]!r}")
        async with self._database.snapshot() as session:
            plan = await _plan(session, wish)
        if self._catalogue is None:
            raise UnreachableError("rucio", "this gateway has no Rucio to ask: set GATEWAY_RUCIO_URL")
        found: dict[str, list[tuple[Numbering, FilesRead]]] = {}
        # No transaction is open here: Rucio may take its time.
        for output, named in plan.outputs.items():
            for numbering, did in named:
                read = await self._catalogue.files(did, wish.scheme)
                found.setdefault(output, []).append((numbering, read))
        # Tens of thousands of files take long enough for others to wait meanwhile.
        return await asyncio.to_thread(_composed, f"{wish.step}.{wish.output}", plan, found)


def _composed(
    wanted: str, plan: _Plan, found: Mapping[str, Sequence[tuple[Numbering, FilesRead]]]
) -> FileList:
    reads = [read for attempts in found.values() for _, read in attempts]
    entries, nameless = listed(
        {
            output: [(numbering, read.files) for numbering, read in attempts]
            for output, attempts in found.items()
        },
        wanted,
        plan.expected,
    )
    entries = [_near(entry, plan.near) for entry in entries]
    return FileList(
        output=wanted,
        expected=plan.count,
        entries=entries,
        missing=missing_from((entry for entry in entries if entry.file.copies), plan.expected),
        nameless=nameless,
        without_copy=sum(not entry.file.copies for entry in entries),
        datasets=[
            ReadDataset(did, numbering.attempt, len(read.files))
            for output, named in plan.outputs.items()
            for (numbering, did), (_, read) in zip(named, found[output], strict=True)
        ],
        taken_at=min(read.taken_at for read in reads),
        is_stale=any(read.is_stale for read in reads),
    )


def _near(entry: Entry, near: frozenset[str]) -> Entry:
    return replace(
        entry,
        file=replace(entry.file, copies=nearest(entry.file.copies, near)),
        matched={
            output: replace(file, copies=nearest(file.copies, near)) for output, file in entry.matched.items()
        },
    )


async def _plan(session: AsyncSession, wish: FileWish) -> _Plan:
    request = await session.get(Request, wish.request)
    if request is None:
        raise MissingError(f"There is no request {wish.request[:60]!r}.")
    steps = await _steps(session, request.name)
    if wish.step not in steps:
        raise MissingError(
            f"{request.name} has no step {wish.step[:20]!r}; it has {' and '.join(steps) or 'none'}."
        )
    wanted = [(wish.step, wish.output), *(_output(one, steps) for one in wish.matched)]
    expected = await expected_seeds(session, request.name)
    outputs = {
        f"{step}.{output}": await _datasets(session, request.name, step, output, wish)
        for step, output in wanted
    }
    return _Plan(
        expected,
        sum(each.count for each in expected) or jobs_for(request.events, request.events_per_file),
        outputs,
        frozenset() if wish.site is None else await _storages_at(session, wish.site),
    )


async def _steps(session: AsyncSession, request: str) -> Sequence[str]:
    """The step kinds that a request has, and those that its datasets name: old requests lack some steps."""
    defined = await session.scalars(
        select(Step.kind).where(Step.request_name == request).order_by(Step.position)
    )
    named = await session.scalars(
        select(Dataset.step_kind)
        .where(Dataset.request_name == request, Dataset.gone_at.is_(None), Dataset.step_kind.is_not(None))
        .distinct()
        .order_by(Dataset.step_kind)
    )
    return list(dict.fromkeys([*defined, *(one for one in named if one is not None)]))


def _output(text: str, steps: Sequence[str]) -> tuple[str, str]:
    """The step and the type of an output that somebody names as `SIM.P`, or as `P`."""
    step, dot, output = text.rpartition(".")
    if dot:
        if step not in steps:
            raise MissingError(
                f"There is no step {step[:20]!r} in this request; it has {' and '.join(steps) or 'none'}."
            )
        return step, output
    writers = [one for one in steps if output in OUTPUT_TYPES.get(StepKind(one), ())]
    if len(writers) != 1:
        raise InputError(f"which step's {output[:20]!r} is meant? Write it like {steps[0]}.{output[:20]}")
    return writers[0], output


async def _datasets(
    session: AsyncSession, request: str, step: str, output: str, wish: FileWish
) -> Sequence[tuple[Numbering, str]]:
    """The datasets of an output; an attempt is chosen for the step that is listed only."""
    rows = await session.execute(
        select(Dataset.did, Dataset.attempt_number, Dataset.attempt_key)
        .where(
            Dataset.request_name == request,
            Dataset.step_kind == step,
            Dataset.data_type == output,
            Dataset.gone_at.is_(None),
        )
        .order_by(Dataset.attempt_number, Dataset.did)
    )
    is_chosen = wish.attempt is not None and step == wish.step
    found = [row for row in rows.all() if not is_chosen or row.attempt_number == wish.attempt]
    if not found:
        known = ", ".join(OUTPUT_TYPES.get(StepKind(step), ()))
        which = f" of attempt {wish.attempt}" if is_chosen else ""
        raise MissingError(
            f"Rucio has no dataset of {request}.{step}.{output[:20]}{which}: the step has not begun, or its "
            f"outputs are called otherwise ({known or 'nobody has agreed how'})."
        )
    return [(await _numbering(session, row.attempt_key, row.attempt_number or 1), row.did) for row in found]


async def _numbering(session: AsyncSession, attempt_key: str | None, attempt: int) -> Numbering:
    """How an attempt's files are numbered: as those of the attempt at the beginning of its chain."""
    key, number, parameters = attempt_key, attempt, None
    for _ in range(_LONGEST_CHAIN):
        row = (
            await session.execute(
                select(Attempt.number, Submission.parameters, Submission.parent_attempt_key)
                .join(Submission, Submission.attempt_key == Attempt.key)
                .where(Attempt.key == key)
            )
        ).one_or_none()
        if row is None:
            break
        number, parameters = row.number, row.parameters
        if row.parent_attempt_key is None:
            break
        key = row.parent_attempt_key
    seeds = listed_seeds(cast("Mapping[str, object]", parameters or {}))
    return Numbering(attempt, number, seeds)


async def _storages_at(session: AsyncSession, site: str) -> frozenset[str]:
    rows = (
        await session.execute(
            select(StorageEndpoint.rse_name, StorageEndpoint.site_name)
            .where(StorageEndpoint.gone_at.is_(None), StorageEndpoint.site_name.is_not(None))
            .order_by(StorageEndpoint.site_name)
        )
    ).all()
    found = frozenset(row.rse_name for row in rows if row.site_name == site)
    if not found:
        known = ", ".join(dict.fromkeys(row.site_name for row in rows)) or "none"
        raise MissingError(f"No storage is at a site {site[:40]!r}. Sites with storages: {known}.")
    return found
