"""Reading XLSX: the texts, and what people say without: comments, struck and merged cells, further sheets.

Sheets are streamed, because a file of some kilobytes can claim a million rows. What a cell means is not
decided here.
"""

import datetime as dt
import io
import zipfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import openpyxl
from openpyxl.packaging.relationship import get_dependents, get_rels_path
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries
from openpyxl.xml.functions import fromstring, iterparse

# A list of requests takes a dozen columns; a first sheet with fewer than this is somebody's notes.
_LIST_COLUMNS: Final = 5
_BOOK: Final = "xl/workbook.xml"


@dataclass(frozen=True, slots=True)
class Record:
    """A row with text in it, and what its cells carry beside their text, by the place of the cell from 0.

    `filled` are cells that stand empty below the first of merged cells and have its text, `unvalued` those
    with a formula of which the file has no value: they have the formula as their text.
    """

    number: int
    texts: Sequence[str]
    comments: Mapping[int, str] = field(default_factory=dict)
    struck: frozenset[int] = frozenset()
    filled: frozenset[int] = frozenset()
    unvalued: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows with text in them, the first `limit` of them when it has more."""

    title: str
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside the cells of a sheet: comments by row and column, merged rows by column.

    `worked_out` are rows and columns of formulas whose value is known to be a text, an empty one too.
    """

    comments: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    merged: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    worked_out: frozenset[tuple[int, int]] = frozenset()


def read_workbook(content: bytes, *, limit: int) -> tuple[Sheet, Sequence[Sheet]]:
    """Return the sheet that holds the list, and the others that have text.

    It is the first whose first row fills five cells; failing that, the first. Raises whatever a damaged file
    does to the unpacking, the XML reader or openpyxl.
    """
    values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True) if _computes(content) else None
    try:
        besides = _besides(content)
        sheets = []
        for place, sheet in enumerate(values.worksheets):
            other = None if formulas is None else formulas.worksheets[place]
            beside = besides.get(sheet.title, _Beside())
            sheets.append(Sheet(sheet.title, list(_records(sheet, other, beside, limit))))
    finally:
        values.close()
        if formulas is not None:
            formulas.close()
    lists = [sheet for sheet in sheets if sheet.records and _width(sheet.records[0]) >= _LIST_COLUMNS]
    chosen = (lists or sheets)[0]
    return chosen, [sheet for sheet in sheets if sheet is not chosen and sheet.records]


def _width(record: Record) -> int:
    return sum(bool(text.strip()) for text in record.texts)


def _records(sheet: Any, formulas: Any | None, beside: _Beside, limit: int) -> Iterator[Record]:
    # A file may state a wrong extent of its sheet, and read-only mode would believe it.
    sheet.reset_dimensions()
    written: Iterator[Sequence[object]] = iter(())
    if formulas is not None:
        formulas.reset_dimensions()
        written = formulas.iter_rows(values_only=True)
    tops: dict[tuple[int, int], str] = {}
    found = 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [_text(cell.value) for cell in cells]
        unvalued = set()
        for place, formula in enumerate(next(written, ())):
            if (
                place < len(texts)
                and not texts[place]
                and isinstance(formula, str)
                and formula.startswith("=")
                and (number, place) not in beside.worked_out
            ):
                texts[place] = formula
                unvalued.add(place)
        if not any(text.strip() for text in texts):
            continue
        found += 1
        if found > limit:
            return
        filled = _fill(texts, number, beside.merged, tops)
        while texts and not texts[-1].strip():
            texts.pop()
        yield Record(
            number,
            texts,
            comments=beside.comments.get(number, {}),
            struck=frozenset(
                place
                for place, cell in enumerate(cells[: len(texts)])
                if texts[place].strip() and cell.font is not None and cell.font.strike
            ),
            filled=filled,
            unvalued=frozenset(unvalued),
        )


def _fill(
    texts: list[str],
    number: int,
    merged: Mapping[int, Sequence[tuple[int, int]]],
    tops: dict[tuple[int, int], str],
) -> frozenset[int]:
    """Give empty cells of merged ones the text at their top; only those in the top's own column."""
    filled = set()
    for place, ranges in merged.items():
        index = bisect_right(ranges, number, key=lambda rows: rows[0]) - 1
        if index < 0 or ranges[index][1] < number:
            continue
        top = place, ranges[index][0]
        if number == top[1]:
            tops[top] = texts[place] if place < len(texts) else ""
        elif tops.get(top):
            texts += [""] * (place + 1 - len(texts))
            if not texts[place].strip():
                texts[place] = tops[top]
                filled.add(place)
    return frozenset(filled)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def _computes(content: bytes) -> bool:
    """Whether any cell has a formula; only then the file is worth a second reading."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return any(
            b"<f" in archive.read(name)
            for name in archive.namelist()
            if name.startswith("xl/worksheets/sheet")
        )


def _besides(content: bytes) -> Mapping[str, _Beside]:
    """Read what openpyxl leaves out of what it streams, by the title of the sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {part.Id: part.target for part in get_dependents(archive, get_rels_path(_BOOK))}
        found = {}
        for sheet in fromstring(archive.read(_BOOK)).iter():
            relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
            if _bare(sheet.tag) == "sheet" and relation in parts:
                path = parts[relation]
                found[sheet.attrib["name"]] = _Beside(_comments(archive, path), *_in_sheet(archive, path))
        return found


def _comments(archive: zipfile.ZipFile, path: str) -> Mapping[int, Mapping[int, str]]:
    relations = get_rels_path(path)
    found: dict[int, dict[int, str]] = defaultdict(dict)
    if relations not in archive.namelist():
        return found
    for part in get_dependents(archive, relations):
        if not part.Type.endswith("/comments"):
            continue
        for comment in fromstring(archive.read(part.target)).iter():
            if _bare(comment.tag) == "comment":
                letters, row = coordinate_from_string(comment.attrib["ref"])
                text = "".join(each.text or "" for each in comment.iter() if _bare(each.tag) == "t")
                found[row][column_index_from_string(letters) - 1] = text.strip()
    return found


def _in_sheet(
    archive: zipfile.ZipFile, path: str
) -> tuple[Mapping[int, Sequence[tuple[int, int]]], frozenset[tuple[int, int]]]:
    """Return the merged rows of a sheet, and its formulas that are known to give a text."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    worked_out = set()
    with archive.open(path) as source:
        for _event, element in iterparse(source):
            if _bare(element.tag) == "mergeCell":
                first_column, first_row, _last_column, last_row = range_boundaries(element.attrib["ref"])
                if last_row > first_row:
                    found[first_column - 1].append((first_row, last_row))
            elif _bare(element.tag) == "c" and element.get("t") == "str" and "r" in element.attrib:
                # Only a program that has worked the formula out says that it gives a text.
                if any(_bare(part.tag) == "f" for part in element):
                    letters, row = coordinate_from_string(element.attrib["r"])
                    worked_out.add((row, column_index_from_string(letters) - 1))
            elif _bare(element.tag) == "row":
                element.clear()
    return {column: sorted(ranges) for column, ranges in found.items()}, frozenset(worked_out)


def _bare(tag: object) -> str:
    """The name of an element without its namespace; nothing for a comment in the XML."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
