"""Word figures for staff: tiles, column heads, periods, doors and cells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from central_server.sheets.sheet_writer import Cell, yuan
from central_server.staff.frame.formatting import signed
from central_server.staff.frame.msgid import _
from central_server.statistics.figure_records import SCREEN_COUNTS, FigureSlot
from central_server.statistics.funnel import STEPS, UNKNOWN_DOOR
from central_server.statistics.periods import Period, Span
from central_server.statistics.report import Report
from kiosk_ui.number_format import LOCALES
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import Door
from sync_contract.strict_model import Language

Translate = Callable[[str], str]


COUNT_LABELS: Mapping[str, str] = {
    "near_tag": _("Visits by tag"),
    "range_tag": _("Tags: came into range"),
    "near_phone": _("Phones: shakes"),
    "near_phone_visitors": _("Phones: visitors"),
    "page_phone": _("Phones: pages opened"),
    "page_phone_visitors": _("Phones: readers"),
    "page_qr": _("Posters opened"),
    "page_qr_visitors": _("Posters: readers"),
    "near_nfc": _("NFC tags touched"),
    "near_nfc_visitors": _("NFC tags: readers"),
    "near_touch": _("Touches of the screen"),
    "page_touch": _("Screen: pages opened by touch"),
    "page_tag": _("Screen: pages opened for a tag"),
    "registered": _("Gifts registered"),
    "registered_fen": _("Registered ¥"),
    "handed": _("Handed over"),
    "paid": _("Paid"),
    "paid_fen": _("Paid ¥"),
    "reconciled": _("Reconciled"),
}
SLOT_LABELS: Mapping[str, str] = {
    "heard": _("Receiver on"),
    "frames": _("Adverts received"),
    "lost": _("Adverts lost"),
    "tags": _("Different tags near, at least"),
    **COUNT_LABELS,
    "spent_fen": _("Spent ¥"),
}
_TIME = _("Time")
_TILES = (
    *("near_tag", "near_phone", "near_phone_visitors", "page_qr", "near_nfc", "near_touch", "registered", "paid_fen"),
)
NOT_THEN = _("not counted then")
NOT_HERE = _("not in this view")


@dataclass(frozen=True, slots=True)
class Tile:
    """`change`: against as much of the period before, in percent; empty where there is nothing to compare."""

    name: str
    value: str
    before: str
    change: str
    known: bool = True


def tiles(report: Report, language: Language, translate: Translate) -> list[Tile]:
    made = []
    for name in _TILES:
        label = translate(COUNT_LABELS[name])
        value, before = report.sums[name], report.before[name]
        write = signed if name.endswith("_fen") else _number
        change = ""
        if value is None:
            made.append(Tile(label, translate(missing(name)), "", "", known=False))
            continue
        if value is not None and before:
            change = format_percent((value - before) / before, format="+#,##0%;-#,##0%", locale=LOCALES[language])
        earlier = translate(NOT_THEN) if before is None else write(before, language)
        made.append(Tile(label, write(value, language), earlier, change))
    return made


def missing(name: str) -> str:
    """Return why a count has no value."""
    return NOT_THEN if name in SCREEN_COUNTS else NOT_HERE


def spans(translate: Translate) -> dict[str, str]:
    return {
        Span.day.value: translate(_("Day")),
        Span.week.value: translate(_("Week")),
        Span.month.value: translate(_("Month")),
        Span.quarter.value: translate(_("90 days")),
        Span.year.value: translate(_("52 weeks")),
    }


def period_text(period: Period, language: Language) -> str:
    first, last = (format_date(day, "long", locale=LOCALES[language]) for day in (period.first, period.last))
    if period.span is Span.month:
        return format_skeleton("yMMMM", period.since, locale=LOCALES[language])
    return first if period.days == 1 else f"{first} – {last}"


def doors(translate: Translate) -> dict[str, str]:
    return {
        Door.touch.value: translate(_("Screen")),
        Door.tag.value: translate(_("Tag")),
        Door.phone.value: translate(_("Phone")),
        Door.qr.value: translate(_("Poster")),
        Door.nfc.value: translate(_("NFC")),
        UNKNOWN_DOOR: translate(_("not known yet")),
    }


def steps(translate: Translate) -> dict[str, str]:
    names = (
        _("Came near"),
        _("Opened the page"),
        _("Registered a gift"),
        _("Handed over to the bank"),
        _("Paid"),
        _("Reconciled"),
        _("Spent"),
    )
    return {step: translate(name) for step, name in zip(STEPS, names, strict=True)}


def column_label(at: datetime, period: Period, language: Language) -> str:
    local = at.astimezone(OFFICIAL_TIME)
    if period.span is Span.day:
        return f"{local:%H}"
    if period.span is Span.week:
        return format_date(local, "EEE d" if language is Language.en else "d日 EEE", locale=LOCALES[language])
    return str(local.day) if period.span is Span.month else f"{local.month}/{local.day}"


def slot_name(slot: FigureSlot, period: Period) -> str:
    local = slot.start.astimezone(OFFICIAL_TIME)
    return f"{local:%H}:00" if period.span is Span.day else f"{local:%Y-%m-%d}"


def slot_table(report: Report, translate: Translate) -> list[list[Cell]]:
    """Return head and rows for a file: shares as floats, money in yuan, missing counts in words."""
    heads: list[Cell] = [translate(_TIME), *map(translate, SLOT_LABELS.values())]
    rows: list[list[Cell]] = [
        [
            f"{slot.start.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M}",
            *(count_cell(name, getattr(slot, name), translate) for name in SLOT_LABELS),
        ]
        for slot in report.slots[: report.started]
    ]
    return [heads, *rows]


def count_cell(name: str, value: float | None, translate: Translate) -> Cell:
    if value is None:
        return None if name in ("heard", "lost") else translate(missing(name))
    if name.endswith("_fen"):
        return yuan(int(value))
    return round(value, 3) if isinstance(value, float) else value


def _number(value: int, language: Language) -> str:
    return format_decimal(value, locale=LOCALES[language])


def cell_text(cell: Cell, language: Language) -> str:
    match cell:
        case None:
            return "\N{EN DASH}"
        case Decimal():
            return signed(int(cell.scaleb(2)), language)
        case float():
            return format_percent(cell, locale=LOCALES[language])
        case int():
            return _number(cell, language)
    return str(cell)
