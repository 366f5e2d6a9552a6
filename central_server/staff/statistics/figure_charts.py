"""Which charts the figures page has, and what stands in them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from markupsafe import Markup

from central_server.staff.frame.charts import Column, bars, funnel, reach
from central_server.staff.statistics import figure_wording as words
from central_server.statistics.funnel import UNTOLD
from central_server.statistics.periods import Period, Span
from central_server.statistics.report import Report, Slot
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import (
    DWELL_HISTOGRAM_EDGES_S,
    GAP_HISTOGRAM_EDGES_MS,
    RSSI_HISTOGRAM_BINS,
    RSSI_HISTOGRAM_FROM,
    RSSI_HISTOGRAM_STEP,
    Door,
)
from sync_contract.strict_model import Language

_: Callable[[str], str] = words._


class Asked(Protocol):
    @property
    def period(self) -> Period: ...
    def link(self, path: str = ..., **changes: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Chart:
    """`series`: the legend, in the order of the colours; `table`: its heading and rows; `hatched`: it has hatches.

    `now`: how far to the right the present is, 0 to 1; None where the whole is over.
    """

    name: str
    title: str
    drawing: Markup
    series: tuple[str, ...]
    table: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
    hatched: bool = False
    note: str = ""
    now: float | None = None


def charts(found: Report, asked: Asked, language: Language, say: words.Say) -> list[Chart]:
    """Only those that this view can fill."""
    made = [_funnel(found, language, say)]
    over_time: list[tuple[str, str, str, dict[str, Callable[[Slot], int | None]], bool]] = []
    if found.dwell is not None:
        over_time.append(("tags", _("Visits by tag"), _("visits"), {_("Visits by tag"): lambda slot: slot.tags}, True))
    if found.sums["shakes"] is not None:
        phones: dict[str, Callable[[Slot], int | None]] = {
            _("Shakes"): lambda slot: slot.shakes,
            _("Different phones"): lambda slot: slot.shake_visitors,
            _("Pages opened"): lambda slot: slot.clicks,
        }
        over_time.append(("phones", _("Phones"), _("times"), phones, False))
    screen: dict[str, Callable[[Slot], int | None]] = {
        _("Touches of the screen"): lambda slot: slot.touches,
        _("Pages opened by touch"): lambda slot: slot.touch_pages,
        _("Pages opened for a tag"): lambda slot: slot.tag_pages,
    }
    over_time.append(("screen", _("Screen"), _("times"), screen, True))
    gifts: dict[str, Callable[[Slot], int | None]] = {
        _("Registered"): lambda slot: slot.registered,
        _("Paid"): lambda slot: slot.paid,
    }
    over_time.append(("gifts", _("Gifts"), _("gifts"), gifts, False))
    if found.sums["frames"] is not None:
        adverts: dict[str, Callable[[Slot], int | None]] = {_("Adverts heard"): lambda slot: slot.frames}
        over_time.append(("adverts", _("Adverts heard from place beacons"), _("adverts"), adverts, True))
    for name, title, unit, series, listening in over_time:
        chart = _over_time(name, say(title), say(unit), series, found, asked, language, say, listening=listening)
        if name == "phones" and asked.period.span is not Span.day:
            note = _("Phones are told apart within a day only: those of several days are added up.")
            chart = replace(chart, note=say(note))
        if name == "screen" and any(slot.touches is None for slot in found.slots):
            note = _("Hatched, before the first report of a gateway that counts touches: not counted then.")
            chart = replace(chart, note=say(note))
        if name == "screen" and 0 < found.counting[0] < found.counting[1]:
            some = say(_("Gateways that count touches: %(counting)s of %(known)s."))
            some %= dict(zip(("counting", "known"), found.counting, strict=True))
            chart = replace(chart, note=" ".join(filter(None, (chart.note, some))))
        made.append(chart)
    if found.dwell is not None:
        made.append(_bins("dwell", say(_("How long tags stayed")), say(_("visits")), _stays(say), found.dwell, say))
    if found.rssi is not None and found.gaps is not None:
        title = say(_("Strength of the signals, dBm"))
        made.append(_bins("rssi", title, say(_("adverts")), _strengths(), found.rssi, say))
        title = say(_("Silence from one advert to the next"))
        made.append(_bins("gaps", title, say(_("times")), _gaps(), found.gaps, say))
    return made


def _over_time(
    name: str,
    title: str,
    unit: str,
    series: dict[str, Callable[[Slot], int | None]],
    found: Report,
    asked: Asked,
    language: Language,
    say: words.Say,
    *,
    listening: bool,
) -> Chart:
    names = tuple(say(each) for each in series)
    columns, rows = [], []
    for slot in found.slots:
        values = tuple(value(slot) for value in series.values())
        at = words.name(slot, asked.period)
        told_values = [say(words.NOT_THEN) if value is None else str(value) for value in values]
        written = ", ".join(f"{each}: {value}" for each, value in zip(names, told_values, strict=True))
        heard = slot.heard if listening else None
        counted = any(value is not None for value in values)
        link = ""
        if asked.period.span is not Span.day and not slot.ahead:
            link = asked.link(span="day", day=f"{slot.start.astimezone(OFFICIAL_TIME):%Y-%m-%d}")
        told = f"{at} · {written}"
        if heard is not None:
            told += f" · {say(_('Listened'))}: {heard:.0%}"
        label = words.label(slot.start, asked.period, language)
        columns.append(Column(label, values, told, heard if counted else 0.0, slot.ahead, link))
        if not slot.ahead:
            share = ("–" if heard is None else f"{heard:.0%}",) if listening else ()
            rows.append((at, *told_values, *share))
    heading = (say(_("Time")), *names, *((say(_("Listened")),) if listening else ()))
    hatched = listening and any(slot.heard is not None and slot.heard < 0.9 for slot in found.slots if not slot.ahead)
    legend = names if len(names) > 1 else ()
    drawing = bars(name, title, columns, unit=unit)
    now = reach(found.begun, len(columns)) if found.begun < len(columns) else None
    return Chart(name, title, drawing, legend, (heading, tuple(rows)), hatched, now=now)


def _bins(name: str, title: str, unit: str, labels: list[str], values: tuple[int, ...], say: words.Say) -> Chart:
    columns = [Column(label, (value,), f"{label}: {value}") for label, value in zip(labels, values, strict=True)]
    rows = tuple((label, str(value)) for label, value in zip(labels, values, strict=True))
    return Chart(name, title, bars(name, title, columns, unit=unit), (), (("", unit), rows))


def _funnel(found: Report, language: Language, say: words.Say) -> Chart:
    """Of gifts alone: who came near is counted by door, and doors are never added up."""
    title = say(_("The way of the gifts"))
    steps, doors = words.steps(say), words.doors(say)
    shown = []
    for step in ("registered", "handed", "paid", "reconciled", "spent"):
        values = list(found.funnel[step].values())
        number = None if None in values else sum(value or 0 for value in values)
        shown.append((steps[step], number, say(words.NOT_HERE) if number is None else str(number)))
    known = [door for door in doors if any(found.funnel[step].get(door) for step in steps) or door]
    rows = tuple(
        (text, *(_written(found.funnel[step].get(door), door, step, say) for door in known))
        for step, text in steps.items()
    )
    heading = ("", *(doors[door] for door in known))
    note = say(_("Every door is counted for itself; somebody may use several."))
    return Chart("funnel", title, funnel("funnel", title, shown), (), (heading, rows), note=note)


def _written(value: int | None, door: str, step: str, say: words.Say) -> str:
    """A poster's code may be opened from afar: near by poster is nothing that could be counted."""
    if value is not None:
        return str(value)
    if door == UNTOLD or (step, door) == ("near", Door.qr):
        return "–"
    screen = door == Door.touch or (step, door) == ("page", Door.tag)
    return say(words.NOT_THEN if screen else words.NOT_HERE)


def _stays(say: words.Say) -> list[str]:
    edges = DWELL_HISTOGRAM_EDGES_S
    names = [f"{edge} s" if edge < 60 else f"{edge // 60} min" for edge in edges]
    return [*(f"< {each}" for each in names), f"≥ {names[-1]}"]


def _strengths() -> list[str]:
    starts = [RSSI_HISTOGRAM_FROM + number * RSSI_HISTOGRAM_STEP for number in range(RSSI_HISTOGRAM_BINS)]
    return [f"<{starts[1]}", *(str(start) for start in starts[1:-1]), f"≥{starts[-1]}"]


def _gaps() -> list[str]:
    edges = GAP_HISTOGRAM_EDGES_MS
    names = [f"{edge / 1000:g} s" for edge in edges]
    return [*(f"< {each}" for each in names), f"≥ {names[-1]}"]
