"""What a workbook says beside the texts of its cells: nothing of it is lost without a word."""

import io
import zipfile

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Font
from sqlalchemy import select

from gateway.imports.report import Verdict, render
from gateway.imports.requests import import_requests
from gateway.imports.table import MAX_ROWS, read_table
from gateway.store.requests import Request
from tests.imports.factories import AT, LATER, ROW, TAG, row

HEADER = list(ROW)


def book(change, *rows):
    """The rows in a workbook, which `change` alters before it is saved."""
    made = openpyxl.Workbook()
    made.active.append(HEADER)
    for cells in rows or (row(),):
        made.active.append([cells.get(name, "") for name in HEADER])
    change(made)
    out = io.BytesIO()
    made.save(out)
    return read_table(out.getvalue(), file_name="list.xlsx")


def test_a_further_sheet_with_rows_is_named_with_how_many():
    def change(made):
        made.create_sheet("empty")
        made.create_sheet("more").append(HEADER)
        made["more"].append(["PROD2026-009"])

    table = book(change)

    assert len(table.rows) == 1
    assert table.notes == (
        "the sheet 'more' was not read: 2 rows. Save it as a file of its own if it is a list of requests",
    )


def test_notes_on_the_first_sheet_do_not_hide_the_list():
    def change(made):
        made.create_sheet("about", 0).append(["our productions"])

    table = book(change)

    assert table.rows[0].cells[TAG] == ROW[TAG]
    assert table.notes[0].startswith("the sheet 'about' was not read: 1 rows.")


def test_a_formula_that_gives_the_empty_text_has_its_value():
    made = openpyxl.Workbook()
    made.active.append(HEADER)
    made.active.append([*(row().get(name, "") for name in HEADER), '=IF(A2="x";"c";"")'])
    saved, worked_out = io.BytesIO(), io.BytesIO()
    made.save(saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(worked_out, "w") as new:
        for name in old.namelist():
            # As a spreadsheet program writes the cell, which openpyxl cannot.
            new.writestr(name, old.read(name).replace(b'<c r="N2">', b'<c r="N2" t="str">'))

    without, with_value = (read_table(file.getvalue(), file_name="list.xlsx") for file in (saved, worked_out))

    assert len(without.notes) == 1
    assert with_value.notes == ()
    assert "column 14" in without.rows[0].cells
    assert "column 14" not in with_value.rows[0].cells


async def test_a_formula_without_its_value_is_shown_and_named(database):
    def change(made):
        made.active["J2"] = "=4*10000"
        made.active["N1"] = "Total GB"
        made.active["N3"] = "=1+2"

    table = book(change, row(), row(production="PROD2026-002", initial="11-20"))
    report = await import_requests(database, table, imported_by=None, at=AT)

    assert table.notes == (
        "row 2: a formula without its value stands in Number of events. "
        "Open the file in a spreadsheet program and save it again",
        "row 3: a formula without its value stands in Total GB. "
        "Open the file in a spreadsheet program and save it again",
    )
    assert [line.verdict for line in report.rows] == [Verdict.REJECTED, Verdict.ADDED]
    assert report.rows[0].problems[0].column == "Number of events"
    async with database.snapshot() as session:
        assert (await session.scalars(select(Request.unplaced))).all() == [{"Total GB": "=1+2"}]


async def test_comments_and_struck_cells_are_kept_with_the_request_and_said(database):
    def change(made):
        made.active["A2"].font = Font(strike=True)
        made.active["C2"].comment = Comment("obsolete,\ndo not use", "prodman")

    table = book(change)
    report = await import_requests(database, table, imported_by=None, at=AT)

    async with database.snapshot() as session:
        assert (await session.scalars(select(Request.unplaced))).all() == [
            {"comment on Stage": "obsolete,\ndo not use", "struck through": "Production name/ID"}
        ]
    assert "note: row 2: struck through, which was kept and not understood: Production name/ID" in render(
        report
    )
    assert "a comment on Stage was kept and not understood: obsolete, do not use" in render(report)


async def test_a_comment_on_a_row_makes_nothing_else_of_it_new(database):
    await import_requests(database, book(str), imported_by=None, at=AT)

    def change(made):
        made.active["C2"].comment = Comment("look", "prodman")

    report = await import_requests(database, book(change), imported_by=None, at=LATER)

    assert [each.field for each in report.rows[0].differences] == ["unplaced 'comment on Stage'"]


def test_rows_and_columns_that_are_only_formatted_count_for_nothing():
    def change(made):
        for number in range(3, MAX_ROWS + 20):
            made.active.cell(number, 1).font = Font(bold=True)
        made.active.cell(2, 299).font = Font(bold=True)
        made.active.cell(1, 299).value = " "

    table = book(change)

    assert len(table.rows) == 1
    assert table.columns == tuple(HEADER)


def test_a_merged_cell_counts_for_all_its_rows_and_says_so():
    def change(made):
        made.active["C3"] = made.active["C4"] = None
        made.active.merge_cells("C2:C3")
        made.active.merge_cells("F2:G2")

    names = [f"PROD2026-00{number}" for number in (1, 2, 3)]
    table = book(change, *(row(production=name) for name in names))

    assert [line.cells["Stage"] for line in table.rows] == ["S2", "S2", ""]
    assert table.notes == ("row 3: taken from the merged cells above: Stage",)


def test_cells_merged_to_the_end_of_the_sheet_are_read_at_once():
    table = book(lambda made: made.active.merge_cells("C2:C3000"), row(), row(stage=""))

    assert [line.cells["Stage"] for line in table.rows] == ["S2", "S2"]
