"""Figures as staff read them: what stands in tiles, tables and files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from central_server.sheets.sheet_writer import Cell, yuan
from central_server.staff.frame.formatting import signed
from central_server.statistics.funnel import STEPS, UNTOLD
from central_server.statistics.periods import Period, Span
from central_server.statistics.report import Report, Slot
from kiosk_ui.number_format import LOCALES
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import Door
from sync_contract.strict_model import Language

Say = Callable[[str], str]


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


COLUMNS = (
    _("Time"),
    _("Listened"),
    _("Adverts heard"),
    _("Adverts lost"),
    _("Visits by tag"),
    _("Phones: shakes"),
    _("Phones: visitors"),
    _("Phones: pages opened"),
    _("Phones: readers"),
    _("Posters opened"),
    _("Posters: readers"),
    _("NFC tags touched"),
    _("NFC tags: readers"),
    _("Touches of the screen"),
    _("Screen: pages opened by touch"),
    _("Screen: pages opened for a tag"),
    _("Gifts registered"),
    _("Registered ¥"),
    _("Handed over"),
    _("Paid"),
    _("Paid ¥"),
    _("Reconciled"),
    _("Spent ¥"),
)
NOT_THEN = _("not counted then")
NOT_HERE = _("not in this view")


@dataclass(frozen=True, slots=True)
class Tile:
    """`change`: in words, against as much of the period before; empty where there is nothing to compare."""

    name: str
    value: str
    before: str
    change: str
    known: bool = True


def tiles(found: Report, language: Language, say: Say) -> list[Tile]:
    names = {
        "tags": _("Visits by tag"),
        "shakes": _("Phones: shakes"),
        "shake_visitors": _("Phones: visitors"),
        "posters": _("Posters opened"),
        "tags_touched": _("NFC tags touched"),
        "touches": _("Touches of the screen"),
        "registered": _("Gifts registered"),
        "paid_fen": _("Paid ¥"),
    }
    made = []
    for name, text in names.items():
        value, before = found.sums[name], found.before[name]
        if value is None or before is None:
            if value is not None:
                made.append(Tile(say(text), _number(value, language), say(NOT_THEN), ""))
            else:
                made.append(Tile(say(text), say(NOT_THEN if name == "touches" else NOT_HERE), "", "", known=False))
            continue
        write = signed if name.endswith("_fen") else _number
        change = ""
        if before:
            change = format_percent((value - before) / before, format="+#,##0%;-#,##0%", locale=LOCALES[language])
        made.append(Tile(say(text), write(value, language), write(before, language), change))
    return made


def spans(say: Say) -> dict[str, str]:
    return {
        Span.day.value: say(_("Day")),
        Span.week.value: say(_("Week")),
        Span.month.value: say(_("Month")),
        Span.quarter.value: say(_("90 days")),
    }


def period(of: Period, language: Language) -> str:
    first, last = (format_date(day, "long", locale=LOCALES[language]) for day in (of.first, of.last))
    if of.span is Span.month:
        return format_skeleton("yMMMM", of.since, locale=LOCALES[language])
    return first if of.days == 1 else f"{first} – {last}"


def doors(say: Say) -> dict[str, str]:
    return {
        Door.touch.value: say(_("Screen")),
        Door.tag.value: say(_("Tag")),
        Door.phone.value: say(_("Phone")),
        Door.qr.value: say(_("Poster")),
        Door.nfc.value: say(_("NFC")),
        UNTOLD: say(_("not told yet")),
    }


def steps(say: Say) -> dict[str, str]:
    names = (
        _("Came near"),
        _("Opened the page"),
        _("Registered a gift"),
        _("Handed over to the bank"),
        _("Paid"),
        _("Reconciled"),
        _("Spent"),
    )
    return {step: say(name) for step, name in zip(STEPS, names, strict=True)}


def label(at: datetime, of: Period, language: Language) -> str:
    """What stands under a column."""
    local = at.astimezone(OFFICIAL_TIME)
    if of.span is Span.day:
        return f"{local:%H}"
    if of.span is Span.week:
        return format_date(local, "EEE d" if language is Language.en else "d日 EEE", locale=LOCALES[language])
    return f"{local.month}/{local.day}" if of.span is Span.quarter else str(local.day)


def name(slot: Slot, of: Period) -> str:
    local = slot.start.astimezone(OFFICIAL_TIME)
    return f"{local:%H}:00" if of.span is Span.day else f"{local:%Y-%m-%d}"


def rows(found: Report, language: Language, say: Say) -> list[list[str]]:
    """For the page's table: only slots that have begun, and every value written."""
    return [[told(cell, language) for cell in row] for row in cells(found, say)]


def cells(found: Report, say: Say) -> list[list[Cell]]:
    """For files: shares as floats, numbers as numbers, money in yuan, what nothing counts in words."""
    not_here = say(NOT_HERE)

    def then(value: int | None) -> int | str:
        return say(NOT_THEN) if value is None else value

    return [
        [
            f"{slot.start.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M}",
            None if slot.heard is None else round(slot.heard, 3),
            slot.frames,
            None if slot.lost is None else round(slot.lost, 3),
            slot.tags,
            slot.shakes,
            slot.shake_visitors,
            slot.clicks,
            slot.click_visitors,
            slot.posters,
            slot.poster_visitors,
            slot.tags_touched,
            slot.tag_touchers,
            then(slot.touches),
            then(slot.touch_pages),
            then(slot.tag_pages),
            slot.registered,
            not_here if slot.registered_fen is None else yuan(slot.registered_fen),
            slot.handed,
            slot.paid,
            not_here if slot.paid_fen is None else yuan(slot.paid_fen),
            slot.reconciled,
            not_here if slot.spent_fen is None else yuan(slot.spent_fen),
        ]
        for slot in found.slots
        if not slot.ahead
    ]


def _number(value: int, language: Language) -> str:
    return format_decimal(value, locale=LOCALES[language])


def told(cell: Cell, language: Language) -> str:
    """On a page."""
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
