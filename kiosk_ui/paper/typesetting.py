"""Typeset facts as PDF: the same facts and fonts give the same bytes on any machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

FOLDER = Path(__file__).parent
FONTS = Path("/usr/share/fonts/opentype/noto")
"""The folder of Debian's package fonts-noto-cjk."""
PACKAGE = "fonts-noto-cjk"
_NEEDED = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Bold.ttc")
_ONE_AT_A_TIME = Lock()
"""One compilation holds about 100 MB of fonts in memory."""


class FontsMissing(Exception):
    """The fonts are not installed: tell the operator of the server."""


class TypesettingFailed(Exception):
    """The facts cannot be printed, for example because a picture is damaged."""


def require_fonts(fonts: Path = FONTS) -> None:
    """Raise FontsMissing if a font is absent; typst would print boxes instead."""
    absent = [name for name in _NEEDED if not (fonts / name).is_file()]
    if absent:
        raise FontsMissing(f"{fonts} lacks {', '.join(absent)}: install Debian's package {PACKAGE}")


def typeset(template: str, facts: Mapping[str, Any], *, fonts: Path = FONTS) -> bytes:
    """Return a PDF of `template`, a file in this folder. It takes about a second of CPU: call it in a thread.

    Raises FontsMissing, TypesettingFailed.
    """
    import typst  # imported late: it needs 7 MB of memory

    require_fonts(fonts)
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
