"""Post a refund that staff made in the bank's own web pages, once it is known which payment it returned."""

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
    """The caller reports it and rolls back the write."""


def can_be_posted(found: Difference) -> bool:
    """Return whether the file names our payment that was returned."""
    return found.kind == DifferenceKind.refund_unknown and found.attempt is not None and found.refund is None


async def post_external_refund(connection: Connection, found: Difference, now: datetime) -> None:
    """Post it, within a write. Raises CannotPost: more would be returned than was paid, or it is posted already."""
    if not can_be_posted(found) or found.statement is None or found.line is None:
        raise CannotPost
    attempt = await attempts.lock(connection, found.attempt or "")
    row = await statements.row(connection, found.statement, found.line)
    if attempt is None or row is None or row.result != RowResult.refund_unknown or row.currency != attempt.currency:
        raise CannotPost
    all_refunds = await refunds.of_attempts(connection, [attempt.id])
    returned = sum(each.amount_minor for each in all_refunds if each.state in (RefundState.sent, RefundState.refunded))
    if returned + row.amount_minor > attempt.amount_minor:
        raise CannotPost
    evidence = row.evidence or row.identity
    refund = await refund_outcome.post_bank_return(
        connection, attempt.id, row.amount_minor, evidence=evidence, now=now, cause=CAUSE
    )
    if refund is None:
        raise CannotPost
    await statements.set_result(connection, row, RowResult.matched, attempt.id, refund.id)
