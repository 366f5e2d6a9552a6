from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_ui.assets import STATIC, Assets, drawing_file
from kiosk_ui.keypad import MAX_DIGITS, clean_digits, press
from kiosk_ui.languages import best_language
from kiosk_ui.number_format import day, money
from sync_contract.money import Money
from sync_contract.project import Drawing
from sync_contract.strict_model import Language


@pytest.mark.parametrize("language", Language)
def test_money_has_its_sign_its_groups_and_fen_only_when_there_are_any(language: Language) -> None:
    assert money(Money(123456700), language) == "¥1,234,567"
    assert money(Money(3050), language) == "¥30.50"


def test_dates_are_written_as_each_language_writes_them() -> None:
    when = date(2026, 12, 31)
    assert day(when, Language.zh_hans) == day(when, Language.zh_hant) == "2026年12月31日"
    assert day(when, Language.en) == "Dec 31, 2026"


@given(st.text(alphabet="0123456789", max_size=20))
def test_the_number_pad_never_shows_leading_zeros_nor_too_many_digits(keys: str) -> None:
    digits = ""
    for key in keys:
        digits = press(digits, key)
    assert len(digits) <= MAX_DIGITS
    assert not digits.startswith("0")
    assert clean_digits(digits) == digits


def test_only_plain_digits_are_read_from_an_address() -> None:
    assert clean_digits("0012<b>٣x") == "12"


@pytest.mark.parametrize(
    ("asked", "accept", "language"),
    [
        ("en", "zh-TW", Language.en),
        ("klingon", "zh-TW,zh;q=0.9,en;q=0.8", Language.zh_hant),
        (None, "zh-HK", Language.zh_hant),
        (None, "nan-TW", Language.zh_hant),
        (None, "en-GB;q=0.7, zh-CN;q=0.9", Language.zh_hans),
        (None, "fr, en-US;q=0.5", Language.en),
        (None, "en;q=0, fr", Language.zh_hans),
        (None, "en;q=nonsense", Language.zh_hans),
        (None, "", Language.zh_hans),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_readers_own(
    asked: str | None, accept: str, language: Language
) -> None:
    assert best_language(asked, accept) is language


def test_an_address_of_a_file_changes_with_its_content() -> None:
    assets = Assets("/static/")
    there = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert set(assets.files) == there | {"community.css", "pages.css", "print.css", "site.css"}
    assert assets.url("pages.css") == f"/static/pages.css?v={assets.files['pages.css'].version}"
    assert {drawing_file(drawing) for drawing in Drawing} <= there
