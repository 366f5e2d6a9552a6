"""Parse one row of a detail file (ZM) or of its error adjustments (ZME): forty-one fixed-width columns in GBK.

Source: the official sample's `DemoBase.parseZMFile` and its sample file; names of the columns as in a merchant's copy
of the file specification. That ZME has the same layout is inferred: no sample of one is public.
"""

import re
from dataclasses import dataclass

from central_server.banks.port import Movement, StatementRow
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
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
    """Parse a line. `number`: of the line, from 1. Raises StatementRefused, which names the line and the column."""
    columns = _columns(line, number)

    def text(column: int) -> str:
        try:
            return columns[column].decode("gbk").strip()
        except UnicodeDecodeError as error:
            raise StatementRefused(StatementProblem.line_encoding, line=number, column=column) from error

    for column in range(len(WIDTHS)):
        text(column)
    if text(_MERCHANT) != merchant:
        raise StatementRefused(StatementProblem.line_merchant, line=number)
    if not _FEN.fullmatch(text(_AMOUNT)):
        raise StatementRefused(StatementProblem.line_amount, line=number)
    if not _NUMBER.fullmatch(text(_QUERY_ID)):
        raise StatementRefused(StatementProblem.line_number, line=number)
    amount = Money(int(text(_AMOUNT)))
    fee = _read_signed(text(_FEE), number)
    settled = -_read_signed(text(_SETTLED), number)
    # An adjustment that charges the merchant (D) is a refund, one that credits it (C) a payment.
    adjusted = Movement.refund if settled < 0 else Movement.payment
    movement = adjusted if adjustment else _MOVEMENTS.get(text(_KIND))
    if movement is None or (not adjustment and not amount.minor):
        raise StatementRefused(StatementProblem.line_kind, line=number)
    if settled != (amount.minor if movement is Movement.payment else -amount.minor) - fee:
        raise StatementRefused(StatementProblem.line_sum, line=number)
    original = text(_ORIGINAL).strip("0")
    if original and not _NUMBER.fullmatch(text(_ORIGINAL)):
        raise StatementRefused(StatementProblem.line_original, line=number)
    refers = text(_ORIGINAL) if original else text(_QUERY_ID) if adjustment else ""
    row = StatementRow(number, movement, text(_ORDER), amount, fee, text(_QUERY_ID), refers)
    begin = sum(WIDTHS[:_CARD]) + _CARD
    return DetailRow(row, line[:begin] + b" " * WIDTHS[_CARD] + line[begin + WIDTHS[_CARD] :])


def _columns(line: bytes, number: int) -> list[bytes]:
    if len(line) not in (LENGTH, LENGTH + 1):
        raise StatementRefused(StatementProblem.line_length, line=number, length=len(line), expected=LENGTH)
    columns, between, place = [], set(), 0
    for width in WIDTHS:
        columns.append(line[place : place + width])
        between.add(line[place + width : place + width + 1])
        place += width + 1
    between.discard(b"")
    if len(between) != 1 or next(iter(between)).isalnum() or next(iter(between)) > b"\x7f":
        raise StatementRefused(StatementProblem.line_widths, line=number)
    return columns


def _read_signed(text: str, number: int) -> int:
    """Return the fee, positive if the bank charges it (D), negative if it returns it (C)."""
    columns = _SIGNED_AMOUNT.fullmatch(text)
    if columns is None:
        raise StatementRefused(StatementProblem.line_signed, line=number)
    return int(columns[2]) if columns[1] == "D" else -int(columns[2])
