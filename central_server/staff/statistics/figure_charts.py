"""Build the charts of the figures page and their tables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from markupsafe import Markup

from central_server.staff.frame.charts import Column, bars, funnel, reach
from central_server.staff.frame.msgid import _
from central_server.staff.statistics import figure_wording as wording
from central_server.statistics.funnel import UNKNOWN_DOOR
from central_server.statistics.periods import Period, Span
from central_server.statistics.report import Report
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


class FigureLinks(Protocol):
    @property
    def period(self) -> Period: ...
    def link(self, path: str = ..., **changes: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Chart:
    """`series`: the legend, in the order of the colours; `table`: its head and rows; `hatched`: it has hatches.

    `now`: where the present is, 0 left to 1 right; None where the period is over. `empty`: nothing was counted.
    """

    name: str
    title: str
    drawing: Markup
    series: tuple[str, ...]
    table: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
    hatched: bool = False
    note: str = ""
    now: float | None = None
    empty: bool = False


@dataclass(frozen=True, slots=True)
class _OverTime:
    """`series`: counts by label. `listening`: hatch the time in which no gateway listened."""

    name: str
    title: str
    unit: str
    series: Mapping[str, str]
    listening: bool


_TAGS = {_("Visits: came near"): "near_tag", _("Came into range"): "range_tag"}
_PHONES = {
    _("Shakes"): "near_phone",
    _("Different phones"): "near_phone_visitors",
    _("Pages opened"): "page_phone",
}
_SCREEN = {
    _("Touches of the screen"): "near_touch",
    _("Pages opened by touch"): "page_touch",
    _("Pages opened for a tag"): "page_tag",
}
_GIFTS = {_("Registered"): "registered", _("Paid"): "paid"}
_OVER_TIME = (
    _OverTime("tags", _("People with a tag"), _("times"), _TAGS, listening=True),
    _OverTime("phones", _("Phones"), _("times"), _PHONES, listening=False),
    _OverTime("screen", _("Screen"), _("times"), _SCREEN, listening=True),
    _OverTime("gifts", _("Gifts"), _("gifts"), _GIFTS, listening=False),
    _OverTime(
        *("adverts", _("Adverts received from place beacons"), _("adverts")),
        {_("Adverts received"): "frames"},
        listening=True,
    ),
)


def charts(report: Report, links: FigureLinks, language: Language, translate: wording.Translate) -> list[Chart]:
    """Return the charts for which this view has counts."""
    made = [_funnel(report, translate)]
    for each in _OVER_TIME:
        first = next(iter(each.series.values()))
        if each.name == "screen" or report.sums[first] is not None:
            chart = _over_time(each, report, links, language, translate)
            made.append(replace(chart, note=_note(each.name, report, links.period, translate)))
    if report.dwell is not None:
        title, unit = translate(_("How long tags stayed")), translate(_("visits"))
        made.append(_bins("dwell", title, unit, _stays(), report.dwell))
    if report.rssi is not None and report.gaps is not None:
        title, unit = translate(_("Strength of the signals, dBm")), translate(_("adverts"))
        made.append(_bins("rssi", title, unit, _strengths(), report.rssi))
        title, unit = translate(_("Gap from one advert to the next")), translate(_("times"))
        made.append(_bins("gaps", title, unit, _gaps(), report.gaps))
    return made


def _note(name: str, report: Report, period: Period, translate: wording.Translate) -> str:
    notes = []
    if name == "phones" and period.span is not Span.day:
        notes.append(translate(_("Phones are distinguished only within a day: several days are added up.")))
    if name == "screen" and any(slot.near_touch is None for slot in report.slots):
        text = _("Hatched, before the first report of a gateway that counts touches: not counted then.")
        notes.append(translate(text))
    counting, known = report.counting
    if name == "screen" and 0 < counting < known:
        text = translate(_("Gateways that count touches: %(counting)s of %(known)s."))
        notes.append(text % {"counting": counting, "known": known})
    return " ".join(notes)


def _over_time(
    chart: _OverTime, report: Report, links: FigureLinks, language: Language, translate: wording.Translate
) -> Chart:
    names = tuple(translate(each) for each in chart.series)
    listened = translate(_("Receiver on"))
    columns, rows = [], []
    for slot in report.slots:
        values: tuple[int | None, ...] = tuple(getattr(slot, count) for count in chart.series.values())
        at = wording.slot_name(slot, links.period)
        texts = [translate(wording.NOT_THEN) if value is None else str(value) for value in values]
        heard = slot.heard if chart.listening else None
        link = ""
        if links.period.span is not Span.day and not slot.ahead:
            closer = Span.week if links.period.span is Span.year else Span.day
            link = links.link(span=closer.value, day=f"{slot.start.astimezone(OFFICIAL_TIME):%Y-%m-%d}")
        tip = f"{at} · " + ", ".join(f"{each}: {text}" for each, text in zip(names, texts, strict=True))
        if heard is not None:
            tip += f" · {listened}: {heard:.0%}"
        counted = any(value is not None for value in values)
        label = wording.column_label(slot.start, links.period, language)
        columns.append(Column(label, values, tip, heard if counted else 0.0, slot.ahead, link))
        if not slot.ahead:
            share = ("–" if heard is None else f"{heard:.0%}",) if chart.listening else ()
            rows.append((at, *texts, *share))
    heading = (translate(_("Time")), *names, *((listened,) if chart.listening else ()))
    past = report.slots[: report.started]
    hatched = chart.listening and any(slot.heard is not None and slot.heard < 0.9 for slot in past)
    title = translate(chart.title)
    drawing = bars(chart.name, title, columns, unit=translate(chart.unit))
    now = None if report.slots[-1].complete else reach(report.started, len(columns))
    empty = not any(any(column.values) for column in columns)
    legend, table = names if len(names) > 1 else (), (heading, tuple(rows))
    return Chart(chart.name, title, drawing, legend, table, hatched, now=now, empty=empty)


def _bins(name: str, title: str, unit: str, labels: list[str], values: tuple[int, ...]) -> Chart:
    columns = [Column(label, (value,), f"{label}: {value}") for label, value in zip(labels, values, strict=True)]
    rows = tuple((label, str(value)) for label, value in zip(labels, values, strict=True))
    return Chart(name, title, bars(name, title, columns, unit=unit), (), (("", unit), rows), empty=not any(values))


def _funnel(report: Report, translate: wording.Translate) -> Chart:
    """Draw the gifts only: visits are counted by door, and doors are never added up."""
    title = translate(_("From visit to gift"))
    steps, doors = wording.steps(translate), wording.doors(translate)
    shown = []
    for step in ("registered", "handed", "paid", "reconciled", "spent"):
        values = list(report.funnel[step].values())
        number = None if None in values else sum(value or 0 for value in values)
        shown.append((steps[step], number, translate(wording.NOT_HERE) if number is None else str(number)))
    known = [door for door in doors if any(report.funnel[step].get(door) for step in steps) or door]
    rows = tuple(
        (text, *(_step_text(report.funnel[step].get(door), door, step, translate) for door in known))
        for step, text in steps.items()
    )
    heading = ("", *(doors[door] for door in known))
    note = translate(_("Each entry is counted separately; one person may use several."))
    return Chart("funnel", title, funnel("funnel", title, shown), (), (heading, rows), note=note)


def _step_text(value: int | None, door: str, step: str, translate: wording.Translate) -> str:
    """A poster's code may be opened from afar, so near by poster is never counted."""
    if value is not None:
        return str(value)
    if door == UNKNOWN_DOOR or (step, door) == ("near", Door.qr):
        return "–"
    screen = door == Door.touch or (step, door) == ("page", Door.tag)
    return translate(wording.NOT_THEN if screen else wording.NOT_HERE)


def _stays() -> list[str]:
    return _between([f"{edge} s" if edge < 60 else f"{edge // 60} min" for edge in DWELL_HISTOGRAM_EDGES_S])


def _gaps() -> list[str]:
    return _between([f"{edge / 1000:g} s" for edge in GAP_HISTOGRAM_EDGES_MS])


def _between(edges: list[str]) -> list[str]:
    return [*(f"< {each}" for each in edges), f"≥ {edges[-1]}"]


def _strengths() -> list[str]:
    starts = [RSSI_HISTOGRAM_FROM + number * RSSI_HISTOGRAM_STEP for number in range(RSSI_HISTOGRAM_BINS)]
    return [f"<{starts[1]}", *(str(start) for start in starts[1:-1]), f"≥{starts[-1]}"]
