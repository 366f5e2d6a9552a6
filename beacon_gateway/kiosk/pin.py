"""The PIN that the screen shows and staff type on their own device, and who got in with one."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from daemonkit.web.rate_limit import Buckets

LASTS_S = 600.0
TRIES = 5
"""Wrong ones, by whomever; then the PIN is void and the screen has to show another."""
GUEST_S = 8 * 3600.0
"""A working day."""
MOST_GUESTS = 20
_EVERY_S = 2.0


@dataclass(slots=True)
class _Pin:
    digits: str
    until: float
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Guest:
    """`address`: on the local network; `since`, `until`: monotonic seconds."""

    token: str
    address: str
    since: float
    until: float


class Pins:
    """At most one at a time. `now`: monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._pin: _Pin | None = None
        self._tries = Buckets(1 / _EVERY_S, TRIES)

    def make(self) -> None:
        """Another one, six digits of the system's randomness; the one before is void."""
        self._pin = _Pin(f"{secrets.randbelow(10**6):06}", self._now() + LASTS_S)

    def shown(self) -> tuple[str, float] | None:
        """The digits, and for how many seconds more; None when none holds."""
        pin = self._holding()
        return None if pin is None else (pin.digits, pin.until - self._now())

    def wait(self, peer: str) -> float:
        """Takes a try: 0, or the seconds until this peer may try again."""
        return self._tries.take(peer, self._now())

    def right(self, digits: str) -> bool:
        """In constant time. A PIN opens once: whoever comes next asks for another."""
        pin = self._holding()
        held = pin.digits if pin else "-" * 6
        same = hmac.compare_digest(held.encode(), digits.encode("utf-8", "replace")[:64])
        if pin is None:
            return False
        if same:
            self._pin = None
            return True
        pin.wrong += 1
        return False

    def _holding(self) -> _Pin | None:
        if self._pin is not None and (self._pin.wrong >= TRIES or self._now() >= self._pin.until):
            self._pin = None
        return self._pin


class Guests:
    """Staff on the local network; in memory only. `now`: monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._guests: dict[str, Guest] = {}

    def open(self, address: str) -> Guest:
        """The one that came first makes room."""
        self._drop_old()
        while len(self._guests) >= MOST_GUESTS:
            del self._guests[next(iter(self._guests))]
        guest = Guest(secrets.token_hex(16), address, self.now(), self.now() + GUEST_S)
        self._guests[guest.token] = guest
        return guest

    def find(self, token: str, address: str) -> Guest | None:
        """None for a token that was never given, whose time is over, or that comes from another address."""
        self._drop_old()
        guest = self._guests.get(token)
        return guest if guest is not None and guest.address == address else None

    def drop(self, guest: Guest) -> None:
        self._guests.pop(guest.token, None)

    def all(self) -> tuple[Guest, ...]:
        self._drop_old()
        return tuple(self._guests.values())

    def _drop_old(self) -> None:
        for guest in [each for each in self._guests.values() if self.now() >= each.until]:
            self.drop(guest)
