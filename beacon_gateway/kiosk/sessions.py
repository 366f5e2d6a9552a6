"""Store the visitors of the kiosk as sessions: in memory only, dropped after ten idle minutes."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from beacon_gateway.donations.ports import Gift
from beacon_gateway.kiosk.stage import Scene
from kiosk_ui.display_preferences import DEFAULT_DISPLAY, DisplayPreferences
from sync_contract.strict_model import Language

IDLE_S = 600.0
"""Seconds without a request after which a session is dropped."""
GIVING_S = 60.0
"""Seconds without a request after which nobody seems to be at a session's gift any more."""
MAX_SESSIONS = 500
"""A new session replaces the one that was idle longest."""


@dataclass(slots=True)
class Session:
    """A visitor. `csrf`: the token of its forms; `gift_at`: monotonic seconds when the gift began; `touched_at`: when a
    touch last led to its code; `shown`: the last scene with a project that its first page showed; `followers`: its open
    event streams.
    """

    id: str
    csrf: str
    language: Language
    display: DisplayPreferences
    seen_at: float
    gift: Gift | None = None
    gift_at: float = 0.0
    touched_at: float = 0.0
    shown: Scene | None = None
    followers: int = 0

    @contextmanager
    def following(self) -> Iterator[None]:
        """Count an open event stream: a session with one is not idle, however long nobody touches the screen."""
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1


class Sessions:
    """Sessions by a random id of 128 bits. `default`, `display`: of a new session; `now`: monotonic seconds."""

    def __init__(
        self,
        default: Language,
        display: DisplayPreferences = DEFAULT_DISPLAY,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.default = default
        self._display = display
        self.now = now
        self._sessions: dict[str, Session] = {}
        """The most recently seen is last."""

    def open(self) -> Session:
        """Return a new session in the kiosk's own language."""
        now = self.now()
        self._make_room(now)
        drawn = secrets.token_hex(16 + 32)
        session = Session(drawn[:32], drawn[32:], self.default, self._display, now)
        self._sessions[session.id] = session
        return session

    def find(self, identity: str) -> Session | None:
        """Return the session, marked as seen now; None when it is unknown or has been dropped."""
        session, now = self._sessions.get(identity), self.now()
        if session is None or (now - session.seen_at > IDLE_S and not session.followers):
            return None
        session.seen_at = now
        self._sessions[identity] = self._sessions.pop(identity)
        return session

    def find_or_open(self, identity: str) -> Session:
        return self.find(identity) or self.open()

    def drop(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def active_gifts(self) -> tuple[Gift, ...]:
        """Return the gifts of the sessions that sent a request within GIVING_S."""
        now = self.now()
        return tuple(each.gift for each in self._sessions.values() if each.gift and now - each.seen_at <= GIVING_S)

    def count_followers(self) -> int:
        """Return the number of open event streams."""
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
        while len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
