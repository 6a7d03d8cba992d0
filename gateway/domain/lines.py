"""One line that says which productions are meant: `stage:S2 energy:27 site:JINR status:PARTIAL events:>40M`.

    line  = { [ "-" ] ( key ":" value { "," value } | word ) }
    value = [ ">=" | "<=" | ">" | "<" | "=" ] number | number ".." number | text | '"' text '"'

Everything stated must hold, of several values one, and "-" says that it must not. What people say without
keys is understood too: `27 GeV pp UU >= 40 M events at JINR`. Any other word is looked for in names, tags and
descriptions.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum, unique
from typing import Final

from gateway.domain.states import Execution, Intent
from gateway.errors import LineError

LINE_LIMIT: Final = 500
MOST_TERMS: Final = 40


@unique
class Kind(StrEnum):
    """What the values of a key are."""

    TEXT = "text"
    PART = "part of a text"
    NUMBER = "number"
    WHOLE = "whole number"
    FLAG = "yes or no"
    STATUS = "status"
    EXECUTION = "execution"
    INTENT = "intent"
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what it is called, what its values are, and what it means."""

    kind: Kind
    meaning: str


# In the order in which people are shown them.
KEYS: Final[Mapping[str, Key]] = {
    "name": Key(Kind.PART, "part of the request's name"),
    "stage": Key(Kind.TEXT, "S1, S2"),
    "energy": Key(Kind.NUMBER, "GeV"),
    "collision": Key(Kind.TEXT, "pp, dd, pd"),
    "polarization": Key(Kind.TEXT, "two of U, L, T"),
    "tag": Key(Kind.PART, "part of the tag"),
    "software": Key(Kind.TEXT, "version, such as 4.1.7.2"),
    "geometry": Key(Kind.TEXT, "a component, such as TOF"),
    "events": Key(Kind.WHOLE, "events asked for"),
    "priority": Key(Kind.WHOLE, "priority"),
    "seed": Key(Kind.SEED, "a seed that it holds"),
    "status": Key(Kind.STATUS, "what people decided, or what the grid does"),
    "intent": Key(Kind.INTENT, "what people decided"),
    "execution": Key(Kind.EXECUTION, "what the grid does"),
    "site": Key(Kind.TEXT, "where some of its data lies"),
    "storage": Key(Kind.TEXT, "the storage (RSE) where some of it lies"),
    "campaign": Key(Kind.TEXT, "the campaign's name"),
    "by": Key(Kind.TEXT, "user name of who asked for it"),
    "test": Key(Kind.FLAG, "whether it is a test"),
}
_ALIASES: Final = {"pol": "polarization", "gev": "energy", "version": "software", "rse": "storage"}


@unique
class Sign(StrEnum):
    """How a value is compared."""

    IS = "="
    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    TO = "<="


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison with a value; a text is compared by IS alone."""

    sign: Sign
    value: str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that must hold: for some of `choices` all bounds; not, with `is_not`.

    `key` is empty for a word to look for. `start` and `end` say where it stands in the line.
    """

    key: str
    choices: tuple[tuple[Bound, ...], ...]
    start: int
    end: int
    is_not: bool = False


_COLLISIONS: Final = frozenset({"pp", "dd", "pd", "dp"})
_STAGE: Final = re.compile(r"S[0-9]")
_POLARIZATION: Final = re.compile(r"[ULT]{2}")
_TIMES: Final = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}
_AMOUNT: Final = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)([kKMG]?)")
_SIGNED: Final = re.compile(r"(>=|<=|≥|≤|>|<|=)?(.*)", re.DOTALL)
_SIGNS: Final = {"≥": Sign.FROM, "≤": Sign.TO, "": Sign.IS}
_KEYED: Final = re.compile(r"(-?)([a-z]+):(.*)", re.DOTALL)
_PIECE: Final = re.compile(r'-?(?:[a-z]+:)?(?:"[^"]*"|[^\s"])+')

# What is said without a key, over the spaces it may have.
_ENERGY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*GeV(?=\s|$)", re.IGNORECASE)
_EVENTS: Final = re.compile(
    r"(>=|≥|>|<=|≤|<)\s*([0-9]+(?:\.[0-9]+)?)\s*([kKMG]?)\s*(?:events?|событий|события)?(?=\s|$)"
)
_PLACE: Final = re.compile(r"(?:at|в|@)\s+([A-Za-z][\w-]*)(?=\s|$)", re.IGNORECASE)


def read_line(line: str) -> tuple[Term, ...]:
    """Return what a line says; raise LineError saying where it cannot be understood."""
    if len(line) > LINE_LIMIT:
        raise LineError(f"A line has at most {LINE_LIMIT} characters.", start=LINE_LIMIT, end=len(line))
    terms = tuple(_terms(line))
    if len(terms) > MOST_TERMS:
        raise LineError(
            f"A line says at most {MOST_TERMS} things.", start=terms[MOST_TERMS].start, end=len(line)
        )
    return terms


def _terms(line: str) -> Iterator[Term]:
    place = 0
    while place < len(line):
        if line[place].isspace():
            place += 1
            continue
        term = _said_freely(line, place) or _piece(line, place)
        yield term
        place = term.end


def _said_freely(line: str, start: int) -> Term | None:
    if found := _ENERGY.match(line, start):
        return Term("energy", ((Bound(Sign.IS, Decimal(found[1])),),), start, found.end())
    if found := _EVENTS.match(line, start):
        events = Decimal(found[2]) * _TIMES[found[3]]
        sign = _SIGNS.get(found[1]) or Sign(found[1])
        return Term("events", ((Bound(sign, _whole(events, start, found.end())),),), start, found.end())
    if found := _PLACE.match(line, start):
        return Term("site", ((Bound(Sign.IS, found[1]),),), start, found.end())
    return None


