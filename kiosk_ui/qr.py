"""Render the QR codes of screens and paper as SVG."""

from typing import Literal

from markupsafe import Markup


def qr_svg(address: str, level: Literal["l", "q"] = "l", css_class: str | None = "code") -> Markup:
    """Quiet zone of 4 modules (ISO/IEC 18004), black on white in every theme.

    `level`: the least level of error correction; a higher one is used where it needs no larger symbol. L for a screen,
    where coarse modules read from further away (docs/decisions/0022-code-density.md); Q for a print, which gets dirty.
    The scheme is a segment of its own, so that the capitals after it are in alphanumeric mode: 5.5 bits a character
    instead of 8.
    """
    import segno  # imported late: most processes show no code

    scheme, separator, rest = address.partition("://")
    segments = [(scheme + separator, None), (rest, None)] if separator else address
    code = segno.make_qr(segments, error=level)
    svg = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass=css_class, lineclass=None)
    return Markup(svg)  # noqa: S704  # segno writes only a path: nothing of the address
