"""The emulated UnionPay gateway: orders, the donor's page and queries, driven by an independent merchant."""

import asyncio
import random
import re
from itertools import product
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.unionpay.signing import canonical, digest
from tests.fakes.central_process import running_bank
from tests.fakes.donor import Page
from tests.fakes.unionpay_shop import Shop, hex_digest, now_text, open_shop, split_reply

VECTOR = (
    "accessType=0&backUrl=https://example.test/back&bizType=000201&certId=68759663125&channelType=08&currencyCode=156"
    "&encoding=UTF-8&frontUrl=https://example.test/front&merId=777290058110048&orderId=20261124063000HD0001"
    "&reqReserved=huada|p1&signMethod=01&txnAmt=1000&txnSubType=01&txnTime=20261124063000&txnType=01&version=5.1.0"
)
FRONT = "/gateway/api/frontTransReq.do"
VECTOR_DIGEST = b"e662156c30e584e299ebe9946cf55466ba5e988b078fcd15e537e6bb6385b0b4"


def code_on(page: Page) -> str:
    found = re.search(r'<dt>respCode</dt><dd class="code">(\w+)</dd>', page.html)
    return found[1] if found else ""


def test_both_sides_digest_the_known_message_alike() -> None:
    fields = dict(pair.split("=", 1) for pair in reversed(VECTOR.split("&")))
    assert canonical(fields | {"signature": "x"}) == VECTOR
    assert digest(fields | {"signature": "x"}) == hex_digest(fields) == VECTOR_DIGEST


async def test_a_payment_from_the_order_to_the_return(shop: Shop) -> None:
    order, page = await shop.order(txnAmt="123456")
    assert "¥1,234.56" in page.text()
    assert order["orderId"] in page.text()
    assert (await shop.query(order))["respCode"] == "34"
    after = await shop.press(page, "confirm")
    await shop.turn(0)
    notified = shop.notified[0]
    assert shop.distrust(notified) == ""
    assert {name: notified[name] for name in ("orderId", "txnTime", "txnAmt", "merId", "currencyCode", "txnType")} == {
        name: order[name] for name in ("orderId", "txnTime", "txnAmt", "merId", "currencyCode", "txnType")
    }
    assert (notified["respCode"], notified["reqReserved"], notified["settleAmt"]) == ("00", "huada|p1", "123456")
    assert re.fullmatch(r"[0-9]{21}", notified["queryId"])
    home = await shop.go_back(after)
    assert shop.distrust(home) == ""
    assert (home["orderId"], home["respCode"], home["queryId"]) == (order["orderId"], "00", notified["queryId"])
    known = await shop.query(order)
    assert shop.distrust(known) == ""
    assert (known["respCode"], known["origRespCode"], known["queryId"]) == ("00", "00", notified["queryId"])
    assert (known["txnType"], known["txnSubType"], known["txnAmt"]) == ("01", "01", "123456")
    assert known["respMsg"].endswith("[0000000]")


async def test_a_failed_payment_is_never_notified(shop: Shop) -> None:
    order, page = await shop.order()
    after = await shop.press(page, "fail")
    assert (await shop.go_back(after))["respCode"] == "01"
    await shop.turn(3600)
    assert shop.notified == []
    known = await shop.query(order)
    assert (known["respCode"], known["origRespCode"]) == ("00", "01")
    assert code_on(await shop.post_form(shop.signed(order))) == "12"


async def test_a_closed_page_can_be_reopened_until_the_payment_time_ends(shop: Shop) -> None:
    order, page = await shop.order()
    closed = await shop.press(page, "close")
    assert "You have not paid" in closed.text()
    assert (await shop.query(order))["respCode"] == "34"
    async with shop.session.get(page.url) as answer:
        again = Page(answer.status, str(answer.url), await answer.text())
    await shop.turn(14 * 60)
    await shop.press(again, "confirm")
    assert (await shop.query(order))["origRespCode"] == "00"
    late, page = await shop.order()
    await shop.turn(15 * 60 + 1)
    over = await shop.press(page, "confirm")
    assert "time for this payment is over" in over.text()
    assert (await shop.query(late))["respCode"] == "34"


