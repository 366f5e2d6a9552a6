"""Record what the bank made of a refund: completed, refused, or a return that the bank made by itself."""

import hashlib
from datetime import datetime

from central_server.ledger.journal import post_refund
from central_server.store.donations import attempts, intents, refunds
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.refunds import BY_BANK, RefundState, StoredRefund
from central_server.store.engine.connection import Connection


async def complete_refund(connection: Connection, refund_id: str, evidence: str, now: datetime, *, cause: str) -> bool:
    """Post a refund that the bank reports as done; False if it was posted before.

    `cause`: notification, query or statement.
    """
    locked = await lock_refund(connection, refund_id)
    if locked is None or not await refunds.end(connection, locked[0], RefundState.refunded, evidence):
        return False
    refund, attempt = locked
    await post_refund(
        connection,
        attempt,
        refund.id,
        refund.amount_minor,
        evidence=evidence,
        at=now,
        source=refund.source,
        source_minor=refund.source_minor,
    )
    await update_attempt_state(connection, attempt, now, cause, evidence)
    return True


async def record_refusal(connection: Connection, refund_id: str, reason: str, now: datetime) -> bool:
    """Record that the bank refuses the refund; False if it was refused or completed before."""
    locked = await lock_refund(connection, refund_id)
    if locked is None or not await refunds.end(connection, locked[0], RefundState.refused, reason):
        return False
    await update_attempt_state(connection, locked[1], now, "bank", reason)
    return True


async def post_bank_return(
    connection: Connection,
    attempt_id: str,
    amount_minor: int,
    *,
    evidence: str,
    now: datetime,
    cause: str = "statement",
) -> StoredRefund | None:
    """Post a return that the bank made by itself, and close our own requests that were not sent yet.

    `evidence`: the bank's number of the return; each is posted once. None: it was posted before, or nothing was paid.
    """
    attempt = await attempts.lock(connection, attempt_id)
    if attempt is None or not attempt.paid:
        return None
    own_id = hashlib.sha256(f"{attempt.id} {evidence}".encode()).hexdigest()[:32]
    if await refunds.get(connection, own_id) is not None:
        return None
    refund = StoredRefund(
        id=own_id,
        attempt=attempt.id,
        community=attempt.community,
        environment=attempt.environment,
        project=await project_of(connection, attempt),
        amount_minor=amount_minor,
        currency=attempt.currency,
        reason="",
        state=RefundState.refunded.value,
        requested_by=BY_BANK,
        requested_at=now,
        sent_at=now,
        evidence=evidence[:200],
    )
    await refunds.add(connection, refund)
    for waiting in await refunds.of_attempts(connection, [attempt.id]):
        if waiting.state in (RefundState.requested, RefundState.approved):
            await refunds.close(connection, waiting, note=f"returned by the bank: {evidence}"[:300], at=now)
    await post_refund(connection, attempt, refund.id, amount_minor, evidence=evidence, at=now)
    await update_attempt_state(connection, attempt, now, cause, evidence)
    return refund


async def lock_refund(connection: Connection, refund_id: str) -> tuple[StoredRefund, Attempt] | None:
    """Lock the refund's intent until the write ends; return the refund and its attempt, None for an unknown id."""
    refund = await refunds.get(connection, refund_id)
    if refund is None:
        return None
    attempt = await attempts.lock(connection, refund.attempt)
    locked = await refunds.get(connection, refund_id)
    assert attempt is not None  # foreign key
    assert locked is not None  # refunds are never deleted
    return locked, attempt


async def update_attempt_state(
    connection: Connection, attempt: Attempt, now: datetime, cause: str, evidence: str
) -> None:
    """Set the attempt's state to what follows from its refunds."""
    states = {refund.state for refund in await refunds.of_attempts(connection, [attempt.id])}
    if states & {RefundState.approved, RefundState.sent}:
        after = AttemptState.refunding
    elif RefundState.refunded in states:
        after = AttemptState.refunded
    else:
        after = AttemptState.refund_refused if RefundState.refused in states else AttemptState.paid
    if attempt.state != after:
        await attempts.move(connection, attempt, after, at=now, cause=cause, evidence=evidence)


async def project_of(connection: Connection, attempt: Attempt) -> str:
    intent = await intents.get(connection, attempt.gateway, attempt.intent)
    assert intent is not None  # foreign key
    return intent.project
