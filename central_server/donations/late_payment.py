"""Recognise a payment that completes after its order ended, and hold it back: the bank itself may return it."""

from datetime import datetime, timedelta

from central_server.store.donations.attempts import Attempt, AttemptState

HOLD_PERIOD = timedelta(days=16)
"""The bank returns a late payment within five working days, over the longest public holiday too."""


def is_late(attempt: Attempt) -> bool:
    """Return whether a payment of this attempt, before it is posted, comes after the attempt has ended."""
    return attempt.state in (AttemptState.failed, AttemptState.expired)


def hold_until(attempt: Attempt, at: datetime, *, known_in_time: bool) -> datetime | None:
    """Return until when a payment received at `at` is held, None if it is not held.

    `known_in_time`: the source of the report proves that the payment completed before its time limit.
    """
    return at + HOLD_PERIOD if is_late(attempt) or not known_in_time else None


def is_on_hold(attempt: Attempt, now: datetime) -> bool:
    """Return whether we may not refund the payment yet."""
    return attempt.refundable_from is not None and now < attempt.refundable_from
