import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import babel_extract

from kiosk_ui.render import FOLDER, LANGUAGE_NAMES
from sync_contract.strict_model import Language

TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
SCRIPTS = sorted((FOLDER / "static").glob("*.js"))
SHEETS = sorted((FOLDER / "style").glob("*.css"))
TRANSLATED = [Language.zh_hans, Language.zh_hant]
"""The messages themselves are English."""
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def catalogue(language: Language) -> Catalog:
    with (FOLDER / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file)


def messages_in_templates() -> set[str]:
    found: set[str] = set()
    for path in TEMPLATES:
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_",), [], {"extensions": "jinja2.ext.i18n"}):
                assert message is not None
                found.add(message if isinstance(message, str) else str(message[0]))  # keywords come as further members
    return found


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_none_is_left_over(language: Language) -> None:
    messages = {str(message.id): message for message in catalogue(language) if message.id}
    assert set(messages) == messages_in_templates()
    for message in messages.values():
        assert message.string, f"missing: {message.id}"
        assert not message.fuzzy, f"fuzzy: {message.id}"
        assert sorted(PLACEHOLDER.findall(str(message.id))) == sorted(PLACEHOLDER.findall(str(message.string)))
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_chinese_is_written_in_chinese_with_its_own_punctuation(language: Language) -> None:
    for message in catalogue(language):
        if message.id:
            text = PLACEHOLDER.sub("", str(message.string))
            assert re.search(r"[\u4e00-\u9fff]", text) or not text.strip("至到 "), message.id
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text), text


def test_traditional_chinese_is_worded_on_its_own_and_holds_no_simplified_form() -> None:
    simplified = {str(m.id): str(m.string) for m in catalogue(Language.zh_hans) if m.id}
    traditional = {str(m.id): str(m.string) for m in catalogue(Language.zh_hant) if m.id}
    forms = set("这个们时机关请样东卖单额确认页银码与发电脑网丢显说选项资报刚过还没结")
    for text in traditional.values():
        assert not set(text) & forms, text
    reworded = [each for each in traditional if len(traditional[each]) != len(simplified[each])]
    assert len(reworded) > len(traditional) / 4


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_contain_no_text_outside_the_catalogues(path: Path) -> None:
    data = "".join(value for _, kind, value in Environment().lex(path.read_text()) if kind == "data")
    text = re.sub(r"<[^>]*>|<!doctype html>", " ", data)
    assert not re.search(r"[^\W\d_]{2,}", text), text
    for attribute in re.findall(r'\b(?:alt|title|aria-label|placeholder|value)="([^"]*)"', data):
        assert not re.search(r"[^\W\d_]{2,}", attribute), attribute


@pytest.mark.parametrize("path", [*SCRIPTS, *SHEETS], ids=lambda path: path.name)
def test_scripts_and_stylesheets_contain_no_text(path: Path) -> None:
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"[\u3400-\u9fff]", code)
    assert not re.search(r"(?<!-)content: (?!\"\";|counter\(|attr\()", code)
    assert not re.search(r"(textContent|innerText)\s*=\s*\"[A-Za-z]", code)


def test_each_language_is_named_in_itself() -> None:
    assert set(LANGUAGE_NAMES) == set(Language)
