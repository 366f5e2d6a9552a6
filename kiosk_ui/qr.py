"""The QR of a handoff, as SVG inside the page."""

from markupsafe import Markup


def qr_svg(url: str) -> Markup:
    """Level M, quiet zone of 4 modules (ISO/IEC 18004), black on white whatever the theme.

    A URL in capitals fits the alphanumeric mode: 5.5 bits a character instead of 8.
    """
    import segno  # not before the first code: most processes show none

    code = segno.make_qr(url, error="m", boost_error=False)
    return Markup(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="code", lineclass=None))  # noqa: S704  # segno writes only a path: nothing of the URL
