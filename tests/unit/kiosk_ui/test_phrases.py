"""Test where a line of Chinese text may end."""

import re
from functools import cache
from gettext import NullTranslations

import pytest

from kiosk_ui.phrases import SEPARATOR, PhrasedTexts, phrases_by_text, show_breaks, unmark
from kiosk_ui.render import FOLDER
from kiosk_ui.segmenter import Segmenter, phrases_of
from sync_contract.strict_model import Language
from tests.browser.projects import LUNCH, PROJECTS
from tests.fakes.icu_words import divided_words

CHINESE = [Language.zh_hans, Language.zh_hant]
_ICU_JOINS = {
    Language.zh_hans: {"存放|在", "的|是", "面|会"},
    Language.zh_hant: {"存放|在", "存|在", "概|不", "機|會", "現|在", "的|是", "面|會"},
}
"""What ICU takes for one word although it is two: 出現|在大廳, 手機|會先再問."""


@cache
def segmenter() -> Segmenter:
    return Segmenter()


def lines_of(language: Language) -> list[str]:
    stored = (FOLDER / "locale" / language / "LC_MESSAGES" / "phrases.txt").read_text("utf-8").splitlines()
    return [*stored, *(line for project in PROJECTS for line in segmenter().project_phrases(project))]


@pytest.mark.parametrize("language", CHINESE)
def test_the_phrases_of_the_catalogues_are_those_of_the_segmenter(language: Language) -> None:
    catalogue = FOLDER / "locale" / language / "LC_MESSAGES" / "messages.po"
    stored = catalogue.with_name("phrases.txt").read_text("utf-8")
    assert stored == phrases_of(catalogue, segmenter()), "run python -m kiosk_ui.segmenter"


@pytest.mark.parametrize("language", CHINESE)
def test_no_break_divides_a_word_of_another_dictionary(language: Language) -> None:
    divided = divided_words(language, lines_of(language))
    assert divided == _ICU_JOINS[language]


@pytest.mark.parametrize("language", CHINESE)
def test_no_line_can_begin_or_end_with_what_belongs_to_its_neighbour(language: Language) -> None:
    for line in lines_of(language):
        for phrase in line.split(SEPARATOR)[1:]:
            assert not re.match(r"[，。；：！？、”’」』）》的了吗嗎呢]", phrase), line
        for phrase in line.split(SEPARATOR)[:-1]:
            assert not re.search(r"[“‘「『（《¥]$", phrase), line
        assert max(len(run) for phrase in line.split(SEPARATOR) for run in re.findall(r"[\u4e00-\u9fff]*", phrase)) < 8


def test_attributes_and_the_title_of_a_page_contain_no_breaks() -> None:
    texts = PhrasedTexts(NullTranslations(), phrases_by_text(["请用手机|扫码付款"]))
    marked = texts.gettext("请用手机扫码付款")
    assert unmark(marked) == "请用手机扫码付款" != marked
    page = show_breaks(f'<title>{marked}</title><p title="{marked}">{marked}</p>')
    assert page == '<title>请用手机扫码付款</title><p title="请用手机扫码付款">请用手机<wbr>扫码付款</p>'


def test_a_project_text_breaks_at_its_phrases_and_without_them_anywhere() -> None:
    text = LUNCH.summary.zh_hant
    (line,) = [each for each in segmenter().project_phrases(LUNCH) if each.replace(SEPARATOR, "").startswith("每天替")]
    assert show_breaks(f"<p>{text}</p>", [line]) == (
        "<p>每天替 <wbr>60\N{NO-BREAK SPACE}位<wbr>獨居<wbr>長輩<wbr>送一份<wbr>熱騰騰的午餐。</p>"
    )
    assert (
        show_breaks("<p>四點開始的午餐送餐</p>") == "<p>四<wbr>點<wbr>開<wbr>始<wbr>的<wbr>午<wbr>餐<wbr>送<wbr>餐</p>"
    )
    assert show_breaks("<p>茶 &amp; B</p>", ["茶 & |B"]) == "<p>茶 &amp; <wbr>B</p>"


def test_neither_an_empty_text_nor_one_that_looks_like_markup_damages_a_page() -> None:
    page = '<p class="lead">一杯茶</p>'
    assert show_breaks(page, ["", "|", "p|", "cl|ass"]) == page


@pytest.mark.parametrize("name", ["textarea", "option"])
def test_what_shows_only_plain_text_contains_no_breaks(name: str) -> None:
    field = f'<{name} class="x">请用手机扫码付款，四點開始的午餐送餐</{name}>'
    assert show_breaks(f"{field}<p>请用手机扫码付款</p>", ["请用手机|扫码付款"]) == (
        f"{field}<p>请用手机<wbr>扫码付款</p>"
    )
