"""What makes two productions draw the same random numbers: within a physics key no seed serves twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from gateway.domain.names import ScriptPath, energy_token, parse_energy_token, split_flags
from gateway.errors import NamingError

FIELDS = 9


@dataclass(frozen=True, slots=True)
class PhysicsKey:
    """Software, tag without flags, beams, energy, polarization, stage, geometry (a set) and script version.

    `script` is the version label of the simulation script, such as V02_D0sig. None, where it was not
    recorded, is a value of its own here; invariant 1 treats it as one that may be any script.
    """

    software_project: str
    software_version: str
    tag: str
    collision_type: str
    energy_gev: Decimal
    polarization: str
    stage: str
    geometry: frozenset[str]
    script: str | None

    @classmethod
    def of(
        cls,
        *,
        software_project: str,
        software_version: str,
        tag: str,
        collision_type: str,
        energy_gev: Decimal,
        polarization: str,
        stage: str,
        geometry: Iterable[str],
        script: str | None,
    ) -> Self:
        """The key of a request as it was written down.

        Flags behind the tag are dropped, and of the script's path only the version label is kept; a path
        outside the grammar is kept whole, so that it still tells two productions apart.
        """
        return cls(
            software_project=software_project.strip(),
            software_version=software_version.strip(),
            tag=split_flags(tag)[0],
            collision_type=collision_type.strip(),
            energy_gev=energy_gev,
            polarization=polarization.strip(),
            stage=stage.strip(),
            geometry=frozenset(name.strip() for name in geometry if name.strip()),
            script=_label(script),
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` printed; raises NamingError for anything else."""
        parts = text.split("|")
        if len(parts) != FIELDS:
            raise NamingError(f"{text[:80]!r} is not a physics key: it has {len(parts)} of {FIELDS} fields.")
        project, version, tag, collision, energy, polarization, stage, geometry, script = parts
        key = cls(
            _plain(project),
            _plain(version),
            _plain(tag),
            _plain(collision),
            parse_energy_token(energy),
            _plain(polarization),
            _plain(stage),
            frozenset(_plain(name) for name in geometry.split(",") if name),
            _plain(script) or None,
        )
        if str(key) != text:
            raise NamingError(f"{text[:80]!r} is not a physics key as it is written here. Use {str(key)!r}.")
        return key

    def __str__(self) -> str:
        """The canonical text: the same key always prints the same, so a database may compare it."""
        return "|".join(
            (
                _escaped(self.software_project),
                _escaped(self.software_version),
                _escaped(self.tag),
                _escaped(self.collision_type),
                energy_token(self.energy_gev),
                _escaped(self.polarization),
                _escaped(self.stage),
                ",".join(sorted(_escaped(name) for name in self.geometry)),
                _escaped(self.script or ""),
            )
        )


def _label(script: str | None) -> str | None:
    if script is None or not script.strip():
        return None
    try:
        return ScriptPath.parse(script.strip()).label
    except NamingError:
        return script.strip()


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C").replace(",", "%2C")


def _plain(text: str) -> str:
    return text.replace("%2C", ",").replace("%7C", "|").replace("%25", "%")
