"""A Sampo production configuration as the definition of a request, so that both say the same."""

import difflib
from collections.abc import Collection, Mapping
from typing import Final

from gateway.domain.definitions import Definition, of_json
from gateway.domain.names import Tag, software_token
from gateway.errors import InputError

# The version of the form; another one would have another number.
FORM: Final = 1
_NEEDED: Final = (
    "sampo",
    "stage",
    "process",
    "generator",
    "collision",
    "energy_gev",
    "polarization",
    "software",
    "events",
    "events_per_file",
    "steps",
)
_MAY_BE: Final = ("campaign", "geometry_tag", "priority", "description", "test")
_SOFTWARE: Final = ("project", "version")
_STEP: Final = ("kind", "job_options", "reads", "description")


def definition_of_sampo(config: object) -> Definition:
    """Read a configuration; raises InputError (a NamingError among them) that names the field.

    The tag is derived from process, generator and software; a geometry tag is a registered geometry; the job
    options of a step are its script.
    """
    given = _object(config, "the configuration", needed=_NEEDED, may_be=_MAY_BE)
    if given["sampo"] != FORM or isinstance(given["sampo"], bool):
        raise InputError(f"sampo: {given['sampo']!r} is no form that is known here. Write {FORM}.")
    software = _object(given["software"], "software", needed=_SOFTWARE)
    project, version = _text(software, "project", "software."), _text(software, "version", "software.")
    tag = Tag(
        process=_text(given, "process"),
        generator=_text(given, "generator"),
        software=software_token(version, project),
        collision=_text(given, "collision"),
    )
    steps = given["steps"]
    if not isinstance(steps, list) or not steps:
        raise InputError("steps: a list of steps is wanted.")
    content: dict[str, object] = {
        "campaign": given.get("campaign"),
        "stage": given["stage"],
        "software_project": project,
        "software_version": version,
        "collision_type": given["collision"],
        "energy_gev": given["energy_gev"],
        "polarization": given["polarization"],
        "tag": tag.name,
        "events": given["events"],
        "events_per_file": given["events_per_file"],
        "geometry": [] if given.get("geometry_tag") is None else [given["geometry_tag"]],
        "priority": given.get("priority"),
        "description": given.get("description"),
        "is_test": given.get("test", False),
        "steps": [_step(number, step) for number, step in enumerate(steps, start=1)],
    }
    return of_json({name: value for name, value in content.items() if value is not None})


def _step(number: int, step: object) -> dict[str, object]:
    given = _object(step, f"steps {number}", needed=("kind",), may_be=_STEP)
    content = {
        "kind": given["kind"],
        "script": given.get("job_options"),
        "reads": given.get("reads"),
        "description": given.get("description"),
    }
    return {name: value for name, value in content.items() if value is not None}


def _object(
    value: object, where: str, *, needed: Collection[str], may_be: Collection[str] = ()
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: an object is wanted.")
    known = [*needed, *may_be]
    for name in value:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            advice = f" Did you mean {near[0]}?" if near else ""
            raise InputError(f"{where}: there is no field {str(name)[:40]!r}.{advice}")
    missing = [name for name in needed if name not in value]
    if missing:
        raise InputError(f"{where}: lacks {', '.join(missing)}.")
    return value


def _text(given: Mapping[str, object], name: str, where: str = "") -> str:
    value = given[name]
    if not isinstance(value, str):
        raise InputError(f"{where}{name}: {str(value)[:40]!r} is no text.")
    return value
