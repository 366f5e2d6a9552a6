"""Build the file of a settlement day: a zip of the detail (ZM), the summary (RD), and on a fault adjustments (ZME)."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

from central_server.bank_emulator.unionpay.clock import day_ends, settlement_day
from central_server.bank_emulator.unionpay.codes import SUCCESS
from central_server.bank_emulator.unionpay.faults import FaultSwitches
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.transactions import CANCEL, PAYMENT, REFUND, Transaction, TransactionBook
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
    """Write it in the layout of UnionPay's public sample; the names of rows other than 自助消费 are inferred."""
    kinds = {"自助消费": PAYMENT, "退货": REFUND, "消费撤销": CANCEL}
    by_kind = {label: [row for row in rows if row.cells[19] == kind] for label, kind in kinds.items()}
    by_card = {"借记卡": rows, "贷记卡": [], "准贷记卡": [], "其他卡": []}
    lines = [
        f"{'':57}中国银联全渠道商户交易汇总表",
        "",
        f"商户代码:{MERCHANT_ID}{'':40}清算币种:人民币",
        f"收单机构:88022900{'':47}清算日期:{day:%Y%m%d}",
        f"商户名称:{name}{'':40}生成日期:{day + timedelta(days=1):%Y%m%d}",
        "",
        *_table("交易类型", {label: each for label, each in by_kind.items() if each or label == "自助消费"}),
        "",
        *_table("卡性质", by_card),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("gbk")


def _table(title: str, rows_by_label: Mapping[str, list[Row]]) -> Iterator[str]:
    line = "_" * 136
    yield f"{title:<12}{'交易笔数':<19}{'交易金额':<25}{'费用':<30}资金清算差额"
    yield f"{'':41}" + f"{'借':<15}{'贷':<15}" * 3
    yield line
    for label, rows in rows_by_label.items():
        yield _table_row(label, rows)
    yield line
    yield _table_row("总计", [row for rows in rows_by_label.values() for row in rows])


def _table_row(label: str, rows: list[Row]) -> str:
    """Money from the merchant is in 借, money to it in 贷."""
    paid, returned = [row for row in rows if row.sign > 0], [row for row in rows if row.sign < 0]
    net = sum(row.net for row in rows)
    money = (
        *(sum(row.amount for row in returned), sum(row.amount for row in paid)),
        *(sum(row.fee for row in paid), sum(row.fee for row in returned)),
        *(max(0, -net), max(0, net)),
    )
    return f"{label:<10}{len(rows):>16}" + "".join(f"{_yuan(fen):>17}" for fen in money)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _zip(day: date, files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (day.year, day.month, day.day, 23, 0, 0)), content)
    return packed.getvalue()
