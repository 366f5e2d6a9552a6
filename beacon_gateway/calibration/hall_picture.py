"""Draw the hall after a walk as SVG: zones and spots from above, the signal over the distance, and the forecast.

Legible at 1200 x 820 pixels, also in grey.
"""

from collections.abc import Iterable, Sequence
from math import sqrt
from xml.sax.saxutils import escape

from beacon_gateway.calibration.proposal import Proposal, SpotForecast
from beacon_gateway.calibration.spot_names import name_spot, name_spot_in_both
from beacon_gateway.presence.explain.axis_ticks import Scale, find_rssi_range
from beacon_gateway.presence.explain.svg_shapes import draw_box, draw_text, estimate_width

WIDTH, HEIGHT = 1200, 820
_LEFT, _RIGHT = 90, 1090
_PLAN_TOP, _PLAN_BOTTOM = 96, 440
_MIDDLE = (_PLAN_TOP + _PLAN_BOTTOM) / 2
_CURVE_TOP, _CURVE_BOTTOM = 510, 740
_ROWS = (-120, 60, -60, 120)
"""Pixels from the axis, in turn, so that labels do not overlap: a walk measures distances, not directions."""
STYLE = """
text{font:14px "Noto Sans CJK SC","Noto Sans SC",sans-serif;fill:#111}
.title{font-size:19px;font-weight:bold}.small{font-size:12px;fill:#333}.head{font-weight:bold}
.hall{fill:#fff;stroke:#333}.near{fill:#cfe0f3}.immediate{fill:#8db6e2}.edge{fill:none;stroke:#00408a;stroke-width:1.5}
.kiosk{fill:#00408a}.good{fill:#fff;stroke:#1b6e2c;stroke-width:3}.bad{fill:#a00000;stroke:#a00000;stroke-width:3}
.paper{fill:#fff;opacity:.88}.band{fill:#00408a;opacity:.14}.law{fill:none;stroke:#00408a;stroke-width:2.4}
.grid{stroke:#999;stroke-width:.5;stroke-dasharray:1 3}.frame{fill:none;stroke:#333}
.bar{stroke:#333;stroke-width:1.5}.dot{fill:#fff;stroke:#111;stroke-width:2}.badtext{fill:#a00000;font-weight:bold}
"""


def draw_hall(proposal: Proposal, title: str) -> str:
    """Return the SVG; the same proposal gives the same bytes."""
    farthest = max([proposal.rules.near_m, *(each.measurement.spot.metres for each in proposal.spots)])
    metres = Scale(0.0, farthest * 1.12, _LEFT, _RIGHT)
    verdict = "可以接受 acceptable" if proposal.good else "错换偏多 many wrong changes"
    rules = proposal.rules
    zones = f"紧挨 immediate ≤ {rules.immediate_m:g} m,附近 near ≤ {rules.near_m:g} m"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' role="img"><title>{escape(title)}</title><style>{STYLE}</style>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        draw_text(_LEFT, 34, title, "title"),
        draw_text(_LEFT, 60, f"{zones}: {verdict}", "head"),
        draw_text(
            _LEFT,
            82,
            "从上往下看;方向只是示意,距离是量出来的 from above; directions are arbitrary, distances are measured",
            "small",
        ),
        *_draw_plan(proposal, metres),
        *_draw_curve(proposal, metres),
    ]
    return "".join(parts) + "</svg>\n"


def _draw_plan(proposal: Proposal, metres: Scale) -> Iterable[str]:
    rules, pixels = proposal.rules, metres(1.0) - metres(0.0)
    yield '<defs><clipPath id="hall">' + draw_box(_LEFT, _PLAN_TOP, _RIGHT - _LEFT, _PLAN_BOTTOM - _PLAN_TOP, "")
    yield "</clipPath></defs>"
    yield draw_box(_LEFT, _PLAN_TOP, _RIGHT - _LEFT, _PLAN_BOTTOM - _PLAN_TOP, "hall") + '<g clip-path="url(#hall)">'
    for radius, style in ((rules.near_m, "near"), (rules.immediate_m, "immediate")):
        yield f'<circle class="{style}" cx="{_LEFT}" cy="{_MIDDLE}" r="{radius * pixels:.1f}"/>'
        yield f'<circle class="edge" cx="{_LEFT}" cy="{_MIDDLE}" r="{radius * pixels:.1f}"/>'
    yield "</g>" + draw_box(_LEFT - 16, _MIDDLE - 34, 16, 68, "kiosk")
    yield draw_text(_LEFT - 22, _MIDDLE + 54, "信息屏", "small", "end")
    yield draw_text(_LEFT - 22, _MIDDLE + 70, "kiosk", "small", "end")
    others = [each for each in proposal.spots if not each.expected]
    for each in proposal.spots:
        row = 0 if each.expected else _ROWS[others.index(each) % len(_ROWS)]
        far = each.measurement.spot.metres * pixels
        yield from _draw_spot(each, _LEFT + sqrt(max(0.0, far * far - row * row)), _MIDDLE + row)


