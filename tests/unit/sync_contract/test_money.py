"""Amounts in yuan as people type them."""

import pytest

from sync_contract.money import AmountFault, AmountMalformed, Money


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("50", 5000),
        (" ５０ 元 ", 5000),
        ("¥1,000", 100_000),
        ("￥20.00", 2000),
        ("人民币8元整", 800),
        ("12.5", 1250),
        ("0.01", 1),
        ("1.500", 150),
        ("0", 0),
    ],
)
def test_usual_forms_are_read(text: str, minor: int) -> None:
    assert Money.from_yuan(text) == Money(minor)
    assert Money.from_yuan(Money(minor).to_yuan()) == Money(minor)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("   ", AmountFault.empty),
        ("－5", AmountFault.negative),
        ("−5", AmountFault.negative),
        ("1.005", AmountFault.fraction),
        ("20 USD", AmountFault.currency),
        ("HK$20", AmountFault.currency),
        ("20美元", AmountFault.currency),
        ("1e3", AmountFault.unreadable),
        ("0x10", AmountFault.unreadable),
        ("٥٠", AmountFault.unreadable),
        ("1,0000", AmountFault.unreadable),
        ("五十", AmountFault.unreadable),
        ("NaN", AmountFault.unreadable),
        ("1_000", AmountFault.unreadable),
        ("9" * 4000, AmountFault.unreadable),
    ],
)
def test_other_texts_are_refused_with_their_fault(text: str, fault: AmountFault) -> None:
    with pytest.raises(AmountMalformed) as refused:
        Money.from_yuan(text)
    assert refused.value.fault is fault
