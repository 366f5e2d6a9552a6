"""The PIN that the screen shows and staff type on their own device, and the guests it let in."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

VALID_S = 600.0
MAX_TRIES = 5
"""Wrong tries of one peer; for that peer the PIN is void then, and the screen must show another."""
MAX_WRONG_PEERS = 60
"""Peers with a wrong try; then the PIN is void: at most 300 of a million numbers were tried."""
GUEST_S = 8 * 3600.0
"""A working day."""
MAX_GUESTS = 20


@dataclass(slots=True)
class _Pin:
    digits: str
    until: float
    wrong: dict[str, int] = field(default_factory=dict)
    """Tries by peer."""


@dataclass(frozen=True, slots=True)
class Guest:
    """`address`: on the local network; `since`, `until`: monotonic seconds."""

    token: str
    address: str
    since: float
    until: float


class Pins:
    """At most one PIN at a time. `now`: monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._pin: _Pin | None = None

    def create(self) -> None:
        """Replace the PIN by six random digits."""
        self._pin = _Pin(f"{secrets.randbelow(10**6):06}", self._now() + VALID_S)

    def current(self) -> tuple[str, float] | None:
        """Return the digits and their remaining seconds; None when no PIN is valid."""
        pin = self._valid_pin()
        return None if pin is None else (pin.digits, pin.until - self._now())

    def accept(self, digits: str, peer: str) -> bool:
        """Compare in constant time. A correct PIN works once and is void afterwards."""
        pin = self._valid_pin()
        expected = pin.digits if pin else "-" * 6
        same = hmac.compare_digest(expected.encode(), digits.encode("utf-8", "replace")[:64])
        if pin is None or pin.wrong.get(peer, 0) >= MAX_TRIES:
            return False
        if same:
            self._pin = None
            return True
        pin.wrong[peer] = pin.wrong.get(peer, 0) + 1
        return False

    def _valid_pin(self) -> _Pin | None:
        if self._pin is not None and (len(self._pin.wrong) >= MAX_WRONG_PEERS or self._now() >= self._pin.until):
            self._pin = None
        return self._pin


class Guests:
    """Staff on the local network; in memory only. `now`: monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._guests: dict[str, Guest] = {}

    def open(self, address: str) -> Guest:
        """Return a new guest; beyond MAX_GUESTS it replaces the oldest."""
        self._drop_expired()
        while len(self._guests) >= MAX_GUESTS:
            del self._guests[next(iter(self._guests))]
        guest = Guest(secrets.token_hex(16), address, self.now(), self.now() + GUEST_S)
        self._guests[guest.token] = guest
        return guest

    def find(self, token: str, address: str) -> Guest | None:
        """Return None for a token that is unknown, has expired, or comes from another address."""
        self._drop_expired()
        guest = self._guests.get(token)
        return guest if guest is not None and guest.address == address else None

    def drop(self, guest: Guest) -> None:
        self._guests.pop(guest.token, None)

    def all(self) -> tuple[Guest, ...]:
        self._drop_expired()
        return tuple(self._guests.values())

    def _drop_expired(self) -> None:
        for guest in [each for each in self._guests.values() if self.now() >= each.until]:
            self.drop(guest)
