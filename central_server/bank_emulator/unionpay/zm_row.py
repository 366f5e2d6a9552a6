"""One row of the ZM file: 41 fixed-width columns separated by spaces, 607 bytes and a newline, GBK."""

from collections.abc import Mapping
from dataclasses import dataclass

from central_server.bank_emulator.unionpay.clock import beijing
from central_server.bank_emulator.unionpay.messages import ACCOUNT, MERCHANT_ID
from central_server.bank_emulator.unionpay.transactions import CANCEL, PAYMENT, REFUND, Transaction

WIDTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2),
    *(6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 131),
)
_TRADE_CODES = {PAYMENT: "S56", REFUND: "S30", CANCEL: "S57"}
"""S56 is in UnionPay's sample; the others are unknown."""
_CHARITY = "8398"


@dataclass(frozen=True, slots=True)
class Row:
    """`sign`: 1 if the merchant receives the money, -1 if it returns. `amount`, `fee`: fen."""

    sign: int
    amount: int
    fee: int
    cells: Mapping[int, str]

    @property
    def net(self) -> int:
        return self.sign * (self.amount - self.fee)

    def encode(self) -> bytes:
        cells = dict(self.cells)
        cells |= {
            6: f"{self.amount:012d}",
            15: _signed_amount("D" if self.sign > 0 else "C", self.fee),
            16: _signed_amount("C" if self.net >= 0 else "D", abs(self.net)),
            32: _signed_amount("C" if self.net >= 0 else "D", abs(self.net)),
        }
        return b" ".join(_cell(cells.get(number, ""), width) for number, width in enumerate(WIDTHS)) + b"\n"


def row_of(transaction: Transaction, payment: Transaction | None, rounding: str) -> Row:
    """`payment`: the one that a refund or cancel reverses. `rounding`: of the fee, half up if empty."""
    assert transaction.settled_at is not None
    cells = {
        0: _TRADE_CODES[transaction.kind],
        1: "48270000",
        2: "00095500",
        3: transaction.trace_no,
        4: f"{beijing(transaction.settled_at):%m%d%H%M%S}",
        5: ACCOUNT,
        7: _CHARITY,
        8: transaction.channel,
        9: transaction.query_id,
        11: transaction.order_id,
        12: "01",
        17: transaction.pay_type,
        19: transaction.kind,
        20: "01" if transaction.kind == PAYMENT else "00",
        21: transaction.biz_type,
        22: "01",
        25: "0",
        26: transaction.original,
        27: MERCHANT_ID,
        28: "0",
        34: transaction.req_reserved,
        35: _signed_amount("C", 0),
        36: _signed_amount("C", 0),
        39: "0",
    }
    if payment is not None and payment.settled_at is not None:
        cells |= {13: payment.trace_no, 14: f"{beijing(payment.settled_at):%m%d%H%M%S}"}
    sign = 1 if transaction.kind == PAYMENT else -1
    return Row(sign, transaction.amount, fee_of(transaction.amount, rounding), cells)


def fee_of(amount: int, rounding: str = "") -> int:
    """Return 0.6 % in fen. `rounding`: `down`, `up`, `even` (half to even), or half up."""
    whole, rest = divmod(amount * 6, 1000)
    if rounding == "down":
        return whole
    if rounding == "up":
        return whole + (rest > 0)
    if rounding == "even" and rest == 500:
        return whole + whole % 2
    return whole + (rest >= 500)


def _signed_amount(direction: str, amount: int) -> str:
    return f"{direction}{amount:012d}"


def _cell(text: str, width: int) -> bytes:
    """Encode left-aligned; drop characters that do not fit completely."""
    while len(encode := text.encode("gbk", errors="replace")) > width:
        text = text[:-1]
    return encode.ljust(width)
