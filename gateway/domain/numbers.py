"""Reading numbers as people write them, and saying back what was understood (invariant 19).

A text that could mean two numbers is refused rather than guessed.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Generic, NoReturn, TypeVar

from gateway.domain.seeds import INT64_MAX, SeedRange
from gateway.errors import NumberError

T_co = TypeVar("T_co", covariant=True)

# Blanks that spreadsheets put between thousands: plain, no-break, figure, thin, narrow no-break.
BLANKS: Final = "\u0020\u00a0\u2007\u2009\u202f"
# Hyphen-minus, hyphen, no-break hyphen, figure dash, en dash, em dash, minus sign.
DASHES: Final = "\u002d\u2010\u2011\u2012\u2013\u2014\u2212"

# What surrounds a value in a cell without being part of it.
_PADDING = BLANKS + "\t\r\n\ufeff\u200b"
_PLAIN = re.compile(r"[0-9]+")
# One separator throughout, and groups of exactly three: 40 000 000, 40,000,000, 40_000_000.
_GROUPED = re.compile(rf"[1-9][0-9]{{0,2}}(?:(?:[{BLANKS}][0-9]{{3}})+|(?:,[0-9]{{3}})+|(?:_[0-9]{{3}})+)")
_RANGE = re.compile(rf"(?P<first>[^{DASHES}]+)[{DASHES}](?P<last>[^{DASHES}]+)")
_ENERGY = re.compile(rf"(?P<number>[0-9]+(?:\.[0-9]+)?)[{BLANKS}]*(?P<unit>[^\W\d]*)")
_GEV: Final = frozenset({"", "gev", "гэв"})
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class Understood(Generic[T_co]):
    """A value together with the text it was read from, so that a person can see what we made of it."""

    raw: str
    value: T_co

    @property
    def is_rewritten(self) -> bool:
        """Whether our way of writing the value differs from the text that was given."""
        return self.raw != str(self.value)

    def __str__(self) -> str:
        return f"{self.raw!r} was read as {self.value}"


def parse_count(text: str) -> Understood[int]:
    """Read a whole number above zero that fits 64 bits.

    Thousands may be set off by blanks of any width, commas or underscores, always in threes. Refused with
    NumberError: a dot (`40.000` is forty to some and forty thousand to others), a comma that does not set off
    thousands (`1,5`), mixed separators, signs, zero, exponents, words, digits other than 0-9.
    """
    stripped = text.strip(_PADDING)
    if len(stripped) > _LONGEST or not (_PLAIN.fullmatch(stripped) or _GROUPED.fullmatch(stripped)):
        _refuse(text, "is not a whole number above 0", "Write it like 40000000 or 40 000 000.")
    value = int(re.sub(r"[^0-9]", "", stripped))
    if value == 0:
        _refuse(text, "is zero", "Give a number above 0.")
    if value > INT64_MAX:
        _refuse(text, "is too large", f"The largest number kept is {INT64_MAX}.")
    return Understood(text, value)


def parse_seed_range(text: str) -> Understood[SeedRange]:
    """Read a closed range of seeds, `10001-20000`, with a dash of any length and blanks around it.

    Refused with NumberError: a single number (is it the first seed, or the only one?), a range that runs
    backwards, and ends that `parse_count` refuses.
    """
    parts = _RANGE.fullmatch(text.strip(_PADDING)) if len(text) <= _LONGEST else None
    if parts is None:
        _refuse(text, "is not a range of seeds", "Write the first and the last seed, like 10001-20000.")
    first, last = parse_count(parts["first"]).value, parse_count(parts["last"]).value
    if first > last:
        _refuse(text, "runs backwards", "Write the smaller seed first.")
    return Understood(text, SeedRange(first, last))


def parse_energy(text: str) -> Understood[Decimal]:
    """Read the energy of the collision in GeV: `27`, `27 GeV`, `13.5 GeV`, `4 ГэВ`.

    Refused with NumberError: other units (nothing is converted silently), a decimal comma, zero, a sign, NaN
    or Infinity, a million GeV and more, fractions of an MeV.
    """
    parts = _ENERGY.fullmatch(text.strip(_PADDING)) if len(text) <= _LONGEST else None
    if parts is None:
        _refuse(text, "is not an energy", "Write it like 27 GeV or 13.5 GeV.")
    if parts["unit"].lower() not in _GEV:
        _refuse(text, f"has the unit {parts['unit']!r}", "Give the energy in GeV.")
    value = Decimal(parts["number"])
    if not 0 < value < 1_000_000 or value != round(value, 3):
        _refuse(text, "is not an energy", "Give it above 0 and below 1,000,000 GeV, in whole MeV.")
    return Understood(text, value)


def _refuse(text: str, what: str, advice: str) -> NoReturn:
    raise NumberError(f"{text[:_LONGEST]!r} {what}. {advice}")
