"""Request lists with readable defaults, as CSV or XLSX."""

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

from gateway.imports.table import Table, read_table

AT = dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(days=1)
SHEET = Path(__file__).parents[1] / "data" / "spreadsheet_2025.csv"

ROW = {
    "Production name/ID": "PROD2026-001",
    "Status": "Ready",
    "Stage": "S2",
    "Collision type": "pp",
    "Geometry type": "DSSD, TS, ZDC (sketch)",
    "Energy": "27 GeV",
    "Polarization": "UU",
    "Software type/version": "spdroot-dev-4.1.7.2",
    "Short description (for datasets naming)": "minbias-P8-spdroot4172-dev",
    "Number of events": "40000",
    "Events per file": "4000",
    "Initial seed": "1-10",
    "Processing type": "simu\nreco",
}
TAG = "Short description (for datasets naming)"
NAME = "Production name/ID"


def row(**changes: str) -> dict[str, str]:
    """A good row; changes are given by the first word of the column, lower case."""
    first_words = {column.split()[0].lower(): column for column in ROW}
    return ROW | {first_words.get(word, word): text for word, text in changes.items()}


def csv_bytes(
    rows: Sequence[Mapping[str, str]], *, delimiter: str = ",", columns: Sequence[str] = ()
) -> bytes:
    """The rows as a spreadsheet program would save them."""
    names = list(columns) or list(dict.fromkeys(name for cells in rows for name in cells))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(names)
    writer.writerows([cells.get(name, "") for name in names] for cells in rows)
    return out.getvalue().encode()


def xlsx_bytes(records: Sequence[Sequence[object]]) -> bytes:
    """The records as the first sheet of a workbook."""
    book = openpyxl.Workbook()
    for record in records:
        book.active.append(list(record))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(*rows: Mapping[str, str], file_name: str = "list.csv") -> Table:
    """A table as `read_table` gives it."""
    return read_table(csv_bytes(rows), file_name=file_name)


def sheet() -> Table:
    """The spreadsheet of 2025 as people kept it."""
    return read_table(SHEET.read_bytes(), file_name=SHEET.name)
