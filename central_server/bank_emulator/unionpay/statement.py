"""Build the file of a settlement day: a zip of the detail (ZM), the summary (RD), and on a fault adjustments (ZME)."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256

from central_server.bank_emulator.unionpay.clock import day_ends, settlement_day
from central_server.bank_emulator.unionpay.codes import SUCCESS
from central_server.bank_emulator.unionpay.faults import FaultSwitches
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.transactions import PAYMENT, REFUND, Transaction, TransactionBook
from central_server.bank_emulator.unionpay.zm_row import Row, row_of

_PLAIN_NAME = "演练慈善会"
_GBK_NAME = "演練慈善總會（喆鎔·華僑）"
"""Only the first two characters are in GB 2312."""


def build_file(day: date, book: TransactionBook, switches: FaultSwitches) -> bytes | None:
    """Return the same bytes each time, None for a day on which no money moved."""
    moved = [known for known in book if known.money_moved and _settlement_day_of(known) == day]
    moved.sort(key=lambda known: (known.settled_at or 0, known.query_id))
    faults = dict(switches.everywhere)
    for known in moved:
        faults |= switches.active_for(known.faults)
    rows = list(_rows(moved, book, switches))
    if "file-unknown-row" in faults:
        rows.append(row_of(_unknown_payment(day), None, ""))
    if not rows:
        return None
    stamp = f"{day:%y%m%d}"
    name = _GBK_NAME if "gbk-summary" in faults else _PLAIN_NAME
    files = {
        f"INN{stamp}88ZM_{MERCHANT_ID}": b"".join(row.encode() for row in rows),
        f"RD2010{stamp}01_{MERCHANT_ID}": _summary(day, name, rows),
    }
    if "file-zme" in faults:
        adjusted = replace(_unknown_payment(day), order_id=f"TZ{day:%Y%m%d}0001", kind=REFUND)
        files[f"INN{stamp}88ZME_{MERCHANT_ID}"] = row_of(adjusted, None, "").encode()
    return _zip(day, files)


def _rows(moved: list[Transaction], book: TransactionBook, switches: FaultSwitches) -> Iterator[Row]:
    for known in moved:
        faults = switches.active_for(known.faults)
        if "file-missing-row" not in faults:
            payment = book.payment(known.original) if known.original else None
            yield row_of(known, payment, faults.get("fee-rounding", ""))


def _settlement_day_of(known: Transaction) -> date | None:
    return None if known.settled_at is None else settlement_day(known.settled_at)


def _unknown_payment(day: date) -> Transaction:
    """Return a payment of that day without an order; the same one each time."""
    number = int(sha256(day.isoformat().encode()).hexdigest(), 16)
    at = day_ends(day) - 3600
    return Transaction(
        order_id=f"{number % 16**32:032x}",
        kind=PAYMENT,
        txn_time=f"{day:%Y%m%d}220000",
        amount=100 + number % 100_000,
        query_id=f"{day:%Y%m%d}220000{number % 10**7:07d}",
        trace_no=f"{number % 10**6:06d}",
        accepted_at=at,
        state="done",
        code=SUCCESS.code,
        settled_at=at,
    )


def _summary(day: date, name: str, rows: list[Row]) -> bytes:
    amount = sum(row.sign * row.amount for row in rows)
    fee = sum(row.sign * row.fee for row in rows)
    lines = (
        "中国银联商户清算汇总",
        f"商户代码：{MERCHANT_ID}",
        f"商户名称：{name}",
        f"清算日期：{day:%Y%m%d}",
        f"交易笔数：{len(rows)}",
        f"交易金额：{_yuan(amount)}",
        f"手续费：{_yuan(fee)}",
        f"清算差额：{_yuan(amount - fee)}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("gbk")


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _zip(day: date, files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (day.year, day.month, day.day, 23, 0, 0)), content)
    return packed.getvalue()
