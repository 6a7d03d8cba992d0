"""Rows as people want them: a table, JSON, CSV, or a table of Markdown or LaTeX for a talk."""

import csv
import enum
import io
import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]


class Format(enum.StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"
    TEX = "tex"


# Whatever the terminal: where rows are piped to something, nothing may be cut.
_WIDE: Final = 10_000


def value_at(row: Row, field: str) -> Any:
    """Return what a row has under a field such as `request.intent`; None when a part of it is null."""
    value: Any = row
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def written(rows: Sequence[Row], columns: Sequence[str], form: Format, *, width: int | None = None) -> str:
    """Return rows in a format; `width` is the terminal's, None where there is none."""
    if form is Format.JSON:
        return json.dumps(list(rows), indent=2, ensure_ascii=False)
    cells = [[shown(value_at(row, column)) for column in columns] for row in rows]
    return _WRITERS[form](columns, cells, width)


def shown(value: Any) -> str:
    """Return a value as a cell: nothing for what is not known, and never a guess."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _table(columns: Sequence[str], cells: Sequence[Sequence[str]], width: int | None) -> str:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        are_numbers = all(_is_number(row[place]) for row in cells)
        table.add_column(column, justify="right" if are_numbers and cells else "left", overflow="fold")
    for row in cells:
        # What stands in a cell is text, whatever brackets are in it.
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    out = io.StringIO()
    Console(file=out, width=width or _WIDE, highlight=False, no_color=True).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _csv(columns: Sequence[str], cells: Sequence[Sequence[str]], _width: int | None) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_harmless(cell) for cell in row] for row in cells])
    return out.getvalue().removesuffix("\n")


def _md(columns: Sequence[str], cells: Sequence[Sequence[str]], _width: int | None) -> str:
    rows = [columns, ["---"] * len(columns), *cells]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def _tex(columns: Sequence[str], cells: Sequence[Sequence[str]], _width: int | None) -> str:
    sides = "".join(
        "r" if cells and all(_is_number(row[place]) for row in cells) else "l"
        for place in range(len(columns))
    )
    lines = [" & ".join(_escaped(cell) for cell in row) + r" \\" for row in cells]
    head = " & ".join(_escaped(column) for column in columns) + r" \\ \hline"
    return "\n".join([rf"\begin{{tabular}}{{{sides}}}", head, *lines, r"\end{tabular}"])


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(".", "", 1).removeprefix("-").isdecimal()


def _harmless(cell: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return (
        f"'{cell}"
        if cell[:1] in {"=", "+", "@", "\t"} or (cell[:1] == "-" and not _is_number(cell))
        else cell
    )


def _escaped(cell: str) -> str:
    names = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(names.get(sign, f"\\{sign}" if sign in "&%$#_{}" else sign) for sign in cell)


_WRITERS: Final[Mapping[Format, Callable[..., str]]] = MappingProxyType(
    {Format.TABLE: _table, Format.CSV: _csv, Format.MD: _md, Format.TEX: _tex}
)
