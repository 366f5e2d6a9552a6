"""Render the QR codes of screens and paper as SVG."""

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from segno import QRCode

_MAX_VERSION = 8
"""49 modules a side: above it, coarse modules help a reader more than level M does."""


def qr_svg(address: str) -> Markup:
    """The code of a screen: level M, or L where M needs more than 49 modules (docs/decisions/0022-code-density.md)."""
    code = _make(address, "m")
    if int(code.version) > _MAX_VERSION:
        code = _make(address, "l")
    return _svg(code, "code")


def paper_code_svg(address: str) -> Markup:
    """The code of a print: level Q, because a print gets dirty and scratched."""
    return _svg(_make(address, "q"), None)


def _make(address: str, level: str) -> "QRCode":
    """The scheme is a segment of its own, so that the capitals after it take 5.5 bits a character instead of 8."""
    import segno  # imported late: most processes show no code

    scheme, separator, rest = address.partition("://")
    segments = [(scheme + separator, None), (rest, None)] if separator else address
    return segno.make_qr(segments, error=level)  # type: ignore[arg-type]  # takes segments; its types omit them


def _svg(code: "QRCode", css_class: str | None) -> Markup:
    """Quiet zone of 4 modules (ISO/IEC 18004), black on white in every theme."""
    svg = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass=css_class, lineclass=None)
    return Markup(svg)  # noqa: S704  # segno writes only a path: nothing of the address
