"""Decide what may happen to a volunteer card, and whether its code is valid at a time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sync_contract.card_code import VALID_FOR

CLOCKS_DIFFER = timedelta(seconds=60)
"""How far a code's time may be ahead of the clock that judges it."""


class CardState(StrEnum):
    active = "active"
    suspended = "suspended"
    lost = "lost"
    """Ended; its owner may take a new one."""
    revoked = "revoked"
    """Ended; its owner may not take a new one."""
    replaceable = "replaceable"
    """Was revoked; its owner may take a new one."""


class CardAction(StrEnum):
    suspend = "suspend"
    resume = "resume"
    lose = "lose"
    revoke = "revoke"
    allow_new = "allow_new"


_RULES: Mapping[tuple[CardState, CardAction], CardState] = {
    (CardState.active, CardAction.suspend): CardState.suspended,
    (CardState.suspended, CardAction.resume): CardState.active,
    (CardState.active, CardAction.lose): CardState.lost,
    (CardState.suspended, CardAction.lose): CardState.lost,
    (CardState.active, CardAction.revoke): CardState.revoked,
    (CardState.suspended, CardAction.revoke): CardState.revoked,
    (CardState.revoked, CardAction.allow_new): CardState.replaceable,
}
MAY_TAKE_NEW = frozenset((CardState.lost, CardState.replaceable))
OWNER_ACTIONS = frozenset((CardAction.lose,))


def next_state(state: CardState, action: CardAction) -> CardState | None:
    """Return the state after the action, None if it is not possible now."""
    return _RULES.get((state, action))


def actions_of(state: CardState) -> tuple[CardAction, ...]:
    return tuple(action for at, action in _RULES if at is state)


class CardVerdict(StrEnum):
    """What a page says about a scanned code. `card_check.js` decides the same without a network."""

    valid = "valid"
    expired = "expired"
    """Older than five minutes: a picture, or a page that was not refreshed."""
    clock = "clock"
    """From the future: a clock is wrong."""
    ended = "ended"
    """The card is suspended, lost or revoked."""
    forged = "forged"
    unknown = "unknown"
    """Signed with a key that is not in the list."""
    foreign = "foreign"
    """A valid code of another community than the one whose cards are checked."""


def judge_time(issued_at: datetime, now: datetime) -> CardVerdict:
    """Judge the time of a code with a valid signature by the clock `now`."""
    if issued_at > now + CLOCKS_DIFFER:
        return CardVerdict.clock
    return CardVerdict.expired if now > issued_at + VALID_FOR else CardVerdict.valid
