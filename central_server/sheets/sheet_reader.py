"""Read CSV and XLSX files of spreadsheet programs, within limits."""

import csv
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from xml.etree.ElementTree import ParseError

from central_server.errors import CentralError
from central_server.sheets.sheet_writer import FORMULA

MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 5000
_MAX_COLUMNS = 60
_MAX_UNPACKED = 24 * 1024 * 1024
_BYTES_A_ROW, _UNPACKED_A_ROW = 120, 1000
"""Limits of files for which a caller allows more rows than MAX_ROWS."""
_MAX_PARTS = 200
_BOOK = b"PK\x03\x04"
_BOOK_ENDINGS, _TEXT_ENDINGS = ("xlsx",), ("csv", "txt", "tsv")


class SheetRefused(CentralError):
    """The file is no table (`most` None), or larger than `most`."""

    def __init__(self, most: str | int | None = None) -> None:
        super().__init__("unreadable" if most is None else f"more than {most}")
        self.most = most


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows`: each with its number as a spreadsheet shows it; the head is row 1. Empty rows are left out."""

    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(content: bytes, max_rows: int = MAX_ROWS) -> Sheet:
    """Read XLSX, or CSV in UTF-8, UTF-16 with a byte order mark, or GB18030. Blocking. Raises SheetRefused."""
    max_bytes = max(MAX_BYTES, max_rows * _BYTES_A_ROW)
    if len(content) > max_bytes:
        raise SheetRefused(f"{max_bytes // 1024 // 1024} MB")
    lines = _xlsx(content, max_rows) if is_book(content) else _csv(_text(content))
    head: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in enumerate(lines, 1):
        row = tuple(cells)
        while row and not row[-1].strip():
            row = row[:-1]
        if not row:
            continue
        if not head:
            head = row
        else:
            rows.append((number, row + ("",) * (len(head) - len(row))))
        if len(rows) > max_rows:
            raise SheetRefused(max_rows)
    if not head or len(head) > _MAX_COLUMNS:
        raise SheetRefused
    return Sheet(head, tuple(rows))


def is_book(content: bytes) -> bool:
    """Return whether the content is an XLSX file, by its first bytes."""
    return content.startswith(_BOOK)


def ending_matches(ending: str, content: bytes) -> bool:
    """Return whether a file name's ending matches the content."""
    return ending in (_BOOK_ENDINGS if is_book(content) else _TEXT_ENDINGS)


def _text(content: bytes) -> str:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = [encoding for mark, encoding in marks.items() if content.startswith(mark)]
    for encoding in marked or ["utf-8", "gb18030"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetRefused


def _csv(text: str) -> Sequence[Sequence[str]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [[_unquoted(cell) for cell in row] for row in found]
    except csv.Error as error:
        raise SheetRefused from error


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def _xlsx(content: bytes, max_rows: int) -> Sequence[Sequence[str]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types, nor have the pins
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]  # the same

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            infos = parts.infolist()
        # zipfile never unpacks more of a part than the directory says.
        if len(infos) > _MAX_PARTS or sum(info.file_size for info in infos) > max(
            _MAX_UNPACKED, max_rows * _UNPACKED_A_ROW
        ):
            raise SheetRefused(max_rows)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a file may claim a million columns
        rows = sheet.iter_rows(max_col=_MAX_COLUMNS + 1, values_only=True)
        found = [[_text_of(value) for value in row] for row in islice(rows, max_rows * 2)]
        if next(rows, None) is not None:
            raise SheetRefused(max_rows)
        return found
    except (
        InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError, KeyError, IndexError,
        ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError, OverflowError,
    ) as error:  # fmt: skip  # openpyxl raises these for damaged files
        raise SheetRefused from error


def _text_of(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case date() | datetime():
            return value.isoformat()
    return str(value)
