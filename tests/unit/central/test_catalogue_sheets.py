"""CSV and XLSX as offices write them: read within bounds, and never a formula in what we write."""

import csv
import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook  # type: ignore[import-untyped]  # it has no types

from central_server.catalogue import sheets
from central_server.catalogue.columns import COLUMNS, head, name_of
from central_server.catalogue.reading import Word, fen_to_yuan, yuan_to_fen
from central_server.catalogue.sheets import SheetRefused
from sync_contract.strict import Language


def test_no_cell_of_an_export_is_a_formula() -> None:
    evil = ["=1+2", "+1+2", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "-59"]
    told = sheets.as_csv(["label"], [[cell] for cell in evil]).decode("utf-8-sig")
    cells = [line[0] for line in csv.reader(io.StringIO(told, newline=""))][1:]
    assert cells == [*(f"'{cell}" for cell in evil[:-1]), "-59"]
    book = load_workbook(io.BytesIO(sheets.as_xlsx(["label"], [[cell] for cell in evil], "beacons")))
    for line in book.worksheets[0].iter_rows(min_row=2):
        assert line[0].data_type in ("s", "n", "inlineStr")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20), min_size=1))
def test_any_text_comes_back_from_a_csv_as_it_went_in(cells: list[str]) -> None:
    sheet = sheets.read(sheets.as_csv(["x", *map(str, range(len(cells)))], [["x", *cells]]))
    assert sheet.rows == ((2, ("x", *cells)),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_of_any_office_are_read(encoding: str, delimiter: str) -> None:
    text = "uuid,major,minor,位置说明\nx,1,2,华大社区东门\n".replace(",", delimiter)
    sheet = sheets.read(text.encode(encoding))
    assert sheet.head[3] == "位置说明"
    assert sheet.rows == ((2, ("x", "1", "2", "华大社区东门")),)


def test_a_workbook_is_read_as_people_fill_it_in() -> None:
    book = Workbook()
    page = book.active
    page.append(["uuid", "since", "minor", "while_needed"])
    page.append([None, None, None, None])
    page.append(["x", date(2026, 12, 31), 3.0, True])
    told = io.BytesIO()
    book.save(told)
    assert sheets.read(told.getvalue()).rows == ((3, ("x", "2026-12-31", "3", "yes")),)


def bomb() -> bytes:
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b" " * 30_000_000)
    return told.getvalue()


def entities() -> bytes:
    """A workbook whose sheet is the billion laughs."""
    book = Workbook()
    book.active.append(["uuid"])
    plain, evil = io.BytesIO(), io.BytesIO()
    book.save(plain)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(9))
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(evil, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = f'<?xml version="1.0"?><!DOCTYPE x [{laughs}]>'.encode() + content.replace(b"uuid", b"&l8;")
            new.writestr(name, content)
    return evil.getvalue()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(b"", Word.file_unreadable, id="nothing"),
        pytest.param(b"\n\n", Word.file_unreadable, id="empty"),
        pytest.param(b"PK\x03\x04 not a zip", Word.file_unreadable, id="no zip"),
        pytest.param(b"uuid,major\n\0,1\n", Word.file_unreadable, id="nul"),
        pytest.param(b"\xff\xfe\xff", Word.file_unreadable, id="half utf-16"),
        pytest.param(b"\x89PNG\r\n\x1a\n\xff\xff\xff", Word.file_unreadable, id="a picture"),
        pytest.param(b'uuid\n"' + b"x" * 200_000, Word.file_unreadable, id="an endless cell"),
        pytest.param(bomb(), Word.file_too_large, id="a bomb"),
        pytest.param(entities(), Word.file_unreadable, id="entities"),
        pytest.param(b"x\n" + b"1\n" * (sheets.MOST_ROWS + 1), Word.file_too_large, id="too many rows"),
        pytest.param(b"x" * (sheets.MOST_OCTETS + 1), Word.file_too_large, id="too large"),
        pytest.param(b"," * 100 + b"\n", Word.file_unreadable, id="too wide"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(content: bytes, word: Word) -> None:
    with pytest.raises(SheetRefused) as refused:
        sheets.read(content)
    assert refused.value.fault.word is word


@pytest.mark.parametrize(
    ("told", "fen"),
    [
        ("50", 5000), ("12.5", 1250), ("¥12.50", 1250), ("0.01", 1), ("0", None), ("-3", None), ("1.005", None),
        ("1e9", None), ("nan", None), ("Infinity", None), ("", None), ("10000000", 10**9), ("10000000.01", None),
    ],
)  # fmt: skip
def test_amounts_are_yuan_to_the_fen(told: str, fen: int | None) -> None:
    assert yuan_to_fen(told) == fen
    if fen is not None:
        assert yuan_to_fen(fen_to_yuan(fen)) == fen


def test_every_column_has_a_head_in_every_language_that_means_it() -> None:
    for kind, names in COLUMNS.items():
        for name in names:
            for language in (None, *Language):
                assert name_of(f" {head(name, language)}", kind) == name
