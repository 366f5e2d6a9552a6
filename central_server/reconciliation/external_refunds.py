"""A refund that somebody made in the bank's own pages: once staff know whose it was, the ledger has it too."""

from datetime import datetime

from central_server.donations import refund_outcome
from central_server.errors import CentralError
from central_server.reconciliation.statement_import import CAUSE
from central_server.store.donations import attempts, refunds
from central_server.store.donations.refunds import RefundState
from central_server.store.engine.connection import Connection
from central_server.store.reconciliation import statements
from central_server.store.reconciliation.differences import Difference, DifferenceKind
from central_server.store.reconciliation.statements import RowResult


class CannotPost(CentralError):
    """Tell whoever asked; take back what was written with it."""


def can_be_posted(found: Difference) -> bool:
    """Whether the file names the payment of ours that was given back."""
    return found.kind == DifferenceKind.refund_unknown and found.attempt is not None and found.refund is None


async def post(connection: Connection, found: Difference, now: datetime) -> None:
    """Post it, within a write. Raises CannotPost: more would have gone back than was paid, or it stands there."""
    if not can_be_posted(found) or found.statement is None or found.line is None:
        raise CannotPost
    attempt = await attempts.lock(connection, found.attempt or "")
    row = await statements.row(connection, found.statement, found.line)
    if attempt is None or row is None or row.result != RowResult.refund_unknown or row.currency != attempt.currency:
        raise CannotPost
    every = await refunds.of_attempts(connection, [attempt.id])
    gone = sum(each.amount_minor for each in every if each.state in (RefundState.sent, RefundState.refunded))
    if gone + row.amount_minor > attempt.amount_minor:
        raise CannotPost
    told = row.evidence or row.identity
    made = await refund_outcome.post_bank_return(
        connection, attempt.id, row.amount_minor, evidence=told, now=now, cause=CAUSE
    )
    if made is None:
        raise CannotPost
    await statements.found_to_be(connection, row, RowResult.matched, attempt.id, made.id)
