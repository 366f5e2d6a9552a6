"""Every fault of the emulated UnionPay gateway changes the messages, and only for its transactions."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.unionpay.faults import FAULTS, UnknownFault, read_fault
from central_server.bank_emulator.unionpay.transactions import TransactionBook
from tests.fakes.central_process import RunningBank, running_bank
from tests.fakes.unionpay_shop import BEIJING, Shop, now_text, open_shop
from tests.paths import ROOT
from tests.unit.central_server.bank_emulator.test_unionpay_emulator_files import (
    balance,
    detail,
    rows_of,
    settled,
    summary,
)

A_DAY_S = 24 * 3600


async def test_duplicate_notify(shop: Shop) -> None:
    await shop.switch("duplicate-notify")
    await shop.paid()
    assert len(shop.notified) == 2
    assert shop.raw[0] == shop.raw[1]
    await shop.paid()
    assert len(shop.notified) == 3


async def test_notify_before_return(shop: Shop) -> None:
    await shop.switch("notify-before-return")
    _, page = await shop.order()
    shop.hold = asyncio.Event()
    pressing = asyncio.create_task(shop.press(page, "confirm"))
    assert not (await asyncio.wait({pressing}, timeout=1))[0]
    shop.hold.set()
    assert "The payment succeeded" in (await pressing).text()
    assert len(shop.notified) == 1
    _, page = await shop.order()
    shop.hold = asyncio.Event()
    await shop.press(page, "confirm")  # without the switch nothing waits
    shop.hold.set()


async def test_notify_lost(shop: Shop) -> None:
    await shop.switch("notify-lost")
    order = await shop.pay()
    await shop.turn(A_DAY_S)
    assert shop.notified == []
    assert (await shop.query(order))["origRespCode"] == "00"


async def test_notify_after_timeout(shop: Shop) -> None:
    await shop.switch("notify-after-timeout")
    order = await shop.pay()
    await shop.turn(14 * 60)
    assert shop.notified == []
    assert (await shop.query(order))["origRespCode"] == "00"
    now = await shop.turn(60 + 2)
    assert [notified["orderId"] for notified in shop.notified] == [order["orderId"]]
    assert f"{now.astimezone(BEIJING):%Y%m%d%H%M%S}" > order["payTimeout"]


async def test_wrong_amount(shop: Shop) -> None:
    await shop.switch("wrong-amount")
    notified = await shop.paid(txnAmt="1000")
    assert (notified["txnAmt"], notified["settleAmt"], shop.distrust(notified)) == ("1001", "1001", "")
    assert (await shop.query(notified))["txnAmt"] == "1000"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("bad-signature", "signature"),
        ("foreign-certificate", "chain"),
        ("expired-certificate", "time"),
        ("wrong-name", "name"),
    ],
)
async def test_faulty_signatures_of_notifications_and_replies(shop: Shop, fault: str, reason: str) -> None:
    await shop.switch(fault)
    notified = await shop.paid()
    assert shop.distrust(notified) == reason
    assert shop.distrust(await shop.query(notified)) == ""
    assert shop.distrust(await shop.paid()) == ""
    await shop.switch(f"reply-{fault}")
    notified = await shop.paid()
    assert shop.distrust(notified) == ""
    assert shop.distrust(await shop.query(notified)) == reason
    await shop.switch(f"reply-{fault}", scope="all")
    assert shop.distrust(await shop.undo(notified["queryId"], 1)) == reason
    assert shop.distrust(await shop.file_reply("0101")) == reason
    assert shop.distrust(await shop.query({"orderId": "nobody12", "txnTime": now_text()})) == reason


async def test_query_03_04_00(shop: Shop) -> None:
    await shop.switch("query-03-04-00")
    order, page = await shop.order()
    assert (await shop.query(order))["respCode"] == "34"
    await shop.press(page, "confirm")
    replies = [await shop.query(order) for _ in range(4)]
    assert [reply["origRespCode"] for reply in replies] == ["03", "04", "00", "00"]
    assert ["queryId" in reply for reply in replies] == [False, False, True, True]
    assert {(reply["respCode"], reply["txnAmt"], reply["txnType"]) for reply in replies} == {("00", "1000", "01")}


async def test_query_34(shop: Shop) -> None:
    for fault, hidden in (("query-34", 3), ("query-34=5", 5)):
        await shop.switch(fault)
        order = await shop.pay()
        replies = [await shop.query(order) for _ in range(hidden + 2)]
        assert [reply["respCode"] for reply in replies] == ["34"] * hidden + ["00", "00"]
        assert "origRespCode" not in replies[0]
        assert replies[-1]["origRespCode"] == "00"


async def test_a6(shop: Shop) -> None:
    await shop.switch("a6")
    notified = await shop.paid()
    assert (notified["respCode"], (await shop.query(notified))["origRespCode"]) == ("A6", "A6")
    assert (await shop.undo(notified["queryId"], 1000))["respCode"] == "00"


@pytest.mark.parametrize("decision", ["fail", "close"])
async def test_front_forged(shop: Shop, decision: str) -> None:
    await shop.switch("front-forged")
    order, page = await shop.order()
    home = await shop.go_back(await shop.press(page, decision))
    assert (home["respCode"], home["orderId"], home["txnAmt"]) == ("00", order["orderId"], "1000")
    assert shop.distrust(home) == "chain"
    assert (await shop.query(order)).get("origRespCode") != "00"
    await shop.turn(3600)
    assert shop.notified == []


async def test_ebank_late_is_returned_by_the_bank(shop: Shop) -> None:
    today = (await shop.morning()).date()
    await shop.switch("ebank-late")
    order, page = await shop.order(txnAmt="5000")
    after = await shop.press(page, "confirm")
    assert "working on this payment" in after.text()
    assert (await shop.query(order))["origRespCode"] == "05"
    await shop.turn(16 * 60 + 1)
    known = await shop.query(order)
    assert (known["origRespCode"], known["payType"], known["txnAmt"]) == ("42", "0201", "5000")
    assert (await shop.undo(known["queryId"], 1))["respCode"] == "35"
    first = detail(await shop.file(await settled(shop)))
    assert [(row[11], row[19], row[17]) for row in first] == [(order["orderId"], "01", "0201")]
    later: dict[str, list[list[str]]] = {}
    for _ in range(9):
        day = await settled(shop)
        if (await shop.file_reply(day))["respCode"] == "00":
            later[day] = detail(await shop.file(day))
    working = [day for day in (today + timedelta(days=number) for number in range(1, 9)) if day.weekday() < 5]
    assert list(later) == [f"{working[4]:%m%d}"]
    ((row,),) = later.values()
    assert (row[19], row[26], int(row[6])) == ("04", known["queryId"], 5000)
    assert row[11] not in ("", order["orderId"])
    assert (await shop.query(order))["origRespCode"] == "42"
    assert shop.notified == []


async def test_ebank_late_as_success_is_returned_except_for_refunds(shop: Shop, unionpay: RunningBank) -> None:
    await shop.switch("ebank-late=00", scope="all")
    order, whole = await shop.pay(txnAmt="5000"), await shop.pay(txnAmt="700")
    await shop.turn(16 * 60 + 1)
    numbers = {notified["orderId"]: notified["queryId"] for notified in shop.notified}
    assert {(notified["respCode"], notified["payType"]) for notified in shop.notified} == {("00", "0201")}
    assert (await shop.undo(numbers[order["orderId"]], 2000))["respCode"] == "00"
    assert (await shop.undo(numbers[whole["orderId"]], 700))["respCode"] == "00"
    await shop.turn(8 * A_DAY_S)
    assert (await shop.undo(numbers[order["orderId"]], 1))["respCode"] == "36"
    refunds = [known for known in TransactionBook(unionpay.state / "transactions.jsonl") if known.kind == "04"]
    assert sorted(known.amount for known in refunds) == [700, 2000, 3000]
    assert (await shop.query(order))["origRespCode"] == "00"


async def test_refund_fails(shop: Shop) -> None:
    paid = await shop.paid()
    await shop.switch("refund-fails")
    accepted = await shop.undo(paid["queryId"], 600)
    assert accepted["respCode"] == "00"
    await shop.turn(3600)
    assert [notified["txnType"] for notified in shop.notified] == ["01"]
    assert (await shop.query(accepted))["origRespCode"] == "01"
    assert (await shop.undo(paid["queryId"], 1000))["respCode"] == "00"


async def test_file_unknown_row(shop: Shop) -> None:
    await shop.morning()
    await shop.switch("file-unknown-row")
    paid = await shop.paid()
    files = await shop.file(await settled(shop))
    rows, summary_ = detail(files), summary(files)
    assert len(rows) == 2
    (unknown,) = [row for row in rows if row[11] != paid["orderId"]]
    assert re.fullmatch("[0-9a-f]{32}", unknown[11])
    assert balance(rows) == (summary_["amount"], summary_["fee"], summary_["net"])


async def test_file_missing_row(shop: Shop) -> None:
    await shop.morning()
    await shop.switch("file-missing-row")
    missing, there = await shop.paid(), await shop.paid()
    files = await shop.file(await settled(shop))
    assert [row[11] for row in detail(files)] == [there["orderId"]]
    assert (await shop.query(missing))["origRespCode"] == "00"
    assert summary(files)["rows"] == 1


async def test_fee_rounding(shop: Shop) -> None:
    await shop.morning()
    for fault in ("fee-rounding", "fee-rounding=up", "fee-rounding=even", ""):
        for amount in ("250", "750", "84", "83"):
            await shop.switch(*([fault] if fault else []))
            await shop.paid(txnAmt=amount)
    rows = detail(await shop.file(await settled(shop)))
    fees = [int(row[15][1:]) for row in rows]
    assert [fees[at : at + 4] for at in range(0, 16, 4)] == [[1, 4, 0, 0], [2, 5, 1, 1], [2, 4, 1, 0], [2, 5, 1, 0]]


async def test_gbk_summary(shop: Shop) -> None:
    await shop.morning()
    await shop.switch("gbk-summary")
    await shop.paid(reqReserved="捐赠鎔")
    files = await shop.file(await settled(shop))
    assert summary(files)["rows"] == 1
    (text,) = [content.decode("gbk") for name, content in files.items() if name.startswith("RD")]
    with pytest.raises(UnicodeEncodeError):
        text.encode("gb2312")
    assert [row[34] for row in detail(files)] == ["捐赠鎔"]  # the columns after it stay where they are


async def test_file_zme(shop: Shop) -> None:
    await shop.morning()
    await shop.switch("file-zme")
    await shop.paid()
    files = await shop.file(await settled(shop))
    assert len(files) == 3
    (adjustments,) = [content for name, content in files.items() if "ZME_" in name]
    assert len(rows_of(adjustments)) == 1
    assert summary(files)["rows"] == 1


async def test_nested_and_wrapped_replies(shop: Shop) -> None:
    await shop.switch("nested-reply", "wrapped-reply")
    order = await shop.pay()
    reply = await shop.query(order)
    assert shop.distrust(reply) == ""
    assert reply["reserved"] == "{drill=1&list=[a=b&c=d]&sign=x+y==}"
    async with shop.session.post(
        f"{shop.bank}/gateway/api/queryTrans.do", data=shop.signed(shop.query_fields(order))
    ) as answer:
        text = await answer.text()
    assert (text[0], text[-1]) == ("{", "}")


async def test_reserved_fields_of_the_order_are_returned(shop: Shop) -> None:
    reserved = "{cardNumberLock=1&more=2}"
    notified = await shop.paid(reserved=reserved, reqReserved="a|b|c")
    known = await shop.query(notified)
    assert (notified["reserved"], known["reserved"]) == (reserved, reserved)
    assert (notified["reqReserved"], known["reqReserved"]) == ("a|b|c", "a|b|c")
    assert shop.distrust(known) == ""


async def test_a_fault_is_for_the_next_transaction_or_for_all(shop: Shop) -> None:
    await shop.switch("a6", scope="all")
    assert [(await shop.paid())["respCode"] for _ in range(2)] == ["A6", "A6"]
    await shop.switch(scope="all")
    assert (await shop.paid())["respCode"] == "00"
    await shop.switch("a6", "wrong-amount")
    await shop.switch("a6")
    assert [(await shop.paid())["respCode"] for _ in range(2)] == ["A6", "00"]
    for asked in (
        {"faults": ["nonsense"]},
        {"faults": ["query-34=x"]},
        {"faults": ["a6=1"]},
        {"faults": ["a6"], "scope": "some"},
        {"advance_s": -1},
        {},
    ):
        async with shop.session.post(f"{shop.bank}/control/faults", json=asked) as answer:
            assert answer.status == 400
    for seconds in (-1, 1e300, "1", None):
        async with shop.session.post(f"{shop.bank}/control/clock", json={"advance_s": seconds}) as answer:
            assert answer.status == 400


async def test_faults_given_at_the_start_apply_to_all(session: aiohttp.ClientSession, unionpay_state: Path) -> None:
    async with (
        running_bank(unionpay_state, kind="unionpay", faults=("a6", "query-34=1")) as bank,
        open_shop(session, bank.credentials) as shop,
    ):
        shop.bank = bank.url
        async with session.get(f"{bank.url}/control/faults") as answer:
            assert await answer.json() == {"all": ["a6", "query-34=1"], "next": []}
        notified = await shop.paid()
        assert notified["respCode"] == "A6"
        assert [(await shop.query(notified))["respCode"] for _ in range(2)] == ["34", "00"]


def test_every_fault_is_documented() -> None:
    page = (ROOT / "docs" / "bank-emulator.md").read_text("utf-8")
    switches = page.partition("## Faults")[2]
    assert re.findall(r"^\| `([a-z0-9-]+)`", switches, re.M) == [fault.name for fault in FAULTS]


def test_every_fault_is_unique_and_reads_its_default() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    for fault in FAULTS:
        assert read_fault(fault.name) == (fault.name, fault.value)
        if fault.value:
            assert read_fault(f"{fault.name}={fault.value}") == (fault.name, fault.value)
        with pytest.raises(UnknownFault):
            read_fault(f"{fault.name}=nonsense")
