"""How far recovery has climbed: one step a rest, rests that grow, down again once the radio is healed. Pure."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

FIRST_REST_S = 15.0
"""Long enough to see whether a step helped: a known transmitter is heard again within a few seconds."""
REST_CAP_S = 3600.0


class Step(StrEnum):
    """In the order in which they are tried: each costs more than the one before."""

    new_scanner = "new_scanner"
    power_cycle = "power_cycle"
    restart_bluetoothd = "restart_bluetoothd"
    reset_adapter = "reset_adapter"
    """By the kernel, in a second."""
    reset_hardware = "reset_hardware"
    """As if it were unplugged and plugged in: what the kernel's reset did not mend."""
    ask_a_person = "ask_a_person"


_ORDER = tuple(Step)


@dataclass(frozen=True, slots=True)
class Fault:
    """`name`: one of radio.words.FAULTS. `steps`: what can help, in Step's order. `detail`: e.g. a beacon's label."""

    name: str
    steps: tuple[Step, ...]
    detail: str = ""
    rest_s: float | None = None
    """The least rest after a step against this fault, where it is not FIRST_REST_S."""


class Ladder:
    """Time is an argument: monotonic seconds. After the last step it begins anew, ever more rarely."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.step: Step | None = None
        """The step taken last against the present fault."""
        self.asks = False
        """A person was asked, and the fault lasts."""
        self.skipped: dict[Step, str] = {}
        """Steps that could not be taken, and why."""
        self.taken: Counter[str] = Counter()
        self._reached: Step | None = None
        self._rest_s = 0.0
        self._not_before = float("-inf")
        self._healed_at: float | None = None

    def climb(self, now: float, fault: Fault) -> Step | None:
        """The step to take now; None while the last one is given its time."""
        if self._healed_at is not None and now - self._healed_at >= self._rest_s:
            self._rest_s, self._reached = 0.0, None  # healthy for as long as the last rest: a new story
        self._healed_at = None
        self.fault = fault
        if now < self._not_before:
            return None
        return self._take(now, fault)

    def skip(self, now: float, why: str) -> Step | None:
        """The step just given cannot be taken: the next one without a rest; None when it was the last."""
        if self.fault is None or self.step is None:
            return None
        self.taken[self.step] -= 1
        self.skipped[self.step] = why
        if self.step is self.fault.steps[-1]:
            return None
        self._rest_s /= 2
        return self._take(now, self.fault)

    def healed(self, now: float) -> None:
        """Nothing is wrong. A fault that is back before the rest is over goes on where it was: no storm by flapping."""
        if self.fault is None:
            return
        self.fault = self.step = None
        self.asks = False
        self.skipped.clear()
        self._healed_at = now

    def describe(self, now: float) -> dict[str, object]:
        resting = max(0.0, self._not_before - now) if self.fault else 0.0
        return {
            "fault": self.fault.name if self.fault else None,
            "detail": self.fault.detail if self.fault else "",
            "step": self.step,
            "asks_a_person": self.asks,
            "next_step_in_s": round(resting, 1),
            "taken": {step: count for step, count in self.taken.items() if count},
            "skipped": dict(self.skipped),
        }

    def _take(self, now: float, fault: Fault) -> Step:
        higher = [s for s in fault.steps if self._reached is None or _ORDER.index(s) > _ORDER.index(self._reached)]
        self.step = self._reached = step = (higher or fault.steps)[0]
        self.asks = self.asks or step is Step.ask_a_person
        self.taken[step] += 1
        least_s = FIRST_REST_S if fault.rest_s is None else fault.rest_s
        self._rest_s = min(REST_CAP_S, max(least_s, 2 * self._rest_s))
        self._not_before = now + self._rest_s
        return step
