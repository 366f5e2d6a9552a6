"""Read CSV and XLSX of office programs within limits, and write no formulas."""

import csv
import io
import tracemalloc
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook  # type: ignore[import-untyped]  # it has no types

from central_server.catalogue.columns import COLUMNS, head, name_of
from central_server.catalogue.field_parsing import fen_to_yuan, yuan_to_fen
from central_server.sheets import sheet_reader
from central_server.sheets.sheet_reader import SheetRefused, ending_matches, read
from central_server.sheets.sheet_reader_process import SheetTooLarge, open_sheet
from central_server.sheets.sheet_writer import TYPES, Cell, csv_file, table_file, xlsx_file, yuan
from central_server.sheets.workbook_writer import WorkbookFile
from sync_contract.strict_model import Language

EVIL = [
    "=1+1",
    "+1",
    "-1",
    "-1+2",
    "@SUM(A1)",
    "\tx",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1+2",
    "＠SUM(A1)",
    "'x",
    '=HYPERLINK("http://x")',
    "\x07<b>",
    '社区,大厅"\n',
]


def test_a_cell_is_never_a_formula_and_survives_a_round_trip() -> None:
    rows: list[list[Cell]] = [["label", "number"]]
    rows += [[text, -5] for text in EVIL]
    lines = list(csv.reader(io.StringIO(csv_file(rows).decode("utf-8-sig"), newline="")))[1:]
    assert [cell for cell, _ in lines if cell.startswith(tuple("=+-@＝＋－＠\t\r\n"))] == []
    assert {number for _, number in lines} == {"-5"}
    assert [cells[0] for _, cells in read(csv_file(rows)).rows] == EVIL
    book = load_workbook(io.BytesIO(xlsx_file("[a]*", rows)))
    cells = list(book.worksheets[0].iter_rows(min_row=2))
    assert {(text.data_type, number.value) for text, number in cells} <= {("s", -5), ("inlineStr", -5)}
    assert [text.quotePrefix for text, _ in cells] == [text.startswith(tuple("=+-@＝＋－＠\t\r\n'")) for text in EVIL]
    printable = [text.replace("\x07", "").replace("\r", "\n") for text in EVIL]
    assert [cells[0] for _, cells in read(xlsx_file("[a]*", rows)).rows] == printable


def peak_of(form: str, rows: int) -> int:
    """Return the most memory in bytes that writing takes; the file itself is sent on."""
    file, size = table_file(form, "x"), 0
    part: list[list[Cell]] = [[f"{number:032x}", yuan(number), "长者爱心午餐"] for number in range(200)]
    tracemalloc.start()
    try:
        for start in range(0, rows, len(part)):
            part = [[f"{start + number:032x}", *row[1:]] for number, row in enumerate(part)]
            size += len(file.add(part))
        size += len(file.end())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", TYPES)
def test_the_memory_of_a_file_does_not_grow_with_its_rows(form: str) -> None:
    peak_of(form, 600)  # tables that are made once
    assert peak_of(form, 20_000) < 1.1 * peak_of(form, 2_000)


def test_a_workbook_continues_on_a_further_sheet() -> None:
    """With the heading again, after as many rows as a worksheet can have; no row is lost or doubled."""
    file = WorkbookFile("gifts", max_rows=50)
    rows: list[list[Cell]] = [["n"]]
    rows += [[number] for number in range(260)]
    content = b"".join(file.add(rows[start : start + 33]) for start in range(0, len(rows), 33)) + file.end()
    sheets = load_workbook(io.BytesIO(content)).worksheets
    assert [sheet.title for sheet in sheets] == ["gifts", *(f"gifts {number}" for number in range(2, 7))]
    found = [[cell for (cell,) in sheet.iter_rows(values_only=True)] for sheet in sheets]
    assert {values[0] for values in found} == {"n"}
    assert max(map(len, found)) == 50
    assert [number for values in found for number in values[1:]] == list(range(260))
    assert [found[-1][0], sheets[-1]["A1"].font.bold, sheets[-1]["A2"].font.bold] == ["n", True, False]


def packed_zeros(rows: int) -> bytes:
    """Return a workbook of a few kilobytes, within the limits of parts and bytes, with very many empty cells."""
    small = io.BytesIO()
    Workbook().save(small)
    sheet = b"<row>" + b"<c/>" * rows + b"</row>"
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    bomb = io.BytesIO()
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                content = head + sheet + b"</sheetData></worksheet>"
            new.writestr(part.filename, content)
    return bomb.getvalue()


@pytest.mark.thorough
async def test_a_workbook_is_read_in_a_process_with_limits() -> None:
    """A small file that takes too much time or memory is refused, and the server continues."""
    rows: list[list[Cell]] = [["label", "number"], ["床前", 5], ["", ""], ["x", 7]]
    assert await open_sheet(xlsx_file("x", rows)) == read(xlsx_file("x", rows))
    assert (await open_sheet(csv_file(rows))).rows[0] == (2, ("床前", "5"))
    with pytest.raises(SheetRefused, match="unreadable"):
        await open_sheet(b"PK\x03\x04 damaged")
    bomb = packed_zeros(400_000)
    assert len(bomb) < 12_000
    for limit in ({"cpu_s": 1}, {"cpu_s": 60, "memory_bytes": 160 * 1024 * 1024}):
        with pytest.raises(SheetTooLarge):
            await open_sheet(bomb, **limit)


