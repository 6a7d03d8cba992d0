"""What an import did, or would do: row by row, field by field, and the same as text for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from gateway.imports.drafts import Echo, Problem

# Longer texts are cut in the terminal; the report itself keeps them whole.
_SHOWN_CHARACTERS: Final = 70
_NOTES_SHOWN: Final = 50


@unique
class Verdict(StrEnum):
    """What became of a row."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field whose stored value differs from the file's; `old` is None when nothing was stored."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class RowReport:
    """One row of the file: how it was read, what it changes, and what a person should know about it."""

    number: int
    subject: str | None
    verdict: Verdict
    echoes: tuple[Echo, ...] = ()
    differences: tuple[Difference, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """A whole file; `unplaced_columns` are kept with the requests, but mean nothing to the gateway.

    `notes` are about the file and not one of its requests.
    """

    file_name: str
    is_dry_run: bool
    rows: tuple[RowReport, ...]
    unplaced_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many rows got this verdict."""
        return Counter(row.verdict for row in self.rows)[verdict]

    @property
    def changes_anything(self) -> bool:
        """Whether the file says anything that was not stored before."""
        return any(row.verdict in {Verdict.ADDED, Verdict.CHANGED} for row in self.rows)


def render(report: ImportReport) -> str:
    """The report as lines for a terminal: what was rejected first, and little about what did not change."""
    return "\n".join(_lines(report))


def _lines(report: ImportReport) -> Iterator[str]:
    counts = ", ".join(f"{report.count(verdict)} {verdict.lower()}" for verdict in Verdict)
    yield f"{report.file_name}: {len(report.rows)} rows, {counts}"
    rejected = [row for row in report.rows if row.verdict is Verdict.REJECTED]
    if rejected:
        yield "Rejected:"
    for row in rejected:
        yield f"  row {row.number}  {row.subject or 'no name'}"
        for problem in row.problems:
            yield f"      ! {f'{problem.column}: ' if problem.column else ''}{_cut(problem.reason, 300)}"
    if rejected and len(rejected) < len(report.rows):
        yield "The others:"
    for row in report.rows:
        if row.verdict is not Verdict.REJECTED:
            yield from _row_lines(row)
    for note in report.notes[:_NOTES_SHOWN]:
        yield f"note: {_cut(note, 300)}"
    if len(report.notes) > _NOTES_SHOWN:
        yield f"note: {len(report.notes) - _NOTES_SHOWN} more like these"
    if report.unplaced_columns:
        yield f"kept without being understood: {_quoted(report.unplaced_columns)}"
    if report.is_dry_run:
        yield "Nothing was written: this was a dry run."
    elif not report.changes_anything:
        yield "Nothing was changed."


def _row_lines(row: RowReport) -> Iterator[str]:
    yield f"  row {row.number}  {row.subject or 'no name'}  {row.verdict.lower()}"
    for echo in row.echoes if row.verdict is not Verdict.UNCHANGED else ():
        yield f"      {echo.column}: '{_cut(echo.written)}' was read as {_cut(echo.understood)}"
    for difference in row.differences if row.verdict is Verdict.CHANGED else ():
        yield f"      {difference.field}: {_side(difference.old)} -> {_side(difference.new)}"
    for note in row.notes:
        yield f"      note: {note}"


def _side(text: str | None) -> str:
    return "nothing" if text is None else _cut(text)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _cut(text: str, limit: int = _SHOWN_CHARACTERS) -> str:
    # A cell may hold what would steer a terminal.
    line = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in " ".join(text.split())
    )
    return line if len(line) <= limit else line[: limit - 1] + "…"
