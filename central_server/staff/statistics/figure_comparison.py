"""Show beacons, projects, gateways or communities compared: a sortable table on the page, and its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central_server.sheets.sheet_writer import Cell
from central_server.staff.frame.msgid import _
from central_server.staff.statistics.figure_wording import COUNT_LABELS, NOT_HERE, Translate, cell_text, count_cell
from central_server.statistics.figure_records import FigureRow
from central_server.store.statistics.figure_filter import By
from sync_contract.records import DWELL_HISTOGRAM_EDGES_S
from sync_contract.strict_model import Language

SHOWN = 200
"""Rows on the page; the files contain all."""
BY_NAME = "name"
_STAY = "stay"
NAMES = {By.beacon: _("Beacon"), By.project: _("Project"), By.gateway: _("Gateway"), By.community: _("Community")}
_TABS = {
    By.beacon: _("Beacons"),
    By.project: _("Projects"),
    By.gateway: _("Gateways"),
    By.community: _("Communities"),
}
COLUMNS: Mapping[str, str] = {
    "near_tag": COUNT_LABELS["near_tag"],
    _STAY: _("Half of the tags stayed"),
    **COUNT_LABELS,
    "spent": _("Spent"),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """`sort`: what a press on it requests; `order`: the current order as in aria-sort, or empty."""

    text: str
    sort: str
    order: str


@dataclass(frozen=True, slots=True)
class Line:
    key: str
    name: str
    cells: tuple[str, ...]


def chosen_sort(text: str) -> str:
    """Return a column's name, with a minus for the reverse order; names sort upward, figures downward."""
    return text if text.removeprefix("-") in (BY_NAME, *COLUMNS) else BY_NAME


def sort_rows(rows: Sequence[FigureRow], names: Mapping[str, str], sort: str) -> list[FigureRow]:
    """Put unknown values last in both orders, and the row of none after those with a name."""
    column, reverse = sort.removeprefix("-"), sort.startswith("-")
    named = sorted(rows, key=lambda row: (not row.key, names.get(row.key, row.key), row.key))
    if column == BY_NAME:
        return named[::-1] if reverse else named
    known = [row for row in named if _value(row, column) is not None]
    unknown = [row for row in named if _value(row, column) is None]
    return sorted(known, key=lambda row: _value(row, column) or 0, reverse=not reverse) + unknown


def filled_columns(rows: Sequence[FigureRow]) -> tuple[str, ...]:
    """Return the columns that have a value in this view."""
    return tuple(
        name for name in COLUMNS if any((row.dwell if name == _STAY else _value(row, name)) is not None for row in rows)
    )


def headings(by: By, sort: str, shown: Sequence[str], translate: Translate) -> list[Heading]:
    column, reverse = sort.removeprefix("-"), sort.startswith("-")

    def heading(name: str, text: str) -> Heading:
        current = name == column
        rises = reverse != (name == BY_NAME)
        order = ("ascending" if rises else "descending") if current else ""
        return Heading(translate(text), f"-{name}" if current and not reverse else name, order)

    return [heading(BY_NAME, NAMES[by]), *(heading(name, COLUMNS[name]) for name in shown)]


def lines(
    rows: Sequence[FigureRow],
    names: Mapping[str, str],
    shown: Sequence[str],
    language: Language,
    translate: Translate,
) -> list[Line]:
    def cells(row: FigureRow) -> tuple[str, ...]:
        return tuple(cell_text(_cell(row, name, translate), language) for name in shown)

    return [Line(row.key, _name(row, names, translate), cells(row)) for row in rows[:SHOWN]]


def table(rows: Sequence[FigureRow], names: Mapping[str, str], by: By, translate: Translate) -> list[list[Cell]]:
    """Return head and rows for a file, with the id after the name."""
    heads: list[Cell] = [translate(NAMES[by]), translate(_("Id")), *map(translate, COLUMNS.values())]
    return [
        heads,
        *([_name(row, names, translate), row.key, *(_cell(row, name, translate) for name in COLUMNS)] for row in rows),
    ]


def tabs(translate: Translate) -> dict[str, str]:
    return {by.value: translate(text) for by, text in _TABS.items()}


def _name(row: FigureRow, names: Mapping[str, str], translate: Translate) -> str:
    return names.get(row.key, row.key) if row.key else translate(_("at none of them"))


def _cell(row: FigureRow, column: str, translate: Translate) -> Cell:
    value = _value(row, column)
    if column != _STAY:
        return count_cell(column, value, translate)
    if value is None:
        return translate(NOT_HERE) if row.dwell is None else "\N{EN DASH}"
    edges = DWELL_HISTOGRAM_EDGES_S
    return f"≥ {_seconds(edges[-1])}" if value == len(edges) else f"< {_seconds(edges[value])}"


def _seconds(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"


def _value(row: FigureRow, column: str) -> int | None:
    """Return a count; for `stay` the bin that contains the median stay."""
    if column != _STAY:
        value: int | None = getattr(row, column)
        return value
    if not row.dwell or not sum(row.dwell):
        return None
    half, so_far = sum(row.dwell) / 2, 0
    for number, stayed in enumerate(row.dwell):
        so_far += stayed
        if so_far >= half:
            return number
    return len(row.dwell) - 1
