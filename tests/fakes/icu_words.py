"""Find words of ICU's dictionary, through Node.js, that a phrase break divides: a second opinion on our segmenter."""

import json
import shutil
import subprocess
from collections.abc import Iterable

from kiosk_ui.phrases import SEPARATOR
from sync_contract.strict_model import Language

_SCRIPT = """
const {language, lines} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const words = new Intl.Segmenter(language, {granularity: "word"});
console.log(JSON.stringify(lines.map((line) => [...words.segment(line)].map((each) => each.index))));
"""


def divided_words(language: Language, marked: Iterable[str]) -> set[str]:
    """Return the divided words of lines that have SEPARATOR between their phrases."""
    lines = [line.replace("\N{NO-BREAK SPACE}", " ") for line in marked]
    plain = [line.replace(SEPARATOR, "") for line in lines]
    node = shutil.which("node")
    assert node is not None, "nodejs is one of the packages that ./dev test brings"
    asked = json.dumps({"language": language, "lines": plain})
    answer = subprocess.run([node, "-e", _SCRIPT], input=asked, capture_output=True, text=True, check=True).stdout
    divided = set()
    for line, text, starts in zip(lines, plain, json.loads(answer), strict=True):
        at = 0
        for phrase in line.split(SEPARATOR)[:-1]:
            at += len(phrase)
            if at not in starts:
                first = max(start for start in starts if start < at)
                last = min((start for start in starts if start > at), default=len(text))
                divided.add(f"{text[first:at]}{SEPARATOR}{text[at:last]}")
    return divided
