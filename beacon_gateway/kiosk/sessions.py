"""What a kiosk knows of the resident in front of it: in memory only, and forgotten soon."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from beacon_gateway.donations.ports import Gift
from beacon_gateway.kiosk.stage import Scene
from kiosk_ui.display_preferences import Look
from kiosk_ui.render import USUAL
from sync_contract.strict_model import Language

IDLE_S = 600.0
"""Seconds without a request after which a session is dropped."""
GIVING_S = 60.0
"""Seconds without a request after which nobody seems to stand before a gift any more."""
MOST = 500
"""Sessions held at once; the one that was idle longest makes room."""


@dataclass(slots=True)
class Session:
    """`gift_at`: monotonic seconds when the gift began, `touched_at`: when a touch last led to its code; `shown`: the
    last scene with a project that its first page showed; `followers`: its open event streams. `csrf`: the token of its
    forms.
    """

    id: str
    csrf: str
    language: Language
    look: Look
    seen_at: float
    gift: Gift | None = None
    gift_at: float = 0.0
    touched_at: float = 0.0
    shown: Scene | None = None
    followers: int = 0

    @contextmanager
    def followed(self) -> Iterator[None]:
        """While a page follows `/live`, its session is not idle, however long nobody touches the screen."""
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1


class Sessions:
    """By a random id of 128 bits. `now`: monotonic seconds."""

    def __init__(self, default: Language, look: Look = USUAL, *, now: Callable[[], float] = time.monotonic) -> None:
        self.default = default
        self._look = look
        self.now = now
        self._sessions: dict[str, Session] = {}
        """The one seen last stands last."""

    def open(self) -> Session:
        """A new session, in the kiosk's own language."""
        now = self.now()
        self._make_room(now)
        drawn = secrets.token_hex(16 + 32)
        session = Session(drawn[:32], drawn[32:], self.default, self._look, now)
        self._sessions[session.id] = session
        return session

    def find(self, identity: str) -> Session | None:
        """The session, marked as seen now; None when it was never opened here or has been dropped."""
        session, now = self._sessions.get(identity), self.now()
        if session is None or (now - session.seen_at > IDLE_S and not session.followers):
            return None
        session.seen_at = now
        self._sessions[identity] = self._sessions.pop(identity)
        return session

    def of(self, identity: str) -> Session:
        """The session, or a new one where there is none any more."""
        return self.find(identity) or self.open()

    def drop(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def gifts_at_hand(self) -> tuple[Gift, ...]:
        """Of the sessions in which somebody seems to be busy now."""
        now = self.now()
        return tuple(each.gift for each in self._sessions.values() if each.gift and now - each.seen_at <= GIVING_S)

    def followed(self) -> int:
        """How many pages are open that follow what happens."""
        return sum(each.followers for each in self._sessions.values())

    def _make_room(self, now: float) -> None:
        idle = []
        for session in self._sessions.values():
            if now - session.seen_at <= IDLE_S:
                break  # the others were seen later
            if not session.followers:
                idle.append(session)
        for session in idle:
            self.drop(session)
        while len(self._sessions) >= MOST:
            del self._sessions[next(iter(self._sessions))]
