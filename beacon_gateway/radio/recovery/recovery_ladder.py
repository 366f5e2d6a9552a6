"""Choose the next recovery step against a fault, with rests that grow between the steps. Pure."""

from collections import Counter
from dataclasses import dataclass

from beacon_gateway.model.radio_status import RecoveryStatus, RecoveryStep
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings

_ORDER = tuple(RecoveryStep)


@dataclass(frozen=True, slots=True)
class Fault:
    """`name`: a key of radio_wording.FAULTS. `steps`: what can help, in order. `detail`: such as a beacon's label.

    `rest_s`: least rest after a step against this fault; None: RadioTimings.first_rest_s.
    """

    name: str
    steps: tuple[RecoveryStep, ...]
    detail: str = ""
    rest_s: float | None = None


class RecoveryLadder:
    """Times are monotonic seconds, passed as arguments. After the last step it starts again, with growing rests."""

    def __init__(self, timings: RadioTimings = DEFAULT_TIMINGS) -> None:
        self._timings = timings
        self.fault: Fault | None = None
        self.step: RecoveryStep | None = None
        """The last step against the current fault."""
        self.asks_a_person = False
        """A person was asked, and the fault continues."""
        self._skipped: dict[RecoveryStep, str] = {}
        self._taken: Counter[RecoveryStep] = Counter()
        self._reached: RecoveryStep | None = None
        self._rest_s = 0.0
        self._not_before = float("-inf")
        self._healed_at: float | None = None

    def climb(self, now: float, fault: Fault) -> RecoveryStep | None:
        """Return the step to take now, or None during the rest after the last one."""
        if self._healed_at is not None and now - self._healed_at >= self._rest_s:
            self._rest_s, self._reached = 0.0, None  # healthy for as long as the last rest: start from the first step
        self._healed_at = None
        self.fault = fault
        if now < self._not_before:
            return None
        return self._take_next(now, fault)

    def skip(self, now: float, why: str) -> RecoveryStep | None:
        """Return the step after one that could not be taken, without a rest; None if it was the last."""
        if self.fault is None or self.step is None:
            return None
        self._taken[self.step] -= 1
        self._skipped[self.step] = why
        if self.step is self.fault.steps[-1]:
            return None
        self._rest_s /= 2
        return self._take_next(now, self.fault)

    def heal(self, now: float) -> None:
        """Record that there is no fault. One that returns before the rest is over continues with the next step."""
        if self.fault is None:
            return
        self.fault = self.step = None
        self.asks_a_person = False
        self._skipped.clear()
        self._healed_at = now

    def read_status(self, now: float, adapter: str) -> RecoveryStatus:
        return RecoveryStatus(
            adapter=adapter,
            fault=self.fault.name if self.fault else None,
            detail=self.fault.detail if self.fault else "",
            step=self.step,
            asks_a_person=self.asks_a_person,
            next_step_in_s=max(0.0, self._not_before - now) if self.fault else 0.0,
            taken={step: count for step, count in self._taken.items() if count},
            skipped=dict(self._skipped),
        )

    def _take_next(self, now: float, fault: Fault) -> RecoveryStep:
        higher = [s for s in fault.steps if self._reached is None or _ORDER.index(s) > _ORDER.index(self._reached)]
        self.step = self._reached = step = (higher or fault.steps)[0]
        self.asks_a_person = self.asks_a_person or step is RecoveryStep.ask_a_person
        self._taken[step] += 1
        least_s = self._timings.first_rest_s if fault.rest_s is None else fault.rest_s
        self._rest_s = min(self._timings.rest_cap_s, max(least_s, 2 * self._rest_s))
        self._not_before = now + self._rest_s
        return step
