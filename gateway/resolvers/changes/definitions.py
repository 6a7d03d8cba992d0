"""Requests as they are defined: read with all that belongs to them, written whole, each version kept."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from sqlalchemy import Table, delete, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute

from gateway.domain.definitions import Definition, StepDefinition, as_json, of_json
from gateway.domain.facts import RequestFacts
from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange, merge
from gateway.domain.states import Intent
from gateway.errors import ChangeRefusedError, MissingError
from gateway.resolvers.changes.change import Change
from gateway.store.attempts import Attempt
from gateway.store.registries import Campaign, Geometry, SoftwareRelease, Stage
from gateway.store.request_versions import RequestVersion
from gateway.store.requests import Request, RequestGeometry, RequestRelation, Step, StepDataset
from gateway.store.rows import Rows
from gateway.store.seeds import SeedRange as SeedRangeRow
from gateway.store.upsert import insert_rows, upsert_rows

# What the version before the first edit here was made by: nobody knows better than the import.
BEFORE_FIRST_EDIT: Final = "imported"

# Relations that say: these seeds are meant to be used again (invariant 1).
REPEATING: Final = ("repeats", "supersedes")


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request as it is stored, with its definition and what an edit of it depends on."""

    name: str
    version: int
    intent: Intent
    held_from: Intent | None
    requested_by: str | None
    accepted_completeness: float | None
    origin: str
    seeds_exempt_reason: str | None
    intended_repeats: frozenset[str]
    definition: Definition

    @property
    def facts(self) -> RequestFacts:
        """The request as the checks see it, without attempts."""
        return self.definition.facts(
            self.name, self.intent, intended_repeats=self.intended_repeats, requested_by=self.requested_by
        )


async def read_requests(
    rows: Rows, names: Collection[str], *, lock: bool = False
) -> dict[str, StoredRequest]:
    """Return the requests of these names that exist, in five statements, by name.

    Locked, others who want to change them wait until the transaction ends.
    """
    wanted = select(*Request.__table__.columns).where(Request.name.in_(names)).order_by(Request.name)
    found = await rows(wanted.with_for_update() if lock else wanted)
    geometries: defaultdict[str, list[str]] = defaultdict(list)
    for row in await rows(
        select(RequestGeometry.request_name, RequestGeometry.geometry_name)
        .where(RequestGeometry.request_name.in_(names))
        .order_by(RequestGeometry.position)
    ):
        geometries[row.request_name].append(row.geometry_name)
    ranges: defaultdict[str | None, list[SeedRange]] = defaultdict(list)
    reasons: dict[str | None, str | None] = {}
    for row in await rows(
        select(
            SeedRangeRow.request_name,
            SeedRangeRow.seed_first,
            SeedRangeRow.seed_last,
            SeedRangeRow.exempt_reason,
        ).where(SeedRangeRow.request_name.in_(names))
    ):
        ranges[row.request_name].append(SeedRange(row.seed_first, row.seed_last))
        reasons[row.request_name] = row.exempt_reason or reasons.get(row.request_name)
    steps: defaultdict[str, list[StepDefinition]] = defaultdict(list)
    for row in await rows(
        select(Step.request_name, Step.kind, Step.script, Step.parent_step_key, Step.description)
        .where(Step.request_name.in_(names))
        .order_by(Step.request_name, Step.position)
    ):
        steps[row.request_name].append(
            StepDefinition(
                kind=StepKind(row.kind),
                script=row.script,
                reads=_reads(row.request_name, row.parent_step_key),
                description=row.description,
            )
        )
    repeats: defaultdict[str, set[str]] = defaultdict(set)
    for row in await rows(
        select(RequestRelation.request_name, RequestRelation.other_name).where(
            RequestRelation.request_name.in_(names), RequestRelation.kind.in_(REPEATING)
        )
    ):
        repeats[row.request_name].add(row.other_name)
    return {
        row.name: StoredRequest(
            name=row.name,
            version=row.version,
            intent=Intent(row.intent),
            held_from=None if row.intent_before_hold is None else Intent(row.intent_before_hold),
            requested_by=row.requested_by,
            accepted_completeness=row.accepted_completeness,
            origin=row.origin,
            seeds_exempt_reason=reasons.get(row.name),
            intended_repeats=frozenset(repeats[row.name]),
            definition=Definition(
                stage=row.stage_name,
                software_project=row.software_project,
                software_version=row.software_version,
                collision_type=row.collision_type,
                energy_gev=Decimal(row.beam_energy_mev) / 1000,
                polarization=row.polarization,
                tag=row.tag,
                events=row.events,
                events_per_file=row.events_per_file,
                campaign=row.campaign_name,
                geometry=tuple(geometries[row.name]),
                priority=row.priority,
                description=row.description,
                is_test=row.is_test,
                seeds=merge(ranges[row.name]),
                steps=tuple(steps[row.name]),
            ),
        )
        for row in found
    }


