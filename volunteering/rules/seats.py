"""Decide who gets a seat of a shift: who asks first, then the waiting list in its order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

OFFER_LASTS = timedelta(hours=12)


class SignUpState(StrEnum):
    confirmed = "confirmed"
    waiting = "waiting"
    offered = "offered"
    """A seat is reserved for this person until they confirm, or until the offer ends."""
    lapsed = "lapsed"
    """The offer ended without an answer."""
    left = "left"
    cancelled = "cancelled"
    """The shift was cancelled."""


TAKES_SEAT = frozenset((SignUpState.confirmed, SignUpState.offered))
ACTIVE = TAKES_SEAT | {SignUpState.waiting}


@dataclass(frozen=True, slots=True)
class SeatUse:
    """`taken`: seats with a person or an offer; `waiting`: people on the waiting list."""

    seats: int
    taken: int
    waiting: int

    @property
    def free(self) -> int:
        """Seats for whoever asks now: none while others wait."""
        return 0 if self.waiting else max(0, self.seats - self.taken)

    @property
    def to_offer(self) -> int:
        """Seats to offer to the waiting list."""
        return min(self.waiting, max(0, self.seats - self.taken))


def place_for(use: SeatUse) -> SignUpState:
    """Return the state of the next person who asks."""
    return SignUpState.confirmed if use.free else SignUpState.waiting


def offer_ends(since: datetime, starts: datetime) -> datetime:
    """Return when an offer ends: after `OFFER_LASTS`, and before the shift. `since`: when the person can know of it."""
    return min(since + OFFER_LASTS, starts)
