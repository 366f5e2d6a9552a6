"""List why a bank's file is refused, as English msgids for pages and commands."""

from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.staff.frame.msgid import _

PROBLEMS = {
    StatementProblem.no_files: _("The bank of this server gives no files."),
    StatementProblem.answered: _("The bank answered %(code)s instead of a file. Ask the bank."),
    StatementProblem.not_a_zip: _("The bank's files have names that end in .zip. Choose the file as the bank gave it."),
    StatementProblem.too_large: _("It is larger than %(most)s bytes."),
    StatementProblem.damaged: _("It is damaged. Download it again."),
    StatementProblem.crowded: _("It contains more files than a day has, or one of them twice."),
    StatementProblem.packed: _("A file in it is encrypted or packed in an unknown way."),
    StatementProblem.foreign_file: _("It contains a file that does not belong to a statement."),
    StatementProblem.other_day: _("It contains another merchant's file, or one that is not of %(day)s."),
    StatementProblem.no_day: _("No file name in it contains a day. Choose the file as the bank gave it."),
    StatementProblem.incomplete: _("It must contain a detail file (ZM) and a summary (RD)."),
    StatementProblem.kind_twice: _("It contains two files of the kind %(kind)s."),
    StatementProblem.movement_twice: _("A movement of money occurs twice in the detail file. Ask the bank."),
    StatementProblem.adjustment_twice: _("An adjustment occurs twice. Ask the bank."),
    StatementProblem.unbalanced: _(
        "It does not balance: its rows are %(found)s, its summary states %(stated)s. Ask the bank."
    ),
    StatementProblem.line_length: _("Line %(line)s has %(length)s bytes instead of %(expected)s."),
    StatementProblem.line_widths: _("Line %(line)s: the columns do not have the specified widths."),
    StatementProblem.line_encoding: _("Line %(line)s, column %(column)s: the text is not GBK."),
    StatementProblem.line_merchant: _("Line %(line)s belongs to another merchant."),
    StatementProblem.line_amount: _("Line %(line)s: the amount is not twelve digits."),
    StatementProblem.line_number: _("Line %(line)s has no payment number."),
    StatementProblem.line_original: _("Line %(line)s: the number of the original payment cannot be read."),
    StatementProblem.line_signed: _("Line %(line)s: a fee or net amount is not C or D and twelve digits."),
    StatementProblem.line_kind: _("Line %(line)s is neither a payment nor a refund."),
    StatementProblem.line_sum: _("Line %(line)s: the amount less the fee is not the settled amount."),
    StatementProblem.summary_encoding: _("The text of the summary is not GBK."),
    StatementProblem.summary_of_another: _("The summary must state %(label)s %(value)s, and does not."),
    StatementProblem.summary_lacks: _("The summary names no %(name)s."),
    StatementProblem.summary_tables: _("The tables of the summary have different totals."),
    StatementProblem.summary_heading: _("Line %(line)s of the summary must name the columns, in pairs of 借 and 贷."),
    StatementProblem.summary_columns: _("Line %(line)s of the summary does not have the columns of its heading."),
    StatementProblem.summary_amount: _("Line %(line)s of the summary has an amount without two decimals."),
    StatementProblem.summary_total: _("Line %(line)s of the summary: the total is not the sum of the rows above it."),
    StatementProblem.summary_net: _("Line %(line)s of the summary: the amount less the fee is not the net sum."),
}


def in_english(refused: StatementRefused) -> str:
    return PROBLEMS[refused.problem] % refused.facts
