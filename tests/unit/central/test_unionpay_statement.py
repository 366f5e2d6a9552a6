"""The file of a day: read whole and balanced, or refused with the reason; never half believed."""

import io
import tracemalloc
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from central_server.bank_emulator.unionpay.clock import settlement_day
from central_server.banks.port import BankRefused, BankUnavailable, Movement, NoStatement, Statement
from central_server.banks.unionpay.archive import LARGEST_ZIP, inflate, unzip
from central_server.banks.unionpay.statement import read_statement
from tests.fakes.donor import Donor
from tests.unit.central.unionpay_orders import drill, paid_at

MERCHANT = "802310048993424"
DAY = date(2015, 9, 5)
WIDTHS = [3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32]
WIDTHS += [13, 13, 8, 32, 13, 13, 12, 2, 1, 131]
SAMPLE = ((1200000, 7200), (50000, 300), (30000, 180), (20000, 120), (12000, 72), (7000, 42), (3000, 18), (700, 4))
"""Amounts and fees that make the sums of UnionPay's own sample: 13 227.00 and 79.36; 13 147.64 remain."""
CARD = "621626*********0018"


def number(n: int) -> str:
    return f"20150905{n:013d}"


def row(
    n: int,
    amount: int,
    fee: str,
    *,
    kind: str = "01",
    settled: str = "C000000000000",
    original: str = "",
    changes: dict[int, str] | None = None,
) -> dict[int, str]:
    told = {
        0: "S56",
        3: f"{n:06d}",
        5: CARD,
        6: f"{amount:012d}",
        9: number(n),
        11: f"{n:032x}",
        15: fee,
        16: settled,
        19: kind,
        21: "000201",
        26: original,
        27: MERCHANT,
        34: "爱心午餐",
    }
    return told | (changes or {})


def octets(cells: dict[int, str], *, separator: bytes = b" ", encoding: str = "gbk") -> bytes:
    return separator.join(cells.get(n, "").encode(encoding).ljust(width) for n, width in enumerate(WIDTHS))


def summary(amount: str = "13,227.00", fee: str = "79.36", net: str = "13,147.64") -> str:
    return f"商户代码：{MERCHANT}\r\n交易笔数：8\r\n交易金额：{amount}\r\n商户手续费：{fee}\r\n清算差额：{net}\r\n"


def payments() -> list[dict[int, str]]:
    return [row(n, amount, f"D{fee:012d}") for n, (amount, fee) in enumerate(SAMPLE, 1)]


@dataclass
class File:
    """A day's file, by its own writer. What a test bends it leaves whole elsewhere."""

    rows: list[bytes] = field(default_factory=lambda: [octets(cells) for cells in payments()])
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


def test_the_sums_of_the_banks_own_sample_balance() -> None:
    statement = File().read()
    assert sum(each.amount.minor for each in statement.rows) == 1322700
    assert sum(each.fee_minor for each in statement.rows) == 7936
    assert len(statement.rows) == 8
    first = statement.rows[0]
    assert (first.line, first.movement, first.order, first.amount.minor, first.fee_minor, first.evidence) == (
        1,
        Movement.payment,
        f"{1:032x}",
        1200000,
        7200,
        number(1),
    )
    assert (statement.bank, statement.day, statement.name) == ("unionpay", DAY, f"{MERCHANT}_20150905.zip")


@pytest.mark.parametrize("separator", [b" ", b"|", b"\t"])
def test_the_columns_are_where_they_are_whatever_stands_between(separator: bytes) -> None:
    file = File(rows=[octets(cells, separator=separator) for cells in payments()])
    assert file.read().rows == File().read().rows
    file.rows = [each + separator for each in file.rows]  # and behind the last
    assert file.read().rows == File().read().rows


def test_lines_may_end_as_windows_has_it() -> None:
    file = File()
    file.rows = [each + b"\r" for each in file.rows]
    assert file.read().rows == File().read().rows


def test_a_refund_is_subtracted_and_names_its_payment() -> None:
    back = row(9, 12000, "C000000000072", kind="04", settled="D000000011928", original=number(5))
    file = File([*(octets(cells) for cells in payments()), octets(back)])
    file.rd = summary("13,107.00", "78.64", "13,028.36").encode("gbk")
    last = file.read().rows[-1]
    assert (last.movement, last.amount.minor, last.fee_minor, last.refers) == (
        Movement.refund,
        12000,
        -72,
        number(5),
    )


def test_a_day_of_refunds_alone_is_negative() -> None:
    file = File([octets(row(9, 12000, "C000000000072", kind="31", original=number(5)))])
    file.rd = summary("-120.00", "-0.72", "-119.28").encode("gbk")
    assert [each.movement for each in file.read().rows] == [Movement.refund]


