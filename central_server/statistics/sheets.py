"""Figures as a file that a spreadsheet opens: CSV and XLSX. No cell of it is ever taken for a formula."""

import csv
import io
import re
from collections.abc import Sequence

Cell = str | int | float | None
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def csv_file(rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with the mark by which Excel knows it (RFC 4180 otherwise). None is an empty field."""
    out = io.StringIO()
    csv.writer(out).writerows([["" if cell is None else _safe(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def xlsx_file(title: str, rows: Sequence[Sequence[Cell]]) -> bytes:
    """The first row is the heading. None is an empty cell."""
    # here and not above: ten megabytes that most servers never need
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no types
    from openpyxl.styles import Font  # type: ignore[import-untyped]  # the same
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]  # the same

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = re.sub(r"[\[\]:*?/\\]", " ", _UNPRINTABLE.sub("", title))[:31] or "1"
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row, 1):
            cell = sheet.cell(number, place, _UNPRINTABLE.sub("", value) if isinstance(value, str) else value)
            if isinstance(value, str):
                cell.data_type = "s"
            if number == 1:
                cell.font = Font(bold=True)
    for place in range(1, len(rows[0]) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = 18
    sheet.freeze_panes = "B2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _safe(cell: Cell) -> Cell:
    """As OWASP advises against CSV injection: what a spreadsheet would work out begins with an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
