"""Measure how long an advert is on the air and off it, and count why it went off."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import structlog

from beacon_gateway.model.radio_status import AdvertRefusal, IdentityStatus
from beacon_gateway.radio.timings import DEFAULT_TIMINGS

log = structlog.get_logger()

AIRING = frozenset(("on_air", "simulated"))
"""States in which an advert is as it should be."""


class AirTime:
    """Air time of one advert. `clock`: monotonic seconds; `ask_after_s`: off the air for so long, it needs a person.

    `state`: on_air, starting, refused, or a state of the adapter.
    """

    def __init__(
        self, clock: Callable[[], float] = monotonic, *, ask_after_s: float = DEFAULT_TIMINGS.ask_after_s
    ) -> None:
        self._clock = clock
        self._ask_after_s = ask_after_s
        self.state = "starting"
        self.since: float | None = None
        """When it went on the air; None while it is off."""
        self._off_since: float | None = None
        self._refusal: AdvertRefusal | None = None
        self._seconds = 0.0
        self._registrations = 0
        self._ends: Counter[str] = Counter()

    def begin(self) -> None:
        """Count it as off the air from now on; a second call changes nothing."""
        if self._off_since is None:
            self._off_since = self._clock()

    def enter(self, state: str, adapter: str | None = None) -> None:
        if state != self.state:
            log.debug("advert.state", state=state, adapter=adapter)
        self.state = state

    @contextmanager
    def on_air(self, adapter: str) -> Iterator[None]:
        """Count the block as time on the air: registered, the adapter on, and no disturbance since."""
        self._registrations += 1
        self._refusal = None
        self._off_since = None
        self.enter("on_air", adapter)
        self.since = self._clock()
        try:
            yield
        finally:
            self._seconds = self.seconds()
            self.since = None
            self.begin()
            self.enter("starting", adapter)

    def record_end(self, why: str, adapter: str) -> None:
        self._ends[why] += 1
        log.info("advert.off_air", why=why, adapter=adapter)

    def record_refusal(self, refusal: AdvertRefusal) -> None:
        if refusal != self._refusal:
            log.warning("advert.refused", reason=refusal.reason, adapter=refusal.adapter, detail=refusal.detail)
        self._refusal = refusal
        self.enter("refused", refusal.adapter)

    def seconds(self) -> float:
        """Return the seconds on the air so far."""
        return self._seconds + (0.0 if self.since is None else self._clock() - self.since)

    def read_status(self) -> IdentityStatus:
        """Return what is known of the air time; the advertiser fills in the other fields."""
        off_s = None if self._off_since is None else self._clock() - self._off_since
        return IdentityStatus(
            self.state,
            seconds_on_air=self.seconds(),
            registrations=self._registrations,
            ended_why=dict(self._ends),
            refusal=self._refusal,
            off_air_s=off_s,
            asks_a_person=off_s is not None and off_s >= self._ask_after_s,
        )
