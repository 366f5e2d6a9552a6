"""What a kiosk knows of the resident in front of it: in memory only, and forgotten soon."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from beacon_gateway.donations.ports import Gift
from beacon_gateway.kiosk.stage import Scene
from kiosk_ui.look import Look
from kiosk_ui.render import USUAL
from sync_contract.strict import Language

IDLE_S = 600.0
"""Seconds without a request after which a session is dropped."""
GIVING_S = 60.0
"""Seconds without a request after which nobody seems to stand before a gift any more."""
MOST = 500
"""Sessions held at once; the one that was idle longest makes room."""


@dataclass(slots=True)
class Session:
    """`gift_at`: monotonic seconds when the gift began; `shown`: the last scene with a project that its first page
    showed; `followers`: its open event streams.
    """

    id: str
    language: Language
    look: Look
    seen_at: float
    gift: Gift | None = None
    gift_at: float = 0.0
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

    def open(self) -> Session:
        """A new session, in the kiosk's own language."""
        self._drop_idle()
        session = Session(secrets.token_hex(16), self.default, self._look, self.now())
        self._sessions[session.id] = session
        return session

    def find(self, identity: str) -> Session | None:
        """The session, marked as seen now; None when it was never opened here or has been dropped."""
        session = self._sessions.get(identity)
        if session is None or self._idle(session):
            return None
        session.seen_at = self.now()
        return session

    def drop(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def gifts_at_hand(self) -> tuple[Gift, ...]:
        """Of the sessions in which somebody seems to be busy now."""
        now = self.now()
        return tuple(each.gift for each in self._sessions.values() if each.gift and now - each.seen_at <= GIVING_S)

    def followed(self) -> int:
        """How many pages are open that follow what happens."""
        return sum(each.followers for each in self._sessions.values())

    def _idle(self, session: Session) -> bool:
        return not session.followers and self.now() - session.seen_at > IDLE_S

    def _drop_idle(self) -> None:
        for session in [each for each in self._sessions.values() if self._idle(each)]:
            self.drop(session)
        while len(self._sessions) >= MOST:
            self.drop(min(self._sessions.values(), key=lambda each: each.seen_at))
