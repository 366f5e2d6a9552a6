"""Render the QR code of a handoff as SVG inside the page."""

from markupsafe import Markup


def qr_svg(url: str) -> Markup:
    """Level M, quiet zone of 4 modules (ISO/IEC 18004), black on white in every theme.

    A URL in capitals fits the alphanumeric mode: 5.5 bits a character instead of 8.
    """
    import segno  # imported late: most processes show no code

    code = segno.make_qr(url, error="m", boost_error=False)
    return Markup(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="code", lineclass=None))  # noqa: S704  # segno writes only a path: nothing of the URL
