"""Write the picture of a trace in which one tag takes the screen from another, as `replay --svg` draws it.

python -m tests.browser.takeover_trace docs/pictures
"""

import sys
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from uuid import UUID

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import DecisionEngine, replay
from beacon_gateway.presence.explain.trace_svg import Picture, draw_svg
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker, simulate_sightings
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

PICTURE = "trace-of-a-takeover.svg"
SECONDS = 60.0
_STANDS = Beacon(
    BeaconId(UUID("7c9f1f0e-52d6-4b8e-9a37-1f6f0a2d4c81"), 100, 1), BeaconKind.person, "a", -59, "stands", "books"
)
_COMES = replace(_STANDS, id=BeaconId(_STANDS.id.uuid, 100, 2), label="b", tag_class="comes", project="elder-lunch")


def write_takeover(folder: Path) -> None:
    """One person stands at 2 m; another walks from 8 m to 1 m, stays, and leaves."""
    walkers = (
        Walker(_STANDS, parse_walk(f"2m {SECONDS:g}s"), Air(sigma_db=4.0, body_per_minute=0.0)),
        Walker(
            _COMES,
            parse_walk("8m 15s; walk 1.2m/s to 1m; stay 18s; leave 1.2m/s to 8m; stay 30s"),
            Air(sigma_db=4.0, body_per_minute=0.0),
        ),
    )
    beacons, rules = (_STANDS, _COMES), PresenceRules()
    trace = Trace(beacons, thinned_s=0, keep_people=True)
    engine = DecisionEngine(Tracker(beacons, rules), Choice(ChoiceRules()), trace, dict)
    replay(takewhile(lambda each: each.at < SECONDS, simulate_sightings(walkers, seed=1)), engine, end_s=SECONDS)
    picture = Picture("takeover", beacons, rules, trace.decisions, trace.running_samples, SECONDS)
    (folder / PICTURE).write_text(draw_svg(picture), "utf-8")


if __name__ == "__main__":
    write_takeover(Path(sys.argv[1]))
