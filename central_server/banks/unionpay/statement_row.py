"""Parse one row of a detail file (ZM) or of its error adjustments (ZME): forty-one fixed-width columns in GBK.

Source: the official sample's `DemoBase.parseZMFile` and its sample file; names of the columns as in a merchant's copy
of the file specification. That ZME has the same layout is inferred: no sample of one is public.
"""

import re
from dataclasses import dataclass

from central_server.banks.port import BankRefused, Movement, StatementRow
from sync_contract.money import Money

WIDTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2),
    *(6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 131),
)
"""In bytes; one byte separates two columns, and one may follow the last."""
LENGTH = sum(WIDTHS) + len(WIDTHS) - 1
_CARD, _AMOUNT, _QUERY_ID, _ORDER, _FEE, _SETTLED, _KIND, _ORIGINAL, _MERCHANT = 5, 6, 9, 11, 15, 16, 19, 26, 27
_MOVEMENTS = {"01": Movement.payment, "04": Movement.refund, "31": Movement.refund}
_FEN = re.compile(r"[0-9]{12}")
_SIGNED_AMOUNT = re.compile(r"([CD])([0-9]{12})")
_NUMBER = re.compile(r"[0-9]{21}")


@dataclass(frozen=True, slots=True)
class DetailRow:
    """`row`: as parsed. `stored`: its bytes without the card's number."""

    row: StatementRow
    stored: bytes


def read_detail(line: bytes, number: int, merchant: str, *, adjustment: bool) -> DetailRow:
    """Parse a line. `number`: of the line, from 1. Raises BankRefused, which names the line and the column."""
    columns = _columns(line, number)

    def text(column: int) -> str:
        try:
            return columns[column].decode("gbk").strip()
        except UnicodeDecodeError as error:
            raise BankRefused(f"line {number}, column {column}: not GBK") from error

    for column in range(len(WIDTHS)):
        text(column)
    if text(_MERCHANT) != merchant:
        raise BankRefused(f"line {number}: belongs to another merchant")
    if not _FEN.fullmatch(text(_AMOUNT)):
        raise BankRefused(f"line {number}: the amount is not twelve digits")
    if not _NUMBER.fullmatch(text(_QUERY_ID)):
        raise BankRefused(f"line {number}: no payment number")
    amount = Money(int(text(_AMOUNT)))
    fee = _read_signed(text(_FEE), number)
    settled = -_read_signed(text(_SETTLED), number)
    # An adjustment that charges the merchant (D) is a refund, one that credits it (C) a payment.
    adjusted = Movement.refund if settled < 0 else Movement.payment
    movement = adjusted if adjustment else _MOVEMENTS.get(text(_KIND))
    if movement is None or (not adjustment and not amount.minor):
        raise BankRefused(f"line {number}: neither a payment nor a refund")
    if settled != (amount.minor if movement is Movement.payment else -amount.minor) - fee:
        raise BankRefused(f"line {number}: the amount less the fee is not the settled amount")
    original = text(_ORIGINAL).strip("0")
    if original and not _NUMBER.fullmatch(text(_ORIGINAL)):
        raise BankRefused(f"line {number}: no number of the original payment")
    refers = text(_ORIGINAL) if original else text(_QUERY_ID) if adjustment else ""
    row = StatementRow(number, movement, text(_ORDER), amount, fee, text(_QUERY_ID), refers)
    begin = sum(WIDTHS[:_CARD]) + _CARD
    return DetailRow(row, line[:begin] + b" " * WIDTHS[_CARD] + line[begin + WIDTHS[_CARD] :])


def _columns(line: bytes, number: int) -> list[bytes]:
    if len(line) not in (LENGTH, LENGTH + 1):
        raise BankRefused(f"line {number}: {len(line)} bytes instead of {LENGTH}")
    columns, between, place = [], set(), 0
    for width in WIDTHS:
        columns.append(line[place : place + width])
        between.add(line[place + width : place + width + 1])
        place += width + 1
    between.discard(b"")
    if len(between) != 1 or next(iter(between)).isalnum() or next(iter(between)) > b"\x7f":
        raise BankRefused(f"line {number}: its columns do not have the specified widths")
    return columns


def _read_signed(text: str, number: int) -> int:
    """Return the fee, positive if the bank charges it (D), negative if it returns it (C)."""
    columns = _SIGNED_AMOUNT.fullmatch(text)
    if columns is None:
        raise BankRefused(f"line {number}: a fee or net amount is not C or D and twelve digits")
    return int(columns[2]) if columns[1] == "D" else -int(columns[2])
