"""Looking whether a service is well: what a look says, and further checks described as data.

A further check asks an address for JSON and holds one value in it against bounds: a network test's loss, the
share of test jobs that ended well, the free space of a store.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import InputError

# How often a service is looked at unless a check says otherwise; its usual manners bear it.
EVERY_S: Final = 60
MOST_CHECKS: Final = 100
# One failed look may be a packet; somebody is told after two in a row.
TOLD_AFTER: Final = 2


WELL: Final = "as it should be"
# Of many things so many that are not well are named.
MOST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `value` is what was measured, None where nothing is; `message` is for people.

    `state` is the message without what was measured: what two looks share that found the same. Empty where
    that is the message itself.
    """

    is_ok: bool
    message: str
    latency_s: float | None = None
    value: float | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class WebCheck:
    """A check by HTTP: well when the value at `pointer` (RFC 6901) of the JSON answer is within its bounds.

    Without a pointer an answer of success is enough. `equals` compares texts, numbers and truth as they are.
    With `each`, a pointer to many things, all of them must be: each storage, each computing element. They are
    called by their keys, or by what is at `label` in them.
    """

    name: str
    title: str
    url: str
    group: str = "further"
    pointer: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    equals: str | float | bool | None = None
    unit: str = ""
    every_s: int = EVERY_S
    each: str | None = None
    label: str | None = None

    def judge(self, answer: object) -> Look:
        """Hold an answer against the bounds; raises OverflowError for a number beyond what a float can be."""
        if self.pointer is None:
            return Look(True, "it answers")
        return self._judge_one(answer) if self.each is None else self._judge_each(answer, self.each)

    def _judge_each(self, answer: object, pointer: str) -> Look:
        try:
            things = self._labelled(_at(answer, pointer))
        except KeyError as error:
            return Look(False, f"the answer has no things to look at at {pointer!r}, or no {error.args[0]!r}")
        if not things:
            return Look(False, f"there is nothing at {pointer!r} to look at")
        looks = {name: self._judge_one(thing) for name, thing in things}
        bad = {name: look for name, look in looks.items() if not look.is_ok}
        well = len(looks) - len(bad)
        told = f"{well} of {len(looks)} {WELL}"
        if not bad:
            return Look(True, told, value=float(well), state=WELL)
        shown = "; ".join(f"{name}: {bad[name].message}" for name in sorted(bad)[:MOST_SHOWN])
        more = f"; and {len(bad) - MOST_SHOWN} more" if len(bad) > MOST_SHOWN else ""
        return Look(
            False,
            f"{told}, not {shown}{more}",
            value=float(well),
            state=f"not {', '.join(sorted(bad)[:MOST_SHOWN])}{more}",
        )

    def _labelled(self, things: object) -> list[tuple[str, object]]:
        if isinstance(things, dict):
            found = list(things.items())
        elif isinstance(things, list):
            found = [
                (str(place) if self.label is None else str(_at(thing, self.label)), thing)
                for place, thing in enumerate(things, start=1)
            ]
        else:
            raise KeyError("list")
        return [(_printable(str(name)[:100]), thing) for name, thing in found]

    def _judge_one(self, answer: object) -> Look:
        if self.pointer is None:
            return Look(True, "it is there")
        try:
            found = _at(answer, self.pointer)
        except KeyError:
            return Look(False, f"the answer has nothing at {self.pointer}")
        number = float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
        if number is not None and not math.isfinite(number):
            return Look(False, f"what is at {self.pointer} is no finite number")
        unit = f" {self.unit}" if self.unit else ""
        shown = _printable(f"{found}"[:100]) + unit
        wrong = ""
        # To Python 1 is true; to whoever publishes JSON it is a number.
        is_other = isinstance(found, bool) is not isinstance(self.equals, bool) or found != self.equals
        if self.equals is not None and is_other:
            wrong = f"not {self.equals}{unit}"
        elif self.at_least is not None or self.at_most is not None:
            if number is None:
                return Look(False, f"{shown} is no number", state="no number")
            if self.at_least is not None and number < self.at_least:
                wrong = f"less than {self.at_least:g}{unit}"
            elif self.at_most is not None and number > self.at_most:
                wrong = f"more than {self.at_most:g}{unit}"
        if wrong:
            return Look(False, f"{shown}, {wrong}", value=number, state=wrong)
        return Look(True, shown, value=number, state=WELL)


_KEYS: Final[Mapping[str, tuple[type, ...]]] = {
    "name": (str,),
    "title": (str,),
    "url": (str,),
    "group": (str,),
    "pointer": (str,),
    "at_least": (int, float),
    "at_most": (int, float),
    "equals": (str, int, float, bool),
    "unit": (str,),
    "every_s": (int,),
    "each": (str,),
    "label": (str,),
}


def web_checks(text: str) -> tuple[WebCheck, ...]:
    """Read checks from JSON, objects with the fields of WebCheck; raises InputError saying which is bad."""
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise InputError(f"this is not JSON: {error}") from error
    if not isinstance(listed, list) or len(listed) > MOST_CHECKS:
        raise InputError(f"a list of at most {MOST_CHECKS} checks is wanted")
    checks = tuple(_check(number, item) for number, item in enumerate(listed, start=1))
    names = [check.name for check in checks]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"the name {doubled[0]!r} is there twice")
    return checks


def _check(number: int, item: object) -> WebCheck:
    if not isinstance(item, dict):
        raise InputError(f"check {number} is no object")
    for key, value in item.items():
        if key not in _KEYS:
            raise InputError(f"check {number} has {key!r}; it may have {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]) or (isinstance(value, bool) and key != "equals"):
            raise InputError(f"check {number}: {key} is {value!r}, which is of the wrong kind")
    missing = [key for key in ("name", "title", "url") if not item.get(key)]
    if missing:
        raise InputError(f"check {number} lacks {', '.join(missing)}")
    check = WebCheck(**item)
    if not 1 <= len(check.name) <= 64:
        raise InputError(f"check {number}: a name has 1 to 64 printable characters")
    for key in ("name", "title", "group", "unit"):
        if not item.get(key, "").isprintable():
            raise InputError(f"check {number}: {key} has characters that cannot be printed")
    for key in ("at_least", "at_most", "equals"):
        if isinstance(item.get(key), float) and not math.isfinite(item[key]):
            raise InputError(f"check {number}: {key} is no finite number")
    if not check.url.startswith(("https://", "http://")):
        raise InputError(f"check {number}: the url begins with https:// or http://")
    for pointer in (check.pointer, check.each, check.label):
        if pointer and not pointer.startswith("/"):
            raise InputError(f"check {number}: a pointer begins with / (RFC 6901)")
    if check.each is None and check.label is not None:
        raise InputError(f"check {number}: label is of the things of each")
    if check.each is not None and check.pointer is None:
        raise InputError(f'check {number}: each needs a pointer into a thing, "" for the thing itself')
    if not 10 <= check.every_s <= 86_400:
        raise InputError(f"check {number}: every_s is between 10 and 86400")
    return check


def _printable(text: str) -> str:
    """A text that any database and any terminal takes: what cannot be printed is escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _at(answer: object, pointer: str) -> object:
    found = answer
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found[key]
        elif isinstance(found, list) and key.isascii() and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise KeyError(key)
    return found
