"""Reconciliation files of the emulated UnionPay, parsed independently of the emulator's code."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from central_server.bank_emulator.unionpay.clock import after_working_days, day_of, settlement_day
from tests.fakes.unionpay_shop import BEIJING, MERCHANT_ID, Shop

WIDTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32),
    *(13, 13, 8, 32, 13, 13, 12, 2, 1, 131),
)
OFFSETS = {0: 0, 3: 28, 6: 66, 9: 87, 11: 112, 15: 166, 16: 180, 19: 215, 26: 271, 27: 293, 32: 374, 34: 397, 39: 474}
A_DAY_S = 24 * 3600


def rows_of(content: bytes) -> list[list[str]]:
    lines = content.split(b"\n")
    assert lines.pop() == b""
    rows = []
    for line in lines:
        assert len(line) == 607
        cells, at = [], 0
        for number, width in enumerate(WIDTHS):
            assert OFFSETS.get(number, at) == at
            cells.append(line[at : at + width].decode("gbk").rstrip())
            assert line[at + width : at + width + 1] in (b" ", b"")
            at += width + 1
        assert at == 607 + 1
        rows.append(cells)
    return rows


def detail(files: dict[str, bytes]) -> list[list[str]]:
    (name,) = [name for name in files if re.fullmatch(rf"INN[0-9]{{6}}88ZM_{MERCHANT_ID}", name)]
    return rows_of(files[name])


def summary(files: dict[str, bytes]) -> dict[str, int]:
    """Return the totals of both tables, in fen."""
    (name,) = [name for name in files if re.fullmatch(rf"RD2010[0-9]{{6}}01_{MERCHANT_ID}", name)]
    lines = [line.split() for line in files[name].decode("gbk").split("\r\n")]
    totals = [line[1:] for line in lines if line[:1] == ["总计"]]
    assert len(totals) == 2
    assert totals[0] == totals[1]
    rows, back, paid, fee, fee_back, net_back, net = totals[0]
    return {
        "rows": int(rows),
        "amount": fen(paid) - fen(back),
        "fee": fen(fee) - fen(fee_back),
        "net": fen(net) - fen(net_back),
    }


def balance(rows: list[list[str]]) -> tuple[int, int, int]:
    """Return amount, fee and net of a detail, in fen."""
    amount = sum(int(row[6]) * (1 if row[19] == "01" else -1) for row in rows)
    fee = sum(int(row[15][1:]) * (1 if row[15][0] == "D" else -1) for row in rows)
    net = sum(int(row[16][1:]) * (1 if row[16][0] == "C" else -1) for row in rows)
    return amount, fee, net


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


async def settled(shop: Shop) -> str:
    """End the settlement day on the bank's clock and return its MMDD."""
    now = (await shop.turn(0)).astimezone(BEIJING)
    end = now.replace(hour=23, minute=0, second=0, microsecond=0)
    end += timedelta(days=1) if end <= now else timedelta()
    await shop.turn((end - now).total_seconds() + 1)
    return f"{end:%m%d}"


async def test_the_three_equalities_hold_with_payments_refunds_and_cancels(shop: Shop) -> None:
    await shop.morning()
    paid = [await shop.paid(txnAmt=str(amount)) for amount in (1000, 3333, 125, 1, 999_999)]
    refund = await shop.undo(paid[4]["queryId"], 500_000)
    cancel = await shop.undo(paid[0]["queryId"], 1000, txnType="31")
    _, page = await shop.order()
    await shop.press(page, "fail")
    day = await settled(shop)
    files = await shop.file(day)
    rows, summary_ = detail(files), summary(files)
    amount, fee, net = balance(rows)
    assert (amount, fee, net) == (summary_["amount"], summary_["fee"], summary_["net"])
    assert amount - fee == net
    assert amount == 3333 + 125 + 1 + 499_999
    assert summary_["rows"] == len(rows) == 7
    assert {row[11]: row[9] for row in rows} == {
        notified["orderId"]: notified["queryId"] for notified in (*paid, refund, cancel)
    }
    assert {row[27] for row in rows} == {MERCHANT_ID}
    kinds = {row[11]: (row[19], row[26], row[15][0], row[16][0]) for row in rows}
    assert kinds[paid[1]["orderId"]] == ("01", "", "D", "C")
    assert kinds[refund["orderId"]] == ("04", paid[4]["queryId"], "C", "D")
    assert kinds[cancel["orderId"]] == ("31", paid[0]["queryId"], "C", "D")
    assert {row[34] for row in rows if row[19] == "01"} == {"huada|p1"}