async def locked_request(change: Change, name: str) -> StoredRequest:
    """Return the request, locked until the change ends; raises MissingError when there is none."""
    return (await locked_requests(change, [name]))[name]


async def locked_requests(change: Change, names: Collection[str]) -> Mapping[str, StoredRequest]:
    """Return the requests by name, locked in the order of names; MissingError names the first not there."""
    found = await read_requests(change.rows, names, lock=True)
    missing = sorted(set(names) - found.keys())
    if missing:
        raise MissingError(f"There is no request {missing[0][:64]!r}.")
    return found


def _reads(request_name: str, parent_step_key: str | None) -> str | None:
    """A step of the same request by its kind alone, another's by its key."""
    if parent_step_key is None:
        return None
    own, _, kind = parent_step_key.rpartition(".")
    return kind if own == request_name else parent_step_key


async def unregistered(rows: Rows, definitions: Sequence[Definition]) -> Sequence[Mapping[str, str]]:
    """Return what each definition names and no registry has, as words by field; empty where all is known.

    In a fixed number of statements.
    """
    known = await _read_known(rows, definitions)
    return [_unregistered(definition, known) for definition in definitions]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the registries have of all that some definitions name."""

    stages: frozenset[str]
    campaigns: frozenset[str]
    releases: frozenset[tuple[str, str]]
    geometries: frozenset[str]
    steps: frozenset[str]


async def _read_known(rows: Rows, definitions: Sequence[Definition]) -> _Known:
    stages = {each.stage for each in definitions}
    campaigns = {each.campaign for each in definitions if each.campaign is not None}
    projects = {each.software_project for each in definitions}
    versions = {each.software_version for each in definitions}
    geometries = {name for each in definitions for name in each.geometry}
    steps = {step.reads for each in definitions for step in each.steps if step.reads and "." in step.reads}
    releases = await rows(
        select(SoftwareRelease.project, SoftwareRelease.version).where(
            SoftwareRelease.project.in_(sorted(projects)), SoftwareRelease.version.in_(sorted(versions))
        )
    )
    return _Known(
        stages=await _there(rows, Stage.name, stages),
        campaigns=await _there(rows, Campaign.name, campaigns),
        releases=frozenset((row.project, row.version) for row in releases),
        geometries=await _there(rows, Geometry.name, geometries),
        steps=await _there(rows, Step.key, steps),
    )


async def _there(rows: Rows, column: InstrumentedAttribute[str], wanted: Collection[str]) -> frozenset[str]:
    if not wanted:
        return frozenset()
    found = await rows(select(column.label("value")).where(column.in_(sorted(wanted))))
    return frozenset(row.value for row in found)


def _unregistered(definition: Definition, known: _Known) -> Mapping[str, str]:
    missing: dict[str, str] = {}
    if definition.stage not in known.stages:
        missing["stage"] = f"{definition.stage!r} is no registered stage."
    if definition.campaign is not None and definition.campaign not in known.campaigns:
        missing["campaign"] = f"{definition.campaign!r} is no registered campaign."
    if (definition.software_project, definition.software_version) not in known.releases:
        release = f"{definition.software_project} {definition.software_version}"
        missing["software_version"] = f"{release} is no registered software release."
    unknown = [name for name in definition.geometry if name not in known.geometries]
    if unknown:
        missing["geometry"] = f"{', '.join(unknown)}: not registered."
    others = sorted({step.reads for step in definition.steps if step.reads and "." in step.reads})
    gone = [key for key in others if key not in known.steps]
    if gone:
        missing["steps"] = f"read {', '.join(gone)}, which no request has."
    return missing


async def insert_requests(
    change: Change, names: Sequence[str], definition: Definition, *, intent: Intent, requested_by: str
) -> None:
    """Write new requests of one definition and all of them but their seeds and first versions."""
    change.session.add_all(
        Request(
            name=name,
            **_columns(definition),  # type: ignore[arg-type]
            intent=intent.value,
            requested_by=requested_by,
            origin="gateway",
            created_at=change.now,
            updated_at=change.now,
        )
        for name in names
    )
    await change.session.flush()
    await _write_parts(change, names, definition)
    for name in names:
        change.tell_request(name)


async def write_definition(change: Change, before: StoredRequest, after: Definition) -> int:
    """Bring a locked request to the definition, whose seeds the ledger has; return its new version.

    Raises ChangeRefusedError when a step is to go that was submitted already.
    """
    version = before.version + 1
    await keep_version(change, before.name, before.version, before.definition, action=BEFORE_FIRST_EDIT)
    await change.session.execute(
        update(Request)
        .where(Request.name == before.name)
        .values(**_columns(after), updated_at=change.now, version=version)
        .execution_options(synchronize_session=False)
    )
    await change.session.execute(
        delete(RequestGeometry)
        .where(RequestGeometry.request_name == before.name)
        .execution_options(synchronize_session=False)
    )
    await _remove_steps(change, before, after)
    await _write_parts(change, [before.name], after)
    await keep_version(change, before.name, version, after)
    change.tell_request(before.name)
    return version


async def read_version(rows: Rows, name: str, version: int) -> Definition | None:
    """Return what the definition was at this version; None when that was not kept."""
    return (await read_versions(rows, [(name, version)])).get(name)


async def read_versions(rows: Rows, wanted: Collection[tuple[str, int]]) -> Mapping[str, Definition]:
    """Return by name what each definition was at its version, where that was kept."""
    found = await rows(
        select(RequestVersion.request_name, RequestVersion.content).where(
            tuple_(RequestVersion.request_name, RequestVersion.version).in_(sorted(wanted))
        )
    )
    return {row.request_name: of_json(row.content) for row in found if isinstance(row.content, dict)}


def _columns(definition: Definition) -> dict[str, object]:
    return {
        "campaign_name": definition.campaign,
        "stage_name": definition.stage,
        "software_project": definition.software_project,
        "software_version": definition.software_version,
        "collision_type": definition.collision_type,
        "beam_energy_mev": int(definition.energy_gev * 1000),
        "polarization": definition.polarization,
        "tag": definition.tag,
        "events": definition.events,
        "events_per_file": definition.events_per_file,
        "priority": definition.priority,
        "description": definition.description,
        "is_test": definition.is_test,
    }


async def _write_parts(change: Change, names: Sequence[str], definition: Definition) -> None:
    await insert_rows(
        change.session,
        cast("Table", RequestGeometry.__table__),
        [
            {"request_name": name, "geometry_name": geometry, "position": position}
            for name in names
            for position, geometry in enumerate(definition.geometry, start=1)
        ],
    )
    rows = []
    for name in names:
        for position, step in enumerate(definition.steps, start=1):
            version, variant = step.script_parts
            reads = step.reads
            rows.append(
                {
                    "key": f"{name}.{step.kind}",
                    "request_name": name,
                    "kind": step.kind,
                    "position": position,
                    "parent_step_key": reads if reads is None or "." in reads else f"{name}.{reads}",
                    "script": step.script,
                    "script_version": version,
                    "script_variant": variant,
                    "description": step.description,
                }
            )
    # The pattern stays as it was imported: outputs follow from the fields, so nobody edits it here.
    await upsert_rows(change.session, cast("Table", Step.__table__), rows)


async def _remove_steps(change: Change, before: StoredRequest, after: Definition) -> None:
    kept = {step.kind for step in after.steps}
    gone = [f"{before.name}.{step.kind}" for step in before.definition.steps if step.kind not in kept]
    if not gone:
        return
    tried = await change.rows(select(Attempt.step_key).where(Attempt.step_key.in_(gone)).limit(1))
    if tried:
        raise ChangeRefusedError(f"{tried[0].step_key} was submitted already, so it cannot be taken out.")
    read_by = await change.rows(
        select(Step.key).where(Step.parent_step_key.in_(gone), Step.request_name != before.name).limit(1)
    )
    if read_by:
        raise ChangeRefusedError(f"{read_by[0].key} reads a step that is to be taken out. Change that first.")
    # Children before their parents.
    await change.session.execute(
        update(Step)
        .where(Step.request_name == before.name)
        .values(parent_step_key=None)
        .execution_options(synchronize_session=False)
    )
    await change.session.execute(
        delete(StepDataset).where(StepDataset.step_key.in_(gone)).execution_options(synchronize_session=False)
    )
    await change.session.execute(
        delete(Step).where(Step.key.in_(gone)).execution_options(synchronize_session=False)
    )


async def keep_version(
    change: Change, name: str, version: int, definition: Definition, *, action: str | None = None
) -> None:
    """Keep what a version said, unless it is kept already."""
    await keep_versions(change, version, {name: definition}, action=action)


async def keep_versions(
    change: Change, version: int, definitions: Mapping[str, Definition], *, action: str | None = None
) -> None:
    """Keep what this version said of each request, by name, unless it is kept already."""
    await upsert_rows(
        change.session,
        cast("Table", RequestVersion.__table__),
        [
            {
                "request_name": name,
                "version": version,
                "action": action or change.asked.action,
                "content": as_json(definition),
                "changed_at": change.now,
                "changed_by": change.by if action is None else None,
            }
            for name, definition in definitions.items()
        ],
        keep=frozenset({"action", "content", "changed_at", "changed_by"}),
    )
