"""The catalogues of the volunteers' pages: complete, without leftovers, and divided into phrases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import babel_extract

from kiosk_ui.catalogue_order import sort_messages
from kiosk_ui.segmenter import Segmenter, phrases_of
from sync_contract.strict_model import Language
from tests.paths import ROOT

PART = ROOT / "volunteering"
TEMPLATES = sorted((*PART.glob("templates/*.html"), *PART.glob("staff_templates/*.html")))
TRANSLATED = [Language.zh_hans, Language.zh_hant]
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def texts(package: str, language: Language) -> dict[str, str]:
    path = ROOT / package / "locale" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    assert not catalogue.obsolete
    assert not any(message.fuzzy for message in catalogue if message.id)
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def in_templates(folder: str) -> Iterator[str]:
    for path in PART.glob(f"{folder}/*.html"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_",), [], {"extensions": "jinja2.ext.i18n"}):
                text = message if isinstance(message, str) or message is None else message[0]
                if text is not None:  # not a message in a variable
                    yield text


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_none_is_left_over(language: Language) -> None:
    """Messages that the kiosk's or the server's catalogue has are not repeated."""
    in_code = {str(found[2]) for found in extract_from_dir(PART, [("**.py", "python")], keywords={"_": None})}
    staff_only = {*in_templates("staff_templates"), *in_code} - texts("central_server", language).keys()
    needed = set(in_templates("templates")) - texts("kiosk_ui", language).keys() | staff_only
    own = texts("volunteering", language)
    assert own.keys() == needed
    for message, text in own.items():
        assert sorted(PLACEHOLDER.findall(message)) == sorted(PLACEHOLDER.findall(text))
        assert re.search(r"[\u4e00-\u9fff]", text), message
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text), text


def test_traditional_chinese_is_worded_on_its_own() -> None:
    simplified, traditional = (texts("volunteering", language) for language in TRANSLATED)
    assert not set("".join(traditional.values())) & set(
        "这个们时机关请样东卖单额确认页银码与发电脑网丢显说选项资报刚过还没结"
    )
    assert sum(len(traditional[each]) != len(simplified[each]) for each in traditional) > len(traditional) / 4


def test_catalogues_are_sorted_by_message() -> None:
    """Two changes then rarely touch the same lines; babel reads the order."""
    for language in TRANSLATED:
        catalogue = PART / "locale" / language / "LC_MESSAGES" / "messages.po"
        assert list(texts("volunteering", language)) == sorted(texts("volunteering", language)), "run the segmenter"
        stored = catalogue.read_text("utf-8")
        assert stored == sort_messages(stored), "run python -m kiosk_ui.segmenter"
        phrases = catalogue.with_name("phrases.txt").read_text("utf-8").splitlines()
        assert phrases == sorted(phrases), "run python -m kiosk_ui.segmenter"


def test_the_phrases_of_the_catalogues_are_those_of_the_segmenter() -> None:
    segmenter = Segmenter()
    for language in TRANSLATED:
        catalogue = PART / "locale" / language / "LC_MESSAGES" / "messages.po"
        stored = catalogue.with_name("phrases.txt").read_text("utf-8")
        assert stored == phrases_of(catalogue, segmenter), "run python -m kiosk_ui.segmenter"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_contain_no_text_outside_the_catalogues(path: Path) -> None:
    data = "".join(value for _, kind, value in Environment().lex(path.read_text()) if kind == "data")
    text = re.sub(r"<[^>]*>|[a-z-]+=\"[^\"]*\"", " ", data)
    assert not re.search(r"[^\W\d_]{2,}", text), text
