"""Names of the Rucio datasets a step writes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Self

from gateway.domain.names.scan import Scanner, require, require_whole, shown
from gateway.domain.names.tags import Tag
from gateway.domain.names.tasks import RequestName
from gateway.domain.names.tokens import (
    COUNTER,
    COUNTER_MAX,
    ENERGY,
    NAME_LIMIT,
    POLARIZATION,
    RECO,
    SCOPE,
    SIM,
    STEP,
    StepKind,
    energy_token,
    parse_energy_token,
    require_step,
)
from gateway.errors import NamingError

# Which files each kind of step writes (CHEP 2025 talk): simulation, parameters, reconstruction, log.
OUTPUT_TYPES: Final[Mapping[StepKind, tuple[str, ...]]] = MappingProxyType(
    {SIM: ("S", "P", "log"), RECO: ("R", "log")}
)

FIELD: Final = re.compile(r"[^.]+")
REQUEST: Final = re.compile(r"PROD[0-9-]+")
DATA_TYPE: Final = re.compile(r"[A-Za-z]{1,8}")


@dataclass(frozen=True, slots=True)
class DatasetName:
    """`MC2025_S2:MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016.SIM.1.S`.

    The first field repeats the scope, which is how Rucio finds the scope of a bare name. The script version
    and variant are *not* in the name: show them wherever a dataset is shown. The data type is an open set of
    short words; `OUTPUT_TYPES` says which ones a step kind writes.
    """

    scope: str
    tag: Tag
    energy_gev: Decimal
    polarization: str
    request: RequestName
    step: StepKind
    attempt: int
    data_type: str

    def __post_init__(self) -> None:
        """Refuse what could not be printed and read again, or what Rucio would refuse."""
        require(
            "a scope", self.scope, SCOPE, "Use at most 25 letters, digits, dashes and underscores, no dot."
        )
        require("a polarization", self.polarization, POLARIZATION, "Use two of U, L, T, such as UU.")
        require("a data type", self.data_type, DATA_TYPE, "Use one to eight letters, such as S or log.")
        require_step(self.step)
        require_whole("an attempt", self.attempt, 1, COUNTER_MAX)
        if self.tag.flags:
            raise NamingError(
                f"The tag {shown(str(self.tag))} cannot be part of a dataset name. "
                "Leave out what stands behind the blank."
            )
        if len(self.name) > NAME_LIMIT:
            raise NamingError(
                f"The dataset name {shown(self.name)} has {len(self.name)} characters; "
                f"Rucio allows {NAME_LIMIT}. Shorten the tag."
            )

    @classmethod
    def parse(cls, did: str) -> Self:
        """Read a DID (`scope:name`); raises NamingError saying at which character it fails."""
        scanner = Scanner(
            "a dataset", did, "MC2025_S2:MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016.SIM.1.S"
        )
        scope = scanner.take(SCOPE, "the scope")
        scanner.literal(":")
        scanner.literal(f"{scope}.")
        tag = Tag.parse(scanner.take(FIELD, "the tag"))
        scanner.literal(".")
        energy = parse_energy_token(scanner.take(ENERGY, "the energy, such as 27GeV or 13p5GeV,"))
        scanner.literal("GeV-")
        polarization = scanner.take(POLARIZATION, "the polarization, two of U, L, T,")
        scanner.literal(".")
        request = RequestName.parse(scanner.take(REQUEST, "the request name"))
        scanner.literal(".")
        step = StepKind(scanner.take(STEP, "an upper-case step kind (SIM, RECO)"))
        scanner.literal(".")
        attempt = int(scanner.take(COUNTER, "the number of the attempt, from 1"))
        scanner.literal(".")
        data_type = scanner.take(DATA_TYPE, "the data type (S, P, R, log)")
        scanner.end()
        return cls(scope, tag, energy, polarization, request, step, attempt, data_type)

    @property
    def name(self) -> str:
        """The name inside the scope."""
        beam = f"{energy_token(self.energy_gev)}GeV-{self.polarization}"
        return (
            f"{self.scope}.{self.tag.name}.{beam}.{self.request}.{self.step}.{self.attempt}.{self.data_type}"
        )

    @property
    def did(self) -> str:
        """Rucio's identifier, `scope:name`."""
        return f"{self.scope}:{self.name}"

    def __str__(self) -> str:
        return self.did


def outputs_of(
    *,
    scope: str,
    tag: Tag,
    energy_gev: Decimal,
    polarization: str,
    request: RequestName,
    step: StepKind,
    attempt: int,
) -> tuple[DatasetName, ...]:
    """The datasets this attempt of the step will write, in the order of `OUTPUT_TYPES`.

    Flags of the tag are left out. A Rucio name can never be used again, even after deletion: ask whether
    these exist before submitting. Raises NamingError for a step kind whose outputs nobody has agreed on yet.
    """
    types = OUTPUT_TYPES.get(step)
    if types is None:
        known = ", ".join(OUTPUT_TYPES)
        raise NamingError(f"No outputs are agreed for the step kind {shown(step)}. Known are {known}.")
    bare = Tag(tag.process, tag.generator, tag.software, tag.collision)
    return tuple(
        DatasetName(scope, bare, energy_gev, polarization, request, step, attempt, data_type)
        for data_type in types
    )
