"""Notifications of the emulated UnionPay gateway, with retries until one is answered."""

import asyncio
from pathlib import Path

import aiohttp

from central_server.bank_emulator.unionpay.transactions import TransactionBook
from tests.fakes.central_process import RunningBank, running_bank
from tests.fakes.unionpay_shop import Shop, open_shop


async def test_notifications_come_again_at_0_1_2_and_4_minutes_until_one_is_answered(shop: Shop) -> None:
    shop.answers = [500, 500, 500, 302]
    await shop.pay()
    seen = []
    for minutes in (0, 1, 1, 1, 4, 60):
        await shop.turn(60 * minutes)
        seen.append(len(shop.notified))
    assert seen == [2, 3, 3, 4, 4, 4]
    assert len(set(shop.raw)) == 1


async def test_after_five_notifications_the_bank_gives_up(shop: Shop) -> None:
    shop.answers = [500] * 9
    order = await shop.pay()
    seen = []
    for minutes in (0, 1, 2, 4, 600):
        await shop.turn(60 * minutes)
        seen.append(len(shop.notified))
    assert seen == [2, 3, 4, 5, 5]
    assert (await shop.query(order))["origRespCode"] == "00"


async def test_a_late_answer_does_not_count(session: aiohttp.ClientSession, unionpay_state: Path) -> None:
    async with (
        running_bank(unionpay_state, kind="unionpay", gaps_min=(0.0,), patience_s=0.2) as bank,
        open_shop(session, bank.credentials) as shop,
    ):
        shop.bank, shop.hold = bank.url, asyncio.Event()
        order = await shop.pay()
        await shop.turn(0)
        shop.hold.set()
        stored = TransactionBook(bank.state / "transactions.jsonl").order(order["orderId"])
        assert stored is not None
        assert (stored.tries, stored.answered, stored.notify_at) == (2, 0, None)


async def test_a_redirect_is_an_answer_and_is_not_followed(shop: Shop) -> None:
    shop.answers = [302]
    await shop.pay(backUrl=f"{shop.url}/back?a=b")
    await shop.turn(600)
    assert len(shop.notified) == 1


async def test_an_unreachable_merchant_is_notified_after_it_returns(
    session: aiohttp.ClientSession, unionpay: RunningBank
) -> None:
    async with open_shop(session, unionpay.credentials) as shop:
        shop.bank, port = unionpay.url, int(shop.url.rpartition(":")[2])
        order, page = await shop.order()
    await shop.press(page, "confirm")
    await shop.turn(0)
    async with open_shop(session, unionpay.credentials, port) as shop:
        shop.bank = unionpay.url
        await shop.turn(60)
        assert [stored["orderId"] for stored in shop.notified] == [order["orderId"]]
