"""Charts as SVG, drawn by the server: they need no script, and no style of their own (the pages' rules forbid it).

Colours and hatches come from staff.css by class. Every value also stands in a table beside the chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 760, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 26, 34
_LABELS = 12
"""At most so many stand under the columns."""
_FULLY = 0.9


@dataclass(frozen=True, slots=True)
class Column:
    """`values`: one a series, None for what is not known. `heard`: the share of the time that was listened, 0 to 1;
    None where nothing has to listen. `ahead`: it has not begun. `link`: where a press on it leads."""

    label: str
    values: tuple[int | None, ...]
    title: str
    heard: float | None = None
    ahead: bool = False
    link: str = ""


def bars(name: str, title: str, columns: Sequence[Column], *, unit: str) -> Markup:
    """`name`: an id on its page; `unit`: what the axis counts."""
    highest = max((value or 0 for column in columns for value in column.values), default=0)
    top = ceiling(highest)
    inner, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    wide = inner / max(1, len(columns))
    parts = [_axis(top, height, unit)]
    every = -(-len(columns) // _LABELS)
    for number, column in enumerate(columns):
        left = _LEFT + number * wide
        parts.append(_column(name, column, left, wide, height, top))
        if number % every == 0:
            parts.append(_text(left + wide / 2, HEIGHT - 12, column.label, "mid"))
    return _drawing(name, title, HEIGHT, parts)


def reach(columns: int, of: int) -> float:
    """How far to the right so many of its columns reach, as a share of the drawing's width."""
    return (_LEFT + (WIDTH - _LEFT - _RIGHT) * columns / of) / WIDTH


def funnel(name: str, title: str, steps: Sequence[tuple[str, int | None, str]]) -> Markup:
    """Steps as (what, how many, how that is written); None for what nothing counts yet. Fits a phone."""
    most = max((value or 0 for _, value, _ in steps), default=0) or 1
    wide, line, room = 420, 58, 300
    parts: list[Markup] = []
    for number, (what, value, written) in enumerate(steps):
        top = 2 + number * line
        parts.append(_text(0, top + 16, what, "start step"))
        long = room if value is None else max(2.0, room * value / most)
        kind, fill = ("unknown", f"url(#{name}-hatch)") if value is None else ("bar s1", "")
        parts.append(_rectangle(1, top + 22, long, 24, kind, fill))
        parts.append(_text(long + 10, top + 40, written, "start strong"))
    return _drawing(name, title, line * len(steps), parts, wide=wide)


def ceiling(highest: int) -> int:
    """The end of the axis: 4 steps of 1, 2, 2.5 or 5 times a power of ten, whole numbers."""
    power = 1
    while True:
        for step in (1, 2, 5) if power < 10 else (1, 2, 2.5, 5):
            if 4 * step * power >= highest:
                return int(4 * step * power)
        power *= 10


def _axis(top: int, height: float, unit: str) -> Markup:
    parts = [_text(_LEFT, 12, unit, "unit")]
    for step in range(5):
        y = _TOP + height * (1 - step / 4)
        kind = "grid" if step else "base"
        parts.append(Markup('<path class="{}" d="M{} {:.1f}H{}"/>').format(kind, _LEFT, y, WIDTH - _RIGHT))
        parts.append(_text(_LEFT - 8, y + 5, f"{top * step // 4:,}", "end"))
    return Markup("").join(parts)


def _column(name: str, column: Column, left: float, wide: float, height: float, top: int) -> Markup:
    gap = min(4.0, wide * 0.15)
    parts = []
    if column.ahead:
        return Markup("")
    if column.heard is not None and column.heard < _FULLY:
        kind = "deaf" if column.heard <= 0 else "partly"
        parts.append(_rectangle(left, _TOP, wide, height, kind, f"url(#{name}-hatch)"))
    each = (wide - 2 * gap) / max(1, len(column.values))
    for number, value in enumerate(column.values):
        if value:
            tall = max(1.5, height * value / top)
            kind = f"bar {('s1', 's2', 's3')[number]}"
            parts.append(_rectangle(left + gap + number * each, _TOP + height - tall, max(1.0, each - 0.5), tall, kind))
    hit = _rectangle(left, _TOP, wide, height, "hit")
    inside = Markup("<g><title>{}</title>{}{}</g>").format(column.title, Markup("").join(parts), hit)
    return Markup('<a href="{}">{}</a>').format(column.link, inside) if column.link else inside


def _rectangle(left: float, top: float, wide: float, tall: float, kind: str, fill: str = "") -> Markup:
    paint = Markup(' fill="{}"').format(fill) if fill else Markup("")
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"{}/>').format(
        kind, left, top, wide, tall, paint
    )


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, text)


def _drawing(name: str, title: str, height: float, parts: Sequence[Markup], *, wide: int = WIDTH) -> Markup:
    hatch = Markup(
        '<pattern id="{}-hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="ground" width="8" height="8"/><path class="stroke" d="M0 0V8"/></pattern>'
    ).format(name)
    return Markup(
        '<svg class="chart{}" role="img" aria-label="{}" viewBox="0 0 {} {:.0f}" xmlns="http://www.w3.org/2000/svg">'
        "<defs>{}</defs>{}</svg>"
    ).format("" if wide == WIDTH else " narrow", title, wide, height, hatch, Markup("").join(parts))