def _moved(seconds: int) -> dict[str, str]:
    return {"txnTime": now_text(seconds), "payTimeout": now_text(seconds + 3600)}


INVALID_ORDERS: list[tuple[dict[str, str], str]] = [
    ({"orderId": ""}, "13"),
    ({"txnAmt": ""}, "13"),
    ({"merId": ""}, "13"),
    ({"backUrl": ""}, "13"),
    ({"version": ""}, "13"),
    ({"version": "5.0.0"}, "10"),
    ({"signMethod": "11"}, "10"),
    ({"encoding": "GBK"}, "10"),
    ({"txnType": "04"}, "32"),
    ({"merId": "777290058110049"}, "31"),
    ({"orderId": "abc-defgh"}, "10"),
    ({"orderId": "abc_defgh"}, "10"),
    ({"orderId": "abcdefg"}, "10"),
    ({"orderId": "a" * 33}, "10"),
    ({"txnAmt": "0"}, "10"),
    ({"txnAmt": "-5"}, "10"),
    ({"txnAmt": "10.00"}, "10"),
    ({"txnAmt": "1e3"}, "10"),
    ({"txnAmt": "٣"}, "10"),
    ({"txnAmt": "1000000001"}, "33"),
    ({"currencyCode": "840"}, "10"),
    ({"bizType": "000000"}, "10"),
    ({"channelType": "09"}, "10"),
    ({"txnTime": "20261301000000"}, "10"),
    ({"payTimeout": "20200101000000"}, "10"),
    ({"payTimeout": "20261301000000"}, "10"),
    ({"reqReserved": "a&b"}, "10"),
    ({"reqReserved": "项" * 342}, "10"),
    ({"reserved": "a=b"}, "10"),
    ({"frontUrl": "https://example.test/"}, "10"),
    ({"backUrl": "http://127.0.0.1@example.test/"}, "10"),
    ({"backUrl": "http://127.0.0.1/" + "a" * 256}, "10"),
    ({"backUrl": "http://127.0.0.1:99999/"}, "10"),
    ({"orderid": "abcdefgh"}, "10"),
]


async def test_an_invalid_order_is_refused(shop: Shop) -> None:
    for changes, code in INVALID_ORDERS:
        fields = shop.signed(shop.order_fields(**changes))
        page = await shop.post_form(fields)
        assert (page.status, code_on(page)) == (400, code), changes
        assert re.search(r"\[[0-9]{7}\]", page.text())
        if re.fullmatch(r"[0-9A-Za-z]{8,32}", fields.get("orderId", "")):
            assert (await shop.query(fields))["respCode"] == "34"


