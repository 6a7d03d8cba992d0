"""Reading a spreadsheet file, whatever program wrote it, into rows of text; their meaning is found later."""

import csv
import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import openpyxl

from gateway.errors import ImportFileError

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
# NUL and halves of surrogate pairs, which no database keeps in a text.
_UNSTORABLE: Final = frozenset({"\0", *map(chr, range(0xD800, 0xE000))})


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row under its column names; `number` is what a spreadsheet program shows beside it (header: 1)."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file as columns and rows of text; rows without any text are left out, and their numbers with them."""

    file_name: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_table(content: bytes, *, file_name: str) -> Table:
    """Read CSV (UTF-8, comma or semicolon, cells of several lines) or the first sheet of an XLSX file.

    Raises ImportFileError saying what is wrong with the file, where, and what to do about it.
    """
    if len(content) > MAX_FILE_BYTES:
        _refuse(file_name, f"has {len(content):,} bytes", f"At most {MAX_FILE_BYTES:,} are read: split it.")
    if content.startswith(_OLD_EXCEL):
        _refuse(file_name, "is an old Excel file", "Save it as .xlsx or as CSV (UTF-8).")
    records = _xlsx(content, file_name) if content.startswith(_ZIP) else _csv(content, file_name)
    columns, rows = _under_header(_bounded(records, file_name), file_name)
    return Table(file_name, hashlib.sha256(content).hexdigest(), columns, rows)


def _csv(content: bytes, file_name: str) -> Iterator[Sequence[str]]:
    text = _decoded(content, file_name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ImportFileError(
                f"{file_name} is not CSV at line {reader.line_num}. "
                "Look for a quotation mark that is not closed, or a very long cell; "
                "or save the sheet as CSV again."
            ) from error


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


def _xlsx(content: bytes, file_name: str) -> Iterator[Sequence[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            _refuse(file_name, f"unpacks to {unpacked:,} bytes", "Delete what is not the request list.")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            # A file may state a wrong extent of its sheet, and read-only mode would believe it.
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for record in sheet.iter_rows(values_only=True):
                yield [_cell_text(value) for value in record]
        finally:
            book.close()
    except ImportFileError:
        raise
    # Whatever a damaged file does to the unpacking, the XML reader or openpyxl: two dozen kinds of error.
    except Exception as error:
        raise ImportFileError(
            f"{file_name} looks like an XLSX file but cannot be opened: it is damaged or of another kind. "
            "Save it as .xlsx or as CSV (UTF-8) again."
        ) from error


def _cell_text(value: object) -> str:
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def _bounded(records: Iterable[Sequence[str]], file_name: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Number the records from 1 and leave out the blank ones; refuse a table larger than a person keeps."""
    for number, record in enumerate(records, start=1):
        if number > MAX_ROWS:
            _refuse(file_name, f"has more than {MAX_ROWS:,} rows", "Split it.")
        if len(record) > MAX_COLUMNS:
            _refuse(file_name, f"has {len(record):,} columns in row {number}", f"Keep {MAX_COLUMNS}.")
        for cell in record:
            if len(cell) > MAX_CELL_CHARACTERS:
                _refuse(file_name, f"has a cell of {len(cell):,} characters in row {number}", "Shorten it.")
            if not _UNSTORABLE.isdisjoint(cell):
                _refuse(file_name, f"has characters that are no text in row {number}", "Type the cell anew.")
        if any(cell.strip() for cell in record):
            yield number, record


def _under_header(
    records: Iterator[tuple[int, Sequence[str]]], file_name: str
) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    header = next(records, None)
    if header is None:
        _refuse(file_name, "is empty", "Give a file whose first row names the columns.")
    columns = [" ".join(name.split()) for name in header[1]]
    rows: list[TableRow] = []
    for number, record in records:
        columns += [""] * (len(record) - len(columns))
        rows.append(TableRow(number, dict(_named(columns, record))))
    named = tuple(name or f"column {index}" for index, name in enumerate(columns, start=1))
    for name in named:
        if named.count(name) > 1:
            _refuse(file_name, f"has the column {name!r} twice", "Rename one of them.")
    if not rows:
        _refuse(file_name, "has a header and no rows", "Give a file with at least one request.")
    return named, tuple(rows)


def _named(columns: Sequence[str], record: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair cells with their column names; a column without a name is called by its place."""
    for index, cell in enumerate(record):
        if columns[index]:
            yield columns[index], cell
        elif cell.strip():
            yield f"column {index + 1}", cell


def _refuse(file_name: str, what: str, advice: str) -> NoReturn:
    raise ImportFileError(f"{file_name} {what}. {advice}")
