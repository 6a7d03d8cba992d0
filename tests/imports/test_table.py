import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ImportFileError
from gateway.imports.table import MAX_ROWS, read_table
from tests.imports.factories import SHEET, csv_bytes, row, xlsx_bytes


def read(content: bytes):
    return read_table(content, file_name="list.csv")


def test_rows_keep_the_number_a_person_sees_whatever_their_cells_hold():
    table = read(b'name,notes\r\nA,"two\nlines"\r\n\r\n,  \r\nB,one\r\n')

    assert [(line.number, dict(line.cells)) for line in table.rows] == [
        (2, {"name": "A", "notes": "two\nlines"}),
        (5, {"name": "B", "notes": "one"}),
    ]


def test_the_spreadsheet_of_2025_has_seven_rows_of_thirteen_columns():
    table = read(SHEET.read_bytes())

    assert len(table.columns) == 13
    assert [line.number for line in table.rows] == [2, 3, 4, 5, 6, 7, 8]
    assert table.rows[1].cells["Processing type"] == "simu\nreco"
    assert table.rows[-1].cells["Number of events"] == "40,000,000"


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_commas_semicolons_and_a_byte_order_mark_read_alike(delimiter, mark):
    table = read(mark + csv_bytes([row()], delimiter=delimiter))

    assert dict(table.rows[0].cells) == row()


def test_a_cell_without_a_heading_is_called_by_its_place():
    table = read(b"name,,notes\nA,lost,x,y\nB,,z\n")

    assert table.columns == ("name", "column 2", "notes", "column 4")
    assert dict(table.rows[0].cells) == {"name": "A", "column 2": "lost", "notes": "x", "column 4": "y"}
    assert dict(table.rows[1].cells) == {"name": "B", "notes": "z"}


def test_a_sheet_with_tabs_is_cut_at_them():
    table = read(b"name\tevents\tnotes\nA\t40,000,000\tx; y\n")

    assert dict(table.rows[0].cells) == {"name": "A", "events": "40,000,000", "notes": "x; y"}


def test_a_workbook_reads_as_its_texts():
    content = xlsx_bytes(
        [["name", "events", "energy"], ["A", 40000000, 13.5], [None, None, None], ["B", 5e6, ""]]
    )

    table = read(content)

    assert [(line.number, dict(line.cells)) for line in table.rows] == [
        (2, {"name": "A", "events": "40000000", "energy": "13.5"}),
        (4, {"name": "B", "events": "5000000", "energy": ""}),
    ]


def damaged_workbook() -> bytes:
    return xlsx_bytes([["name"], ["A"]])[:300]


def workbook_that_is_only_an_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("letter.txt", "nothing")
    return out.getvalue()


def workbook_that_unpacks_to_60_mb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 60_000_000)
    return out.getvalue()


WRONG_FILES = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "header only": (b"name,stage\n", "has a header and no rows"),
    "binary": (bytes(range(256)), "is not a text file"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "is not a text file"),
    "latin": ("name\nзаявка".encode("cp1251"), "is not UTF-8 text: line 2 holds the byte 0xe7"),
    "utf-16": ("name\nA".encode("utf-16"), "is UTF-16 text"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel file"),
    "10 MB": (b"a,b\n" * 2_500_000, "has 10,000,000 bytes"),
    "too many rows": (b"a\n" * (MAX_ROWS + 1), f"has more than {MAX_ROWS:,} rows"),
    "too many columns": (b"a,b\n" + b"1," * 200 + b"1", "has 201 columns in row 2"),
    "open quote": (b'a,b\n1,"never closed\n', "is not CSV at line 2"),
    "huge cell": (b"a,b\n" + b"x" * 200_000, "is not CSV at line 2"),
    "same column twice": (b"a,b,a\n1,2,3\n", "has the column 'a' twice"),
    "damaged workbook": (damaged_workbook(), "looks like an XLSX file but cannot be opened"),
    "archive": (workbook_that_is_only_an_archive(), "looks like an XLSX file but cannot be opened"),
    "bomb": (workbook_that_unpacks_to_60_mb(), "unpacks to 60,000,000 bytes"),
}


@pytest.mark.parametrize("kind", WRONG_FILES)
def test_a_wrong_file_is_refused_with_what_is_wrong_and_what_to_do(kind):
    content, complaint = WRONG_FILES[kind]

    with pytest.raises(ImportFileError) as refusal:
        read(content)

    assert refusal.value.message.startswith(f"list.csv {complaint}")
    assert refusal.value.message.endswith(".")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_an_import_error(content):
    try:
        table = read(content)
    except ImportFileError:
        return
    assert all(line.cells for line in table.rows)


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
cells = st.lists(texts, min_size=2, max_size=2)


@given(st.lists(cells.filter(lambda pair: any(cell.strip() for cell in pair)), min_size=1, max_size=5))
def test_what_a_spreadsheet_program_writes_is_read_back(rows):
    content = csv_bytes([{"first": a, "second": b} for a, b in rows])

    assert [tuple(line.cells.values()) for line in read(content).rows] == [tuple(pair) for pair in rows]


def test_a_damaged_workbook_is_a_table_or_an_import_error():
    whole = xlsx_bytes([["name", "events"], ["PROD2025-001", 40_000_000]])
    die = random.Random(2025)
    refused = 0

    for _time in range(300):
        content = bytearray(whole)
        for _byte in range(die.randint(1, 4)):
            content[die.randrange(4, len(content))] = die.randrange(256)
        try:
            read(bytes(content))
        except ImportFileError as error:
            refused += "damaged" in error.message

    assert refused > 30
