"""Writing what was planned: whole tables at a time, within the one transaction of the file."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from sqlalchemy import Table, bindparam, delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.imports.plan import Plan
from gateway.imports.state import RequestState, StepState, parents
from gateway.imports.stored import EXTENDS, batches
from gateway.store.events import EventKind, tell
from gateway.store.registries import Campaign, Geometry, SoftwareRelease, Stage
from gateway.store.requests import Request, RequestGeometry, RequestRelation, StatusChange, Step, StepDataset
from gateway.store.seeds import SeedRange, lock_spaces
from gateway.store.upsert import insert_rows, upsert_rows

Row = Mapping[str, object]

# What fixes a stage's physics: S1 reaches about 10 GeV and needs Micromegas, S2 27 GeV and needs DSSD
# (CHEP 2025 talk). Other stages are registered without limits.
STAGE_LIMITS: Final = {"S1": (10_000, "Micromegas"), "S2": (27_000, "DSSD")}


async def write_plan(
    session: AsyncSession, plan: Plan, *, at: dt.datetime, imported_by: str | None, reason: str
) -> None:
    """Write the requests that the plan adds or changes, with everything that belongs to them."""
    states = list(plan.after.values())
    await _register(session, states)
    await _requests(session, plan, at)
    await _geometries(session, plan)
    await _steps(session, plan)
    await _seeds(session, plan, at)
    await insert_rows(session, _table(RequestRelation), list(_new_relations(plan, at, imported_by)))
    await insert_rows(
        session,
        _table(StatusChange),
        [
            {
                "request_name": state.name,
                "from_intent": before.intent.value if before else None,
                "to_intent": state.intent.value,
                "changed_at": at,
                "changed_by": imported_by,
                "reason": reason,
            }
            for state in states
            if (before := plan.before.get(state.name)) is None or before.intent is not state.intent
        ],
    )


async def _register(session: AsyncSession, states: Sequence[RequestState]) -> None:
    """Add to the registries what the requests name and nobody had registered."""
    await _add(
        session, Campaign, {state.campaign: {"name": state.campaign} for state in states if state.campaign}
    )
    await _add(session, Geometry, {name: {"name": name} for state in states for name in state.geometry})
    await _add(
        session,
        SoftwareRelease,
        {
            (state.software_project, state.software_version): {
                "project": state.software_project,
                "version": state.software_version,
            }
            for state in states
        },
    )
    await _add(session, Stage, {state.stage: _stage(state.stage) for state in states})


def _stage(name: str) -> Row:
    energy_max_mev, required_geometry = STAGE_LIMITS.get(name, (None, None))
    return {"name": name, "energy_max_mev": energy_max_mev, "required_geometry": required_geometry}


async def _add(session: AsyncSession, model: type[object], rows: Mapping[object, Row]) -> None:
    table = _table(model)
    names = frozenset(name for row in rows.values() for name in row)
    await upsert_rows(session, table, list(rows.values()), keep=names)


async def _requests(session: AsyncSession, plan: Plan, at: dt.datetime) -> None:
    added = [state for name, state in plan.after.items() if name not in plan.before]
    changed = [state for name, state in plan.after.items() if name in plan.before]
    await insert_rows(
        session,
        _table(Request),
        [
            {
                "name": state.name,
                **_columns(state),
                "is_test": state.is_test,
                "origin": state.origin,
                "created_at": at,
                "updated_at": at,
                "version": state.version,
            }
            for state in added
        ],
    )
    for state in (*added, *changed):
        tell(session, EventKind.REQUEST, state.name, at=at)
    if not changed:
        return
    table = _table(Request)
    names = list(_columns(changed[0]))
    await session.execute(
        update(table)
        .where(table.c.name == bindparam("key"))
        .values({name: bindparam(f"new_{name}") for name in [*names, "updated_at", "version"]}),
        [
            {
                "key": state.name,
                **{f"new_{name}": value for name, value in _columns(state).items()},
                "new_updated_at": at,
                "new_version": state.version + 1,
            }
            for state in changed
        ],
    )


def _columns(state: RequestState) -> dict[str, object]:
    return {
        "campaign_name": state.campaign,
        "stage_name": state.stage,
        "software_project": state.software_project,
        "software_version": state.software_version,
        "collision_type": state.collision_type,
        "beam_energy_mev": int(state.energy_gev * 1000),
        "polarization": state.polarization,
        "tag": state.tag,
        "events": state.events,
        "events_per_file": state.events_per_file,
        "priority": state.priority,
        "description": state.description,
        "intent": state.intent.value,
        "intent_before_hold": state.held_from.value if state.held_from else None,
        "requested_by": state.requested_by,
        "legacy_id": state.legacy_id,
        "unplaced": dict(state.unplaced) or None,
    }


async def _geometries(session: AsyncSession, plan: Plan) -> None:
    changed = [
        state
        for name, state in plan.after.items()
        if name not in plan.before or plan.before[name].geometry != state.geometry
    ]
    for batch in batches(state.name for state in changed):
        await session.execute(delete(RequestGeometry).where(RequestGeometry.request_name.in_(batch)))
    await insert_rows(
        session,
        _table(RequestGeometry),
        [
            {"request_name": state.name, "geometry_name": name, "position": position}
            for state in changed
            for position, name in enumerate(state.geometry, start=1)
        ],
    )


async def _steps(session: AsyncSession, plan: Plan) -> None:
    changed = [
        state
        for name, state in plan.after.items()
        if name not in plan.before or plan.before[name].steps != state.steps
    ]
    # Parents stand before their children, in the rows as in the list of steps: SQLite checks row by row.
    await upsert_rows(session, _table(Step), [row for state in changed for row in _step_rows(state)])
    keys = [step_key(state.name, step) for state in changed for step in state.steps]
    for batch in batches(keys):
        await session.execute(delete(StepDataset).where(StepDataset.step_key.in_(batch)))
    await insert_rows(
        session,
        _table(StepDataset),
        [
            {"step_key": step_key(state.name, step), "role": role, "did": did}
            for state in changed
            for step in state.steps
            for role, dids in (("input", step.inputs), ("output", step.outputs))
            for did in sorted(dids)
        ],
    )


def step_key(request_name: str, step: StepState) -> str:
    """The key of a request's step."""
    return f"{request_name}.{step.kind}"