def test_adjustments_are_refunds_payments_or_fees_after_the_details() -> None:
    file = File(
        adjustments=[
            octets(row(5, 12000, "C000000000072", settled="D000000011928", kind="E1")),
            octets(row(6, 0, "D000000000042", settled="D000000000042", kind="E2")),
            octets(row(7, 3000, "D000000000018", settled="C000000002982", kind="E3", original=number(7))),
        ]
    )
    taken, fee, given = file.read().rows[8:]
    assert [each.line for each in (taken, fee, given)] == [9, 10, 11]
    assert (taken.movement, taken.amount.minor, taken.fee_minor, taken.refers) == (
        Movement.refund,
        12000,
        -72,
        number(5),
    )
    assert (fee.amount.minor, fee.fee_minor) == (0, 42)
    assert (given.movement, given.amount.minor, given.refers) == (Movement.payment, 3000, number(7))


def test_the_summary_may_be_a_table() -> None:
    table = "交易类型  交易金额  手续费  清算差额\n消费  13,227.00  79.36  13,147.64\n"
    assert len(File(rd=table.encode("gbk")).read().rows) == 8


def test_no_number_of_a_card_is_kept() -> None:
    file = File(adjustments=[octets(row(5, 12000, "C000000000072", settled="D000000011928"))])
    statement = file.read()
    assert CARD.encode() not in statement.content
    assert f"{8:032x}".encode() in statement.content
    assert CARD not in str(statement)


def lines(bend: Callable[[list[bytes]], list[bytes]]) -> Callable[[], File]:
    return lambda: File(rows=bend(File().rows))


def with_cell(n: int, text: str) -> Callable[[], File]:
    return lambda: File(rows=[octets(payments()[0] | {n: text}), *File().rows[1:]])


