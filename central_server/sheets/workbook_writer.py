"""Write an XLSX file part by part (ECMA-376, Office Open XML): a zip archive of XML whose rows are compressed at once.

Text is stored in its cell, not in a table of shared strings, so nothing of a written row stays in memory.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from typing import IO
from xml.sax.saxutils import escape

from central_server.sheets.sheet_writer import FORMULA, Cell, Rows, width
from sync_contract.permit import OFFICIAL_TIME

MAX_ROWS = 1_048_576
"""Of one worksheet; more rows continue on a further one with the same heading."""
_MEASURED_ROWS = 100
"""Column widths are those of the first rows."""
_MAX_WIDTH = 44
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EPOCH = datetime(1899, 12, 30, tzinfo=OFFICIAL_TIME)
"""Day 0 of the date system of 1900."""
_DAY_S = 86_400
_BOLD, _QUOTED, _BOLD_QUOTED, _MONEY, _DATE, _TIME = range(1, 7)
"""Places in `cellXfs` of the styles."""

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_SHEETS}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="7"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" quotePrefix="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class WorkbookFile:
    """A `TableFile`. `title`: of its worksheet."""

    def __init__(self, title: str, max_rows: int = MAX_ROWS) -> None:
        self._title = re.sub(r"[\[\]:*?/\\]", " ", _UNPRINTABLE.sub("", title))[:31].strip("'") or "1"
        self._max_rows = max_rows
        self._out = _Outlet()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)
        self._waiting: list[Sequence[Cell]] = []
        self._heading: Sequence[Cell] = ()
        self._columns = ""
        self._sheet: IO[bytes] | None = None
        self._sheets = 0
        self._row = 0

    def add(self, rows: Rows) -> bytes:
        if self._sheet is None:
            self._waiting.extend(rows)
            if len(self._waiting) >= _MEASURED_ROWS:
                self._begin()
        else:
            self._write(rows)
        return self._out.take()

    def end(self) -> bytes:
        if self._sheet is None:
            self._begin()
        self._close_sheet()
        names = [self._title, *(f"{self._title[:24]} {number}" for number in range(2, self._sheets + 1))]
        sheets = "".join(
            f'<sheet name="{escape(name, _QUOTES)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(names, 1)
        )
        self._put(
            "xl/workbook.xml", f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'
        )
        targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, self._sheets + 1)]
        self._put("xl/_rels/workbook.xml.rels", _relations([*targets, ("styles", "styles.xml")]))
        self._zip.close()
        return self._out.take()

    def _begin(self) -> None:
        self._zip.writestr("[Content_Types].xml", _CONTENT_TYPES)  # first: programs detect the type by it
        self._put("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        self._zip.writestr("xl/styles.xml", _STYLES)
        rows, self._waiting = self._waiting, []
        self._heading = rows[0] if rows else ()
        widths = (min(max(map(width, column)) + 2, _MAX_WIDTH) for column in zip_longest(*rows[:_MEASURED_ROWS]))
        columns = "".join(
            f'<col min="{place}" max="{place}" width="{wide}" customWidth="1"/>' for place, wide in enumerate(widths, 1)
        )
        self._columns = f"<cols>{columns}</cols>" if columns else ""
        self._open_sheet()
        self._write(rows[1:])

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._row = 0
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w", force_zip64=True)
        pane = '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
        view = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        self._sheet.write(f'{_XML}<worksheet xmlns="{_SHEETS}">{view}{self._columns}<sheetData>'.encode())
        self._write([self._heading])

    def _close_sheet(self) -> None:
        assert self._sheet is not None
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()

    def _write(self, rows: Rows) -> None:
        while rows:
            if self._row == self._max_rows:
                self._close_sheet()
                self._open_sheet()
            assert self._sheet is not None
            some, rows = rows[: self._max_rows - self._row], rows[self._max_rows - self._row :]
            lines = "".join(_line(row, number) for number, row in enumerate(some, self._row + 1))
            self._row += len(some)
            self._sheet.write(lines.encode())

    def _put(self, name: str, content: str) -> None:
        self._zip.writestr(name, _XML + content)


class _Outlet(io.RawIOBase):
    """Collects what the archive writes; it cannot seek, so the archive never returns to what it has written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes alone
        self._parts.append(bytes(content))
        return len(content)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


_QUOTES = {'"': "&quot;"}


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _line(row: Sequence[Cell], number: int) -> str:
    cells = "".join([_cell(value, f"{_letters(place)}{number}", number == 1) for place, value in enumerate(row)])
    return f'<row r="{number}">{cells}</row>'


def _cell(value: Cell, at: str, heading: bool) -> str:
    match value:
        case None:
            return ""
        case str():
            style = _QUOTED if value.startswith(FORMULA) else 0  # otherwise editing makes it a formula
            style += _BOLD if heading else 0
            text = escape(_UNPRINTABLE.sub("", value))
            return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        case datetime():
            since = value.astimezone(OFFICIAL_TIME) - _EPOCH
            return f'<c r="{at}" s="{_TIME}"><v>{since.days + since.seconds / _DAY_S}</v></c>'
        case date():
            return f'<c r="{at}" s="{_DATE}"><v>{(value - _EPOCH.date()).days}</v></c>'
        case Decimal():
            return f'<c r="{at}" s="{_MONEY}"><v>{value:f}</v></c>'
    return (
        f'<c r="{at}" s="{_BOLD if heading else 0}"><v>{value:d}</v></c>'
        if isinstance(value, int)
        else (f'<c r="{at}"><v>{value!r}</v></c>')
    )


@cache
def _letters(place: int) -> str:
    """Return the letters of the column; `place` from 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