def _step_rows(state: RequestState) -> Iterable[Row]:
    parent_of = parents(state.steps)
    for position, step in enumerate(state.steps, start=1):
        parent = parent_of[step.kind]
        version, variant = step.script_parts
        yield {
            "key": step_key(state.name, step),
            "request_name": state.name,
            "kind": step.kind,
            "position": position,
            "parent_step_key": f"{state.name}.{parent}" if parent else None,
            "script": step.script,
            "script_version": version,
            "script_variant": variant,
            "dataset_pattern": step.dataset_pattern,
            "description": step.description,
        }


async def _seeds(session: AsyncSession, plan: Plan, at: dt.datetime) -> None:
    for batch in batches(plan.seeds):
        await session.execute(delete(SeedRange).where(SeedRange.request_name.in_(batch)))
    ids = await lock_spaces(session, {plan.after[name].physics_key for name in plan.seeds})
    await insert_rows(
        session,
        _table(SeedRange),
        [
            {
                "seed_space_id": ids[plan.after[name].physics_key],
                "request_name": name,
                "seed_first": planned.seeds.first,
                "seed_last": planned.seeds.last,
                "is_exempt": planned.exempt_reason is not None,
                "exempt_reason": planned.exempt_reason,
                "created_at": at,
            }
            for name, ranges in plan.seeds.items()
            for planned in ranges
        ],
    )


def _new_relations(plan: Plan, at: dt.datetime, imported_by: str | None) -> Iterable[Row]:
    for name, state in plan.after.items():
        before = plan.before[name].extends if name in plan.before else frozenset()
        for other in sorted(state.extends - before):
            yield {
                "request_name": name,
                "kind": EXTENDS,
                "other_name": other,
                "note": "read from the description",
                "created_at": at,
                "created_by": imported_by,
            }


def _table(model: type[object]) -> Table:
    return cast("Table", model.__table__)  # type: ignore[attr-defined]
