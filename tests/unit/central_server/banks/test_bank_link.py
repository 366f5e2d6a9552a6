"""The public page's address: filled in, quoted, and always at its own host."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.banks.link import Link
from central_server.banks.port import BankRefused, Order
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id

AT = datetime(2026, 11, 27, tzinfo=UTC)


def order(amount: Money, *, project: str = "elder-lunch", language: Language = Language.zh_hant) -> Order:
    return Order(new_id(), AT, amount, "午餐", language, "http://us/g", "http://us/n", project=project)


async def filled(template: str, order: Order) -> str:
    return (await Link(template, Environment.real).open(order)).url


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("https://give.example.org/donate", "https://give.example.org/donate"),
        (
            "https://give.example.org/{project}?yuan={amount_yuan}&lang={lang}",
            "https://give.example.org/elder-lunch?yuan=50.05&lang=zh-Hant",
        ),
        ("https://give.example.org/{{x}}/{project}", "https://give.example.org/{x}/elder-lunch"),
    ],
)
async def test_the_address_is_the_settings_with_the_gift_filled_in(template: str, url: str) -> None:
    assert await filled(template, order(Money(5005))) == url


async def test_amounts_are_whole_fen_in_yuan() -> None:
    template = "https://give.example.org/?yuan={amount_yuan}"
    for minor, yuan in ((1, "0.01"), (100, "1.00"), (1234567, "12345.67"), (10**11 + 5, "1000000000.05")):
        assert await filled(template, order(Money(minor))) == f"https://give.example.org/?yuan={yuan}"


@given(st.text(max_size=30))
async def test_no_project_leads_to_another_host_or_adds_a_field(project: str) -> None:
    url = await filled(
        "https://give.example.org/p/{project}?id={project}&yuan={amount_yuan}", order(Money(100), project=project)
    )
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "give.example.org", "")
    assert parse_qs(parts.query, keep_blank_values=True) == {"id": [project], "yuan": ["1.00"]}


async def test_another_currency_is_refused() -> None:
    with pytest.raises(BankRefused):
        await filled("https://give.example.org/", order(Money(100, "USD")))


def test_our_form_may_lead_only_to_its_host() -> None:
    assert Link("https://Give.Example.org:444/{project}", Environment.real).form_targets == (
        "https://give.example.org:444",
    )
