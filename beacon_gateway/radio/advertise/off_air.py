"""How long our advert has not been on the air, though it is to be: from when it is said, and when a person is asked."""

from collections.abc import Callable
from time import monotonic

from beacon_gateway.radio.advertise.advert_wording import Words, off_air

SAY_AFTER_S = 5.0
"""It is registered anew within a second after most disturbances: nobody need read of those."""
ASK_AFTER_S = 120.0
"""By then an adapter that is coming back has come, and what can be switched off and on was."""
FINE = frozenset(("on_air", "simulated"))


class OffAir:
    """Of one advert. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    def begin(self) -> None:
        """It is to be on the air from now on, or again; the first of several calls counts."""
        if self._since is None:
            self._since = self._clock()

    def end(self) -> None:
        self._since = None

    def describe(self, state: str, refused: Words | None) -> dict[str, object]:
        """`off_air_s`: None while it is on the air; `words`: None while there is nothing to say of it."""
        off_s = 0.0 if self._since is None else self._clock() - self._since
        return {
            "off_air_s": None if self._since is None else round(off_s, 1),
            "asks_a_person": off_s >= ASK_AFTER_S,
            "words": off_air(state, off_s, refused) if off_s >= SAY_AFTER_S or (refused and off_s) else None,
        }