@pytest.mark.parametrize("seconds", [-16 * 60, 16 * 60])
async def test_an_order_with_another_time_is_stale(shop: Shop, seconds: int) -> None:
    assert code_on(await shop.post_form(shop.signed(shop.order_fields(**_moved(seconds))))) == "10"
    assert code_on(await shop.post_form(shop.signed(shop.order_fields(**_moved(seconds * 14 // 16))))) == ""


async def test_a_request_not_signed_by_the_merchant_is_refused(shop: Shop) -> None:
    good = shop.signed(shop.order_fields())
    other = "A" + good["signature"][1:] if good["signature"][0] != "A" else "B" + good["signature"][1:]
    for bad in (
        good | {"txnAmt": "1"},
        good | {"signature": other},
        good | {"signature": "?"},
        good | {"certId": "1"},
        shop.signed(shop.order_fields(), f"{shop.certificate.serial_number:x}"),  # not in decimal
        good | {"orderDesc": ""},  # a blank field that was not signed
        good | {"reqReserved": good["reqReserved"] + " "},
        {name: value for name, value in good.items() if name != "reqReserved"},
    ):
        assert code_on(await shop.post_form(bad)) == "11"
    assert code_on(await shop.post_form({**good, "signature": ""})) == "13"
    assert code_on(await shop.post_form(good)) == ""
    for reused in (good, shop.signed(shop.order_fields(orderId=good["orderId"], txnAmt="7"))):
        assert code_on(await shop.post_form(reused)) == "12"


async def test_a_restart_preserves_all_state(session: aiohttp.ClientSession, unionpay_state: Path) -> None:
    gaps_min = (0.0, 1.0, 2.0, 4.0)
    async with (
        running_bank(unionpay_state, kind="unionpay", gaps_min=gaps_min) as bank,
        open_shop(session, bank.credentials) as shop,
    ):
        shop.bank = bank.url
        open_order, page = await shop.order()
        notified = await shop.paid()
        refund = await shop.undo(notified["queryId"], 400)
        await shop.turn(3600)
        shop.answers = [500, 500]
        waiting = await shop.pay()
        await shop.turn(0)
        before = len(shop.notified)
        token = page.url.rpartition("/")[2]
    async with (
        running_bank(unionpay_state, kind="unionpay", gaps_min=gaps_min) as bank,
        open_shop(session, bank.credentials, int(shop.url.rpartition(":")[2])) as again,
    ):
        again.bank = bank.url
        assert (await again.query(waiting))["origRespCode"] == "00"
        assert (await again.query(notified))["queryId"] == notified["queryId"]
        assert (await again.query(refund))["txnAmt"] == "400"
        assert code_on(await again.post_form(again.signed(open_order))) == "12"
        assert (await again.undo(notified["queryId"], 601))["respCode"] == "36"
        assert (await again.undo(notified["queryId"], 600))["respCode"] == "00"
        async with session.get(f"{bank.url}/gateway/pay/{token}", headers={"Accept-Language": "en"}) as answer:
            assert "time for this payment is over" in await answer.text()  # the clock stays turned, too
        await again.turn(60)
        assert [one["orderId"] for one in again.notified if one["txnType"] == "01"] == [waiting["orderId"]]
    assert before == 4


async def test_a_second_start_preserves_keys_and_merchant(unionpay_state: Path) -> None:
    def files_() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in unionpay_state.rglob("*") if file.suffix in (".key", ".crt")}

    before = files_()
    async with running_bank(unionpay_state, kind="unionpay"):
        assert files_() == before
    credentials = unionpay_state / "merchant"
    assert {file.name for file in credentials.iterdir()} == {"merchant.key", "merchant.crt", "root.crt", "middle.crt"}
    for key in unionpay_state.rglob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600


BACK_PATHS = ("/gateway/api/queryTrans.do", "/gateway/api/backTransReq.do", "/file/")
INVALID_BODIES = [
    (b"", "application/x-www-form-urlencoded"),
    (b"a=b&a=c", "application/x-www-form-urlencoded"),
    (b"version=%ff", "application/x-www-form-urlencoded"),
    (b"version=%zz", "application/x-www-form-urlencoded"),
    (b"version=\xe4\xb8\xad", "application/x-www-form-urlencoded"),
    (b"&".join(b"%d=1" % number for number in range(500)), "application/x-www-form-urlencoded"),
    (b"version=5.1.0", "text/plain"),
    (b"{}", "application/json"),
]


async def test_invalid_requests_get_an_error_code(shop: Shop) -> None:
    for path, (body, kind) in product(BACK_PATHS, INVALID_BODIES):
        async with shop.session.post(f"{shop.bank}{path}", data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status == 200
            text = await answer.text()
        assert re.search(r"respCode=1[03]&respMsg=[^&]*\[[0-9]{7}\]&", text)
        async with shop.session.post(
            f"{shop.bank}/gateway/api/frontTransReq.do", data=body, headers={"Content-Type": kind}
        ) as answer:
            assert answer.status == 400


async def test_another_site_may_post_an_order_and_nothing_else(shop: Shop) -> None:
    _, page = await shop.order()
    token = re.search(r'name="csrf" value="([^"]+)"', page.html)
    assert token is not None
    data = {"csrf": token[1], "decision": "confirm"}
    for headers, wrong in (({"Sec-Fetch-Site": "cross-site"}, {}), ({}, {"csrf": "0" * 64})):
        async with shop.session.post(page.url, data=data | wrong, headers=headers) as answer:
            assert answer.status == 403
    async with shop.session.post(page.url, data=data | {"decision": "?"}) as answer:
        assert answer.status == 400
    async with shop.session.post(
        f"{shop.bank}/control/clock", json={"advance_s": 1}, headers={"Sec-Fetch-Site": "cross-site"}
    ) as answer:
        assert answer.status == 403
    assert shop.notified == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ("支付成功", "支付失败", "关闭", "演练")),
        ("zh-TW", ("付款成功", "付款失敗", "關閉", "演練")),
        ("en", ("Payment succeeds", "Payment fails", "Close", "DRILL")),
    ],
)
async def test_the_pay_page_is_in_the_donors_language(shop: Shop, language: str, words: tuple[str, ...]) -> None:
    page = await shop.post_form(shop.signed(shop.order_fields()), {"Accept-Language": language})
    assert all(word in page.text() for word in words)
    assert "<script" not in page.html
    assert (await shop.press(page, "confirm")).status == 200


async def test_an_unknown_page_is_not_found(shop: Shop) -> None:
    for method in ("GET", "POST"):
        async with shop.session.request(method, f"{shop.bank}/gateway/pay/nothing", data=b"") as answer:
            assert answer.status == 404


async def test_repeated_confirmations_make_one_payment(shop: Shop) -> None:
    order, page = await shop.order()
    await asyncio.gather(*(shop.press(page, "confirm") for _ in range(5)))
    await shop.press(page, "fail")
    await shop.turn(600)
    assert [notified["orderId"] for notified in shop.notified] == [order["orderId"]]
    assert (await shop.query(order))["origRespCode"] == "00"


async def test_a_query_needs_the_time_of_the_order_too(shop: Shop) -> None:
    order = await shop.pay()
    assert (await shop.query(order | {"txnTime": now_text(-1000)}))["respCode"] == "34"
    fields = {"txnType": "00", "orderId": order["orderId"]}
    answer = await shop.ask("/gateway/api/queryTrans.do", fields | {"signature": "x", "certId": "1"})
    assert answer["respCode"] == "13"
    assert shop.distrust(answer) == ""


async def test_signed_random_requests_get_an_answer(shop: Shop) -> None:
    paid = await shop.paid()
    good = {
        FRONT: lambda: shop.order_fields(),
        "/gateway/api/backTransReq.do": lambda: shop.undo_fields(paid["queryId"], 1),
        "/gateway/api/queryTrans.do": lambda: shop.query_fields(paid),
        "/file/": lambda: shop.file_fields("0101"),
    }
    values: tuple[str, ...] = (
        "",
        "00",
        "01",
        "04",
        "31",
        "76",
        "99991231235959",
        "00010101000000",
        "0229",
        "{",
        "http://[",
        "\u0663",
        "\0",
    )
    values += ("9" * 12, "9" * 400, "项" * 20, "a\nb", "a&b=c", "http://127.0.0.1:99999/")
    chance = random.Random(48)
    for _ in range(300):
        path = chance.choice(list(good))
        fields = good[path]()
        for name in chance.sample([*fields, "reserved", "orderDesc", "more"], chance.randint(1, 3)):
            fields[name] = chance.choice(values)
        async with shop.session.post(f"{shop.bank}{path}", data=shop.signed(fields)) as answer:
            assert answer.status in (200, 400), fields
            text = await answer.text()
        if path != FRONT:
            assert re.fullmatch("[0-9A][0-9]", split_reply(text)["respCode"])
    await shop.turn(9 * 365 * 24 * 3600)
    async with shop.session.post(f"{shop.bank}/control/clock", json={"advance_s": 2 * 365 * 24 * 3600}) as answer:
        assert answer.status == 400
    assert (await shop.query(paid))["origRespCode"] == "00"
