"""The small words that names are made of: step kinds, software tokens, scopes and energies."""

import re
from decimal import Decimal
from typing import Final, NewType

from gateway.domain.names.scan import require
from gateway.errors import NamingError

StepKind = NewType("StepKind", str)
"""An upper-case token. The set is open: GEN, DIGI or ANAL will come with the next framework."""

SIM: Final = StepKind("SIM")
RECO: Final = StepKind("RECO")

# The requests database and the script files use these words for the two kinds (CHEP 2025 talk).
OLD_WORDS: Final = {SIM: "simu", RECO: "reco"}

# Limits of Rucio's default schema and of PanDA's JEDI_TASKS.TASKNAME column.
SCOPE_LIMIT: Final = 25
NAME_LIMIT: Final = 250
TASK_NAME_LIMIT: Final = 256
NAME_PATTERN: Final = re.compile(r"[/A-Za-z0-9][/A-Za-z0-9.\-_]*")

STEP: Final = re.compile(r"(?!SIMU\b)[A-Z][A-Z0-9]*")
SCOPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,24}")
STAGE: Final = re.compile(r"[A-Z][A-Z0-9]*")
POLARIZATION: Final = re.compile(r"[ULT]{2}")
SOFTWARE: Final = re.compile(r"[a-z]+[0-9]+(?:-[a-z]+)?(?![A-Za-z0-9\-])")
ENERGY: Final = re.compile(r"(?:[1-9][0-9]{0,5}(?:p[0-9]{0,2}[1-9])?|0p[0-9]{0,2}[1-9])(?![0-9p])")
# Nine digits always fit a 32-bit integer; a leading zero would not survive being printed again.
COUNTER: Final = re.compile(r"[1-9][0-9]{0,8}(?![0-9])")
COUNTER_MAX: Final = 999_999_999

_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_PROJECT = re.compile(r"[a-z]+(?:-[a-z]+)?")


def step_kind(word: str) -> StepKind:
    """The step kind somebody means; `simu` and `reco` are the old words, case and blanks do not matter.

    Raises NamingError when the word is not one token of letters and digits.
    """
    upper = word.strip().upper()
    if upper == "SIMU":
        return SIM
    require("a step kind", upper, STEP, "Use one word of Latin letters and digits, such as SIM or RECO.")
    return StepKind(upper)


def require_step(step: str) -> None:
    """Raise NamingError unless the text is a step kind exactly as names carry it."""
    require("a step kind", step, STEP, "Use one upper-case word, such as SIM or RECO; SIMU is written SIM.")


def software_token(version: str, project: str = "spdroot-dev") -> str:
    """The word for a software version in tags: 4.1.7.2 gives `spdroot4172-dev`, 4.1.7.0 `spdroot417-dev`.

    The rule (dots left out, one trailing `.0` dropped) is the collaboration's, CHEP 2025 talk. It cannot be
    read backwards: 4.17.1 and 4.1.7.1 share a token, so versions are compared by building, never by parsing.
    Raises NamingError for anything that is not numbers joined by dots.
    """
    require("a software version", version, _VERSION, "Write numbers joined by dots, such as 4.1.7.2.")
    require(
        "a software project", project, _PROJECT, "Write one or two lower-case words, such as spdroot-dev."
    )
    name, dash, branch = project.partition("-")
    return f"{name}{version.removesuffix('.0').replace('.', '')}{dash}{branch}"


def scope_of(year: int, stage: str) -> str:
    """The Rucio scope that a stage of a year's campaign writes to by convention, such as MC2025_S2.

    A deployment may configure another; the checks take the configured one from `StageRule.scope`.
    """
    require("a stage", stage, STAGE, "Use an upper-case token, such as S1.")
    scope = f"MC{year:04d}_{stage}"
    require(
        "a scope", scope, SCOPE, f"A scope has at most {SCOPE_LIMIT} letters, digits, dashes or underscores."
    )
    return scope


def energy_token(energy_gev: Decimal) -> str:
    """The energy as names carry it, in GeV and without the unit: 27 gives `27`, 13.5 gives `13p5`.

    A dot separates the fields of a dataset name, so the decimal point is written `p`; trailing zeros are
    dropped so that equal energies give equal names. Raises NamingError outside 0 < E < 1,000,000 GeV or for
    a fraction of an MeV.
    """
    if not energy_gev.is_finite() or not 0 < energy_gev < 1_000_000:
        raise NamingError(
            f"{energy_gev} GeV cannot be named. Give an energy above 0 and below 1,000,000 GeV."
        )
    if energy_gev != round(energy_gev, 3):
        raise NamingError(f"{energy_gev} GeV cannot be named. Give at most three decimals (whole MeV).")
    return format(energy_gev.normalize(), "f").replace(".", "p")


def parse_energy_token(token: str) -> Decimal:
    """The energy in GeV behind `27` or `13p5`; raises NamingError unless it is exactly what we print."""
    if ENERGY.fullmatch(token) is None:
        raise NamingError(f"{token!r} is not an energy as names carry it. Write it like 27 or 13p5, in GeV.")
    return Decimal(token.replace("p", "."))
