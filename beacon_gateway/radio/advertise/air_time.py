"""How long an advert was on the air, why that ended each time, and what is refused meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import structlog

from beacon_gateway.radio.advertise.advert_wording import Words
from beacon_gateway.radio.advertise.off_air import OffAir

log = structlog.get_logger()


class AirTime:
    """Of one advert. `state`: on_air, starting, refused, or what the advertiser says of its adapter.

    `since`: since when it is on the air; None: it is not. `clock`: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self.state = "starting"
        self.since: float | None = None
        self._refused: Words | None = None
        self._off_air = OffAir(clock)
        self._seconds = 0.0
        self._registrations = 0
        self._ends: Counter[str] = Counter()

    def begin(self) -> None:
        """It is to be on the air from now on."""
        self._off_air.begin()

    def enter(self, state: str, **told: object) -> None:
        """`told`: for the log."""
        if state != self.state:
            log.debug("advert.state", state=state, **told)
        self.state = state

    @contextmanager
    def on_air(self, **told: object) -> Iterator[None]:
        """It is during the block: registered, with the adapter on and nothing said against it since."""
        self._registrations += 1
        self._refused = None
        self._off_air.end()
        self.enter("on_air", **told)
        self.since = self._clock()
        try:
            yield
        finally:
            self._seconds = self.seconds()
            self.since = None
            self._off_air.begin()
            self.enter("starting", **told)

    def ended(self, why: str, adapter: str) -> None:
        self._ends[why] += 1
        log.info("advert.off_air", why=why, adapter=adapter)

    def refused(self, words: Words, **told: object) -> None:
        if words != self._refused:
            log.warning("advert.refused", why=words["en"])
        self._refused = words
        self.enter("refused", **told)

    def seconds(self) -> float:
        return self._seconds + (0.0 if self.since is None else self._clock() - self.since)

    def describe(self) -> dict[str, object]:
        """`refused`: what is refused now; `off_air_s`, `asks_a_person`, `words`: see radio.off_air."""
        return {
            "state": self.state,
            "seconds_on_air": round(self.seconds(), 1),
            "registrations": self._registrations,
            "ended_why": dict(self._ends),
            "refused": self._refused["en"] if self._refused else None,
            **self._off_air.describe(self.state, self._refused),
        }
