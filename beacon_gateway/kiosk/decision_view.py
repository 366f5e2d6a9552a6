"""Decisions of the screen for staff on site: as JSON and as a picture, from the trace."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from beacon_gateway.model.reasons import ScreenLock
from beacon_gateway.presence.choice import Chosen
from beacon_gateway.presence.decision_json import build_decision_record, build_reason_record
from beacon_gateway.presence.explain.trace_svg import Picture, draw_svg
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.trace import Decision, Trace

STYLESHEET = "/site/trace.css"
PICTURED_S = 600.0
"""Period of the picture."""


@dataclass(frozen=True, slots=True)
class Why:
    """Reads the trace. `clock`: of the trace, monotonic seconds; `screen_lock`: why the screen cannot change now."""

    trace: Trace
    rules: PresenceRules
    chosen: Callable[[], Chosen]
    screen_lock: Callable[[], ScreenLock | None] = lambda: None
    clock: Callable[[], float] = time.monotonic

    def build_trace_response(self, last: int) -> dict[str, object]:
        """Return the latest decisions, the newest last. People's tags are named by class, and samples are left out."""
        now, chosen, lock = self.clock(), self.chosen(), self.screen_lock()
        decisions = self.trace.decisions[-last:] if last else ()
        labels = {beacon.id: beacon.label for beacon in self.trace.beacons}
        return {
            "screen": {
                "project": chosen.project,
                "reason": build_reason_record(chosen.reason),
                "lock": build_reason_record(lock) if lock else None,
            },
            "decisions": [
                {
                    **build_decision_record(decision),
                    "ago_s": round(max(0.0, now - decision.at), 3),
                    "label": "" if decision.beacon is None else labels.get(decision.beacon, ""),
                }
                for decision in decisions
            ],
        }

    def draw_picture(self, *, people: bool = True) -> str:
        """Return an SVG of the last minutes. `people`: include the samples of people's tags that are present."""
        now = self.clock()
        since = now - PICTURED_S
        decisions: list[Decision] = [d for d in self.trace.decisions if d.at >= since]
        running = self.trace.running_samples if people else ()
        samples = [s for s in (*self.trace.place_samples, *running) if s.at >= since]
        began = min((each.at for each in (*decisions, *samples)), default=now)
        return draw_svg(
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
