"""Test slips and amounts in financial numerals with an independent parser."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_ui.number_format import CAPITALS_LIMIT, capitals
from kiosk_ui.paper.slip import SlipFacts, slip_pdf
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language
from tests.browser.projects import LUNCH, SITE
from tests.unit.kiosk_ui.printed import codes, printed

FACTS = SlipFacts(
    environment=Environment.real,
    community=SITE,
    number="7F3A-K8",
    amount=Money(10050),
    confirmed_at=datetime(2026, 11, 26, 17, 30, tzinfo=UTC),  # the 27th in Beijing
    project=LUNCH.title,
    payee=LUNCH.payee,
    verify_url="https://give.example.org/g/7F3AK8",
    permit=LUNCH.permit,
    phone="0595-2269 0000",
)
LATER = {
    Language.zh_hans: "以后再扫，就能看到您的捐款做了什么。",
    Language.zh_hant: "日後再掃，就看得到您的捐款做了什麼。",
    Language.en: "Scan it again later to see what your gift achieved.",
}
"""What the code of the slip is for."""
DIGITS = dict(zip("零壹贰貳叁參肆伍陆陸柒捌玖", (0, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9), strict=True))
WITHIN = {"拾": 10, "佰": 100, "仟": 1000}
GROUP = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}


def read(text: str) -> int:
    """Fen of an amount in capitals, as one reads it aloud: digit by digit, each with the unit that follows it."""
    assert text.startswith(("人民币", "人民幣"))
    total = group = digit = 0
    for letter in text[3:]:
        if letter in DIGITS:
            digit = DIGITS[letter]
        elif letter in WITHIN:
            group, digit = group + digit * WITHIN[letter], 0
        elif letter in GROUP:
            total, group, digit = total + (group + digit) * GROUP[letter] * 100, 0, 0
        elif letter == "元":
            total, group, digit = total + (group + digit) * 100, 0, 0
        elif letter in "角分":
            total, digit = total + digit * (10 if letter == "角" else 1), 0
        else:
            assert letter == "整"
            assert text.endswith("整")
    return total


amounts = st.integers(0, CAPITALS_LIMIT - 1) | st.builds(
    lambda figures, tens: int(figures) * 10**tens % CAPITALS_LIMIT,
    st.text("0012", min_size=1, max_size=14),
    st.integers(0, 6),
)


@given(amounts, st.sampled_from([Language.zh_hans, Language.zh_hant]))
def test_what_is_written_in_capitals_reads_as_the_amount(fen: int, language: Language) -> None:
    text = capitals(fen, language)
    assert read(text) == fen
    assert "零零" not in text
    assert "零元" not in text or fen == 0
    assert text.endswith("分") == (fen % 10 != 0)
    assert text.endswith("整") == (fen % 10 == 0)
    assert not set(text) & set("一二三四五六七八九十百千0123456789")


@given(st.lists(amounts, min_size=2, max_size=2, unique=True))
def test_no_two_amounts_are_written_alike(two: list[int]) -> None:
    assert capitals(two[0]) != capitals(two[1])


@pytest.mark.parametrize(
    ("fen", "hans", "hant"),
    [
        (0, "人民币零元整", "人民幣零元整"),
        (5, "人民币伍分", "人民幣伍分"),
        (10050, "人民币壹佰元伍角整", "人民幣壹佰元伍角整"),
        # the examples of annex 1 of 支付结算办法
        (140950, "人民币壹仟肆佰零玖元伍角整", "人民幣壹仟肆佰零玖元伍角整"),
        (600714, "人民币陆仟零柒元壹角肆分", "人民幣陸仟零柒元壹角肆分"),
        (10700053, "人民币壹拾万零柒仟元伍角叁分", "人民幣壹拾萬零柒仟元伍角參分"),
        (1640902, "人民币壹万陆仟肆佰零玖元零贰分", "人民幣壹萬陸仟肆佰零玖元零貳分"),
        (32504, "人民币叁佰贰拾伍元零肆分", "人民幣參佰貳拾伍元零肆分"),
        (100_0000_0001_00, "人民币壹佰亿零壹元整", "人民幣壹佰億零壹元整"),
    ],
)
def test_capitals_follow_the_banks_rules(fen: int, hans: str, hant: str) -> None:
    assert capitals(fen) == capitals(fen, Language.en) == hans
    assert capitals(fen, Language.zh_hant) == hant


@pytest.mark.parametrize("fen", [-1, CAPITALS_LIMIT])
def test_what_has_no_capitals_is_refused(fen: int) -> None:
    with pytest.raises(ValueError, match="capitals"):
        capitals(fen)


@pytest.mark.parametrize("languages", [*((each,) for each in Language), (Language.zh_hant, Language.en)])
def test_a_slip_says_what_was_given_and_that_it_is_no_receipt(languages: tuple[Language, ...]) -> None:
    page = printed(slip_pdf(FACTS, languages))
    assert (page.pages, page.size) == (1, (148, 210))
    assert codes(page.picture(150)) == [FACTS.verify_url]
    no_receipt = {
        Language.zh_hans: "不是捐赠票据",
        Language.zh_hant: "不是捐贈票據",
        Language.en: "notthe official donation receipt".replace(" ", ""),
    }
    days = {Language.en: "Nov27,2026"}
    for language in languages:
        result = (
            LUNCH.title[language],
            LUNCH.payee[language],
            no_receipt[language],
            days.get(language, "2026年11月27日"),
        )
        for text in (
            *result,
            "¥100.50",
            LATER[languages[0]],
            capitals(10050, languages[0]),
            "7F3A-K8",
            "演练-备案-2026-0001",
            "0595-22690000",
        ):
            assert "".join(text.split()) in page.text
    assert all(embedded for _, embedded in page.faces)


def test_a_drills_slip_is_marked_and_a_real_one_is_not() -> None:
    facts = replace(FACTS, permit=None, payee=LUNCH.title)
    assert "演练" not in printed(slip_pdf(facts)).text
    drill = printed(slip_pdf(replace(facts, environment=Environment.drill)))
    assert drill.text.count("演练") == 2
    assert not drill.overlapped("演练")
    assert codes(drill.picture(150)) == [FACTS.verify_url]


def test_a_slip_states_what_was_refunded() -> None:
    assert "已退款" not in printed(slip_pdf(FACTS)).text
    assert "已退款¥12.50" in printed(slip_pdf(replace(FACTS, refunded=Money(1250)))).text


def test_the_same_gift_is_the_same_slip() -> None:
    assert slip_pdf(FACTS) == slip_pdf(replace(FACTS))


def test_a_slip_refuses_what_it_could_not_say_truly() -> None:
    with pytest.raises(ValueError, match="zone"):
        slip_pdf(replace(FACTS, confirmed_at=datetime(2026, 11, 27)))  # noqa: DTZ001  (the wrong kind, on purpose)
    with pytest.raises(ValueError, match="USD"):
        slip_pdf(replace(FACTS, amount=Money(1, "USD")))
    with pytest.raises(ValueError, match="capitals"):
        slip_pdf(replace(FACTS, amount=Money(CAPITALS_LIMIT)))
