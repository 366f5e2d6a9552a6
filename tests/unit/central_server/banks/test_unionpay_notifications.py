"""Paid comes only from what UnionPay says of our own orders; what is signed rightly may still be something else.

| kind | the mistakes |
|---|---|
| facts | signed rightly, but for another merchant, currency, kind, state or order |
| form | one body that two readers understand differently |

Whether it is UnionPay's own word: test_unionpay_proof.py.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, urlencode

import pytest

from central_server.banks.port import Movement, NotificationRefused
from central_server.banks.unionpay.gateway import UnionPay
from sync_contract.money import Money
from tests.fakes.unionpay import FORM
from tests.fakes.unionpay_forging import Voice
from tests.unit.central_server.banks.test_unionpay_certificate_check import FORGERIES
from tests.unit.central_server.unionpay_forger import ORDER, QUERY_ID, Fields, Forger

WRONG_FACTS: dict[str, tuple[str, Callable[[Forger], Fields]]] = {
    # facts
    "another merchant's": ("merchant", lambda f: f.fields(merId="777290058110049")),
    "nobody's in particular": ("merchant", lambda f: f.fields(merId=None)),
    "in dollars": ("currency", lambda f: f.fields(currencyCode="840")),
    "in letters for yuan": ("currency", lambda f: f.fields(currencyCode="CNY")),
    "without a currency": ("currency", lambda f: f.fields(currencyCode=None)),
    "a pre-authorisation, which moves no money": ("kind", lambda f: f.fields(txnType="02")),
    "the answer to a query": ("kind", lambda f: f.fields(txnType="00")),
    "the answer to a query about a failed payment, whose kind it repeats": (
        "kind",
        lambda f: f.fields(origRespCode="01"),
    ),
    "without saying what it is about": ("kind", lambda f: f.fields(txnType=None)),
    "of another product": ("kind", lambda f: f.fields(bizType="000301")),
    "a failed payment": ("state", lambda f: f.fields(respCode="01")),
    "a payment whose state is not clear": ("state", lambda f: f.fields(respCode="04")),
    "an accepted payment, which is not a done one": ("state", lambda f: f.fields(respCode="05")),
    "a payment after its time, which the bank gives back": ("state", lambda f: f.fields(respCode="42")),
    "a code in small letters": ("state", lambda f: f.fields(respCode="a6")),
    "a number of one digit for the code": ("state", lambda f: f.fields(respCode="0")),
    "without a code": ("state", lambda f: f.fields(respCode=None)),
    "an older version, whose digest is weaker": ("version", lambda f: f.fields(version="5.0.0")),
    "signed by a shared secret, so it says": ("version", lambda f: f.fields(signMethod="11")),
    "in another encoding, so it says": ("version", lambda f: f.fields(encoding="GBK")),
    "an order in capitals": ("order", lambda f: f.fields(orderId=ORDER.upper())),
    "an order of another shape than ours": ("order", lambda f: f.fields(orderId="20261127HD0001")),
    "without an order": ("order", lambda f: f.fields(orderId=None)),
    "a time that there is not": ("order", lambda f: f.fields(txnTime="20261332143000")),
    "a time in other digits": ("order", lambda f: f.fields(txnTime="２０２６１１２７１４３０００")),
    "without the order's time": ("order", lambda f: f.fields(txnTime=None)),
    "an amount of nothing": ("content", lambda f: f.fields(txnAmt="0")),
    "an amount below nothing": ("content", lambda f: f.fields(txnAmt="-1000")),
    "an amount in yuan with a point": ("content", lambda f: f.fields(txnAmt="10.00")),
    "an amount with a sign": ("content", lambda f: f.fields(txnAmt="+1000")),
    "an amount with underscores, which Python reads": ("content", lambda f: f.fields(txnAmt="1_000")),
    "an amount in other digits, which Python reads": ("content", lambda f: f.fields(txnAmt="１０００")),
    "an amount in exponents": ("content", lambda f: f.fields(txnAmt="1e3")),
    "an amount of thirty digits": ("content", lambda f: f.fields(txnAmt="1" * 30)),
    "without an amount": ("content", lambda f: f.fields(txnAmt=None)),
    "without the number of the payment": ("content", lambda f: f.fields(queryId=None)),
    "a number of the payment that would not fit a refund": ("content", lambda f: f.fields(queryId="2026112714300012")),
}


Odd = tuple[Mapping[str, str], bytes]
ODD: dict[str, tuple[str, Callable[[bytes], Odd]]] = {
    # form
    "as plain text": ("content_type", lambda good: ({"Content-Type": "text/plain"}, good)),
    "as JSON": ("content_type", lambda good: ({"Content-Type": "application/json"}, good)),
    "in parts": ("content_type", lambda good: ({"Content-Type": "multipart/form-data; boundary=x"}, good)),
    "in another encoding": ("content_type", lambda good: ({"Content-Type": FORM["Content-Type"][:-5] + "GBK"}, good)),
    "without saying what it is": ("content_type", lambda good: ({}, good)),
    "as two things at once": (
        "content_type",
        lambda good: (FORM | {"content-type": "application/json"}, good),
    ),
    "longer than any notification": ("size", lambda good: (FORM, good + b"&x=" + b"1" * 20_000)),
    "empty": ("content", lambda good: (FORM, b"")),
    "no pairs": ("content", lambda good: (FORM, b"paid")),
    "with the amount twice, the true one first": ("content", lambda good: (FORM, good + b"&txnAmt=100000")),
    "with the amount twice, the true one last": ("content", lambda good: (FORM, b"txnAmt=100000&" + good)),
    "with an empty field twice": ("content", lambda good: (FORM, good + b"&x=&x=")),
    "with octets that no form has": ("content", lambda good: (FORM, good + "&x=元".encode())),
    "with octets that are no text": ("content", lambda good: (FORM, good + b"&x=%ff%fe")),
    "with more fields than any": ("content", lambda good: (FORM, good + b"".join(b"&x%d=1" % n for n in range(70)))),
    "with semicolons between its fields": ("certificate", lambda good: (FORM, good.replace(b"&", b";"))),
    "not URL-encoded, as answers are": (
        "certificate",
        lambda good: (
            FORM,
            "&".join(f"{n}={v[0]}" for n, v in parse_qs(good.decode()).items()).encode("ascii", "ignore"),
        ),
    ),
}


def test_there_are_at_least_forty_nine_different_forgeries() -> None:
    assert len({*FORGERIES, *WRONG_FACTS, *ODD}) == len(FORGERIES) + len(WRONG_FACTS) + len(ODD) >= 49


def test_an_authentic_notification_is_accepted(adapter: UnionPay, forger: Forger) -> None:
    notification = adapter.verify(FORM, urlencode(forger.fields()).encode())
    assert (notification.id, notification.order, notification.amount, notification.evidence) == (
        QUERY_ID,
        ORDER,
        Money(1000),
        QUERY_ID,
    )
    assert (notification.movement, notification.flawed) == (Movement.payment, False)
    assert notification.at == datetime(2026, 11, 27, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("case", WRONG_FACTS)
def test_wrong_facts_are_refused(adapter: UnionPay, forger: Forger, case: str) -> None:
    problem, forge = WRONG_FACTS[case]
    with pytest.raises(NotificationRefused) as refused:
        adapter.verify(FORM, urlencode(forge(forger)).encode())
    assert refused.value.problem == problem
    assert ORDER not in str(refused.value)


@pytest.mark.parametrize("case", ODD)
def test_an_invalid_form_is_refused(adapter: UnionPay, forger: Forger, case: str) -> None:
    problem, bend = ODD[case]
    headers, body = bend(urlencode(forger.fields()).encode())
    with pytest.raises(NotificationRefused) as refused:
        adapter.verify(headers, body)
    assert refused.value.problem == problem


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "application/x-www-form-urlencoded; charset=utf-8",
    ],
)
def test_a_form_is_known_by_its_content_type(adapter: UnionPay, forger: Forger, content_type: str) -> None:
    assert adapter.verify({"Content-Type": content_type}, urlencode(forger.fields()).encode()).order == ORDER


def test_a_flawed_success_is_paid_and_marked(adapter: UnionPay, forger: Forger) -> None:
    assert adapter.verify(FORM, urlencode(forger.fields(respCode="A6")).encode()).flawed


@pytest.mark.parametrize("kind", ["04", "31"])
def test_a_refund_is_not_a_payment(adapter: UnionPay, forger: Forger, kind: str) -> None:
    notification = adapter.verify(FORM, urlencode(forger.fields(txnType=kind, txnSubType="00")).encode())
    assert notification.movement is Movement.refund


def test_no_card_data_is_stored(adapter: UnionPay, forger: Forger) -> None:
    card = {
        "accNo": "6216260000000000018",
        "payCardNo": "000018",
        "payCardIssueName": "A Bank",
        "reserved": "{cardNo=1}",
    }
    fields = forger.fields(Voice.bank, **card, somethingNew="6216260000000000018", payCardType="01")
    stored = adapter.verify(FORM, urlencode(fields).encode()).content
    for value in (*card.values(), fields["signature"], "accNo", "payCard", "somethingNew"):
        assert quote(value, safe="") not in stored
        assert value not in stored
    assert parse_qs(stored)["queryId"] == [QUERY_ID]
    # The signature goes too: with it, and the rest of the fields, a masked number could be found by trying.
    assert "signature=" not in stored


def test_a_notification_without_card_data_is_stored_word_for_word(adapter: UnionPay, forger: Forger) -> None:
    body = urlencode(forger.fields())
    assert adapter.verify(FORM, body.encode()).content == body