async def test_the_fee_is_0_6_percent_rounded_half_up(shop: Shop) -> None:
    await shop.morning()
    amounts = {1000: 6, 83: 0, 84: 1, 250: 2, 750: 5, 1250: 8, 100_000: 600}
    for amount in amounts:
        await shop.paid(txnAmt=str(amount))
    rows = detail(await shop.file(await settled(shop)))
    assert {int(row[6]): int(row[15][1:]) for row in rows} == amounts


async def test_an_empty_or_unfinished_day_has_no_file(shop: Shop) -> None:
    now = await shop.morning()
    await shop.paid()
    today = await shop.file_reply(f"{now:%m%d}")
    assert (today["respCode"], "fileContent" in today) == ("98", False)
    assert shop.distrust(today) == ""
    day = await settled(shop)
    reply = await shop.file_reply(day)
    assert (reply["respCode"], reply["settleDate"], reply["fileType"]) == ("00", day, "00")
    assert shop.distrust(reply) == ""
    await shop.turn(A_DAY_S)
    other = await shop.file_reply(f"{now + timedelta(days=1):%m%d}")
    assert (other["respCode"], "fileContent" in other) == ("98", False)
    assert re.fullmatch(rf"{MERCHANT_ID}_[0-9]{{4}}{day}\.zip", reply["fileName"])


async def test_a_file_is_the_same_each_time(shop: Shop) -> None:
    await shop.morning()
    await shop.switch("file-unknown-row", "gbk-summary", "file-zme", scope="all")
    await shop.paid()
    day = await settled(shop)
    assert await shop.file(day) == await shop.file(day)
    first, second = await shop.file_reply(day), await shop.file_reply(day)
    assert first["fileContent"] == second["fileContent"]


INVALID_REQUESTS: list[tuple[dict[str, str], str]] = [
    ({"settleDate": ""}, "13"),
    ({"settleDate": "1332"}, "10"),
    ({"settleDate": "119"}, "10"),
    ({"fileType": "01"}, "10"),
    ({"bizType": "000201"}, "10"),
    ({"txnTime": "20200101000000"}, "10"),
    ({"txnType": "00"}, "32"),
]


async def test_an_invalid_request_gets_no_file(shop: Shop) -> None:
    for changes, code in INVALID_REQUESTS:
        reply = await shop.file_reply("0119", **changes)
        assert (reply["respCode"], "fileContent" in reply) == (code, False), changes
        assert shop.distrust(reply) == ""


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-27T22:59:59", "2026-11-27"),
        ("2026-11-27T23:00:00", "2026-11-28"),
        ("2026-12-31T23:30:00", "2027-01-01"),
        ("2026-11-28T00:00:00", "2026-11-28"),
    ],
)
def test_a_settlement_day_ends_at_23_in_beijing(at: str, day: str) -> None:
    assert settlement_day(_at(at)).isoformat() == day


@pytest.mark.parametrize(
    ("mmdd", "now", "day"),
    [
        ("1231", "2027-01-02T12:00:00", "2026-12-31"),
        ("0101", "2026-12-31T23:30:00", "2027-01-01"),
        ("0101", "2026-12-31T22:30:00", "2026-01-01"),
        ("0229", "2027-01-02T12:00:00", "2024-02-29"),
        ("0230", "2027-01-02T12:00:00", "None"),
    ],
)
def test_a_day_without_a_year_is_the_latest_one(mmdd: str, now: str, day: str) -> None:
    assert str(day_of(mmdd, _at(now))) == day


def test_working_days_skip_the_weekend() -> None:
    friday = _at("2026-11-27T10:00:00")
    assert datetime.fromtimestamp(after_working_days(friday, 5), BEIJING).isoformat() == "2026-12-04T10:00:00+08:00"
    assert datetime.fromtimestamp(after_working_days(friday, 1), BEIJING).weekday() == 0
