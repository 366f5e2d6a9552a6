"""Typeset facts as PDF: the same facts and fonts give the same bytes on any machine."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

FOLDER = Path(__file__).parent
FONTS = Path("/usr/share/fonts/opentype/noto")
"""The folder of Debian's package fonts-noto-cjk."""
FONTS_PACKAGE, TYPST_PACKAGE = "fonts-noto-cjk", "beacon-central-pdf"
"""Debian packages: of the fonts, and of typst for the central server."""
_NEEDED = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Bold.ttc")
_ONE_AT_A_TIME = Lock()
"""One compilation holds about 100 MB of fonts in memory."""


class TypesettingUnavailable(Exception):
    """typst or a font is missing. `package`: the Debian package that the operator must install."""

    def __init__(self, package: str, reason: str) -> None:
        super().__init__(f"{reason}: install the Debian package {package}")
        self.package = package


class TypesettingFailed(Exception):
    """The facts cannot be printed, for example because a picture is damaged."""


def require_typesetting(fonts: Path = FONTS) -> None:
    """Raise TypesettingUnavailable without typst or a font; without the font typst would print boxes."""
    if find_spec("typst") is None:
        raise TypesettingUnavailable(TYPST_PACKAGE, "PDFs cannot be made: typst is not installed")
    absent = [name for name in _NEEDED if not (fonts / name).is_file()]
    if absent:
        raise TypesettingUnavailable(FONTS_PACKAGE, f"{fonts} lacks {', '.join(absent)}")


def typeset(template: str, facts: Mapping[str, Any], *, fonts: Path = FONTS) -> bytes:
    """Return a PDF of `template`, a file in this folder. It takes about a second of CPU: call it in a thread.

    Raises TypesettingUnavailable, TypesettingFailed.
    """
    require_typesetting(fonts)
    import typst  # imported late: it needs 7 MB of memory

    with _ONE_AT_A_TIME:
        try:
            pdf = typst.compile(
                FOLDER / template,
                root=FOLDER,
                font_paths=[fonts],
                ignore_system_fonts=True,
                format="pdf",
                sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
                timestamp=0,
            )
        except typst.TypstError as error:
            raise TypesettingFailed(str(error)) from error
    assert isinstance(pdf, bytes)  # one PDF for any number of pages
    return pdf
