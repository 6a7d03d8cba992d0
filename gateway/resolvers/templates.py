"""Which template makes a step's PanDA task: one of the registry, else SpdRoot's, which was always there."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import select

from gateway.domain.names import StepKind
from gateway.domain.task_parameters import TEMPLATES, StepTemplate
from gateway.errors import InputError
from gateway.store.registries import StepTemplateRow
from gateway.store.rows import Rows

# The software projects that the built-in templates are for; another framework registers its own.
_BUILT_IN_FOR: Final = "spdroot"


@dataclass(frozen=True, slots=True)
class NamedTemplate:
    """A template with its name and version, so that it can be told later what a task was made from."""

    name: str
    version: int
    template: StepTemplate


async def read_template(rows: Rows, software_project: str, kind: StepKind) -> NamedTemplate:
    """Return the newest template for this kind of step in the software project.

    Raises InputError where there is none: nobody has said how such a step becomes a task.
    """
    found = await rows(
        select(StepTemplateRow.name, StepTemplateRow.version, StepTemplateRow.parameters)
        .where(StepTemplateRow.software_project == software_project, StepTemplateRow.kind == kind)
        .order_by(StepTemplateRow.version.desc())
        .limit(1)
    )
    if found and isinstance(found[0].parameters, dict):
        return NamedTemplate(found[0].name, found[0].version, template_of(found[0].parameters))
    built_in = TEMPLATES.get(kind) if software_project.startswith(_BUILT_IN_FOR) else None
    if built_in is None:
        raise InputError(
            f"No template says how a {kind} step of {software_project[:64]} becomes a PanDA task. "
            "Register one."
        )
    return NamedTemplate(f"built-in {kind}", 0, built_in)


def template_of(content: Mapping[str, object]) -> StepTemplate:
    """Return the template that the fields make; raises InputError naming the field that is wrong."""
    types: Mapping[str, type[object]] = {each.name: each.type for each in fields(StepTemplate)}  # type: ignore[misc]
    unknown = sorted(content.keys() - types.keys())
    if unknown:
        raise InputError(f"No field of a template is called {', '.join(unknown)}.")
    for field, value in content.items():
        if isinstance(value, bool) or not isinstance(value, types[field]):
            raise InputError(f"{field} of a template is of the type {types[field].__name__}.")
    for field in ("processing_type", "environment", "command"):
        if not content.get(field):
            raise InputError(f"A template needs {field}.")
    if "{script}" not in str(content["command"]):
        raise InputError("The command of a template has {script} where the script's path goes.")
    return StepTemplate(**content)  # type: ignore[arg-type]
