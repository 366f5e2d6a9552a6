"""CSV and XLSX as people's programs write them: read within bounds, written so that no cell becomes a formula."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from xml.etree.ElementTree import ParseError

from central_server.catalogue.reading import Fault, Word
from central_server.errors import CentralError

MOST_OCTETS = 4 * 1024 * 1024
MOST_ROWS = 5000
_MOST_COLUMNS = 60
_MOST_UNPACKED = 24 * 1024 * 1024
_MOST_PARTS = 200
_FORMULA = tuple("=+-@\t\r'")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


class SheetRefused(CentralError):
    """The file cannot be read as a table; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.word.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows`: each with its number as the person's program shows it, the head being row 1. Empty rows are left out."""

    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(content: bytes) -> Sheet:
    """XLSX, or CSV in UTF-8, UTF-16 with its mark, or GB18030. Blocks for as long as it takes. Raises SheetRefused."""
    if len(content) > MOST_OCTETS:
        raise SheetRefused(Fault("", Word.file_too_large, facts={"most": f"{MOST_OCTETS // 1024 // 1024} MB"}))
    lines = _xlsx(content) if content.startswith(b"PK\x03\x04") else _csv(_text(content))
    head: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in enumerate(lines, 1):
        told = tuple(_unquoted(cell) for cell in cells)
        while told and not told[-1].strip():
            told = told[:-1]
        if not told:
            continue
        if not head:
            head = told
        else:
            rows.append((number, told + ("",) * (len(head) - len(told))))
        if len(rows) > MOST_ROWS:
            raise SheetRefused(Fault("", Word.file_too_large, facts={"most": MOST_ROWS}))
    if not head or len(head) > _MOST_COLUMNS:
        raise SheetRefused(Fault("", Word.file_unreadable))
    return Sheet(head, tuple(rows))


def as_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with its mark: Excel takes it for the local encoding otherwise."""
    told = io.StringIO()
    writer = csv.writer(told)
    writer.writerow(head)
    writer.writerows([_quoted(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + told.getvalue().encode()


def as_xlsx(head: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> bytes:
    # here and not above: ten megabytes that most servers never need
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no types, nor have the pins

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(list(head))
    for row in rows:
        sheet.append([_cell(cell) for cell in row])
    told = io.BytesIO()
    book.save(told)
    return told.getvalue()


def _quoted(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _cell(cell: str) -> str | int:
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,14})", cell):
        return int(cell)
    return _quoted(_UNPRINTABLE.sub("", cell))


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
    raise SheetRefused(Fault("", Word.file_unreadable))


def _csv(text: str) -> Sequence[Sequence[str]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SheetRefused(Fault("", Word.file_unreadable)) from error


def _xlsx(content: bytes) -> Sequence[Sequence[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]  # the same

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            infos = parts.infolist()
        # zipfile never unpacks more of a part than the directory says.
        if len(infos) > _MOST_PARTS or sum(info.file_size for info in infos) > _MOST_UNPACKED:
            raise SheetRefused(Fault("", Word.file_too_large, facts={"most": MOST_ROWS}))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a file may claim a million columns
        rows = sheet.iter_rows(max_col=_MOST_COLUMNS + 1, values_only=True)
        found = [[_told(value) for value in row] for row in islice(rows, MOST_ROWS * 2)]
        if next(rows, None) is not None:
            raise SheetRefused(Fault("", Word.file_too_large, facts={"most": MOST_ROWS}))
        return found
    except (
        InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError, KeyError, IndexError,
        ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError, OverflowError,
    ) as error:  # fmt: skip  # openpyxl lets through what it stumbles over
        raise SheetRefused(Fault("", Word.file_unreadable)) from error


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
