"""Recognise a payment that completes after its order ended, and hold it back: the bank itself may return it."""

from datetime import datetime, timedelta

from central_server.store.donations.attempts import Attempt, AttemptState

HOLD_PERIOD = timedelta(days=16)
"""The bank returns a late payment within five working days, over the longest public holiday too."""


def is_late(attempt: Attempt, paid_at: datetime | None, payment_time: timedelta | None) -> bool:
    """Return whether a payment of this attempt, before it is posted, comes after the order has ended.

    `paid_at`: by the bank, or when we were notified; None if unknown. `payment_time`: the bank's limit, None for none.
    """
    if attempt.state in (AttemptState.failed, AttemptState.expired):
        return True
    return paid_at is not None and payment_time is not None and paid_at > attempt.opened_at + payment_time


def is_on_hold(attempt: Attempt, now: datetime) -> bool:
    """Return whether we may not refund the payment yet."""
    return attempt.refundable_from is not None and now < attempt.refundable_from
