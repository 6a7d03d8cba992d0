"""Reading a spreadsheet file, whatever program wrote it, into rows of text; their meaning is found later."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, NoReturn

from gateway.errors import ImportFileError
from gateway.imports.workbook import Record, read_workbook

# The sheet of a year is 4 KB; a thousand times that is somebody's wrong file.
MAX_FILE_BYTES: Final = 5 * 1024 * 1024
# An XLSX file is compressed, and a small one can unpack to gigabytes.
MAX_UNPACKED_BYTES: Final = 50 * 1024 * 1024
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 100
# The longest cell kept; the csv module has the same bound by default.
MAX_CELL_CHARACTERS: Final = 131_072

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t"
# How the kept cells call what stood beside them.
_COMMENT: Final = "comment on "
_STRUCK: Final = "struck through"
# NUL and halves of surrogate pairs, which no database keeps in a text.
_UNSTORABLE: Final = frozenset({"\0", *map(chr, range(0xD800, 0xE000))})


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row under its column names; `number` is what a spreadsheet program shows beside it (header: 1)."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file as columns and rows of text; rows without any text are left out, and their numbers with them.

    `notes` say what the file has that is no text of a cell, and what became of it.
    """

    file_name: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...] = ()


def read_table(content: bytes, *, file_name: str) -> Table:
    """Read CSV (UTF-8, comma or semicolon, cells of several lines) or the list's sheet of an XLSX file.

    Comments and struck cells of a workbook are kept beside the cells of their row, under names of their own
    (`_STRUCK`, `_COMMENT`).
    Raises ImportFileError saying what is wrong with the file, where, and what to do about it.
    """
    if len(content) > MAX_FILE_BYTES:
        _refuse(file_name, f"has {len(content):,} bytes", f"At most {MAX_FILE_BYTES:,} are read: split it.")
    if content.startswith(_OLD_EXCEL):
        _refuse(file_name, "is an old Excel file", "Save it as .xlsx or as CSV (UTF-8).")
    records: Iterable[Record] = _csv(content, file_name)
    unread: tuple[str, ...] = ()
    if content.startswith(_ZIP):
        records, unread = _xlsx(content, file_name)
    header, columns, rows = _under_header(_bounded(records, file_name), file_name)
    notes = *unread, *_notes(header, columns), *(note for row in rows for note in _notes(row, columns))
    return Table(
        file_name,
        hashlib.sha256(content).hexdigest(),
        columns,
        tuple(TableRow(row.number, _cells(row, columns)) for row in rows),
        notes,
    )


