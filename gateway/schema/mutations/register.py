"""Registering campaigns, stages, software releases, geometries and templates of steps."""

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

import strawberry

from gateway.domain.names import step_kind
from gateway.errors import InputError
from gateway.resolvers.changes import registries
from gateway.resolvers.changes.change import Made, Work
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import arguments_of
from gateway.schema.mutations.making import IdempotencyKey, make
from gateway.schema.mutations.results import Conflict, Invalid, Refused, refusal_of
from gateway.schema.needs import mutation
from gateway.store.base import JsonValue


@strawberry.type(description="The entry is in its registry; requests may name it.")
class Registered:
    """An entry of a registry."""

    key: str = strawberry.field(description="What was registered, for example 'spdroot-dev 4.1.7.3'.")
    is_repeated: bool = strawberry.field(
        description="True when it was done before under the same idempotency key, and not again."
    )


RegisterResult = Annotated[
    Registered | Conflict | Invalid | Refused,
    strawberry.union("RegisterResult", description="What was registered, or why nothing was."),
]
Description = Annotated[str | None, strawberry.argument(description="What it is for, Markdown.")]


@strawberry.input(
    description=(
        "How a kind of step becomes a PanDA task. Names, seeds, datasets and the key of the submission are "
        "put in by the gateway."
    )
)
class StepTemplateInput:
    """A template."""

    processing_type: str = strawberry.field(description="PanDA's processingType, for example simul.")
    environment: str = strawberry.field(
        description="The shell command that sets the software up, for example source /cvmfs/.../env.sh."
    )
    command: str = strawberry.field(
        description="The command up to its arguments, with {script} for the script's path."
    )
    core_count: int = strawberry.field(default=1, description="Cores of a job.")
    ram_mb: int = strawberry.field(default=2000, description="Memory of a job for each core, MB.")
    out_disk_kb: int = strawberry.field(default=500, description="Disk of a job for its output, kB.")
    max_attempts: int = strawberry.field(default=3, description="How often PanDA tries a job.")
    priority: int = strawberry.field(default=900, description="Priority of tasks whose request gives none.")
    trans_path: str | None = strawberry.field(
        default=None, description="Address of the program that starts a job; null for the usual one."
    )
    destination: str | None = strawberry.field(
        default=None, description="PanDA's destination of outputs; null for the usual one."
    )

    def content(self) -> dict[str, JsonValue]:
        """The fields that were given."""
        return {name: value for name, value in vars(self).items() if value is not None}


@strawberry.type
class Register:
    """The mutations."""

    @mutation(
        needs=Right.MANAGE_REGISTRIES,
        concerns="version",
        description="Register a software release, so that requests may name it.",
    )
    async def register_software_release(
        self,
        info: Info,
        project: Annotated[str, strawberry.argument(description="For example spdroot-dev.")],
        version: Annotated[str, strawberry.argument(description="For example 4.1.7.3.")],
        idempotency_key: IdempotencyKey,
    ) -> RegisterResult:
        """Register a release."""
        return await _registered(
            info,
            idempotency_key,
            arguments_of(project=project, version=version),
            functools.partial(registries.register_release, project=project, version=version),
        )

    @mutation(
        needs=Right.MANAGE_REGISTRIES,
        concerns="name",
        description="Register the detector component with this `name`, so that requests may list it.",
    )
    async def register_geometry(
        self, info: Info, name: str, idempotency_key: IdempotencyKey
    ) -> RegisterResult:
        """Register a geometry."""
        return await _registered(
            info,
            idempotency_key,
            arguments_of(name=name),
            functools.partial(registries.register_geometry, name=name),
        )

    @mutation(
        needs=Right.MANAGE_REGISTRIES,
        concerns="name",
        description="Register the campaign with this `name`, or describe it anew.",
    )
    async def register_campaign(
        self,
        info: Info,
        name: str,
        idempotency_key: IdempotencyKey,
        description: Description = None,
    ) -> RegisterResult:
        """Register a campaign."""
        return await _registered(
            info,
            idempotency_key,
            arguments_of(name=name, description=description),
            functools.partial(registries.register_campaign, name=name, description=description),
        )

    @mutation(
        needs=Right.MANAGE_REGISTRIES,
        concerns="name",
        description="Register the stage with this `name`, or its limits anew.",
    )
    async def register_stage(
        self,
        info: Info,
        name: str,
        idempotency_key: IdempotencyKey,
        description: Description = None,
        energy_max_gev: Annotated[
            float | None, strawberry.argument(description="The highest energy that makes sense, GeV.")
        ] = None,
        required_geometry: Annotated[
            str | None,
            strawberry.argument(description="The component that its productions must include."),
        ] = None,
    ) -> RegisterResult:
        """Register a stage."""
        return await _registered(
            info,
            idempotency_key,
            arguments_of(
                name=name,
                description=description,
                energy_max_gev=energy_max_gev,
                required_geometry=required_geometry,
            ),
            functools.partial(
                registries.register_stage,
                name=name,
                description=description,
                energy_max_gev=None if energy_max_gev is None else Decimal(str(energy_max_gev)),
                required_geometry=required_geometry,
            ),
        )

    @mutation(
        needs=Right.MANAGE_REGISTRIES,
        concerns="software_project",
        description=(
            "Register how a kind of step becomes a PanDA task in a software project. It counts for tasks to "
            "come; each time a new version is kept."
        ),
    )
    async def register_step_template(
        self,
        info: Info,
        software_project: Annotated[str, strawberry.argument(description="For example sampo.")],
        kind: Annotated[str, strawberry.argument(description="The kind of step: SIM, RECO, DIGI, ...")],
        name: Annotated[str, strawberry.argument(description="What the template is called.")],
        template: Annotated[StepTemplateInput, strawberry.argument(description="The template.")],
        idempotency_key: IdempotencyKey,
    ) -> RegisterResult:
        """Register a template."""
        try:
            wanted = step_kind(kind)
        except InputError as error:
            return refusal_of(error)
        content = template.content()
        return await _registered(
            info,
            idempotency_key,
            {"project": software_project, "kind": kind, "name": name, "template": content},
            functools.partial(
                registries.register_template,
                software_project=software_project,
                kind=wanted,
                name=name,
                content=content,
            ),
        )


async def _registered(info: Info, key: str, arguments: Mapping[str, JsonValue], work: Work) -> RegisterResult:
    made = await make(info, key=key, arguments=arguments, work=work)
    if not isinstance(made, Made):
        return made
    return Registered(key=made.text("key"), is_repeated=made.is_repeated)
