"""Write UnionPay's file of a day, independently of the product, with the sums of the bank's sample."""

import io
import zipfile
from dataclasses import dataclass, field
from datetime import date

from central_server.banks.port import Statement
from central_server.banks.unionpay.statement import read_statement

MERCHANT = "802310048993424"
DAY = date(2015, 9, 5)
WIDTHS = [3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32]
WIDTHS += [13, 13, 8, 32, 13, 13, 12, 2, 1, 131]
SAMPLE = ((1200000, 7200), (50000, 300), (30000, 180), (20000, 120), (12000, 72), (7000, 42), (3000, 18), (700, 4))
"""Amounts and fees with the sums of UnionPay's sample: 13 227.00 and 79.36; 13 147.64 remain."""
CARD = "621626*********0018"


def number(n: int) -> str:
    return f"20150905{n:013d}"


def row(
    n: int,
    amount: int,
    fee: str,
    *,
    kind: str = "01",
    settled: str = "",
    original: str = "",
    changes: dict[int, str] | None = None,
) -> dict[int, str]:
    charged = int(fee[1:]) * (-1 if fee[0] == "C" else 1) if fee[1:].isdigit() else 0
    net = (amount if kind == "01" else -amount) - charged
    answer = {
        0: "S56",
        3: f"{n:06d}",
        5: CARD,
        6: f"{amount:012d}",
        9: number(n),
        11: f"{n:032x}",
        15: fee,
        16: settled or f"{'C' if net >= 0 else 'D'}{abs(net):012d}",
        19: kind,
        21: "000201",
        26: original,
        27: MERCHANT,
        34: "爱心午餐",
    }
    return answer | (changes or {})


def line_bytes(cells: dict[int, str], *, separator: bytes = b" ", encoding: str = "gbk") -> bytes:
    return separator.join(cells.get(n, "").encode(encoding).ljust(width) for n, width in enumerate(WIDTHS))


def table_row(label: str, rows: int, back: str, paid: str, fee: str, fee_back: str, net_back: str, net: str) -> str:
    return f"{label:<10}{rows:>16}" + "".join(f"{text:>17}" for text in (back, paid, fee, fee_back, net_back, net))


SAMPLE_TOTALS = (8, "0.00", "13227.00", "79.36", "0.00", "0.00", "13147.64")
NOTHING = (0, "0.00", "0.00", "0.00", "0.00", "0.00", "0.00")
Totals = tuple[int, str, str, str, str, str, str]


def summary(*kinds: Totals, total: Totals | None = None, card_total: Totals | None = None) -> str:
    """Return a summary in the layout of UnionPay's sample. `kinds`: the rows of its first table; the sample's if none.

    `total`: of both tables, needed for several kinds; `card_total`: of the second, where it differs.
    """
    kinds = kinds or (SAMPLE_TOTALS,)
    total = total or kinds[0]
    card_total = card_total or total
    heads = (
        f"{'':41}" + f"{'借':<15}{'贷':<15}" * 3,
        "_" * 136,
    )
    columns = "交易笔数               交易金额                         费用                              资金清算差额"
    lines = (
        f"{'':57}中国银联全渠道商户交易汇总表",
        "",
        f"商户代码:{MERCHANT}{'':40}清算币种:人民币",
        f"收单机构:88022900{'':47}清算日期:20150905",
        f"商户名称:爱心午餐{'':40}生成日期:20150906",
        "",
        f"交易类型            {columns}",
        *heads,
        *(table_row("自助消费", *kind) for kind in kinds),
        heads[1],
        table_row("总计", *total),
        "",
        f"卡性质              {columns}",
        *heads,
        table_row("借记卡", *card_total),
        table_row("贷记卡", *NOTHING),
        heads[1],
        table_row("总计", *card_total),
    )
    return "".join(f"{line}\r\n" for line in lines)


def payments() -> list[dict[int, str]]:
    return [row(n, amount, f"D{fee:012d}") for n, (amount, fee) in enumerate(SAMPLE, 1)]


@dataclass
class File:
    """A day's file. A test may falsify one part; the others stay valid."""

    rows: list[bytes] = field(default_factory=lambda: [line_bytes(cells) for cells in payments()])
    adjustments: list[bytes] | None = None
    rd: bytes = field(default_factory=lambda: summary().encode("gbk"))
    names: tuple[str, str, str] = (
        f"INN15090588ZM_{MERCHANT}",
        f"RD201015090501_{MERCHANT}",
        f"INN15090588ZME_{MERCHANT}",
    )
    more: dict[str, bytes] = field(default_factory=dict)

    def zip(self) -> bytes:
        files = {self.names[0]: b"".join(each + b"\n" for each in self.rows), self.names[1]: self.rd, **self.more}
        if self.adjustments is not None:
            files[self.names[2]] = b"".join(each + b"\n" for each in self.adjustments)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                if name:
                    archive.writestr(name, content)
        return packed.getvalue()

    def read(self) -> Statement:
        return read_statement(f"{MERCHANT}_20150905.zip", self.zip(), MERCHANT, DAY)


NAMES = File().names
