"""What is stored of the requests that an import touches: read in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange, merge
from gateway.domain.states import Intent
from gateway.domain.submission import AttemptState
from gateway.imports.seeds import HeldRange
from gateway.imports.state import EXEMPT, RequestState, StepState
from gateway.store.attempts import Attempt
from gateway.store.requests import (
    REPEATING,
    Request,
    RequestGeometry,
    RequestRelation,
    Step,
    StepDataset,
)
from gateway.store.seeds import SeedRange as SeedRangeRow
from gateway.store.seeds import SeedSpace

T = TypeVar("T")

# Names in one IN list.
_BATCH: Final = 1000
EXTENDS: Final = "extends"
# Attempts that came to nothing before PanDA had a task of them.
NEVER_MADE: Final = frozenset({AttemptState.CANCELLED, AttemptState.REJECTED})


async def load_states(
    session: AsyncSession, names: Collection[str], *, lock: bool
) -> dict[str, RequestState]:
    """Return the stored requests among the names, if asked locked against other writers until the end."""
    states: dict[str, RequestState] = {}
    for batch in batches(sorted(names)):
        states |= await _load_batch(session, batch, lock=lock)
    return states


async def load_held(
    session: AsyncSession, physics_keys: Collection[str]
) -> Mapping[str, Sequence[HeldRange]]:
    """Return what is used of the physics keys: not what tests and withdrawn requests hold."""
    held: dict[str, list[HeldRange]] = defaultdict(list)
    for batch in batches(sorted(physics_keys)):
        result = await session.execute(
            select(
                SeedSpace.physics_key,
                SeedRangeRow.seed_first,
                SeedRangeRow.seed_last,
                SeedRangeRow.request_name,
                SeedRangeRow.is_exempt,
            )
            .join(SeedSpace, SeedSpace.id == SeedRangeRow.seed_space_id)
            .outerjoin(Request, Request.name == SeedRangeRow.request_name)
            .where(
                SeedSpace.physics_key.in_(batch),
                or_(
                    SeedRangeRow.is_exempt.is_(False),
                    and_(Request.is_test.is_(False), Request.intent.not_in([each.value for each in EXEMPT])),
                ),
            )
        )
        for key, first, last, name, is_exempt in result:
            held[key].append(HeldRange(SeedRange(first, last), name, is_exempt))
    return held


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut the values into lists that fit one statement."""
    iterator = iter(values)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


async def _load_batch(session: AsyncSession, names: Sequence[str], *, lock: bool) -> dict[str, RequestState]:
    wanted = select(Request).where(Request.name.in_(names))
    requests = (await session.scalars(wanted.with_for_update() if lock else wanted)).all()
    geometries = await session.execute(
        select(RequestGeometry.request_name, RequestGeometry.geometry_name)
        .where(RequestGeometry.request_name.in_(names))
        .order_by(RequestGeometry.position)
    )
    seeds = await session.execute(
        select(SeedRangeRow.request_name, SeedRangeRow.seed_first, SeedRangeRow.seed_last)
        .where(SeedRangeRow.request_name.in_(names))
        .order_by(SeedRangeRow.seed_first)
    )
    relations = await session.execute(
        select(RequestRelation.request_name, RequestRelation.kind, RequestRelation.other_name).where(
            or_(RequestRelation.request_name.in_(names), RequestRelation.other_name.in_(names))
        )
    )
    steps = (
        await session.scalars(select(Step).where(Step.request_name.in_(names)).order_by(Step.position))
    ).all()
    datasets = await session.execute(
        select(StepDataset.step_key, StepDataset.role, StepDataset.did)
        .join(Step, Step.key == StepDataset.step_key)
        .where(Step.request_name.in_(names))
    )
    geometry_of: dict[str, list[str]] = defaultdict(list)
    for name, geometry in geometries:
        geometry_of[name].append(geometry)
    seeds_of: dict[str | None, list[SeedRange]] = defaultdict(list)
    for holder, first, last in seeds:
        seeds_of[holder].append(SeedRange(first, last))
    extends_of: dict[str, set[str]] = defaultdict(set)
    repeats_of: dict[str, set[str]] = defaultdict(set)
    for name, kind, other in relations:
        if kind == EXTENDS:
            extends_of[name].add(other)
        elif kind in REPEATING:
            repeats_of[name].add(other)
            repeats_of[other].add(name)
    attempted = frozenset(
        await session.scalars(
            select(Step.request_name)
            .join(Attempt, Attempt.step_key == Step.key)
            .where(Step.request_name.in_(names), Attempt.state.not_in(sorted(NEVER_MADE)))
            .distinct()
        )
    )
    dids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for step_key, role, did in datasets:
        dids[step_key, role].add(did)
    steps_of: dict[str, list[StepState]] = defaultdict(list)
    for step in steps:
        steps_of[step.request_name].append(_step(step, dids))
    return {
        request.name: _state(
            request,
            geometry=tuple(geometry_of[request.name]),
            seeds=merge(seeds_of[request.name]),
            extends=frozenset(extends_of[request.name]),
            repeats=frozenset(repeats_of[request.name]),
            steps=tuple(steps_of[request.name]),
            has_attempts=request.name in attempted,
        )
        for request in requests
    }


def _step(step: Step, dids: Mapping[tuple[str, str], set[str]]) -> StepState:
    return StepState(
        kind=StepKind(step.kind),
        script=step.script,
        dataset_pattern=step.dataset_pattern,
        description=step.description,
        inputs=frozenset(dids.get((step.key, "input"), ())),
        outputs=frozenset(dids.get((step.key, "output"), ())),
    )


def _state(
    request: Request,
    *,
    geometry: tuple[str, ...],
    seeds: tuple[SeedRange, ...],
    extends: frozenset[str],
    repeats: frozenset[str],
    steps: tuple[StepState, ...],
    has_attempts: bool,
) -> RequestState:
    unplaced = request.unplaced if isinstance(request.unplaced, dict) else {}
    return RequestState(
        name=request.name,
        campaign=request.campaign_name,
        stage=request.stage_name,
        software_project=request.software_project,
        software_version=request.software_version,
        collision_type=request.collision_type,
        energy_gev=Decimal(request.beam_energy_mev) / 1000,
        polarization=request.polarization,
        tag=request.tag,
        events=request.events,
        events_per_file=request.events_per_file,
        seeds=seeds,
        geometry=geometry,
        intent=Intent(request.intent),
        is_test=request.is_test,
        steps=steps,
        description=request.description,
        priority=request.priority,
        requested_by=request.requested_by,
        origin=request.origin,
        legacy_id=request.legacy_id,
        extends=extends,
        unplaced=tuple(sorted((column, str(cell)) for column, cell in unplaced.items())),
        version=request.version,
        repeats=repeats,
        held_from=Intent(request.intent_before_hold) if request.intent_before_hold else None,
        has_attempts=has_attempts,
    )
