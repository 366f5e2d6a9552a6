"""Read the summary (RD) of a settlement day: tables in GBK by kind of transaction and by kind of card.

Layout of the official sample: a heading names the columns; below it each sum of money has two, 借 (debit: money from
the merchant) and 贷 (credit: money to it); 总计 ends the table. That a day with refunds has them in 借 is inferred.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self

from central_server.banks.statement_refusal import StatementProblem, StatementRefused

_YUAN = re.compile(r"[0-9][0-9,]*\.[0-9]{2}")
_COUNT = re.compile(r"[0-9][0-9,]*")
_ROWS, _AMOUNT, _FEE, _NET = "交易笔数", "交易金额", ("费用", "手续费"), ("资金清算差额", "清算差额")
_TOTAL = "总计"
_ENDS = ("借", "贷")


@dataclass(frozen=True, slots=True)
class Sums:
    """`rows`: number of movements. In fen: `amount` of payments less refunds, `fee` charged, `net` paid out."""

    rows: int = 0
    amount: int = 0
    fee: int = 0
    net: int = 0

    def __add__(self, other: Self) -> "Sums":
        return Sums(self.rows + other.rows, self.amount + other.amount, self.fee + other.fee, self.net + other.net)


def read_summary(content: bytes, merchant: str, day: date) -> Sums:
    """Return the totals, after checking them against every row of every table. Raises StatementRefused."""
    try:
        lines = [line.split() for line in content.decode("gbk").splitlines()]
    except UnicodeDecodeError as error:
        raise StatementRefused(StatementProblem.summary_encoding) from error
    text = ["".join(line) for line in lines]
    for label, value in (("商户代码", merchant), ("清算日期", f"{day:%Y%m%d}")):
        if not any(re.search(rf"{label}[:：]{value}(?![0-9])", line) for line in text):
            raise StatementRefused(StatementProblem.summary_of_another, label=label, value=value)
    heads = [number for number, line in enumerate(lines) if _ROWS in line]
    if not heads:
        raise StatementRefused(StatementProblem.summary_lacks, name=_ROWS)
    totals = [_read_table(lines, head) for head in heads]
    if len(set(totals)) != 1:
        raise StatementRefused(StatementProblem.summary_tables)
    return totals[0]


def _read_table(lines: list[list[str]], head: int) -> Sums:
    """Read one table from its heading to its 总计, whose sums must be those of its rows."""
    columns = lines[head][1:]
    if columns[0] != _ROWS or head + 1 >= len(lines) or lines[head + 1] != [*_ENDS] * (len(columns) - 1):
        raise StatementRefused(StatementProblem.summary_heading, line=head + 1)
    found = Sums()
    for number, row in _rows(lines, head + 2):
        sums = _read_row(row, columns, number)
        if row[0] == _TOTAL:
            if sums != found:
                raise StatementRefused(StatementProblem.summary_total, line=number)
            return sums
        found += sums
    raise StatementRefused(StatementProblem.summary_lacks, name=_TOTAL)


def _rows(lines: list[list[str]], first: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines[first:], first + 1):
        if line and not "".join(line).strip("_-"):
            continue
        if line:
            yield number, line


def _read_row(row: list[str], columns: list[str], number: int) -> Sums:
    """Read a row and check that amount - fee = settled. `number`: of its line, from 1."""
    cells = row[1:]
    if len(cells) != 2 * len(columns) - 1 or not _COUNT.fullmatch(cells[0]):
        raise StatementRefused(StatementProblem.summary_columns, line=number)
    if not all(_YUAN.fullmatch(cell) for cell in cells[1:]):
        raise StatementRefused(StatementProblem.summary_amount, line=number)
    fen = [int(re.sub("[,.]", "", cell)) for cell in cells]

    def credit(*names: str) -> int:
        """Return 贷 less 借 of the column with one of these names."""
        at = next((place for place, name in enumerate(columns) if name in names), None)
        if at is None:
            raise StatementRefused(StatementProblem.summary_lacks, name=names[0])
        return fen[2 * at] - fen[2 * at - 1]

    sums = Sums(fen[0], credit(_AMOUNT), -credit(*_FEE), credit(*_NET))
    if sums.amount - sums.fee != sums.net:
        raise StatementRefused(StatementProblem.summary_net, line=number)
    return sums