def test_amounts_are_numbers_and_times_are_of_beijing() -> None:
    noon = datetime(2026, 11, 24, 4, tzinfo=UTC)
    rows: list[list[Cell]] = [["yuan", "at", "day", "none"], [yuan(123456), noon, date(2026, 11, 24), None], [yuan(-5)]]
    lines = list(csv.reader(io.StringIO(csv_file(rows).decode("utf-8-sig"))))[1:]
    assert lines == [["1234.56", "2026-11-24 12:00:00", "2026-11-24", ""], ["-0.05"]]
    found = list(load_workbook(io.BytesIO(xlsx_file("x", rows))).worksheets[0].iter_rows(min_row=2))
    assert [str(cell.value) for cell in found[0]] == ["1234.56", "2026-11-24 12:00:00", "2026-11-24 00:00:00", "None"]
    assert [cell.is_date for cell in found[0]] == [False, True, True, False]
    assert found[1][0].value == -0.05


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20), min_size=1))
def test_any_text_survives_a_csv_round_trip(cells: list[str]) -> None:
    """The last cell is not blank: blank cells at the end of a row count as none."""
    sheet = read(csv_file([[*map(str, range(len(cells))), "x"], [*cells, "x"]]))
    assert sheet.rows == ((2, (*cells, "x")),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_of_any_office_program_are_read(encoding: str, delimiter: str) -> None:
    text = "uuid,major,minor,位置说明\nx,1,2,华大社区东门\n".replace(",", delimiter)
    sheet = read(text.encode(encoding))
    assert sheet.head[3] == "位置说明"
    assert sheet.rows == ((2, ("x", "1", "2", "华大社区东门")),)


def test_a_workbook_that_a_person_filled_in_is_read() -> None:
    book = Workbook()
    page = book.active
    page.append(["uuid", "since", "minor", "while_needed"])
    page.append([None, None, None, None])
    page.append(["x", date(2026, 12, 31), 3.0, True])
    cells = io.BytesIO()
    book.save(cells)
    assert read(cells.getvalue()).rows == ((3, ("x", "2026-12-31", "3", "yes")),)


def test_a_file_name_tells_its_content() -> None:
    book, text = xlsx_file("x", [["uuid"]]), csv_file([["uuid"]])
    assert [ending_matches(ending, book) for ending in ("xlsx", "csv", "xlsm", "zip", "")] == [True, *[False] * 4]
    assert [ending_matches(ending, text) for ending in ("csv", "txt", "tsv", "xlsx", "html", "")] == [
        *[True] * 3,
        *[False] * 3,
    ]


def bomb() -> bytes:
    cells = io.BytesIO()
    with zipfile.ZipFile(cells, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b" " * 30_000_000)
    return cells.getvalue()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(9))
"""An XML entity bomb ("billion laughs")."""
ELSEWHERE = '<!ENTITY l8 SYSTEM "file:///etc/hostname">'


def entities(cells: str) -> bytes:
    """A workbook whose sheet defines XML entities."""
    book = Workbook()
    book.active.append(["uuid"])
    plain, evil = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(evil, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = f'<?xml version="1.0"?><!DOCTYPE x [{cells}]>'.encode() + content.replace(b"uuid", b"&l8;")
            new.writestr(name, content)
    return evil.getvalue()


@pytest.mark.parametrize(
    ("content", "too_large"),
    [
        pytest.param(b"", False, id="nothing"),
        pytest.param(b"\n\n", False, id="empty"),
        pytest.param(b"PK\x03\x04 not a zip", False, id="no zip"),
        pytest.param(b"uuid,major\n\0,1\n", False, id="nul"),
        pytest.param(b"\xff\xfe\xff", False, id="half utf-16"),
        pytest.param(b"\x89PNG\r\n\x1a\n\xff\xff\xff", False, id="a picture"),
        pytest.param(b'uuid\n"' + b"x" * 200_000, False, id="an endless cell"),
        pytest.param(bomb(), True, id="a bomb"),
        pytest.param(entities(LAUGHS), False, id="entities"),
        pytest.param(entities(ELSEWHERE), False, id="an entity from a file"),
        pytest.param(b"x\n" + b"1\n" * (sheet_reader.MAX_ROWS + 1), True, id="too many rows"),
        pytest.param(b"x" * (sheet_reader.MAX_BYTES + 1), True, id="too large"),
        pytest.param(b"," * 100 + b"\n", False, id="too wide"),
    ],
)
def test_a_file_without_a_table_is_refused_with_a_reason(content: bytes, too_large: bool) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(content)
    assert (refused.value.most is not None) == too_large


@pytest.mark.parametrize(
    ("cells", "fen"),
    [
        ("50", 5000), ("12.5", 1250), ("¥12.50", 1250), ("0.01", 1), ("0", None), ("-3", None), ("1.005", None),
        ("1e9", None), ("nan", None), ("Infinity", None), ("", None), ("10000000", 10**9), ("10000000.01", None),
    ],
)  # fmt: skip
def test_amounts_are_yuan_to_the_fen(cells: str, fen: int | None) -> None:
    assert yuan_to_fen(cells) == fen
    if fen is not None:
        assert yuan_to_fen(fen_to_yuan(fen)) == fen


def test_every_column_is_recognized_by_its_head_in_every_language() -> None:
    for kind, names in COLUMNS.items():
        for name in names:
            for language in (None, *Language):
                assert name_of(f" {head(name, language)}", kind) == name
