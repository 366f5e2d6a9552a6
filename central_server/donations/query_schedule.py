"""When the bank is asked about an order. Sources: UnionPay's rules for front and back transactions."""

from datetime import datetime, timedelta

_HEARD = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 30, 60, 120))
"""After an order was made: also when the bank has notified, or named another end, until it says paid when asked."""
_SILENT = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 25, 30, 60, 120))
"""More often while a donor may still pay there: what is paid without a word is found within five minutes."""
_AFTERWARDS = timedelta(days=1)
GIVEN_UP = timedelta(days=7)
"""An order that a bank still calls open then has ended here; a later word of the bank goes before that."""
_BACK = (
    *(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 32)),
    *(timedelta(minutes=minutes) for minutes in (5, 10, 30, 60, 120)),
)
BACK_GIVEN_UP = timedelta(days=40)
"""Money on its way back takes up to ten settlement days; then somebody has to ask the bank."""


def next_query(opened_at: datetime, now: datetime, *, live: bool = True) -> datetime | None:
    """Of a payment; None: never more. `live`: the bank has neither notified nor named an end."""
    age = now - opened_at
    following = next((point for point in (_SILENT if live else _HEARD) if point > age), None)
    if following is not None:
        return opened_at + following
    return now + _AFTERWARDS if live else None


def confirming_query(opened_at: datetime, now: datetime) -> datetime:
    """When the bank is asked whether what it notified is so."""
    return next_query(opened_at, now, live=False) or now + _HEARD[0]


def next_back_query(sent_at: datetime, queries: int, now: datetime) -> datetime | None:
    """Of a refund that was asked about so many times; None: never more."""
    if now - sent_at > BACK_GIVEN_UP:
        return None
    return now + (_BACK[queries] if queries < len(_BACK) else _AFTERWARDS)
