"""Break lines of Chinese text between phrases, never within a word.

A browser may break Chinese after any character. The style forbids that (`word-break: keep-all`), and `<wbr>` allows it
between phrases. `phrases.txt` beside each catalogue has its phrases; `python -m kiosk_ui.segmenter` writes it.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from markupsafe import escape

BREAK = "\ue000"
"""Between two phrases, until the page is complete: attributes and the title must not contain `<wbr>`."""
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
SEPARATOR = "|"
"""Stands for BREAK in `phrases.txt`."""
_WHOLE = ("title", "textarea", "option")
"""Elements in which a browser shows `<wbr>` as text, or drops it."""
_TEXT = re.compile("(" + "|".join(rf"<{name}\b.*?</{name}>" for name in _WHOLE) + "|<[^>]*>)", re.DOTALL)
_HAN = re.compile(r"[\u3400-\u9fff]")
_UNDIVIDED = re.compile(r"[\u3400-\u9fff]{8,}")
"""No phrase is so long: the text was not divided, such as the name of an organisation in a settings file."""


class PhrasedTexts(NullTranslations):
    """The translations of `texts`, with BREAK between the phrases of those that `marked` contains."""

    def __init__(self, texts: NullTranslations, marked: Mapping[str, str]) -> None:
        super().__init__()
        self.add_fallback(texts)
        self._marked = marked

    def gettext(self, message: str) -> str:
        text = super().gettext(message)
        return self._marked.get(text, text)


@cache
def read_phrases(path: Path) -> Mapping[str, str]:
    """Return the marked texts by their plain ones."""
    return phrases_by_text(path.read_text("utf-8").splitlines() if path.is_file() else ())


def phrases_by_text(lines: Iterable[str]) -> dict[str, str]:
    """Return marked texts by their plain ones. `lines`: texts with SEPARATOR between phrases."""
    return {unmark(line.replace(SEPARATOR, "")): line.replace(SEPARATOR, BREAK) for line in lines}


def unmark(text: str) -> str:
    return text.replace(BREAK, "").replace(NO_BREAK_SPACE, " ")


def show_breaks(html: str, phrases: Iterable[str] = ()) -> str:
    """Return the page with `<wbr>` for BREAK, and between all characters of long text that was not divided.

    `phrases`: of the page's projects, with SEPARATOR between them.
    """
    texts = {text: marked for text, marked in phrases_by_text(phrases).items() if _HAN.search(text)}  # no markup is Han
    for text, marked in sorted(texts.items(), key=lambda each: -len(each[0])):
        html = html.replace(str(escape(text)), str(escape(marked)))
    parts = _TEXT.split(html)
    for number, part in enumerate(parts):
        if number % 2:
            parts[number] = part.replace(BREAK, "")
        elif part:
            divided = _UNDIVIDED.sub(lambda found: BREAK.join(found[0]), part)
            parts[number] = divided.replace(BREAK, "<wbr>")
    return "".join(parts)