NAMES = File().names
REFUSED: dict[str, tuple[str, Callable[[], File]]] = {
    "a line that is one octet short": ("606 octets", lines(lambda rows: [rows[0][:-1], *rows[1:]])),
    "a line that is two octets long": ("609 octets", lines(lambda rows: [rows[0] + b"  ", *rows[1:]])),
    "a line that was cut in two": ("instead of 607", lines(lambda rows: [rows[0][:300], rows[0][300:], *rows[1:]])),
    "an empty line in the middle": ("instead of 607", lines(lambda rows: [rows[0], b"", *rows[1:]])),
    "a column that is one octet wider, and the next one narrower": (
        "agreed widths",
        lines(lambda rows: [rows[0][:15] + b"x" + rows[0][16:], *rows[1:]]),
    ),
    "separators that change within a line": (
        "agreed widths",
        lines(lambda rows: [rows[0].replace(b" ", b"|", 1), *rows[1:]]),
    ),
    "letters between the columns": (
        "agreed widths",
        lambda: File(rows=[octets(c, separator=b"x") for c in payments()]),
    ),
    "columns in UTF-8": ("not GBK", lambda: File(rows=[octets(c, encoding="utf-8") for c in payments()])),
    "a character that ends in the next column": (
        "agreed widths|not GBK",
        lines(lambda rows: [rows[0][:428] + "爱".encode("gbk") + rows[0][430:], *rows[1:]]),
    ),
    "another merchant's row": ("another merchant", with_cell(27, "802310048993425")),
    "an amount with a point": ("twelve digits", with_cell(6, "00012000.000")),
    "an amount of eleven digits": ("twelve digits", with_cell(6, "00001200000")),
    "a payment of nothing": ("neither a payment", with_cell(6, "0" * 12)),
    "an amount that the sums do not hold": ("does not balance", with_cell(6, "000001200001")),
    "a fee that the sums do not hold": ("does not balance", with_cell(15, "D000000007201")),
    "a fee on the other side": ("does not balance", with_cell(15, "C000000007200")),
    "a fee without its side": ("C or D", with_cell(15, "0000000007200")),
    "a fee in other digits": ("C or D", with_cell(15, "D1２")),
    "a kind that we do not know": ("neither a payment", with_cell(19, "02")),
    "a row without its number": ("number of a payment", with_cell(9, "")),
    "an original that is no number": ("original payment", with_cell(26, "20150905")),
    "a row that stands twice": ("stands twice", lines(lambda rows: [*rows, rows[0]])),
    "a row that stands twice in place of another": ("stands twice", lines(lambda rows: [rows[0], rows[0], *rows[2:]])),
    "a row that is missing": ("does not balance", lines(lambda rows: rows[1:])),
    "no rows at all": ("does not balance", lines(lambda rows: [])),
    "an adjustment that stands twice": (
        "adjustment stands twice",
        lambda: File(adjustments=[octets(row(5, 12000, "C000000000072", settled="D000000011928"))] * 2),
    ),
    "a net sum that is not the difference": ("清算差额", lambda: File(rd=summary(net="13,147.65").encode("gbk"))),
    "an amount that is the rows' in fen": ("交易金额", lambda: File(rd=summary(amount="1322700").encode("gbk"))),
    "a fee that is the rows' without the sign": ("手续费", lambda: File(rd=summary(fee="-79.36").encode("gbk"))),
    "a summary without the net sum": (
        "names no 清算差额",
        lambda: File(rd=summary().replace("清算", "").encode("gbk")),
    ),
    "a summary in UTF-8": ("GBK|names no", lambda: File(rd=summary().encode())),
    "a summary that is no text": ("not GBK", lambda: File(rd=b"\xff\xff\xff")),
    "no summary": ("a summary", lambda: File(names=(NAMES[0], "", NAMES[2]))),
    "no details": ("a detail file", lambda: File(names=("", NAMES[1], NAMES[2]))),
    "adjustments without details": ("a detail file", lambda: File(adjustments=[], names=("", NAMES[1], NAMES[2]))),
    "the file of the same day of another year": (
        "not of 2015-09-05",
        lambda: File(names=(f"INN16090588ZM_{MERCHANT}", *NAMES[1:])),
    ),
    "the summary of another day": (
        "not of 2015-09-05",
        lambda: File(names=(NAMES[0], f"RD201015090601_{MERCHANT}", "")),
    ),
    "another merchant's file": (
        "another merchant's",
        lambda: File(names=(f"INN15090588ZM_{MERCHANT[::-1]}", *NAMES[1:])),
    ),
    "a file of another name": ("no statement has", lambda: File(more={"readme.txt": b""})),
    "two detail files": ("two files", lambda: File(more={f"INN15090589ZM_{MERCHANT}": b""})),
    "more files than there are": ("more files", lambda: File(more={f"x{n}": b"" for n in range(9)})),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_not_right_in_all_is_refused(what: str) -> None:
    words, make = REFUSED[what]
    with pytest.raises(BankRefused, match=words) as refused:
        make().read()
    assert CARD not in str(refused.value)


@pytest.mark.parametrize("cut", [0, 1, 100, -30, -1])
def test_a_torn_zip_is_asked_for_again(cut: int) -> None:
    whole = File().zip()
    with pytest.raises(BankUnavailable, match="torn"):
        read_statement("x.zip", whole[:cut], MERCHANT, DAY)


def test_a_zip_whose_content_changed_on_the_way_is_torn() -> None:
    whole = bytearray(File().zip())
    whole[120] ^= 1
    with pytest.raises(BankUnavailable, match="torn"):
        read_statement("x.zip", bytes(whole), MERCHANT, DAY)


def packed(octets: bytes) -> str:
    return b64encode(zlib.compress(octets)).decode()


def test_what_was_packed_is_unpacked() -> None:
    assert inflate(packed(b"zip")) == b"zip"


@pytest.mark.parametrize(
    "content",
    ["", "???", packed(b"zip")[:-8], b64encode(b"zip").decode(), b64encode(zlib.compress(b"zip") + b"more").decode()],
)
def test_torn_packing_is_asked_for_again(content: str) -> None:
    with pytest.raises(BankUnavailable, match="torn"):
        inflate(content)


def test_a_bomb_goes_off_nowhere() -> None:
    """A thousandfold in each layer: neither is unpacked beyond its bound."""
    packer = zlib.compressobj()
    layer = b64encode(b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(128)) + packer.flush()).decode()
    tracemalloc.start()
    with pytest.raises(BankRefused, match="larger than"):
        inflate(layer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * LARGEST_ZIP
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(NAMES[0], "w") as file:
        for _ in range(33):
            file.write(bytes(1024 * 1024))
    assert len(bomb.getvalue()) < 50_000
    with pytest.raises(BankRefused, match="larger than"):
        unzip(bomb.getvalue())


def test_a_zip_that_is_encrypted_or_packed_strangely_is_refused() -> None:
    strange = io.BytesIO()
    with zipfile.ZipFile(strange, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(NAMES[0], b"x")
    with pytest.raises(BankRefused, match="packed in a way"):
        unzip(strange.getvalue())
    sealed = bytearray(File().zip())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        sealed[sealed.index(mark) + offset] |= 1
    with pytest.raises(BankRefused, match="encrypted"):
        unzip(bytes(sealed))


@pytest.mark.parametrize(
    "faults", [(), ("gbk-summary",), ("fee-rounding=up",), ("fee-rounding=even",), ("file-zme",), ("file-unknown-row",)]
)
async def test_the_file_of_the_emulated_bank_is_read(tmp_path: Path, donor: Donor, faults: tuple[str, ...]) -> None:
    async with drill(tmp_path / "bank", *faults) as drilled:
        paid = [await paid_at(drilled.bank, donor, drilled.url, minor) for minor in (1000, 2050, 99_999)]
        day = settlement_day(drilled.clock.now())
        drilled.clock.advance(timedelta(days=1).total_seconds())
        statement = await drilled.bank.statement(day)
        with pytest.raises(NoStatement):
            await drilled.bank.statement(day + timedelta(days=1))
    told = {each.order: each for each in statement.rows}
    assert all(told[order.id].movement is Movement.payment for order in paid)
    assert len(told) == 3 + len({"file-zme", "file-unknown-row"} & set(faults))
    assert told[paid[2].id].amount.minor == 99_999
    assert b"*" not in statement.content
