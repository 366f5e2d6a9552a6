"""Store the visitors of the kiosk as sessions: in memory only, dropped after ten idle minutes.

The browser holds a signed session id and, after a gift began, a signed reference to its intent. A restarted gateway
recovers both from the cookies, so that the first touch after a restart works and the screen follows the gift.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from beacon_gateway.donations.ports import Gift
from beacon_gateway.kiosk.current_scene import Scene
from kiosk_ui.display_preferences import DEFAULT_DISPLAY, DisplayPreferences
from sync_contract.strict_model import Language

IDLE_S = 600.0
"""Seconds without a request after which a session is dropped."""
GIVING_S = 60.0
"""Seconds without a request after which nobody seems to be at a session's gift any more."""
PENDING_GIFT_S = 600.0
"""Seconds after the last view of the code during which other pages lead back to it. Without JavaScript a page cannot
ask whether its donor is still present.
"""
UNDO_S = 60.0
"""Seconds during which declining to give can be undone."""
_RUN_DIGITS, _DRAWN_DIGITS, _SIGNATURE_DIGITS = 8, 8 + 32, 32
"""Hexadecimal digits of an id: those of one run, with the random ones, and of the signature."""
MAX_SESSIONS = 500
"""A new session replaces the one that was idle longest."""


@dataclass(slots=True)
class Session:
    """A visitor. `gift_at`: monotonic seconds when the gift began; `touched_at`: when a touch last led to its code;
    `shown`: the last scene with a project that its first page showed; `followers`: its open event streams. `declined`:
    the session whose gift was declined on this screen before, at `declined_at`.
    """

    id: str
    language: Language
    display: DisplayPreferences
    seen_at: float
    gift: Gift | None = None
    gift_at: float = 0.0
    touched_at: float = 0.0
    shown: Scene | None = None
    followers: int = 0
    declined: "Session | None" = None
    declined_at: float = 0.0

    @contextmanager
    def following(self) -> Iterator[None]:
        """Count an open event stream: a session with one is not idle, however long nobody touches the screen."""
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1


class Sessions:
    """Sessions by a random, signed id. `default`, `display`: of a new session; `now`: monotonic seconds.

    `secret`: signs the ids; the same after a restart. Empty: random, so that no id outlives this object.
    """

    def __init__(
        self,
        default: Language,
        display: DisplayPreferences = DEFAULT_DISPLAY,
        *,
        secret: bytes = b"",
        now: Callable[[], float] = time.monotonic,
        limit: int = MAX_SESSIONS,
    ) -> None:
        self.default = default
        self._limit = limit
        self._display = display
        self.now = now
        self._secret = secret or secrets.token_bytes(32)
        self._run = secrets.token_hex(_RUN_DIGITS // 2)
        """Begins every id that this object gives out."""
        self._recovered: set[str] = set()
        self._started_at = now()
        self._sessions: dict[str, Session] = {}
        """The most recently seen is last."""

    def open(self) -> Session:
        """Return a new session in the kiosk's own language."""
        drawn = self._run + secrets.token_hex(16)
        return self._add(drawn + self._sign("session", drawn))

    def recover(self, identity: str) -> Session | None:
        """Return a session for an id that was given out before a restart, once and within IDLE_S of it; else None."""
        drawn, signature = identity[:_DRAWN_DIGITS], identity[_DRAWN_DIGITS:]
        if not hmac.compare_digest(signature.encode(), self._sign("session", drawn).encode()):
            return None
        if drawn.startswith(self._run) or identity in self._recovered or self.now() - self._started_at > IDLE_S:
            return None
        self._recovered.add(identity)
        return self._add(identity)

    def sign_gift(self, session: Session) -> str:
        """Return the signed reference to the session's intent for its cookie; "" without a gift."""
        if session.gift is None:
            return ""
        intent = session.gift.intent
        return f"{intent}.{self._sign('gift', session.id + intent)}"

    def read_gift(self, session: Session, reference: str) -> str:
        """Return the intent of a reference that `sign_gift` made for this session, else ""."""
        intent, _, signature = reference.partition(".")
        expected = self._sign("gift", session.id + intent)
        return intent if hmac.compare_digest(signature.encode(), expected.encode()) else ""

    def find(self, identity: str) -> Session | None:
        """Return the session, marked as seen now; None when it is unknown or has been dropped."""
        session, now = self._sessions.get(identity), self.now()
        if session is None or (now - session.seen_at > IDLE_S and not session.followers):
            return None
        session.seen_at = now
        self._sessions[identity] = self._sessions.pop(identity)
        return session

    def drop(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def pending_gift(self, session: Session) -> Gift | None:
        """Return the session's gift while other pages lead back to its code."""
        return session.gift if self.now() - session.touched_at <= PENDING_GIFT_S else None

    def decline(self, session: Session) -> Session:
        """Return a new session; for UNDO_S it remembers this one with its gift."""
        self.drop(session)
        new = self.open()
        new.declined, new.declined_at = session, self.now()
        session.declined = None  # only the last one can be undone
        return new

    def declined_gift(self, session: Session) -> Gift | None:
        """Return the gift that was declined before this session, while that can be undone."""
        if session.declined is not None and self.now() - session.declined_at > UNDO_S:
            session.declined = None
        return session.declined.gift if session.declined is not None else None

    def undo_decline(self, session: Session) -> Session | None:
        """Return the session of `declined_gift` in place of this one; None after UNDO_S."""
        if self.declined_gift(session) is None or session.declined is None:
            return None
        self.drop(session)
        restored = self._sessions[session.declined.id] = session.declined
        restored.seen_at = restored.touched_at = self.now()
        return restored

    def active_gifts(self) -> tuple[Gift, ...]:
        """Return the gifts of the sessions that sent a request within GIVING_S."""
        now = self.now()
        return tuple(each.gift for each in self._sessions.values() if each.gift and now - each.seen_at <= GIVING_S)

    def count_followers(self) -> int:
        """Return the number of open event streams."""
        return sum(each.followers for each in self._sessions.values())

    def _add(self, identity: str) -> Session:
        now = self.now()
        self._make_room(now)
        session = self._sessions[identity] = Session(identity, self.default, self._display, now)
        return session

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.digest(self._secret, f"{purpose} {text}".encode(), "sha256").hex()[:_SIGNATURE_DIGITS]

    def _make_room(self, now: float) -> None:
        idle = []
        for session in self._sessions.values():
            if now - session.seen_at <= IDLE_S:
                break  # the others were seen later
            if not session.followers:
                idle.append(session)
        for session in idle:
            self.drop(session)
        while len(self._sessions) >= self._limit:
            del self._sessions[next(iter(self._sessions))]
