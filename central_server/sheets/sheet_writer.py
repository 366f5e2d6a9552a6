"""Write tables as CSV and XLSX files in which no cell is taken for a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice, zip_longest
from typing import Any

from sync_contract.permit import OFFICIAL_TIME

Cell = str | int | float | Decimal | date | None
"""None is an empty cell; Decimal is money in yuan; a datetime is written in official time."""
Rows = Sequence[Sequence[Cell]]
"""The first row is the heading."""
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FORMULA = tuple("=+-@\t\r\n'＝＋－＠")
"""A spreadsheet may evaluate text that begins so; the apostrophe is removed again when read."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMATS = {Decimal: "#,##0.00", date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss"}
_MAX_WIDTH = 44
_MEASURED_ROWS = 100


def yuan(fen: int) -> Decimal:
    """Return yuan as a number, exact to the fen."""
    return Decimal(fen).scaleb(-2)


def write_table(form: str, title: str, rows: Rows) -> bytes:
    """`form`: one of TYPES. Blocking; a server calls `sheet_writer_process.write_parts`."""
    return csv_file(rows) if form == "csv" else xlsx_file(title, rows)


def csv_file(rows: Rows) -> bytes:
    """Write RFC 4180 in UTF-8, with the byte order mark that Excel needs."""
    return BYTE_ORDER_MARK + csv_lines(rows)


def csv_lines(rows: Rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([_field(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def xlsx_file(title: str, rows: Iterable[Sequence[Cell]]) -> bytes:
    # imported here: ten megabytes that most servers never need
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no types, nor have the pins
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]  # the same
    from openpyxl.styles import Font  # type: ignore[import-untyped]  # the same
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]  # the same

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", _UNPRINTABLE.sub("", title))[:31] or "1")
    sheet.freeze_panes = "B2"
    following = iter(rows)
    measured = list(islice(following, _MEASURED_ROWS))
    for place, column in enumerate(zip_longest(*measured), 1):
        sheet.column_dimensions[get_column_letter(place)].width = min(max(map(_width, column)) + 2, _MAX_WIDTH)

    def made(value: Cell, *, bold: bool) -> Any:  # noqa: ANN401  (a library without types)
        if isinstance(value, datetime):
            value = value.astimezone(OFFICIAL_TIME).replace(tzinfo=None)
        cell = WriteOnlyCell(sheet, _UNPRINTABLE.sub("", value) if isinstance(value, str) else value)
        if isinstance(value, str):
            cell.data_type = "s"
            cell.quotePrefix = value.startswith(FORMULA)  # otherwise editing makes it a formula
        elif type(value) in _FORMATS:
            cell.number_format = _FORMATS[type(value)]
        if bold:
            cell.font = Font(bold=True)
        return cell

    for number, row in enumerate(chain(measured, following)):
        sheet.append([made(value, bold=number == 0) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _field(cell: Cell) -> str | int | float | Decimal:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
        case str():
            return f"'{cell}" if cell.startswith(FORMULA) else cell  # OWASP on CSV injection
    return cell


def _width(cell: Cell) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in str(_field(cell)))
