"""Read and write lists of units' members as sheets: all rows can be stored, or each bad row is named."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from central_server.sheets.column_heads import Heads
from central_server.sheets.sheet_reader import Sheet
from central_server.sheets.sheet_writer import Cell
from sync_contract.strict_model import Language
from volunteering.pool.enlist import Listed
from volunteering.pool.unit_form import ListFault, read_listed

MAX_ROWS = 120_000
_HEADS = Heads(
    {
        "unit": ("单位", "單位", "Unit"),
        "name": ("姓名", "姓名", "Name"),
        "mobile": ("手机号码", "手機號碼", "Mobile number"),
        "duty": ("职务", "職務", "Duty"),
        "grid": ("居住网格", "居住網格", "Grid"),
    }
)
_NEEDED = ("name", "mobile")


class MissingColumn(Exception):
    """The file has no column for `args[0]`: a head in any language."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """`number`: as a spreadsheet shows it."""

    number: int
    fault: ListFault


@dataclass(frozen=True, slots=True)
class UnitLists:
    """`rows`: by the id of the unit. Nothing may be stored while `bad` has rows."""

    rows: Mapping[str, Sequence[Listed]]
    bad: Sequence[BadRow]


def read_lists(
    sheet: Sheet, units: Mapping[str, str], grids: Mapping[str, str], language: Language, unit: str = ""
) -> UnitLists:
    """`units`: ids by code. `grids`: ids by id and by name. `unit`: the id for every row, whatever the file says.

    Raises MissingColumn.
    """
    columns = [_HEADS.name_of(text) for text in sheet.head]
    for needed in (*_NEEDED, *(() if unit else ("unit",))):
        if needed not in columns:
            raise MissingColumn(_HEADS.head(needed, language))
    found: dict[str, list[Listed]] = {}
    bad: list[BadRow] = []
    seen: set[tuple[str, str]] = set()
    for number, cells in sheet.rows:
        values = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
        of = unit or units.get(values.get("unit", "").strip().casefold(), "")
        grid = values.get("grid", "").strip()
        row = read_listed({**values, "grid": grids.get(grid, grid)}, grids) if of else ListFault.unit
        if isinstance(row, Listed) and (of, row.mobile) in seen:
            row = ListFault.repeated
        if isinstance(row, ListFault):
            bad.append(BadRow(number, row))
            continue
        seen.add((of, row.mobile))
        found.setdefault(of, []).append(row)
    return UnitLists(found, bad)


def write_list(code: str, rows: Iterable[Listed], language: Language) -> list[list[Cell]]:
    """Return the heading and a row for each member, as `read_lists` reads them."""
    names = ("unit", "name", "mobile", "duty", "grid")
    table: list[list[Cell]] = [[_HEADS.head(name, language) for name in names]]
    table.extend([code, row.name, row.mobile, row.duty, row.grid] for row in rows)
    return table
