"""Read the file of one settlement day: details, adjustments, and a summary that must balance."""

import re
from dataclasses import replace
from datetime import date

from central_server.banks.port import Movement, Statement, StatementRow
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.banks.unionpay.statement_archive import unzip
from central_server.banks.unionpay.statement_row import DetailRow, read_detail
from central_server.banks.unionpay.statement_summary import Sums, read_summary

_NAME = re.compile(r"(?:INN(?P<detail>\d{6})\d{2}(?P<kind>ZME?)|RD\d{4}(?P<summary>\d{6})\d{2})_(?P<merchant>\d{15})")
"""`INN15090588ZM_802310048993424`, `RD201015090501_802310048993424`: only these names contain the year."""
_MAX_NAME = 120


def read_statement(name: str, content: bytes, merchant: str, day: date) -> Statement:
    """Read the zip, as received or downloaded by hand. Raises StatementRefused; BankUnavailable if damaged."""
    found = _by_kind(unzip(content), merchant, day)
    if not {"ZM", "RD"} <= found.keys():
        raise StatementRefused(StatementProblem.incomplete)
    details = _details(found["ZM"], merchant, adjustment=False)
    adjustments = _details(found.get("ZME", b""), merchant, adjustment=True)
    rows = [detail.row for detail in details]
    numbers = [row.evidence for row in rows]
    if len(set(numbers)) != len(numbers):
        raise StatementRefused(StatementProblem.movement_twice)
    if len({detail.stored for detail in adjustments}) != len(adjustments):
        raise StatementRefused(StatementProblem.adjustment_twice)
    _check_balance(rows, read_summary(found["RD"], merchant, day))
    rows += [replace(detail.row, line=len(rows) + detail.row.line) for detail in adjustments]
    stored = b"\n".join([*(detail.stored for detail in (*details, *adjustments)), found["RD"]])
    return Statement("unionpay", day, name[:_MAX_NAME], stored, tuple(rows))


def _by_kind(files: dict[str, bytes], merchant: str, day: date) -> dict[str, bytes]:
    """Return the files by kind; all must belong to this merchant and day (a settleDate alone has no year)."""
    found: dict[str, bytes] = {}
    for name, content in files.items():
        parts = _NAME.fullmatch(name.rpartition("/")[2])
        if parts is None:
            raise StatementRefused(StatementProblem.foreign_file)
        if parts["merchant"] != merchant or (parts["detail"] or parts["summary"]) != f"{day:%y%m%d}":
            raise StatementRefused(StatementProblem.other_day, day=f"{day}")
        kind = parts["kind"] or "RD"
        if kind in found:
            raise StatementRefused(StatementProblem.kind_twice, kind=kind)
        found[kind] = content
    return found


def _details(content: bytes, merchant: str, *, adjustment: bool) -> list[DetailRow]:
    lines = content.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n") if content.strip() else []
    return [read_detail(line, number, merchant, adjustment=adjustment) for number, line in enumerate(lines, 1)]


def _check_balance(rows: list[StatementRow], stated: Sums) -> None:
    """Compare the detail file's rows with the summary. Raises StatementRefused."""
    moved = sum(row.amount.minor if row.movement is Movement.payment else -row.amount.minor for row in rows)
    fees = sum(row.fee_minor for row in rows)
    found = Sums(len(rows), moved, fees, moved - fees)
    if found != stated:
        raise StatementRefused(StatementProblem.unbalanced, found=_show(found), stated=_show(stated))


def _show(sums: Sums) -> str:
    return f"{sums.rows} × {yuan(sums.amount)} - {yuan(sums.fee)} = {yuan(sums.net)}"


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
