"""CSV and XLSX as people's programs write them, read within bounds."""

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

MOST_OCTETS = 4 * 1024 * 1024
MOST_ROWS = 5000
_MOST_COLUMNS = 60
_MOST_UNPACKED = 24 * 1024 * 1024
_MOST_PARTS = 200
_BOOK = b"PK\x03\x04"
_BOOK_ENDINGS, _TEXT_ENDINGS = ("xlsx",), ("csv", "txt", "tsv")


class SheetRefused(CentralError):
    """The file cannot be read as a table; `most`: it is larger than that, None when it is none."""

    def __init__(self, most: str | int | None = None) -> None:
        super().__init__("unreadable" if most is None else f"more than {most}")
        self.most = most


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows`: each with its number as the person's program shows it, the head being row 1. Empty rows are left out."""

    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(content: bytes) -> Sheet:
    """XLSX, or CSV in UTF-8, UTF-16 with its mark, or GB18030. Blocks for as long as it takes. Raises SheetRefused."""
    if len(content) > MOST_OCTETS:
        raise SheetRefused(f"{MOST_OCTETS // 1024 // 1024} MB")
    lines = _xlsx(content) if content.startswith(_BOOK) else _csv(_text(content))
    head: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in enumerate(lines, 1):
        told = tuple(cells)
        while told and not told[-1].strip():
            told = told[:-1]
        if not told:
            continue
        if not head:
            head = told
        else:
            rows.append((number, told + ("",) * (len(head) - len(told))))
        if len(rows) > MOST_ROWS:
            raise SheetRefused(MOST_ROWS)
    if not head or len(head) > _MOST_COLUMNS:
        raise SheetRefused
    return Sheet(head, tuple(rows))


def is_called(ending: str, content: bytes) -> bool:
    """Whether a name with this ending says what the file is."""
    return ending in (_BOOK_ENDINGS if content.startswith(_BOOK) else _TEXT_ENDINGS)


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


def _xlsx(content: bytes) -> Sequence[Sequence[str]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types, nor have the pins
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]  # the same

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            infos = parts.infolist()
        # zipfile never unpacks more of a part than the directory says.
        if len(infos) > _MOST_PARTS or sum(info.file_size for info in infos) > _MOST_UNPACKED:
            raise SheetRefused(MOST_ROWS)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a file may claim a million columns
        rows = sheet.iter_rows(max_col=_MOST_COLUMNS + 1, values_only=True)
        found = [[_told(value) for value in row] for row in islice(rows, MOST_ROWS * 2)]
        if next(rows, None) is not None:
            raise SheetRefused(MOST_ROWS)
        return found
    except (
        InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError, KeyError, IndexError,
        ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError, OverflowError,
    ) as error:  # fmt: skip  # openpyxl lets through what it stumbles over
        raise SheetRefused from error


def _told(value: object) -> str:
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
