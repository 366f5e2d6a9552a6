"""Write tables as CSV and XLSX files in which no cell is taken for a formula."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from sync_contract.permit import OFFICIAL_TIME

Cell = str | int | float | Decimal | date | None
"""None is an empty cell; Decimal is money in yuan; a datetime is written in official time."""
Rows = Sequence[Sequence[Cell]]
"""The first row is the heading."""
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FORMULA = tuple("=+-@\t\r\n'＝＋－＠")
"""A spreadsheet may evaluate text that begins so; the apostrophe is removed again when read."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def yuan(fen: int) -> Decimal:
    """Return yuan as a number, exact to the fen."""
    return Decimal(fen).scaleb(-2)


def write_table(form: str, title: str, rows: Rows) -> bytes:
    """Return a whole file. Blocking; a server sends the parts of a `TableFile` one by one."""
    file = table_file(form, title)
    return file.add(rows) + file.end()


def csv_file(rows: Rows) -> bytes:
    return write_table("csv", "", rows)


def xlsx_file(title: str, rows: Rows) -> bytes:
    return write_table("xlsx", title, rows)


class TableFile(Protocol):
    """A file that is written part by part, in memory that does not grow with it."""

    def add(self, rows: Rows) -> bytes:
        """Return the file's next bytes, possibly none."""

    def end(self) -> bytes:
        """Return the last bytes."""


def table_file(form: str, title: str) -> TableFile:
    """`form`: one of TYPES. The first row added is the heading."""
    from central_server.sheets.workbook_writer import WorkbookFile

    return CsvFile() if form == "csv" else WorkbookFile(title)


class CsvFile:
    """RFC 4180 in UTF-8, with the byte order mark that Excel needs."""

    def __init__(self) -> None:
        self._mark = BYTE_ORDER_MARK

    def add(self, rows: Rows) -> bytes:
        out = io.StringIO()
        csv.writer(out).writerows([_field(cell) for cell in row] for row in rows)
        mark, self._mark = self._mark, b""
        return mark + out.getvalue().encode()

    def end(self) -> bytes:
        return self._mark


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


def width(cell: Cell) -> int:
    """Return how many columns of a fixed-width font the cell takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in str(_field(cell)))
