"""Why a bank's file of a day is refused, as facts; staff/reconciliation/statement_wording.py has the sentences."""

import json
from enum import StrEnum

from central_server.banks.port import BankRefused


class StatementProblem(StrEnum):
    """What is wrong with the file. The comments name the facts of each member."""

    no_files = "no_files"  # kind
    answered = "answered"  # code: of the bank
    not_a_zip = "not_a_zip"
    too_large = "too_large"  # most: bytes
    damaged = "damaged"
    crowded = "crowded"
    packed = "packed"
    foreign_file = "foreign_file"
    other_day = "other_day"  # day
    no_day = "no_day"
    incomplete = "incomplete"
    kind_twice = "kind_twice"  # kind
    movement_twice = "movement_twice"
    adjustment_twice = "adjustment_twice"
    unbalanced = "unbalanced"  # found, stated: sums
    line_length = "line_length"  # line, length, expected: bytes
    line_widths = "line_widths"  # line
    line_encoding = "line_encoding"  # line, column: from 0
    line_merchant = "line_merchant"  # line
    line_amount = "line_amount"  # line
    line_number = "line_number"  # line
    line_original = "line_original"  # line
    line_signed = "line_signed"  # line
    line_kind = "line_kind"  # line
    line_sum = "line_sum"  # line
    summary_encoding = "summary_encoding"
    summary_of_another = "summary_of_another"  # label, value: what it must state
    summary_lacks = "summary_lacks"  # name: of a column or row
    summary_tables = "summary_tables"
    summary_heading = "summary_heading"  # line
    summary_columns = "summary_columns"  # line
    summary_amount = "summary_amount"  # line
    summary_total = "summary_total"  # line
    summary_net = "summary_net"  # line


class StatementRefused(BankRefused):
    """The file, or the bank's answer instead of it, breaks our rules. Its text is for the log."""

    def __init__(self, problem: StatementProblem, **facts: str | int) -> None:
        super().__init__(" ".join([problem.value, *(f"{name}={value}" for name, value in facts.items())]))
        self.problem = problem
        self.facts = facts

    @property
    def stored(self) -> str:
        """The facts as text for the database, which `read_stored` reads."""
        return json.dumps([self.problem, self.facts], ensure_ascii=False)


def read_stored(text: str) -> StatementRefused | None:
    """Return None for an empty text: the bank refused to give a file."""
    if not text:
        return None
    problem, facts = json.loads(text)
    return StatementRefused(StatementProblem(problem), **facts)