def _piece(line: str, start: int) -> Term:
    found = _PIECE.match(line, start)
    if found is None:
        raise LineError("This quotation mark has no other.", start=start, end=len(line))
    text, end = found[0], found.end()
    if end < len(line) and line[end] == '"':
        raise LineError("This quotation mark has no other.", start=end, end=len(line))
    keyed = _KEYED.fullmatch(text)
    if keyed is None:
        return _word(text, start, end)
    minus, name, values = keyed[1], keyed[2], keyed[3]
    key = _ALIASES.get(name, name)
    name_start = start + len(minus)
    if key not in KEYS:
        near = difflib.get_close_matches(name, [*KEYS, *_ALIASES], n=1)
        advice = f" Did you mean {near[0]}?" if near else ""
        raise LineError(
            f"There is no key {name[:40]!r}.{advice} There are {', '.join(KEYS)}.",
            start=name_start,
            end=name_start + len(name),
        )
    at = name_start + len(name) + 1
    if not values:
        raise LineError(f"{name}: lacks its value.", start=start, end=end)
    choices = []
    for value in _split(values):
        choices.append(_bounds(key, value, at, at + len(value)))
        at += len(value) + 1
    return Term(key, tuple(choices), start, end, is_not=bool(minus))


def _word(text: str, start: int, end: int) -> Term:
    is_not = text.startswith("-") and len(text) > 1
    bare = _unquoted(text.removeprefix("-") if is_not else text)
    key = ""
    if bare in _COLLISIONS:
        key = "collision"
    elif _POLARIZATION.fullmatch(bare):
        key = "polarization"
    elif _STAGE.fullmatch(bare):
        key = "stage"
    elif bare in Execution.__members__:
        key = "execution"
    elif bare in Intent.__members__:
        key = "intent"
    if not bare:
        raise LineError("Nothing stands between these quotation marks.", start=start, end=end)
    return Term(key, ((Bound(Sign.IS, bare),),), start, end, is_not=is_not)


def _split(values: str) -> Sequence[str]:
    """Cut at commas outside of quotation marks."""
    parts, quoted = [""], False
    for character in values:
        quoted ^= character == '"'
        if character == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _bounds(key: str, value: str, start: int, end: int) -> tuple[Bound, ...]:
    kind = KEYS[key].kind
    if not value or value == '""':
        raise LineError(f"{key}: lacks a value here.", start=start, end=max(end, start + 1))
    if kind in {Kind.NUMBER, Kind.WHOLE, Kind.SEED}:
        return _numbers(key, kind, value, start, end)
    text = _unquoted(value)
    match kind:
        case Kind.FLAG:
            return (Bound(Sign.IS, _flag(key, text, start, end)),)
        case Kind.STATUS | Kind.EXECUTION | Kind.INTENT:
            return (Bound(Sign.IS, _state(key, kind, text, start, end)),)
        case _:
            return (Bound(Sign.IS, text),)


def _numbers(key: str, kind: Kind, value: str, start: int, end: int) -> tuple[Bound, ...]:
    lowest, dots, highest = value.partition("..")
    if dots:
        return (
            Bound(Sign.FROM, _number(key, kind, lowest, start, start + len(lowest))),
            Bound(Sign.TO, _number(key, kind, highest, end - len(highest), end)),
        )
    found = _SIGNED.fullmatch(value)
    word, rest = ("", value) if found is None else (found[1] or "", found[2])
    sign = _SIGNS.get(word) or Sign(word)
    if kind is Kind.SEED and sign is not Sign.IS:
        raise LineError("A seed is one number or a range.", start=start, end=end)
    return (Bound(sign, _number(key, kind, rest, start + len(word), end)),)


def _number(key: str, kind: Kind, text: str, start: int, end: int) -> int | Decimal:
    found = _AMOUNT.fullmatch(re.sub(r"GeV$", "", text, flags=re.IGNORECASE) if key == "energy" else text)
    if found is None:
        raise LineError(
            f"{key}: takes a number such as 27, 40M, >40M or 1..5, not {text[:40]!r}.",
            start=start,
            end=max(end, start + 1),
        )
    try:
        number = Decimal(found[1].replace("_", "")) * _TIMES[found[2]]
    except InvalidOperation as error:
        raise LineError(f"{key}: {text[:40]!r} is no number.", start=start, end=end) from error
    return number if kind is Kind.NUMBER else _whole(number, start, end)


def _whole(number: Decimal, start: int, end: int) -> int:
    if number != number.to_integral_value() or number >= 2**63:
        raise LineError("This is no whole number of 64 bits.", start=start, end=end)
    return int(number)


def _flag(key: str, text: str, start: int, end: int) -> bool:
    if text not in {"yes", "true", "no", "false"}:
        raise LineError(f"{key}: is yes or no.", start=start, end=end)
    return text in {"yes", "true"}


def _state(key: str, kind: Kind, text: str, start: int, end: int) -> str:
    word = text.upper()
    known = [
        *(Execution.__members__ if kind is not Kind.INTENT else ()),
        *(Intent.__members__ if kind is not Kind.EXECUTION else ()),
    ]
    if word not in known:
        near = difflib.get_close_matches(word, known, n=1)
        advice = f" Did you mean {near[0]}?" if near else ""
        raise LineError(f"{key}: {text[:40]!r} is none of its words.{advice}", start=start, end=end)
    return word


def _unquoted(text: str) -> str:
    return text.replace('"', "")
