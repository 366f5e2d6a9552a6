"""Why the screen shows what it shows: the trace of the decisions, for staff who stand at the device."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from beacon_gateway.presence.choice import Chosen
from beacon_gateway.presence.explain.trace_json import plain
from beacon_gateway.presence.explain.trace_svg import Picture, svg
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.trace import Decision, Trace

STYLESHEET = "/site/trace.css"
PICTURED_S = 600.0
"""A picture shows so much of the past."""


@dataclass(frozen=True, slots=True)
class Why:
    """Reads the trace, and keeps nothing. `clock`: that of the trace, monotonic seconds."""

    trace: Trace
    rules: PresenceRules
    chosen: Callable[[], Chosen]
    held: Callable[[], str] = str
    """Why nothing may take over at all just now; empty when something may."""
    clock: Callable[[], float] = time.monotonic

    def told(self, last: int) -> dict[str, object]:
        """The latest decisions, the newest last. Of people's tags only the class, and no sample."""
        now, chosen = self.clock(), self.chosen()
        decisions = self.trace.decisions[-last:] if last else ()
        labels = {beacon.id: beacon.label for beacon in self.trace.beacons}
        return {
            "screen": {"project": chosen.project, "reason": chosen.reason, "held": self.held()},
            "decisions": [
                {
                    **plain(decision),
                    "ago_s": round(max(0.0, now - decision.at), 3),
                    "label": "" if decision.beacon is None else labels.get(decision.beacon, ""),
                }
                for decision in decisions
            ],
        }

    def picture(self, *, people: bool = True) -> str:
        """SVG of the last minutes. With `people` a person's tag is in it while it is here, and goes with it."""
        now = self.clock()
        since = now - PICTURED_S
        decisions: list[Decision] = [d for d in self.trace.decisions if d.at >= since]
        running = self.trace.running_samples if people else ()
        samples = [s for s in (*self.trace.place_samples, *running) if s.at >= since]
        began = min((each.at for each in (*decisions, *samples)), default=now)
        return svg(
            Picture(
                title="为什么 why: 最近十分钟 the last ten minutes",
                beacons=self.trace.beacons,
                rules=self.rules,
                decisions=[replace(decision, at=decision.at - began) for decision in decisions],
                samples=sorted((sample._replace(at=sample.at - began) for sample in samples), key=lambda s: s.at),
                end_s=max(0.0, now - began),
            ),
            stylesheet=STYLESHEET,
        )