def _draw_spot(each: SpotForecast, x: float, y: float) -> Iterable[str]:
    levels = each.measurement.levels().values()
    level = f"{max(level.dbm for level in levels):.0f} dBm" if levels else "收不到 not received"
    chinese, english = name_spot_in_both(each.measurement.spot)
    lines = [
        (f"{chinese} {english}", "head"),
        (f"{level},在屏上 shown {each.forecast.shown_share:.0%}", "small"),
        (f"错换 wrong changes {each.wrong_per_hour:.0f}/h", "small" if each.good else "badtext"),
    ]
    width = max(estimate_width(words) for words, _ in lines)
    right = x + 16 + width <= _RIGHT - 4
    yield f'<circle class="{"good" if each.good else "bad"}" cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
    left = x + 14 if right else x - 14 - width
    yield draw_box(left - 3, y - 15, width + 6, 58, "paper")
    for number, (words, style) in enumerate(lines):
        yield draw_text(left if right else x - 14, y + 2 + 18 * number, words, style, "" if right else "end")


def _draw_curve(proposal: Proposal, metres: Scale) -> Iterable[str]:
    fit = proposal.fit
    measured = [
        (each, adapter, level, level.dbm + fit.losses_db[adapter].value)
        for each in proposal.spots
        for adapter, level in each.measurement.levels().items()
    ]
    low, high = find_rssi_range(
        [round(dbm + side * level.spread_db) for *_, level, dbm in measured for side in (1, -1)]
    )
    level_y = Scale(low, high, _CURVE_BOTTOM, _CURVE_TOP)
    law = (
        f"1 米处 at 1 m {fit.power.value:.1f} ± {fit.power.within:.1f} dBm,"
        f"指数 exponent {fit.exponent.value:.2f} ± {fit.exponent.within:.2f} (90 %)"
    )
    yield draw_text(_LEFT, _CURVE_TOP - 34, "信号与距离 signal and distance", "head")
    yield draw_text(_LEFT, _CURVE_TOP - 14, f"{law};浅色带 pale band: 90 %", "small")
    for radius, style, words in (
        (proposal.rules.near_m, "near", "附近 near"),
        (proposal.rules.immediate_m, "immediate", "紧挨 immediate"),
    ):
        x = metres(radius)
        yield draw_box(_LEFT, _CURVE_TOP, x - _LEFT, _CURVE_BOTTOM - _CURVE_TOP, style)
        yield draw_text(x - 4, _CURVE_BOTTOM - (8 if style == "near" else 26), words, "small", "end")
    steps = [0.4 + 0.1 * step for step in range(int((metres.high - 0.4) / 0.1) + 1)]
    upper = [(metres(each), level_y(fit.level_dbm(each) + fit.level_within_db(each))) for each in steps]
    lower = [(metres(each), level_y(fit.level_dbm(each) - fit.level_within_db(each))) for each in steps]
    yield f'<polygon class="band" points="{_points([*upper, *reversed(lower)])}"/>'
    yield f'<polyline class="law" points="{_points([(metres(s), level_y(fit.level_dbm(s))) for s in steps])}"/>'
    for tick in range(low, high + 1, 10):
        yield f'<path class="grid" d="M{_LEFT} {level_y(tick):.1f}H{_RIGHT}"/>'
        yield draw_text(_LEFT - 8, level_y(tick) + 4, f"{tick}", "small", "end")
    for each, adapter, level, dbm in measured:
        x = metres(each.measurement.spot.metres)
        top, bottom = level_y(dbm + level.spread_db), level_y(dbm - level.spread_db)
        tip = f"{name_spot(each.measurement.spot)}, {adapter}: {level.dbm:.1f} dBm"
        yield f'<g><title>{escape(tip)}</title><path class="bar" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'
        yield f'<circle class="dot" cx="{x:.1f}" cy="{level_y(dbm):.1f}" r="5"/></g>'
    yield draw_box(_LEFT, _CURVE_TOP, _RIGHT - _LEFT, _CURVE_BOTTOM - _CURVE_TOP, "frame")
    middle = (_CURVE_TOP + _CURVE_BOTTOM) / 2
    yield f'<g transform="rotate(-90 28 {middle})">{draw_text(28, middle + 4, "信号 RSSI / dBm", "", "middle")}</g>'
    for whole in range(int(metres.high) + 1):
        yield f'<path class="frame" d="M{metres(whole):.1f} {_CURVE_BOTTOM}v6"/>'
        yield draw_text(metres(whole), _CURVE_BOTTOM + 22, f"{whole}", "small", "middle")
    yield draw_text(
        (_LEFT + _RIGHT) / 2, _CURVE_BOTTOM + 46, "离信息屏的距离 distance from the kiosk / m", "", "middle"
    )


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
