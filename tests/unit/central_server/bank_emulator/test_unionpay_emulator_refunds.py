"""Refunds and cancels at the emulated UnionPay gateway."""

from uuid import uuid4

from tests.fakes.unionpay_shop import Shop, now_text


def code_of(reply: dict[str, str]) -> tuple[str, str]:
    """Return respCode and the seven digits of respMsg."""
    return reply["respCode"], reply["respMsg"][-8:-1]


async def test_a_refund_is_accepted_notified_and_found(shop: Shop) -> None:
    paid = await shop.paid(txnAmt="1000")
    accepted = await shop.undo(paid["queryId"], 300, reqReserved="why")
    assert shop.distrust(accepted) == ""
    assert (accepted["respCode"], accepted["txnType"], accepted["txnAmt"]) == ("00", "04", "300")
    assert accepted["origQryId"] == paid["queryId"] != accepted["queryId"]
    await shop.turn(0)
    notifications_ = shop.notified[-1]
    assert shop.distrust(notifications_) == ""
    assert (
        notifications_["txnType"],
        notifications_["orderId"],
        notifications_["txnAmt"],
        notifications_["reqReserved"],
    ) == (
        "04",
        accepted["orderId"],
        "300",
        "why",
    )
    known = await shop.query(accepted)
    assert (known["origRespCode"], known["txnType"], known["queryId"]) == ("00", "04", accepted["queryId"])
    assert (known["origOrderId"], known["origTxnTime"]) == (paid["orderId"], paid["txnTime"])
    assert (await shop.query(paid))["origRespCode"] == "00"


async def test_partial_refunds_are_limited_by_the_payment(shop: Shop) -> None:
    paid = await shop.paid(txnAmt="1000")
    codes = [code_of(await shop.undo(paid["queryId"], amount)) for amount in (1001, 400, 400, 201, 200, 1)]
    above = ("36", "2050004")
    assert codes == [above, ("00", "0000000"), ("00", "0000000"), above, ("00", "0000000"), above]


async def test_a_refund_needs_its_own_order_number(shop: Shop) -> None:
    paid = await shop.paid()
    assert code_of(await shop.undo(paid["queryId"], 1, orderId=paid["orderId"])) == ("12", "2010002")
    number = uuid4().hex
    assert code_of(await shop.undo(paid["queryId"], 1, orderId=number)) == ("00", "0000000")
    assert code_of(await shop.undo(paid["queryId"], 1, orderId=number)) == ("12", "2010002")


async def test_only_a_payment_is_refunded(shop: Shop) -> None:
    order, page = await shop.order()
    await shop.press(page, "fail")
    failed = (await shop.query(order))["queryId"]
    refund = (await shop.undo((await shop.paid())["queryId"], 1))["queryId"]
    for number in (failed, refund, "1" * 21):
        assert code_of(await shop.undo(number, 1)) == ("35", "2040004")


async def test_a_cancel_returns_the_whole_payment_once_on_the_same_day(shop: Shop) -> None:
    await shop.morning()
    paid = await shop.paid(txnAmt="1000")
    assert code_of(await shop.undo(paid["queryId"], 999, txnType="31")) == ("35", "2050001")
    accepted = await shop.undo(paid["queryId"], 1000, txnType="31")
    assert (accepted["respCode"], accepted["txnType"]) == ("00", "31")
    await shop.turn(0)
    assert [(notifications_["txnType"], notifications_["txnAmt"]) for notifications_ in shop.notified] == [
        ("01", "1000"),
        ("31", "1000"),
    ]
    assert code_of(await shop.undo(paid["queryId"], 1000, txnType="31")) == ("35", "2050002")
    assert code_of(await shop.undo(paid["queryId"], 1)) == ("35", "2040004")
    assert (await shop.query(accepted))["origRespCode"] == "00"


async def test_a_partly_refunded_payment_cannot_be_cancelled(shop: Shop) -> None:
    await shop.morning()
    paid = await shop.paid(txnAmt="1000")
    assert (await shop.undo(paid["queryId"], 1))["respCode"] == "00"
    assert code_of(await shop.undo(paid["queryId"], 1000, txnType="31")) == ("35", "2050002")


async def test_a_cancel_on_another_settlement_day_is_refused_and_a_refund_is_not(shop: Shop) -> None:
    await shop.morning()
    paid = await shop.paid(txnAmt="1000")
    await shop.turn(24 * 3600)
    assert code_of(await shop.undo(paid["queryId"], 1000, txnType="31")) == ("35", "2040006")
    assert code_of(await shop.undo(paid["queryId"], 1000)) == ("00", "0000000")


async def test_after_eleven_months_a_refund_is_refused(shop: Shop) -> None:
    paid = await shop.paid()
    await shop.turn(335 * 24 * 3600)
    assert code_of(await shop.undo(paid["queryId"], 1)) == ("35", "2040004")


INVALID_REFUNDS: list[tuple[dict[str, str], str]] = [
    ({"origQryId": ""}, "13"),
    ({"backUrl": ""}, "13"),
    ({"origQryId": "1" * 20}, "10"),
    ({"txnAmt": "0"}, "10"),
    ({"txnAmt": "1.5"}, "10"),
    ({"txnSubType": "01"}, "10"),
    ({"currencyCode": "840"}, "10"),
    ({"orderId": "re-fund-01"}, "10"),
    ({"txnTime": now_text(-16 * 60 - 60)}, "10"),
    ({"merId": "777290058110049"}, "31"),
    ({"txnType": "01"}, "32"),
    ({"txnType": "02"}, "32"),
]


async def test_an_invalid_refund_is_refused(shop: Shop) -> None:
    paid = await shop.paid()
    for changes, code in INVALID_REFUNDS:
        reply = await shop.undo(paid["queryId"], 1, **changes)
        assert reply["respCode"] == code, changes
        assert shop.distrust(reply) == ""
    good = shop.signed(shop.undo_fields(paid["queryId"], 1))
    assert (await shop.ask("/gateway/api/backTransReq.do", good | {"txnAmt": "2"}))["respCode"] == "11"
    assert (await shop.undo(paid["queryId"], 1000))["respCode"] == "00"
