"""Registering what requests may name: campaigns, stages, releases, geometries, templates of steps."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Final, cast

from sqlalchemy import Table, func, select

from gateway.domain.names import StepKind, scope_of, software_token
from gateway.domain.task_parameters import StepTemplate
from gateway.errors import InputError
from gateway.resolvers.changes.change import Change
from gateway.resolvers.templates import template_of
from gateway.store.base import JsonValue
from gateway.store.registries import Campaign, Geometry, SoftwareRelease, Stage, StepTemplateRow
from gateway.store.upsert import upsert_rows

_WORD_LIMIT: Final = 64
_VERSION_LIMIT: Final = 32
_DESCRIPTION_LIMIT: Final = 4_000


async def register_release(change: Change, project: str, version: str) -> Mapping[str, JsonValue]:
    """Register a software release; returns its `key`. Raises NamingError where no tag could name it."""
    software_token(version, project)
    _check_length("version", version, _VERSION_LIMIT)
    await _put(change, SoftwareRelease, {"project": project, "version": version})
    await change.record("SoftwareRelease", f"{project} {version}", after={"version": version})
    return {"key": f"{project} {version}"}


async def register_geometry(change: Change, name: str) -> Mapping[str, JsonValue]:
    """Register a detector component; returns its `key`."""
    name = _word("name", name)
    if "," in name or "|" in name:
        raise InputError("The name of a component has no comma and no bar: lists are written with them.")
    await _put(change, Geometry, {"name": name})
    await change.record("Geometry", name, after={"name": name})
    return {"key": name}


async def register_campaign(change: Change, name: str, description: str | None) -> Mapping[str, JsonValue]:
    """Register a campaign or describe it anew; returns its `key`."""
    name = _word("name", name)
    _check_length("description", description or "", _DESCRIPTION_LIMIT)
    await _put(change, Campaign, {"name": name, "description": description})
    await change.record("Campaign", name, after={"description": description})
    return {"key": name}


async def register_stage(
    change: Change,
    name: str,
    *,
    description: str | None,
    energy_max_gev: Decimal | None,
    required_geometry: str | None,
) -> Mapping[str, JsonValue]:
    """Register a stage or its limits anew; returns its `key`.

    Raises NamingError for a name that no scope could carry, InputError for a geometry nobody registered.
    """
    scope_of(change.now.year, name)
    _check_length("name", name, 8)
    _check_length("description", description or "", _DESCRIPTION_LIMIT)
    if energy_max_gev is not None and not 0 < energy_max_gev < 1_000_000:
        raise InputError("`energyMaxGev` is above 0 and below 1,000,000.")
    if required_geometry is not None and not await change.rows(
        select(Geometry.name).where(Geometry.name == required_geometry)
    ):
        raise InputError(f"{required_geometry[:64]!r} is no registered geometry.")
    content: dict[str, JsonValue] = {
        "description": description,
        "energy_max_mev": None if energy_max_gev is None else int(energy_max_gev * 1000),
        "required_geometry": required_geometry,
    }
    await _put(change, Stage, {"name": name, **content})
    await change.record("Stage", name, after=content)
    return {"key": name}


async def register_template(
    change: Change, software_project: str, kind: StepKind, name: str, content: Mapping[str, JsonValue]
) -> Mapping[str, JsonValue]:
    """Register how a kind of step becomes a PanDA task in a software project, as its next version.

    Raises InputError for fields that make no template. Tasks that were made from older versions stay as
    they are. Returns the `key`.
    """
    software_project, name = _word("softwareProject", software_project), _word("name", name)
    template: StepTemplate = template_of(content)
    found = await change.rows(
        select(func.max(StepTemplateRow.version).label("version")).where(
            StepTemplateRow.software_project == software_project, StepTemplateRow.kind == kind
        )
    )
    version = (found[0].version or 0) + 1
    change.session.add(
        StepTemplateRow(
            software_project=software_project,
            kind=kind,
            version=version,
            name=name,
            parameters=cast("dict[str, JsonValue]", asdict(template)),
            registered_at=change.now,
            registered_by=change.by,
        )
    )
    key = f"{software_project} {kind} {version}"
    await change.record("StepTemplate", key, after={"name": name, "content": dict(content)})
    return {"key": key}


async def _put(change: Change, model: type[object], row: Mapping[str, object]) -> None:
    await upsert_rows(change.session, cast("Table", model.__table__), [row])  # type: ignore[attr-defined]


def _word(field: str, text: str) -> str:
    """The text without blanks around it; raises InputError where it cannot be a name."""
    name = text.strip()
    if not name or not name.isprintable():
        raise InputError(f"`{field}` is a printable text.")
    _check_length(field, name, _WORD_LIMIT)
    return name


def _check_length(field: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise InputError(f"`{field}` has {len(text)} characters; at most {limit} are kept.")
