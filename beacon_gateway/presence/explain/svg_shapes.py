"""Shapes and texts of our SVG pictures."""

from xml.sax.saxutils import escape


def estimate_width(words: str) -> float:
    """Return the approximate width in pixels at the usual size, rather too large."""
    return sum(13.0 if ord(letter) > 0x2E7F else 7.4 for letter in words)


def draw_box(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def draw_text(x: float, y: float, words: str, style: str = "", anchor: str = "") -> str:
    cls = f' class="{style}"' if style else ""
    end = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{cls}{end}>{escape(words)}</text>'
