"""Draw the zones and the measured spots of an acceptance sheet from above, for pages and print."""

from collections.abc import Iterator
from math import sqrt
from xml.sax.saxutils import escape

from kiosk_ui.paper.acceptance_wording import SPOTS, Both
from sync_contract.acceptance_sheet import AcceptanceSheet, SheetSpot, SpotKind

WIDTH, HEIGHT = 720, 300
_KIOSK_X, _MIDDLE = 64, 145
_END = WIDTH - 20
_HALL = f'x="{_KIOSK_X}" y="10" width="{_END - _KIOSK_X}" height="{HEIGHT - 40}"'
_ROWS = (-95, 62, -50, 104)
"""Pixels from the axis, in turn, so that labels do not overlap: a walk measures distances, not directions."""
_INK, _BLUE = "#111", "#00408a"
KIOSK = Both("信息屏", "kiosk")
DIRECTIONS = Both(
    "从上往下看，方向只是示意，距离是量出来的", "From above; directions are arbitrary, distances are measured"
)


def draw_zones(sheet: AcceptanceSheet) -> str:
    """Return the SVG, without styles; without a walk it shows the zones only. Its texts are in Chinese and English."""
    spots = sheet.walk.spots if sheet.walk else ()
    farthest = max(sheet.zones.near_m, *(each.metres for each in spots), 0.5) * 1.15
    per_m = (_END - _KIOSK_X) / farthest
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
            f' font-family="Noto Sans CJK SC, Noto Sans SC, sans-serif" font-size="12" fill="{_INK}">',
            f"<title>{escape(DIRECTIONS.zh)} {escape(DIRECTIONS.en)}</title>",
            f'<clipPath id="hall"><rect {_HALL}/></clipPath><rect {_HALL} fill="#fff" stroke="#333"/>',
            *_draw_circles(sheet, per_m),
            f'<rect x="{_KIOSK_X - 14}" y="{_MIDDLE - 30}" width="14" height="60" fill="{_BLUE}"/>',
            _draw_text(_KIOSK_X - 6, _MIDDLE + 46, KIOSK.zh, "end", 11),
            _draw_text(_KIOSK_X - 6, _MIDDLE + 60, KIOSK.en, "end", 11),
            *(line for number, each in enumerate(spots) for line in _draw_spot(each, number, per_m)),
            _draw_text(_KIOSK_X, HEIGHT - 10, f"{DIRECTIONS.zh} {DIRECTIONS.en}", "start", 10),
            "</svg>",
        )
    )


def _draw_circles(sheet: AcceptanceSheet, per_m: float) -> Iterator[str]:
    for metres, fill in ((sheet.zones.near_m, "#dbe7f5"), (sheet.zones.immediate_m, "#a9c8ea")):
        yield (
            f'<circle clip-path="url(#hall)" cx="{_KIOSK_X}" cy="{_MIDDLE}" r="{metres * per_m:.1f}" fill="{fill}"'
            f' stroke="{_BLUE}"/>'
        )
        yield _draw_text(min(_KIOSK_X + metres * per_m, _END) - 4, 24, f"{metres:g} m", "end", 11)


def _draw_spot(spot: SheetSpot, number: int, per_m: float) -> Iterator[str]:
    row = 0 if spot.kind is SpotKind.reference else _ROWS[number % len(_ROWS)]
    far = spot.metres * per_m
    x, y = _KIOSK_X + sqrt(max(0.0, far * far - row * row)), _MIDDLE + row
    level = f"{max(each.dbm for each in spot.levels):.0f} dBm" if spot.levels else "–"
    fits = x < WIDTH * 0.62
    anchor, left = ("start", x + 10) if fits else ("end", x - 10)
    name = SPOTS[spot.kind]
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#fff" stroke="{_INK}" stroke-width="2"/>'
    for line, words in enumerate((f"{name.zh} {spot.name}".strip(), name.en, f"{spot.metres:g} m, {level}")):
        yield _draw_text(left, y - 6 + 14 * line, words, anchor, 12 if line == 0 else 10.5)


def _draw_text(x: float, y: float, words: str, anchor: str, size: float) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}">{escape(words)}</text>'
