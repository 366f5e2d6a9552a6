"""Beacons, projects, gateways and communities side by side on the figures page: a table that sorts, and its file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from central_server.sheets.sheet_writer import Cell, yuan
from central_server.staff.statistics import figure_wording as words
from central_server.statistics.comparison import OneOf
from central_server.store.statistics.figure_comparison import By
from sync_contract.records import DWELL_HISTOGRAM_EDGES_S
from sync_contract.strict_model import Language

_: Callable[[str], str] = words._

SHOWN = 200
"""So many rows on the page; the files have all of them."""
BY_NAME = "name"
NAMES = {By.beacon: _("Beacon"), By.project: _("Project"), By.gateway: _("Gateway"), By.community: _("Community")}
COLUMNS: Mapping[str, str] = {
    "tags": _("Visits by tag"),
    "stay": _("Half of the tags stayed"),
    "shakes": _("Phones: shakes"),
    "visitors": _("Phones: visitors"),
    "clicks": _("Phones: pages opened"),
    "readers": _("Phones: readers"),
    "posters": _("Posters opened"),
    "poster_readers": _("Posters: readers"),
    "tags_touched": _("NFC tags touched"),
    "tag_readers": _("NFC tags: readers"),
    "touches": _("Touches of the screen"),
    "touch_pages": _("Screen: pages opened by touch"),
    "tag_pages": _("Screen: pages opened for a tag"),
    "registered": _("Gifts registered"),
    "registered_fen": _("Registered ¥"),
    "handed": _("Handed over"),
    "paid": _("Paid"),
    "paid_fen": _("Paid ¥"),
    "reconciled": _("Reconciled"),
    "spent": _("Spent"),
}
_TOUCHES = ("touches", "touch_pages", "tag_pages")


@dataclass(frozen=True, slots=True)
class Heading:
    """`sort`: what a press on it asks for; `order`: how it is sorted now, as aria-sort has it, or ""."""

    text: str
    sort: str
    order: str


@dataclass(frozen=True, slots=True)
class Line:
    key: str
    name: str
    cells: tuple[str, ...]


def chosen_sort(text: str) -> str:
    """A column's name, with a minus for the other direction; names rise, figures fall."""
    return text if text.removeprefix("-") in (BY_NAME, *COLUMNS) else BY_NAME


def ordered(found: Sequence[OneOf], names: Mapping[str, str], sort: str) -> list[OneOf]:
    """What is not known stands last either way; the row of none after those that have a name."""
    column, turned = sort.removeprefix("-"), sort.startswith("-")
    named = sorted(found, key=lambda one: (not one.key, names.get(one.key, one.key), one.key))
    if column == BY_NAME:
        return named[::-1] if turned else named
    known = [one for one in named if _value(one, column) is not None]
    unknown = [one for one in named if _value(one, column) is None]
    return sorted(known, key=lambda one: _value(one, column) or 0, reverse=not turned) + unknown


def columns(found: Sequence[OneOf]) -> tuple[str, ...]:
    """Without those that nothing fills in this view."""
    return tuple(
        name
        for name in COLUMNS
        if any((one.stays if name == "stay" else _value(one, name)) is not None for one in found)
    )


def headings(by: By, sort: str, shown: Sequence[str], say: words.Say) -> list[Heading]:
    column, turned = sort.removeprefix("-"), sort.startswith("-")

    def heading(name: str, text: str) -> Heading:
        now = name == column
        rises = turned != (name == BY_NAME)
        order = ("ascending" if rises else "descending") if now else ""
        return Heading(say(text), f"-{name}" if now and not turned else name, order)

    return [heading(BY_NAME, NAMES[by]), *(heading(name, COLUMNS[name]) for name in shown)]


def lines(
    found: Sequence[OneOf], names: Mapping[str, str], shown: Sequence[str], language: Language, say: words.Say
) -> list[Line]:
    return [
        Line(one.key, _name(one, names, say), tuple(words.told(_cell(one, name, say), language) for name in shown))
        for one in found[:SHOWN]
    ]


def table(found: Sequence[OneOf], names: Mapping[str, str], by: By, say: words.Say) -> list[list[Cell]]:
    """For files: the id or identity beside the name."""
    heading: list[Cell] = [say(NAMES[by]), say(_("Id")), *(say(text) for text in COLUMNS.values())]
    return [
        heading,
        *([_name(one, names, say), one.key, *(_cell(one, name, say) for name in COLUMNS)] for one in found),
    ]


def tabs(say: words.Say) -> dict[str, str]:
    texts = {
        By.beacon: _("Beacons"),
        By.project: _("Projects"),
        By.gateway: _("Gateways"),
        By.community: _("Communities"),
    }
    return {by.value: say(text) for by, text in texts.items()}


def _name(one: OneOf, names: Mapping[str, str], say: words.Say) -> str:
    return names.get(one.key, one.key) if one.key else say(_("at none of them"))


def _cell(one: OneOf, column: str, say: words.Say) -> Cell:
    value = _value(one, column)
    if column == "stay":
        unknown = say(words.NOT_HERE) if one.stays is None else "\N{EN DASH}"
        return unknown if value is None else _stay(value)
    if value is None:
        return say(words.NOT_THEN if column in _TOUCHES else words.NOT_HERE)
    return yuan(value) if column.endswith("_fen") else value


def _stay(edge: int) -> str:
    edges = DWELL_HISTOGRAM_EDGES_S
    if edge == len(edges):
        return f"≥ {_seconds(edges[-1])}"
    return f"< {_seconds(edges[edge])}"


def _seconds(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"


def _value(one: OneOf, column: str) -> int | None:
    if column != "stay":
        value: int | None = getattr(one, column)
        return value
    if not one.stays or not sum(one.stays):
        return None
    half, so_far = sum(one.stays) / 2, 0
    for number, stayed in enumerate(one.stays):
        so_far += stayed
        if so_far >= half:
            return number
    return len(one.stays) - 1
