"""Lists of a sample's files: which file is of which seed, which of several to take, and where to read it.

A file's number stands at the end of its name. Of a file that was simulated it is its seed, or (a job that
PanDA ran again writes a new number with the same seed) a number outside of the request's seeds, of which
nobody can say the seed. A file that was made from another one has that one's number before its own, if the
gateway sent its task; otherwise its only number is taken for that of the file it was made from, as in SPD's
productions of 2025.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.seeds import SeedRange, compact, missing_seeds

# What the number stands for: a seed, or a number that one simulation gave to a job that it ran again.
Key = tuple[int, int]

_SEED: Final = 0
_NUMBERS: Final = re.compile(
    r"\.(?P<number>[0-9]{6,18})(?:\.[0-9]{6,18})?(?P<ending>(?:\.[A-Za-z][A-Za-z0-9]*)*)$"
)


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a file can be read."""

    rse_name: str
    url: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as Rucio has it, with its copies that can be read now."""

    name: str
    size_bytes: int | None
    adler32: str | None
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class Numbering:
    """How an attempt's files are numbered.

    `simulation` is the number of the attempt whose job numbers they carry. Where its task was given single
    seeds, `listed` has them in the order of its jobs.
    """

    attempt: int
    simulation: int
    listed: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: a file, the attempt that made it, and what belongs to it in other outputs."""

    seed: int | None
    attempt: int
    file: StoredFile
    matched: Mapping[str, StoredFile]


def number_in(name: str) -> int | None:
    """Return the number in a file's name, of the file it was made from where it has two; None without one."""
    found = _NUMBERS.search(name)
    return None if found is None else int(found["number"])


def key_of(file: StoredFile, numbering: Numbering, expected: Collection[SeedRange]) -> Key | None:
    """Return by what a file is matched with others; None when its name does not tell."""
    number = number_in(file.name)
    if number is None:
        return None
    if numbering.listed is not None:
        if not 1 <= number <= len(numbering.listed):
            return (numbering.simulation, number)
        number = numbering.listed[number - 1]
    if any(number in held for held in expected):
        return (_SEED, number)
    return (numbering.simulation, number)


def seed_of(key: Key) -> int | None:
    """Return the seed that a key stands for, None when it is that of a job that ran again."""
    return key[1] if key[0] == _SEED else None


def listed(
    outputs: Mapping[str, Iterable[tuple[Numbering, Sequence[StoredFile]]]],
    wanted: str,
    expected: Collection[SeedRange],
) -> tuple[Sequence[Entry], int]:
    """Return the files of one output in the order of their seeds, and how many no seed or number is known of.

    `outputs` gives, for the wanted output and for those that must be matched, the files of each attempt. Of
    several attempts at a seed the latest counts; a seed that any of the outputs lacks is left out.
    """
    chosen: dict[str, dict[Key, tuple[int, StoredFile]]] = {}
    nameless = 0
    for output, attempts in outputs.items():
        files: dict[Key, tuple[int, StoredFile]] = {}
        for numbering, found in sorted(attempts, key=lambda one: one[0].attempt):
            for file in found:
                key = key_of(file, numbering, expected)
                if key is None:
                    nameless += output == wanted
                else:
                    files[key] = (numbering.attempt, file)
        chosen[output] = files
    others = {output: files for output, files in chosen.items() if output != wanted}
    entries = [
        Entry(seed_of(key), attempt, file, {output: files[key][1] for output, files in others.items()})
        for key, (attempt, file) in sorted(chosen[wanted].items())
        if all(key in files for files in others.values())
    ]
    return entries, nameless


def missing_from(entries: Iterable[Entry], expected: Iterable[SeedRange]) -> tuple[SeedRange, ...]:
    """Return the seeds of which there is no file in a list, ascending."""
    there = compact(entry.seed for entry in entries if entry.seed is not None)
    return tuple(gap for held in expected for gap in missing_seeds(held, there))


def nearest(copies: Iterable[Copy], near: Collection[str]) -> tuple[Copy, ...]:
    """Return the copies, those at the storages in `near` first, in the same order each time."""
    return tuple(sorted(copies, key=lambda copy: (copy.rse_name not in near, copy.rse_name, copy.url)))
