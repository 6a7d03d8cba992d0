"""What people wrote down of each request, read in a fixed number of statements per batch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.facts import RequestFacts, StepFacts
from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange, jobs_for, merge
from gateway.domain.states import Intent
from gateway.store.requests import REPEATING, Request, RequestGeometry, RequestRelation, Step
from gateway.store.seeds import SeedRange as SeedRangeRow

T = TypeVar("T")

# Requests read at a time; with their datasets some 20,000 rows.
REQUESTS_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class Outline:
    """A request without datasets and attempts, and the seeds it holds.

    `facts.seeds` are those seeds if they are in one piece; else only their number means something.
    """

    facts: RequestFacts
    ranges: tuple[SeedRange, ...]

    @property
    def has_one_range(self) -> bool:
        """Whether `facts.seeds` may be compared seed by seed."""
        return len(self.ranges) == 1


async def read_outlines(session: AsyncSession) -> dict[str, Outline]:
    """Return the outlines of all requests by name, in the order of names."""
    names = (await session.scalars(select(Request.name).order_by(Request.name))).all()
    outlines: dict[str, Outline] = {}
    for batch in batches(names):
        outlines |= await _outlines(session, batch)
    return outlines


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut the values into lists of REQUESTS_AT_A_TIME."""
    iterator = iter(values)
    while batch := list(islice(iterator, REQUESTS_AT_A_TIME)):
        yield batch


async def _outlines(session: AsyncSession, names: Sequence[str]) -> dict[str, Outline]:
    requests = (await session.scalars(select(Request).where(Request.name.in_(names)))).all()
    geometries: defaultdict[str, set[str]] = defaultdict(set)
    for name, geometry in await session.execute(
        select(RequestGeometry.request_name, RequestGeometry.geometry_name).where(
            RequestGeometry.request_name.in_(names)
        )
    ):
        geometries[name].add(geometry)
    seeds: defaultdict[str | None, list[SeedRange]] = defaultdict(list)
    for holder, first, last in await session.execute(
        select(SeedRangeRow.request_name, SeedRangeRow.seed_first, SeedRangeRow.seed_last).where(
            SeedRangeRow.request_name.in_(names)
        )
    ):
        seeds[holder].append(SeedRange(first, last))
    repeats: defaultdict[str, set[str]] = defaultdict(set)
    for name, other in await session.execute(
        select(RequestRelation.request_name, RequestRelation.other_name).where(
            RequestRelation.request_name.in_(names), RequestRelation.kind.in_(REPEATING)
        )
    ):
        repeats[name].add(other)
    steps: defaultdict[str, list[StepFacts]] = defaultdict(list)
    for step in await session.scalars(
        select(Step).where(Step.request_name.in_(names)).order_by(Step.request_name, Step.position)
    ):
        steps[step.request_name].append(_step(step))
    session.expunge_all()
    outlines = {
        request.name: _outline(
            request,
            geometry=frozenset(geometries[request.name]),
            ranges=merge(seeds[request.name]),
            repeats=frozenset(repeats[request.name]),
            steps=tuple(steps[request.name]),
        )
        for request in requests
    }
    return {name: outlines[name] for name in names}


def _outline(
    request: Request,
    *,
    geometry: frozenset[str],
    ranges: tuple[SeedRange, ...],
    repeats: frozenset[str],
    steps: tuple[StepFacts, ...],
) -> Outline:
    return Outline(
        RequestFacts(
            name=request.name,
            campaign=request.campaign_name,
            stage=request.stage_name,
            software_project=request.software_project,
            software_version=request.software_version,
            tag=request.tag,
            collision_type=request.collision_type,
            energy_gev=Decimal(request.beam_energy_mev) / 1000,
            polarization=request.polarization,
            events=request.events,
            events_per_file=request.events_per_file,
            seeds=_seeds(request, ranges),
            geometry=geometry,
            intent=Intent(request.intent),
            is_test=request.is_test,
            intended_repeats=repeats,
            requested_by=request.requested_by,
            accepted_completeness=request.accepted_completeness,
            steps=steps,
        ),
        ranges,
    )


def _seeds(request: Request, ranges: tuple[SeedRange, ...]) -> SeedRange:
    """One range with the right number of seeds; a request without any gets as many as it needs."""
    first = ranges[0].first if ranges else 1
    count = sum(held.count for held in ranges) or jobs_for(request.events, request.events_per_file)
    return SeedRange(first, first + count - 1)


def _step(step: Step) -> StepFacts:
    source = step.parent_step_key.rpartition(".")[0] if step.parent_step_key else None
    return StepFacts(
        kind=StepKind(step.kind),
        script=step.script,
        pattern=step.dataset_pattern,
        reads_from=None if source == step.request_name else source,
    )
