"""When the bank is queried about an order or a refund. Source: UnionPay's rules for front and back transactions."""

from datetime import datetime, timedelta

_NOTIFIED = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 30, 60, 120))
"""Ages of an order that is no longer live: the bank has notified, or named an end, and a query confirms it."""
_LIVE = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 25, 30, 60, 120))
"""Ages of a live order: a payment without a notification is found within five minutes."""
_DAILY = timedelta(days=1)
QUERIES_END_AFTER = timedelta(days=7)
"""An order that the bank still calls open after this time is closed; a later payment is posted all the same."""
_REFUND_DELAYS = (
    *(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 32)),
    *(timedelta(minutes=minutes) for minutes in (5, 10, 30, 60, 120)),
)
REFUND_QUERIES_END_AFTER = timedelta(days=40)
"""A refund takes up to ten settlement days; after this time, staff ask the bank."""


def next_query(opened_at: datetime, now: datetime, *, live: bool = True) -> datetime | None:
    """Return when a payment order is queried next, None for never. `live`: no notification or end is known."""
    age = now - opened_at
    following = next((point for point in (_LIVE if live else _NOTIFIED) if point > age), None)
    if following is not None:
        return opened_at + following
    return now + _DAILY if live else None


def confirming_query(opened_at: datetime, now: datetime) -> datetime:
    """Return when a query confirms a notification."""
    return next_query(opened_at, now, live=False) or now + _NOTIFIED[0]


def next_refund_query(sent_at: datetime, queries: int, now: datetime) -> datetime | None:
    """Return when a refund that was queried `queries` times is queried next, None for never."""
    if now - sent_at > REFUND_QUERIES_END_AFTER:
        return None
    return now + (_REFUND_DELAYS[queries] if queries < len(_REFUND_DELAYS) else _DAILY)
