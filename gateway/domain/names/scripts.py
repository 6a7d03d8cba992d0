"""Paths of the ROOT macros on CVMFS that the steps of a production run."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from gateway.domain.names.scan import Scanner, require, require_whole, shown
from gateway.domain.names.tags import Tag
from gateway.domain.names.tokens import (
    ENERGY,
    OLD_WORDS,
    StepKind,
    energy_token,
    parse_energy_token,
    require_step,
    step_kind,
)
from gateway.errors import NamingError

ROOT: Final = "/cvmfs/spd.jinr.ru/production/MC/"

FIELD: Final = re.compile(r"[^./]+")
VERSION: Final = re.compile(r"(?:[0-9]{2}|[1-9][0-9]{2,3})(?![0-9])")
VARIANT: Final = re.compile(r"[A-Za-z0-9_]+")
UNDERSCORE: Final = re.compile("_")
WORD: Final = re.compile(r"(?!sim\b)[a-z][a-z0-9]*")


@dataclass(frozen=True, slots=True)
class ScriptPath:
    """`/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02_D0sig/reco.C`."""

    tag: Tag
    energy_gev: Decimal
    version: int
    variant: str | None
    step: StepKind

    def __post_init__(self) -> None:
        """Refuse what could not be printed and read again."""
        energy_token(self.energy_gev)
        require_whole("a script version", self.version, 0, 9999)
        require_step(self.step)
        if self.variant is not None:
            require("a script variant", self.variant, VARIANT, "Use Latin letters, digits and underscores.")
        if self.tag.flags:
            raise NamingError(
                f"The tag {shown(str(self.tag))} cannot be part of a path. "
                "Leave out what stands behind the blank."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a script path; raises NamingError saying at which character it fails. Does not ask CVMFS."""
        scanner = Scanner("a script path", text, f"{ROOT}minbias-P8-spdroot4172-dev.27GeV.V02/simu.C")
        scanner.literal(ROOT)
        tag = Tag.parse(scanner.take(FIELD, "the tag"))
        scanner.literal(".")
        energy = parse_energy_token(scanner.take(ENERGY, "the energy, such as 27GeV or 13p5GeV,"))
        scanner.literal("GeV.V")
        version = int(scanner.take(VERSION, "a version of two digits or more"))
        variant = None
        if scanner.take_if(UNDERSCORE) is not None:
            variant = scanner.take(VARIANT, "the variant")
        scanner.literal("/")
        step = step_kind(scanner.take(WORD, "the script's word (simu, reco)"))
        scanner.literal(".C")
        scanner.end()
        return cls(tag, energy, version, variant, step)

    @property
    def label(self) -> str:
        """Version and variant as people say them: `V02`, `V02_D0sig`."""
        return f"V{self.version:02d}" + (f"_{self.variant}" if self.variant is not None else "")

    @property
    def directory(self) -> str:
        """The version directory, which all steps of one production share."""
        return f"{ROOT}{self.tag.name}.{energy_token(self.energy_gev)}GeV.{self.label}"

    def __str__(self) -> str:
        return f"{self.directory}/{OLD_WORDS.get(self.step, self.step.lower())}.C"
