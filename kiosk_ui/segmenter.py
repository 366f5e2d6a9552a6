"""Divide Chinese text into phrases, between which a line may end.

For building the catalogues (`python -m kiosk_ui.segmenter`) and publishing projects: the dictionary takes 35 MB, so no
gateway imports this module.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import opencc
import rjieba
from babel.messages.pofile import read_po

from kiosk_ui.catalogue_order import sort_messages
from kiosk_ui.phrases import BREAK, NO_BREAK_SPACE, SEPARATOR
from sync_contract.project import Project

_LOCAL_WORDS = """
八位码 凭条 募捐 募捐许可 厝边 厝边头尾 二维码 小物件 对账 对帐 帐本 胸牌
扫一扫 摇一摇 志工 独居 核对号 热汤 账本 送餐 下一位 下一步 没有
很久没有 发现不了 没收到 打得开 排在 什么时候 一封 一点半 两点半 二点半 三点半
四点半 五点半 六点半 七点半 八点半 九点半 十点半 十一点半 十二点半
"""
"""Words of our texts that the dictionary lacks or divides."""
_TOKEN = re.compile(r"%\(\w+\)s|[\u3400-\u9fff]+|[^\S\n]+|[0-9A-Za-z][\w./:@‑-]*|.", re.DOTALL)
_HAN = re.compile(r"[\u3400-\u9fff]")
_BEFORE_MEASURE = re.compile(r"(?<=\d) (?=[\u3400-\u9fff])|(?<=\)s) (?=[秒分小天笔筆位个個次份元人户戶台臺年月日])")
_OPENING = frozenset("“‘（《「『【〔(¥")
_PARTICLES = """
的 地 得 了 着 过 吗 呢 吧 啊 们 里 内 上 下 中 后 前 时 外 起 者 员 元 次 位 个 笔 份 年 月 日 号 秒 分
家 张 台 条 项 人 的话 一下 而已
之后 以后 之前 以前 以内 以上 以下 左右 之间 为止 起来 出来 下来 回来
"""
_TO_THE_LEFT = frozenset(_PARTICLES.split())
"""Particles, measures and endings, simplified: they belong to the word before."""
_LONGEST = 6
"""Han characters of a phrase that takes in the short one after it."""


class Segmenter:
    def __init__(self) -> None:
        self._simplify = opencc.OpenCC("t2s").convert
        self._dictionary = rjieba.Jieba()
        for word in _LOCAL_WORDS.split():
            self._dictionary.add_word(word, 100_000, None)

    def mark(self, text: str) -> str:
        """Return a line with BREAK between phrases, and no-break spaces between numbers and their measures."""
        return BREAK.join(_join_short(_phrases(self._words(_BEFORE_MEASURE.sub(NO_BREAK_SPACE, text)))))

    def phrases(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return, each once, the texts that differ when marked, with SEPARATOR for BREAK."""
        marked = {text: self.mark(text) for text in texts}
        return tuple(line.replace(BREAK, SEPARATOR) for text, line in marked.items() if line != text)

    def project_phrases(self, project: Project) -> tuple[str, ...]:
        """Return the phrases of a project's Chinese texts."""
        shown = (project.title, project.summary, project.story, project.payee, *(e.text for e in project.pays_for))
        return self.phrases(
            line for text in shown for both in (text.zh_hans, text.zh_hant) for line in both.split("\n")
        )

    def _words(self, line: str) -> Iterator[tuple[str, str]]:
        """Yield the words, each also in its simplified form."""
        for token in _TOKEN.findall(line):
            simple = self._simplify(token)
            at = 0
            for word in self._dictionary.cut(simple, False) if _HAN.match(token) else [token]:
                yield token[at : at + len(word)], word
                at += len(word)


def _phrases(words: Iterator[tuple[str, str]]) -> list[str]:
    phrases: list[str] = []
    lead = ""  # short words that belong to the next one
    joined = False  # the next word belongs to the one before
    for word, simple in words:
        if not lead and phrases and (joined or simple in _TO_THE_LEFT) and _ends_in_word(phrases[-1]):
            phrases[-1] += word
        elif not lead and phrases and phrases[-1].endswith(" ") and simple in _TO_THE_LEFT:
            phrases[-1] = phrases[-1][:-1] + NO_BREAK_SPACE + word
        elif word in _OPENING:
            lead += word
        elif not word[0].isalnum() and not word.startswith("%("):
            if phrases and (not lead or (_length(lead) < 2 and _ends_in_word(phrases[-1]))):
                phrases[-1] += lead + word
            else:
                phrases.append(lead + word)
            lead = ""
        elif _length(word) == 1 and len(word) == 1 and not (simple in _TO_THE_LEFT and lead):
            lead += word
            if _length(lead) == _LONGEST:
                phrases.append(lead)
                lead = ""
        elif lead and _length(lead + word) > _LONGEST + 1:
            phrases += [lead, word]
            lead = ""
        else:
            phrases.append(lead + word)
            lead = ""
        joined = word == NO_BREAK_SPACE
    return [*phrases, lead] if lead else phrases


def _join_short(phrases: list[str]) -> list[str]:
    """Join a single character, and two at the end of a sentence or text, to the phrase before."""
    joined: list[str] = []
    for number, phrase in enumerate(phrases):
        length = _length(phrase)
        ends = number == len(phrases) - 1 or not _ends_in_word(phrase)
        short = length < 2 or (length == 2 and ends)
        if joined and short and _ends_in_word(joined[-1]) and _length(joined[-1]) + length <= _LONGEST:
            joined[-1] += phrase
        else:
            joined.append(phrase)
    return joined


def _ends_in_word(phrase: str) -> bool:
    return phrase[-1].isalnum() or phrase.endswith((")s", NO_BREAK_SPACE))


def _length(phrase: str) -> int:
    """Return the Han characters; a placeholder or Latin word counts as three."""
    return len(_HAN.findall(phrase)) + 3 * len(re.findall(r"%\(\w+\)s|[0-9A-Za-z]+", phrase))


_ROOT = Path(__file__).parent.parent
LOCALES = (_ROOT / "kiosk_ui" / "locale", _ROOT / "volunteering" / "locale")
"""Catalogues of pages that residents see."""
_SORTED = LOCALES[1]


def phrases_of(catalogue: Path, segmenter: Segmenter) -> str:
    """Return the content of `phrases.txt` for a catalogue: the texts that have breaks or no-break spaces, sorted."""
    with catalogue.open("rb") as file:
        texts = [str(message.string) for message in read_po(file) if message.id]
    return "".join(f"{line}\n" for line in sorted(segmenter.phrases(texts)))


def main() -> None:
    """Sort the catalogues of the volunteers' part, and write the phrases of all."""
    segmenter = Segmenter()
    for catalogue in _SORTED.glob("*/LC_MESSAGES/messages.po"):
        catalogue.write_text(sort_messages(catalogue.read_text("utf-8")), "utf-8")
    for catalogue in (file for folder in LOCALES for file in sorted(folder.glob("*/LC_MESSAGES/messages.po"))):
        catalogue.with_name("phrases.txt").write_text(phrases_of(catalogue, segmenter), "utf-8")


if __name__ == "__main__":
    main()
