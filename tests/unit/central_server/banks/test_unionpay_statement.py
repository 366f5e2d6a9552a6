"""The file of a day is read completely and balanced, or refused with the reason."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from central_server.bank_emulator.unionpay.clock import settlement_day
from central_server.banks.port import Movement, NoStatement
from central_server.banks.statement_refusal import StatementRefused
from central_server.staff.reconciliation import statement_wording
from tests.fakes.donor import Donor
from tests.unit.central_server.unionpay_day import (
    CARD,
    DAY,
    MERCHANT,
    NAMES,
    NOTHING,
    SAMPLE_TOTALS,
    File,
    Totals,
    line_bytes,
    number,
    payments,
    row,
    summary,
)
from tests.unit.central_server.unionpay_orders import drill, paid_at


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
def test_any_separator_between_the_columns_is_accepted(separator: bytes) -> None:
    file = File(rows=[line_bytes(cells, separator=separator) for cells in payments()])
    assert file.read().rows == File().read().rows
    file.rows = [each + separator for each in file.rows]  # and behind the last
    assert file.read().rows == File().read().rows


def test_windows_line_ends_are_accepted() -> None:
    file = File()
    file.rows = [each + b"\r" for each in file.rows]
    assert file.read().rows == File().read().rows


def test_a_refund_is_subtracted_and_names_its_payment() -> None:
    back = row(9, 12000, "C000000000072", kind="04", settled="D000000011928", original=number(5))
    file = File([*(line_bytes(cells) for cells in payments()), line_bytes(back)])
    back_totals: Totals = (1, "120.00", "0.00", "0.00", "0.72", "119.28", "0.00")
    total: Totals = (9, "120.00", "13227.00", "79.36", "0.72", "0.00", "13028.36")
    file.rd = summary(SAMPLE_TOTALS, back_totals, total=total).encode("gbk")
    last = file.read().rows[-1]
    assert (last.movement, last.amount.minor, last.fee_minor, last.refers) == (
        Movement.refund,
        12000,
        -72,
        number(5),
    )


def test_a_day_of_refunds_alone_is_negative() -> None:
    file = File([line_bytes(row(9, 12000, "C000000000072", kind="31", original=number(5)))])
    file.rd = summary((1, "120.00", "0.00", "0.00", "0.72", "119.28", "0.00")).encode("gbk")
    assert [each.movement for each in file.read().rows] == [Movement.refund]


def test_adjustments_are_refunds_payments_or_fees_after_the_details() -> None:
    file = File(
        adjustments=[
            line_bytes(row(5, 12000, "C000000000072", settled="D000000011928", kind="E1")),
            line_bytes(row(6, 0, "D000000000042", settled="D000000000042", kind="E2")),
            line_bytes(row(7, 3000, "D000000000018", settled="C000000002982", kind="E3", original=number(7))),
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


def test_no_card_number_is_stored() -> None:
    file = File(adjustments=[line_bytes(row(5, 12000, "C000000000072", settled="D000000011928"))])
    statement = file.read()
    assert CARD.encode() not in statement.content
    assert f"{8:032x}".encode() in statement.content
    assert CARD not in str(statement)


def lines(bend: Callable[[list[bytes]], list[bytes]]) -> Callable[[], File]:
    return lambda: File(rows=bend(File().rows))


def with_cell(n: int, text: str) -> Callable[[], File]:
    return lambda: File(rows=[line_bytes(payments()[0] | {n: text}), *File().rows[1:]])


def totals_of(place: int, value: str | int, *more: str | int) -> File:
    """Return a file with other totals in its summary, by pairs of place and value."""
    changed: list[str | int] = list(SAMPLE_TOTALS)
    for at, new in zip((place, *more[::2]), (value, *more[1::2]), strict=True):
        changed[int(at)] = new
    return File(rd=summary(cast(Totals, tuple(changed))).encode("gbk"))


def totals(place: int, value: str | int) -> Callable[[], File]:
    return lambda: totals_of(place, value)


def replaced(old: str, new: str) -> Callable[[], File]:
    return lambda: File(rd=summary().replace(old, new).encode("gbk"))


REFUSED: dict[str, tuple[str, Callable[[], File]]] = {
    "a line that is one byte short": ("606 bytes", lines(lambda rows: [rows[0][:-1], *rows[1:]])),
    "a line that is two bytes long": ("609 bytes", lines(lambda rows: [rows[0] + b"  ", *rows[1:]])),
    "a line that was cut in two": ("instead of 607", lines(lambda rows: [rows[0][:300], rows[0][300:], *rows[1:]])),
    "an empty line in the middle": ("instead of 607", lines(lambda rows: [rows[0], b"", *rows[1:]])),
    "a column that is one byte wider, and the next one narrower": (
        "specified widths",
        lines(lambda rows: [rows[0][:15] + b"x" + rows[0][16:], *rows[1:]]),
    ),
    "separators that change within a line": (
        "specified widths",
        lines(lambda rows: [rows[0].replace(b" ", b"|", 1), *rows[1:]]),
    ),
    "letters between the columns": (
        "specified widths",
        lambda: File(rows=[line_bytes(c, separator=b"x") for c in payments()]),
    ),
    "columns in UTF-8": ("not GBK", lambda: File(rows=[line_bytes(c, encoding="utf-8") for c in payments()])),
    "a character that ends in the next column": (
        "specified widths|not GBK",
        lines(lambda rows: [rows[0][:428] + "爱".encode("gbk") + rows[0][430:], *rows[1:]]),
    ),
    "another merchant's row": ("another merchant", with_cell(27, "802310048993425")),
    "an amount with a point": ("twelve digits", with_cell(6, "00012000.000")),
    "an amount of eleven digits": ("twelve digits", with_cell(6, "00001200000")),
    "a payment of nothing": ("neither a payment", with_cell(6, "0" * 12)),
    "an amount that the settled amount does not hold": ("not the settled amount", with_cell(6, "000001200001")),
    "a fee that the settled amount does not hold": ("not the settled amount", with_cell(15, "D000000007201")),
    "a fee on the other side": ("not the settled amount", with_cell(15, "C000000007200")),
    "a settled amount that is one fen more": ("not the settled amount", with_cell(16, "C000001192801")),
    "a fee without its side": ("C or D", with_cell(15, "0000000007200")),
    "a fee in other digits": ("C or D", with_cell(15, "D1２")),
    "a kind that we do not know": ("neither a payment", with_cell(19, "02")),
    "a row without its number": ("no payment number", with_cell(9, "")),
    "an original that is no number": ("original payment", with_cell(26, "20150905")),
    "a row that occurs twice": ("occurs twice", lines(lambda rows: [*rows, rows[0]])),
    "a row that occurs twice in place of another": ("occurs twice", lines(lambda rows: [rows[0], rows[0], *rows[2:]])),
    "a row that is missing": ("does not balance", lines(lambda rows: rows[1:])),
    "an adjustment that occurs twice": (
        "adjustment occurs twice",
        lambda: File(adjustments=[line_bytes(row(5, 12000, "C000000000072", settled="D000000011928"))] * 2),
    ),
    "no rows at all": ("does not balance", lambda: File(rows=[])),
    "a net sum that is not the difference": ("is not the net sum", totals(6, "13147.65")),
    "an amount in fen": ("two decimals", totals(2, "1322700")),
    "a fee that was returned": ("is not the net sum", lambda: totals_of(3, "0.00", 4, "79.36")),
    "a total that is not the sum of its rows": (
        "not the sum of the rows",
        lambda: File(rd=summary(SAMPLE_TOTALS, SAMPLE_TOTALS, total=SAMPLE_TOTALS).encode("gbk")),
    ),
    "tables with different totals": (
        "different totals",
        lambda: File(rd=summary(SAMPLE_TOTALS, card_total=NOTHING).encode("gbk")),
    ),
    "a summary of another number of rows": ("does not balance", totals(0, 9)),
    "a summary of nothing": ("does not balance", lambda: File(rd=summary(NOTHING).encode("gbk"))),
    "a summary without the net sum": ("names no 资金清算差额", replaced("资金清算差额", "其他")),
    "a summary without the fee": ("names no 费用", replaced("费用", "其他")),
    "a summary without a total": ("names no 总计", lambda: File(rd=summary().partition("总计")[0].encode("gbk"))),
    "a summary with one column for each sum": ("pairs of 借 and 贷", replaced("借", "")),
    "a summary without tables": ("names no 交易笔数", replaced("交易笔数", "笔数")),
    "the summary of another merchant": ("state 商户代码", replaced(MERCHANT, MERCHANT[::-1])),
    "a summary that states another day": ("state 清算日期", replaced("20150905", "20150904")),
    "a summary in UTF-8": ("GBK|商户代码", lambda: File(rd=summary().encode())),
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
    "a file of another name": ("does not belong to a statement", lambda: File(more={"readme.txt": b""})),
    "two detail files": ("two files", lambda: File(more={f"INN15090589ZM_{MERCHANT}": b""})),
    "more files than there are": ("more files", lambda: File(more={f"x{n}": b"" for n in range(9)})),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_file_is_refused(case: str) -> None:
    words, make = REFUSED[case]
    with pytest.raises(StatementRefused) as refused:
        make().read()
    assert re.search(words, statement_wording.in_english(refused.value)), statement_wording.in_english(refused.value)
    assert CARD not in str(refused.value)


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
    read = {each.order: each for each in statement.rows}
    assert all(read[order.id].movement is Movement.payment for order in paid)
    assert len(read) == 3 + len({"file-zme", "file-unknown-row"} & set(faults))
    assert read[paid[2].id].amount.minor == 99_999
    assert b"*" not in statement.content
