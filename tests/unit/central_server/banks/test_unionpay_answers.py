"""UnionPay's synchronous answers: parsed unlike forms, authenticated, and accepted only if they match the request."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import test_utils, web
from hypothesis import given
from hypothesis import strategies as st

from central_server.bank_emulator.unionpay.message_format import encode_reply
from central_server.bank_emulator.unionpay.signing import sign
from central_server.banks.port import (
    Bank,
    BankRefused,
    BankUnavailable,
    Form,
    Movement,
    NoStatement,
    Order,
    OrderId,
    OrderState,
    Refund,
)
from central_server.banks.registry import BANKS
from central_server.banks.unionpay.messages import Unreadable, read_answer
from central_server.banks.unionpay.query_result import read_query_result
from sync_contract.money import Money
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from tests.fakes.donor import Donor
from tests.fakes.unionpay import account_at, authority_in
from tests.fakes.unionpay_forging import Voice, signer_of
from tests.unit.central_server.unionpay_orders import drill, paid_at, press

AT = datetime(2026, 11, 27, 6, 30, tzinfo=UTC)
PAYMENT = OrderId(new_id(), AT)
REFUND = OrderId(new_id(), AT, Movement.refund)
QUERY_ID = "202611271430001234567"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=x+y/z==&b=", {"a": "x+y/z==", "b": ""}),
        ("a=%2B&b=1", {"a": "%2B", "b": "1"}),
        ("{a=1&b=2}", {"a": "1", "b": "2"}),
        ("a={x=1&y=2}&b=3", {"a": "{x=1&y=2}", "b": "3"}),
        ("a=[x=1&y=2]&b=3", {"a": "[x=1&y=2]", "b": "3"}),
        ("a={x={z=1&q=2}&y=[3&4]}&b=5", {"a": "{x={z=1&q=2}&y=[3&4]}", "b": "5"}),
        ("a={x=]&y=1}&b=2", {"a": "{x=]&y=1}", "b": "2"}),
        ("respMsg=成功[0000000]&b=2", {"respMsg": "成功[0000000]", "b": "2"}),
        ("respMsg=}]&b=2", {"respMsg": "}]", "b": "2"}),
        ("a[=1&b=2", {"a[": "1", "b": "2"}),
        ("a=1\r\n2\r\n&b=3", {"a": "1\r\n2\r\n", "b": "3"}),
    ],
)
def test_brackets_and_equals_signs_belong_to_the_value(text: str, fields: dict[str, str]) -> None:
    assert read_answer(text.encode()) == fields


@pytest.mark.parametrize("text", ["", "a", "a=1&b", "=1", "a=1&=2", "a=1&a=2", "a={x&b=1", "a=[&b=1", "a=1&&b=2"])
def test_an_ambiguous_answer_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read_answer(text.encode())
    with pytest.raises(Unreadable):
        read_answer(b"a=\xff")


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.text("xy=+% ,元\n", max_size=8), min_size=1))
def test_a_plain_answer_round_trips(fields: dict[str, str]) -> None:
    text = "&".join(f"{name}={value}" for name, value in fields.items())
    assert read_answer(text.encode()) == read_answer(f"{{{text}}}".encode()) == fields


@pytest.mark.parametrize(
    ("code", "orig_code", "minutes", "payment", "refund"),
    [
        ("00", "00", 1, OrderState.paid, OrderState.paid),
        ("00", "A6", 1, OrderState.paid, OrderState.paid),
        ("00", "00", 600, OrderState.paid, OrderState.paid),
        ("00", "03", 1, OrderState.pending, OrderState.pending),
        ("00", "04", 17, OrderState.pending, OrderState.pending),
        ("00", "05", 119, OrderState.pending, OrderState.pending),
        ("00", "05", 121, OrderState.failed, OrderState.pending),
        ("00", "01", 1, OrderState.open, OrderState.failed),
        ("00", "64", 15, OrderState.open, OrderState.failed),
        ("00", "64", 17, OrderState.failed, OrderState.failed),
        ("00", "42", 17, OrderState.failed, OrderState.failed),
        ("34", "", 1, OrderState.unknown, OrderState.unknown),
        ("34", "", 15, OrderState.unknown, OrderState.unknown),
        ("34", "", 17, OrderState.expired, OrderState.unknown),
    ],
)
def test_the_state_of_a_queried_order(
    code: str, orig_code: str, minutes: int, payment: OrderState, refund: OrderState
) -> None:
    fields = {"respCode": code, "origRespCode": orig_code, "txnAmt": "1000", "currencyCode": "156", "queryId": QUERY_ID}
    states = [read_query_result(fields, order, AT + timedelta(minutes=minutes)).state for order in (PAYMENT, REFUND)]
    assert states == [payment, refund]


def test_a_paid_order_has_amount_number_and_reservation() -> None:
    fields = {"respCode": "00", "origRespCode": "A6", "txnAmt": "1000", "currencyCode": "156", "queryId": QUERY_ID}
    report = read_query_result(fields, PAYMENT, AT)
    assert (report.amount, report.evidence, report.flawed) == (Money(1000), QUERY_ID, True)
    assert not read_query_result(fields | {"origRespCode": "00"}, PAYMENT, AT).flawed
    for name in ("txnAmt", "currencyCode", "queryId", "origRespCode"):
        with pytest.raises(BankUnavailable):
            read_query_result({key: value for key, value in fields.items() if key != name}, PAYMENT, AT)


@pytest.mark.parametrize("code", ["10", "11", "31", "06", "99", "", "x" * 500])
def test_a_failed_query_gives_no_state(code: str) -> None:
    with pytest.raises(BankUnavailable) as unavailable:
        read_query_result({"respCode": code, "origRespCode": "00"}, PAYMENT, AT)
    assert len(str(unavailable.value)) < 60


@pytest.mark.parametrize(
    "fault", ["reply-bad-signature", "reply-foreign-certificate", "reply-expired-certificate", "reply-wrong-name"]
)
async def test_an_inauthentic_answer_is_refused(tmp_path: Path, fault: str, donor: Donor) -> None:
    async with drill(tmp_path / "bank", fault) as drilled:
        paid = await paid_at(drilled.bank, donor, drilled.url)
        with pytest.raises(BankUnavailable, match="not authentic"):
            await drilled.bank.query(paid)
        with pytest.raises(BankUnavailable, match="not authentic"):
            await drilled.bank.statement(datetime.now(UTC).date())


@pytest.mark.parametrize("fault", ["nested-reply", "wrapped-reply"])
async def test_nested_and_wrapped_answers_are_read(tmp_path: Path, fault: str, donor: Donor) -> None:
    async with drill(tmp_path / "bank", fault) as drilled:
        paid = await paid_at(drilled.bank, donor, drilled.url)
        assert (await drilled.bank.query(paid)).state is OrderState.paid


async def test_pending_becomes_paid(tmp_path: Path, donor: Donor) -> None:
    async with drill(tmp_path / "bank", "query-03-04-00") as drilled:
        paid = await paid_at(drilled.bank, donor, drilled.url)
        states = [(await drilled.bank.query(paid)).state for _ in range(3)]
    assert states == [OrderState.pending, OrderState.pending, OrderState.paid]


async def test_an_unpaid_order_ends_with_its_payment_time(tmp_path: Path, donor: Donor) -> None:
    async with drill(tmp_path / "bank") as drilled:
        left, failed = [
            await press(drilled.bank, donor, drilled.url, decision, datetime.now(UTC)) for decision in ("close", "fail")
        ]
        unseen = OrderId(new_id(), datetime.now(UTC))
        before = [(await drilled.bank.query(order)).state for order in (left, failed, unseen)]
        drilled.clock.advance(17 * 60)
        after = [(await drilled.bank.query(order)).state for order in (left, failed, unseen)]
    assert before[0] in (OrderState.open, OrderState.unknown)
    assert before[1:] == [OrderState.open, OrderState.unknown]
    assert after[0] in (OrderState.failed, OrderState.expired)
    assert after[1:] == [OrderState.failed, OrderState.expired]


async def test_a_replayed_answer_about_another_order_is_refused(tmp_path: Path, donor: Donor) -> None:
    async with drill(tmp_path / "bank") as drilled, aiohttp.ClientSession() as session:
        paid = await paid_at(drilled.bank, donor, drilled.url)
        recorded: list[bytes] = []

        async def repeat(request: web.Request) -> web.Response:
            if not recorded:
                url = f"{drilled.url}{request.path}"
                headers = {"Content-Type": request.headers["Content-Type"]}
                async with session.post(url, data=await request.read(), headers=headers) as answer:
                    recorded.append(await answer.read())
            return web.Response(body=recorded[0])

        app = web.Application()
        app.add_routes([web.post("/{path:.*}", repeat)])
        async with test_utils.TestServer(app) as between:
            account = account_at(str(between.make_url("")).rstrip("/"), tmp_path / "bank" / "merchant")
            async with BANKS["unionpay"](account) as bank:
                assert (await bank.query(paid)).state is OrderState.paid
                for other in (OrderId(new_id(), paid.at), OrderId(paid.id, paid.at + timedelta(seconds=1))):
                    with pytest.raises(BankUnavailable, match="does not match"):
                        await bank.query(other)


@pytest.mark.parametrize(
    ("code", "refund", "statement"),
    [
        ("00", None, BankUnavailable),  # without a file in it
        ("03", None, BankUnavailable),
        ("04", None, BankUnavailable),
        ("05", None, BankUnavailable),
        ("12", None, BankRefused),
        ("02", BankUnavailable, BankUnavailable),
        ("06", BankUnavailable, BankUnavailable),
        ("39", BankUnavailable, BankUnavailable),
        ("98", BankRefused, NoStatement),
        ("11", BankRefused, BankRefused),
        ("32", BankRefused, BankRefused),
        ("35", BankRefused, BankRefused),
        ("45", BankRefused, BankRefused),
        ("9", BankRefused, BankRefused),
    ],
)
async def test_the_code_decides_about_a_retry(
    tmp_path: Path, code: str, refund: type[Exception] | None, statement: type[Exception]
) -> None:
    authority = authority_in(tmp_path / "bank")

    async def answer(request: web.Request) -> web.Response:
        asked = {name: str(value) for name, value in (await request.post()).items()}
        fields = {name: asked[name] for name in asked if name not in ("signature", "certId")} | {"respCode": code}
        return web.Response(text=encode_reply(sign(fields, signer_of(authority, Voice.bank))))

    app = web.Application()
    app.add_routes([web.post("/{path:.*}", answer)])
    async with test_utils.TestServer(app) as server:
        account = account_at(str(server.make_url("")).rstrip("/"), authority.merchant_folder)
        async with BANKS["unionpay"](account) as bank:
            with pytest.raises(refund) if refund else nullcontext():
                await bank.refund(Refund(new_id(), AT, PAYMENT, QUERY_ID, Money(1), "http://us/n"))
            with pytest.raises(statement):
                await bank.statement(AT.date())


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b""), (200, b"x" * 70_000), (200, b"respCode=00&origRespCode=00"), (302, b""), (500, b""), (200, b"\xff")],
)
async def test_any_other_response_is_unavailable(tmp_path: Path, status: int, body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.add_routes([web.post("/{path:.*}", answer)])
    authority = authority_in(tmp_path / "bank")
    async with test_utils.TestServer(app) as server:
        account = account_at(str(server.make_url("")).rstrip("/"), authority.merchant_folder)
        async with BANKS["unionpay"](account) as bank:
            with pytest.raises(BankUnavailable):
                await bank.query(PAYMENT)
            with pytest.raises(BankUnavailable):
                await bank.refund(Refund(new_id(), AT, PAYMENT, QUERY_ID, Money(1), "http://us/n"))
            with pytest.raises(BankUnavailable):
                await bank.statement(AT.date())


async def test_the_order_contains_the_donors_channel_and_texts(tmp_path: Path) -> None:
    authority = authority_in(tmp_path / "bank")
    order = Order(
        new_id(), AT, Money(1000), "午餐 {a=1&b='2'}", Language.zh_hans, "http://us/g/x", "http://us/n", project="lunch"
    )
    async with BANKS["unionpay"](account_at("http://127.0.0.1:1", authority.merchant_folder, issuer="ABC")) as bank:
        asked = [await fields(bank, order), await fields(bank, replace(order, phone=False))]
    assert [each["channelType"] for each in asked] == ["08", "07"]
    assert [each.get("issInsCode") for each in asked] == [None, "ABC"]
    assert asked[0]["txnTime"] == "20261127143000"
    assert asked[0]["payTimeout"] == "20261127144500"
    assert asked[0]["txnAmt"] == "1000"
    assert asked[0]["reqReserved"] == "lunch"
    assert asked[0]["riskRateInfo"] == "{commodityName=午餐 a 1 b 2}"
    assert asked[0]["certId"] == str(authority.merchant.serial_number)
    assert not any(value == "" for each in asked for value in each.values())


@pytest.mark.parametrize(
    "odd",
    [
        {"amount": Money(0)},
        {"amount": Money(10**12)},
        {"amount": Money(100, "USD")},
        {"notify_url": "http://us/n?a=b"},
        {"notify_url": "http://us/" + "n" * 250},
        {"return_url": "http://us/" + "g" * 250},
    ],
)
async def test_an_order_that_unionpay_cannot_accept_is_refused(tmp_path: Path, odd: dict[str, Any]) -> None:
    authority = authority_in(tmp_path / "bank")
    order = Order(new_id(), AT, Money(1000), "午餐", Language.zh_hans, "http://us/g/x", "http://us/n")
    async with BANKS["unionpay"](account_at("http://127.0.0.1:1", authority.merchant_folder)) as bank:
        with pytest.raises(BankRefused):
            await bank.open(replace(order, **odd))


async def fields(bank: Bank, order: Order) -> dict[str, str]:
    form = await bank.open(order)
    assert isinstance(form, Form)
    return dict(form.fields)
