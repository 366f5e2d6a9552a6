"""Draw a trace as SVG: frames, levels, zones and decisions over time. Legible at 1200 x 600 pixels, also in grey.

There is one panel per beacon, and a bar of the shown project below. The numbers at the marks are those of the text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from beacon_gateway.model.beacons import Beacon, power_at_1m
from beacon_gateway.presence.estimator import SMOOTHING_S
from beacon_gateway.presence.explain.axis_ticks import DISTANCES_M, Scale, build_time_ticks, find_rssi_range, rssi_at
from beacon_gateway.presence.explain.decision_wording import name_place, name_screen, name_tag, name_zone
from beacon_gateway.presence.explain.reason_wording import word_in_both
from beacon_gateway.presence.explain.svg_shapes import draw_box, draw_text, estimate_width
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.trace import Decision, DecisionKind, Heard, Level, Sample
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

WIDTH, MIN_HEIGHT = 1200, 600
MAX_PANELS = 8
_LEFT, _RIGHT, _TOP, _BELOW = 74, 1056, 82, 110
_MIN_PANEL, _GAP = 150, 46
_STRIP = 9
_SILENCE_S = 2.5
"""A longer period without a level is drawn as absence."""
_MANY_DOTS = 500
"""With more dots than this in a panel, they are smaller."""
STYLE = """
text{font:13px "Noto Sans CJK SC","Noto Sans SC",sans-serif;fill:#111}
.title{font-size:18px;font-weight:bold}.small{font-size:11px;fill:#333}.head{font-weight:bold}
.grid{stroke:#999;stroke-width:.5;stroke-dasharray:1 3}.frame{fill:none;stroke:#333}
.immediate{fill:#c9c9c9}.near{fill:#e6e6e6}.far{fill:#fff}.unknown{fill:url(#hatch)}
.strip{stroke:#333;stroke-width:.7}
.dot{fill:#fff;stroke:#555;stroke-width:1}.level{fill:none;stroke:#00408a;stroke-width:2.4;stroke-linejoin:round}
.mark{stroke:#a00000;stroke-width:1.2;stroke-dasharray:5 3}.number{font-size:12px;font-weight:bold;fill:#a00000}
.paper{fill:#fff;opacity:.85}.shown{fill:#333;stroke:#fff;stroke-width:2}.idle{fill:#fff;stroke:#333}.onshown{fill:#fff;font-weight:bold}
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """The input of a drawing. `decisions` and `samples`: of a Trace; `end_s`: the right edge, seconds from 0."""

    title: str
    beacons: Sequence[Beacon]
    rules: PresenceRules
    decisions: Sequence[Decision]
    samples: Sequence[Sample]
    end_s: float


def draw_svg(picture: Picture, *, stylesheet: str = "") -> str:
    """Return the SVG; the same trace gives the same bytes.

    `stylesheet`: the address of STYLE, if the picture may not contain the style itself.
    """
    by_beacon: dict[BeaconId, list[Sample]] = {}
    for sample in picture.samples:
        by_beacon.setdefault(sample.beacon, []).append(sample)
    heard = [beacon for beacon in picture.beacons if beacon.id in by_beacon]
    heard.sort(key=lambda beacon: (beacon.kind is BeaconKind.place, beacon.id))
    drawn = heard[:MAX_PANELS]
    panels = max(1, len(drawn))
    space = MIN_HEIGHT - _TOP - _BELOW
    panel = max(_MIN_PANEL, (space - (panels - 1) * _GAP) / panels)
    bottom = _TOP + panels * panel + (panels - 1) * _GAP
    height = bottom + _BELOW
    time = Scale(0.0, max(1.0, picture.end_s), _LEFT, _RIGHT)
    names = _names(drawn)
    parts = [
        f'<?xml-stylesheet type="text/css" href="{escape(stylesheet)}"?>' if stylesheet else "",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"'
        f' height="{height:.0f}" role="img"><title>{escape(picture.title)}</title>',
        "" if stylesheet else f"<style>{STYLE}</style>",
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<path d="M0 6L6 0" stroke="#777"/></pattern></defs>',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>',
        draw_text(_LEFT, 26, picture.title, "title"),
        *_draw_legend(len(heard) - len(drawn)),
    ]
    for place, beacon in enumerate(drawn):
        top = _TOP + place * (panel + _GAP)
        own = [d for d in picture.decisions if _belongs(d, beacon, drawn)]
        parts += _draw_panel(beacon, names[beacon.id], by_beacon[beacon.id], own, picture, time, top, top + panel)
    if not drawn:
        parts.append(draw_text(_LEFT + 20, _TOP + 60, "没有收到认得的信标 no known beacon was received", "head"))
    parts += _draw_screen(picture, time, bottom)
    return "".join(parts) + "</svg>\n"


def _names(beacons: Sequence[Beacon]) -> Mapping[BeaconId, str]:
    """Return the names of the panels: people's tags by class, with a number if a class has several."""
    names: dict[BeaconId, str] = {}
    count: dict[str, int] = {}
    for beacon in beacons:
        if beacon.kind is BeaconKind.place:
            names[beacon.id] = f"{name_place(beacon.label)} ({beacon.project or '–'})"
            continue
        number = count[beacon.tag_class] = count.get(beacon.tag_class, 0) + 1
        names[beacon.id] = name_tag(beacon.tag_class or "unnamed") + (f" · {number}" if number > 1 else "")
    return names


def _belongs(decision: Decision, beacon: Beacon, drawn: Sequence[Beacon]) -> bool:
    """Return whether to draw the decision here; that of a person only if its class has one panel."""
    if decision.kind is DecisionKind.shown:
        return False
    if decision.beacon is not None:
        return decision.beacon == beacon.id
    same = [b for b in drawn if b.kind is BeaconKind.person and (b.tag_class or "unnamed") == decision.tag_class]
    return len(same) == 1 and same[0].id == beacon.id


def _draw_legend(omitted: int) -> Iterable[str]:
    smoothed = f"平滑 {SMOOTHING_S:g} 秒(滞后) smoothed over {SMOOTHING_S:g} s, lags"
    x = float(_LEFT)
    for style, words in (
        ("dot", "收到的信号 frame heard"),
        ("level", smoothed),
        ("mark", "判定(编号同文字) decision, numbered as in the text"),
    ):
        if style == "dot":
            yield f'<circle class="dot" cx="{x + 5:.1f}" cy="42" r="3"/>'
            x += 14
        else:
            yield f'<path class="{style}" d="M{x:.1f} 42h26"/>'
            x += 32
        yield draw_text(x, 46, words)
        x += estimate_width(words) + 22
    if omitted:
        yield draw_text(_RIGHT, 26, f"还有 {omitted} 个未画出 more not drawn", "small", "end")


def _draw_panel(
    beacon: Beacon,
    name: str,
    samples: Sequence[Sample],
    decisions: Sequence[Decision],
    picture: Picture,
    time: Scale,
    top: float,
    bottom: float,
) -> Iterable[str]:
    heard = [sample for sample in samples if isinstance(sample, Heard) and sample.rssi is not None]
    low, high = find_rssi_range([sample.rssi for sample in heard if sample.rssi is not None])
    level = Scale(low, high, bottom, top)
    rules = picture.rules
    exponent = beacon.path_loss_exponent or rules.path_loss_exponent
    power = power_at_1m(beacon, heard[-1].power if heard else None)
    edges = [rssi_at(metres, power, exponent) for metres in (rules.immediate_m, rules.near_m)]
    near_y, immediate_y = level(edges[1]), level(edges[0])
    limits = (f"≤ {rules.immediate_m:g} m", f"≤ {rules.near_m:g} m", f"> {rules.near_m:g} m")
    bands = (("immediate", top, immediate_y), ("near", immediate_y, near_y), ("far", near_y, bottom))
    for (word, upper, lower), limit in zip(bands, limits, strict=True):
        yield draw_box(_LEFT, upper, _RIGHT - _LEFT, lower - upper, word)
        if lower - upper >= 16:
            middle = (upper + lower) / 2
            yield draw_text(_RIGHT + 44, middle + (-2 if lower - upper >= 30 else 4), name_zone(word), "small")
            if lower - upper >= 30:
                yield draw_text(_RIGHT + 44, middle + 12, limit, "small")
    for dbm in range(low, high + 1, 10):
        yield f'<path class="grid" d="M{_LEFT} {level(dbm):.1f}H{_RIGHT}"/>'
        yield draw_text(_LEFT - 8, level(dbm) + 4, f"{dbm}", "small", "end")
    for metres in DISTANCES_M:
        dbm_there = rssi_at(metres, power, exponent)
        if low <= dbm_there <= high:
            yield f'<path class="frame" d="M{_RIGHT} {level(dbm_there):.1f}h5"/>'
            yield draw_text(_RIGHT + 8, level(dbm_there) + 4, f"{metres:g} m", "small")
    middle = (top + bottom) / 2
    yield f'<g transform="rotate(-90 22 {middle:.1f})">{draw_text(22, middle + 4, "信号 RSSI / dBm", "", "middle")}</g>'
    yield draw_text(_LEFT, top - 5, name, "head")
    radius = 2.4 if len(heard) <= _MANY_DOTS else 1.5
    dots = {
        (f"{round(time(sample.at) * 2) / 2:.1f}", sample.rssi or 0): None for sample in heard
    }  # one per spot, in order
    for x, rssi in dots:
        yield f'<circle class="dot" cx="{x}" cy="{level(rssi):.1f}" r="{radius}"/>'
    yield from _draw_levels(samples, power, time, level)
    yield draw_box(_LEFT, top, _RIGHT - _LEFT, bottom - top, "frame")
    yield from _draw_zones(samples, time, bottom)
    yield from _draw_marks(decisions, time, top, bottom)


def _draw_zones(samples: Sequence[Sample], time: Scale, bottom: float) -> Iterable[str]:
    """Draw the zone as a strip in the greys of the bands."""
    levels = [sample for sample in samples if isinstance(sample, Level)]
    yield draw_text(_RIGHT + 8, bottom + _STRIP + 3, "判定区 zone", "small")
    start = 0
    for n, level in enumerate(levels):
        following = levels[n + 1] if n + 1 < len(levels) else None
        gap = following is not None and following.at - level.at > _SILENCE_S
        if following is None or gap or following.zone is not level.zone:
            end = level.at if following is None or gap else following.at
            x = time(levels[start].at)
            yield draw_box(x, bottom + 3, time(end) - x, _STRIP, f"{level.zone} strip")
            start = n + 1


def _draw_levels(samples: Sequence[Sample], power: int, time: Scale, level: Scale) -> Iterable[str]:
    """Draw the smoothed level; a new line after each gap."""
    points: list[str] = []
    before, drawn_to = None, 0.0
    for sample in samples:
        if not isinstance(sample, Level):
            continue
        if before is not None and sample.at - before > _SILENCE_S:
            yield _line(points)
            points = []
        x = time(sample.at)
        if sample.level_db is not None and (not points or x - drawn_to >= 0.5):
            drawn_to = x
            points.append(f"{x:.1f},{level(sample.level_db + power):.1f}")
        before = sample.at
    yield _line(points)


def _line(points: Sequence[str]) -> str:
    return f'<polyline class="level" points="{" ".join(points)}"/>' if len(points) > 1 else ""


def _draw_marks(decisions: Sequence[Decision], time: Scale, top: float, bottom: float) -> Iterable[str]:
    """Draw the decisions, with labels in lanes so that they do not overlap."""
    free_from = [0.0, 0.0, 0.0, 0.0]
    for decision in decisions:
        x = time(decision.at)
        label = f"{decision.number} {_label(decision)}"
        width = sum(12.0 if ord(letter) > 0x2E7F else 6.8 for letter in label)
        left = x + 3 if x + 3 + width <= _RIGHT else x - 3 - width
        lane = next((n for n, free in enumerate(free_from) if left >= free), len(free_from) - 1)
        free_from[lane] = left + width + 6
        y = top + 14 + lane * 16
        tip = escape(f"{decision.at:.2f} s: {' '.join(word_in_both(decision.reason))}")
        yield f'<g><title>{tip}</title><path class="mark" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'
        yield draw_box(left - 2, y - 11, width + 4, 14, "paper")
        yield draw_text(left, y, label, "number") + "</g>"


def _label(decision: Decision) -> str:
    match decision.kind:
        case DecisionKind.arrived:
            return "到达 arrived"
        case DecisionKind.left:
            return "离开 left"
    return f"→ {name_zone(decision.after)}"


def _draw_screen(picture: Picture, time: Scale, bottom: float) -> Iterable[str]:
    """Draw the shown projects as bars, and the time axis."""
    top, tall = bottom + 32, 24
    shown = [decision for decision in picture.decisions if decision.kind is DecisionKind.shown]
    yield draw_text(_LEFT - 8, top + 16, "屏幕", "head", "end")
    yield draw_text(_RIGHT + 8, top + 16, "screen shows", "small")
    starts = [(0.0, "", "")] + [(d.at, d.after, f"{d.number} ") for d in shown]
    ends = [start for start, _, _ in starts[1:]] + [max(picture.end_s, starts[-1][0])]
    reasons = ["", *(" ".join(word_in_both(decision.reason)) for decision in shown)]
    for (start, project, number), end, reason in zip(starts, ends, reasons, strict=True):
        x, width = time(start), time(end) - time(start)
        yield f"<g><title>{escape(f'{start:.2f} s: {reason}')}</title>"
        yield draw_box(x, top, width, tall, "shown" if project else "idle")
        label = f"{number}{name_screen(project)}"
        for words in (label, number.strip() or "·"):
            if estimate_width(words) + 8 <= width:
                yield draw_text(x + 5, top + 17, words, "onshown" if project else "")
                break
        yield "</g>"
    for second in build_time_ticks(picture.end_s):
        yield f'<path class="frame" d="M{time(second):.1f} {top + tall}v5"/>'
        yield draw_text(time(second), top + tall + 19, f"{second:g}", "small", "middle")
    yield draw_text((_LEFT + _RIGHT) / 2, top + tall + 38, "时间 time / s", "", "middle")
