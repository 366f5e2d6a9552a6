"""From facts to PDF: the same facts give the same octets, on any machine with the same fonts."""

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

FOLDER = Path(__file__).parent
FONTS = Path("/usr/share/fonts/opentype/noto")
"""Where Debian's package fonts-noto-cjk puts them."""
PACKAGE = "fonts-noto-cjk"
_NEEDED = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Bold.ttc")
_ONE_AT_A_TIME = Lock()
"""Each holds the fonts in memory, some 100 MB."""


class FontsMissing(Exception):
    """Nothing can be printed before the fonts are installed: tell whoever looks after the server."""


def look_for_fonts(fonts: Path = FONTS) -> None:
    """Raises FontsMissing: typst would put boxes where a face is missing."""
    absent = [name for name in _NEEDED if not (fonts / name).is_file()]
    if absent:
        raise FontsMissing(f"{fonts} lacks {', '.join(absent)}: install Debian's package {PACKAGE}")


def typeset(template: str, facts: Mapping[str, Any], *, fonts: Path = FONTS) -> bytes:
    """A PDF of `template` (a file beside this one). About a second of CPU: call it in a thread.

    Raises FontsMissing, before anything is set.
    """
    import typst  # only here: a server that prints nothing does without its 7 MB

    look_for_fonts(fonts)
    with _ONE_AT_A_TIME:
        made = typst.compile(
            FOLDER / template,
            root=FOLDER,
            font_paths=[fonts],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
            timestamp=0,
        )
    assert isinstance(made, bytes)  # one PDF, whatever its number of pages
    return made