def _csv(content: bytes, file_name: str) -> Iterator[Record]:
    text = _decoded(content, file_name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    for number in count(1):
        try:
            texts = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ImportFileError(
                f"{file_name} is not CSV at line {reader.line_num}. "
                "Look for a quotation mark that is not closed, or a very long cell; "
                "or save the sheet as CSV again."
            ) from error
        if any(text.strip() for text in texts):
            yield Record(number, texts)


def _decoded(content: bytes, file_name: str) -> str:
    if content.startswith(_UTF16):
        _refuse(file_name, "is UTF-16 text", "Save it as CSV UTF-8.")
    if b"\0" in content:
        _refuse(file_name, "is not a text file", "Give a CSV or XLSX file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ImportFileError(
            f"{file_name} is not UTF-8 text: line {line} holds the byte 0x{content[error.start]:02x}. "
            "Save it as CSV UTF-8."
        ) from error


def _delimiter(text: str) -> str:
    """Choose what cuts the first record into more columns; a comma when both cut it alike."""

    def columns(delimiter: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=columns)


def _xlsx(content: bytes, file_name: str) -> tuple[Sequence[Record], tuple[str, ...]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            _refuse(file_name, f"unpacks to {unpacked:,} bytes", "Delete what is not the request list.")
        sheet, others = read_workbook(content, limit=MAX_ROWS + 1)
    except ImportFileError:
        raise
    # Whatever a damaged file does to the unpacking, the XML reader or openpyxl: two dozen kinds of error.
    except Exception as error:
        raise ImportFileError(
            f"{file_name} looks like an XLSX file but cannot be opened: it is damaged or of another kind. "
            "Save it as .xlsx or as CSV (UTF-8) again."
        ) from error
    return sheet.records, tuple(
        f"the sheet {other.title!r} was not read: {len(other.records)} rows. "
        "Save it as a file of its own if it is a list of requests"
        for other in others
    )


def _bounded(records: Iterable[Record], file_name: str) -> Iterator[Record]:
    """Pass on the records without what is blank at their ends; refuse a table larger than a person keeps."""
    for place, record in enumerate(records, start=1):
        number, texts = record.number, list(record.texts)
        while texts and not texts[-1].strip():
            texts.pop()
        if place > MAX_ROWS:
            _refuse(file_name, f"has more than {MAX_ROWS:,} rows", "Split it.")
        if len(texts) > MAX_COLUMNS:
            _refuse(file_name, f"has {len(texts):,} columns in row {number}", f"Keep {MAX_COLUMNS}.")
        for cell in (*texts, *record.comments.values()):
            if len(cell) > MAX_CELL_CHARACTERS:
                _refuse(file_name, f"has a cell of {len(cell):,} characters in row {number}", "Shorten it.")
            if not _UNSTORABLE.isdisjoint(cell):
                _refuse(file_name, f"has characters that are no text in row {number}", "Type the cell anew.")
        yield replace(record, texts=texts)


def _under_header(
    records: Iterator[Record], file_name: str
) -> tuple[Record, tuple[str, ...], tuple[Record, ...]]:
    header = next(records, None)
    if header is None:
        _refuse(file_name, "is empty", "Give a file whose first row names the columns.")
    rows = tuple(records)
    columns = [" ".join(name.split()) for name in header.texts]
    columns += [""] * (max((len(row.texts) for row in rows), default=0) - len(columns))
    named = tuple(name or f"column {place}" for place, name in enumerate(columns, start=1))
    for name in named:
        if named.count(name) > 1:
            _refuse(file_name, f"has the column {name!r} twice", "Rename one of them.")
    if not rows:
        _refuse(file_name, "has a header and no rows", "Give a file with at least one request.")
    has_name = {place for place, name in enumerate(columns) if name}
    return header, named, tuple(_padded(row, has_name) for row in rows)


def _padded(row: Record, has_name: Collection[int]) -> Record:
    """The row with a cell, if an empty one, under each name."""
    width = max(has_name, default=-1) + 1
    return replace(row, texts=[*row.texts, *[""] * (width - len(row.texts))])


def _cells(row: Record, columns: Sequence[str]) -> Mapping[str, str]:
    """Cells by column, without empty ones of columns without a name; then what stands beside them."""
    cells = {
        columns[place]: text
        for place, text in enumerate(row.texts)
        if text.strip() or columns[place] != f"column {place + 1}"
    }
    cells |= {f"{_COMMENT}{_column(columns, place)}": text for place, text in row.comments.items() if text}
    if row.struck:
        cells[_STRUCK] = _listed(row.struck, columns)
    return cells


def _notes(row: Record, columns: Sequence[str]) -> Iterator[str]:
    if row.struck:
        struck = _listed(row.struck, columns)
        yield f"row {row.number}: struck through, which was kept and not understood: {struck}"
    for place, text in sorted(row.comments.items()):
        yield f"row {row.number}: a comment on {_column(columns, place)} was kept and not understood: {text}"
    if row.filled:
        yield f"row {row.number}: taken from the merged cells above: {_listed(row.filled, columns)}"
    if row.unvalued:
        yield (
            f"row {row.number}: a formula without its value stands in {_listed(row.unvalued, columns)}. "
            "Open the file in a spreadsheet program and save it again"
        )


def _listed(places: Iterable[int], columns: Sequence[str]) -> str:
    return ", ".join(_column(columns, place) for place in sorted(places))


def _column(columns: Sequence[str], place: int) -> str:
    return columns[place] if place < len(columns) else f"column {place + 1}"


def _refuse(file_name: str, what: str, advice: str) -> NoReturn:
    raise ImportFileError(f"{file_name} {what}. {advice}")
