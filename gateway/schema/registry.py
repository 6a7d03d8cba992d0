"""The registries in the schema: what a new request may name."""

import datetime as dt

import strawberry
from sqlalchemy import select

from gateway.schema.scalars import BigInt, Json
from gateway.store.registries import Geometry, SoftwareRelease, Stage, StepTemplateRow
from gateway.store.rows import Rows


@strawberry.type(description="A software release that requests may name. Owned by the gateway.")
class Release:
    """A release."""

    project: str = strawberry.field(description="Software project, for example spdroot-dev.")
    version: str = strawberry.field(description="Its version, for example 4.1.7.2.")


@strawberry.type(description="How a kind of step becomes a PanDA task. Owned by the gateway.")
class StepTemplate:
    """A template."""

    software_project: str = strawberry.field(description="The software project it is for.")
    kind: str = strawberry.field(description="The kind of step it is for.")
    version: BigInt = strawberry.field(description="Counts its versions; the highest one is used.")
    name: str = strawberry.field(description="What it is called.")
    content: Json = strawberry.field(description="Its fields, as `registerStepTemplate` took them.")
    registered_at: dt.datetime = strawberry.field(description="When it was registered, UTC.")
    registered_by: str = strawberry.field(description="IAM user name of who registered it.")


@strawberry.type(description="What requests may name, each by its key.")
class Registries:
    """The registries."""

    stage_names: list[str] = strawberry.field(description="Stages of the experiment.")
    releases: list[Release] = strawberry.field(description="Software releases.")
    geometry_names: list[str] = strawberry.field(description="Detector components.")
    step_templates: list[StepTemplate] = strawberry.field(
        description=(
            "Registered templates in all their versions, the newest first. SIM and RECO of SpdRoot have one "
            "built in, used while none is registered."
        )
    )


async def read_registries(rows: Rows) -> Registries:
    """Return all of the registries, in four statements."""
    templates = await rows(
        select(*StepTemplateRow.__table__.columns).order_by(
            StepTemplateRow.software_project, StepTemplateRow.kind, StepTemplateRow.version.desc()
        )
    )
    releases = await rows(
        select(SoftwareRelease.project, SoftwareRelease.version).order_by(
            SoftwareRelease.project, SoftwareRelease.version
        )
    )
    return Registries(
        stage_names=[row.name for row in await rows(select(Stage.name).order_by(Stage.name))],
        releases=[Release(project=row.project, version=row.version) for row in releases],
        geometry_names=[row.name for row in await rows(select(Geometry.name).order_by(Geometry.name))],
        step_templates=[
            StepTemplate(
                software_project=row.software_project,
                kind=row.kind,
                version=BigInt(row.version),
                name=row.name,
                content=Json(row.parameters),
                registered_at=row.registered_at,
                registered_by=row.registered_by,
            )
            for row in templates
        ],
    )
