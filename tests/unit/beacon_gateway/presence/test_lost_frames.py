"""Frames that are lost, late or in another order: visits end, stays fit into them, and decisions repeat."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import LONGEST_SILENCE_S, TICK_S, DecisionEngine, replay
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import Circumstances, ProjectRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Decision, Trace
from beacon_gateway.presence.trace_file import read_trace, write_trace
from beacon_gateway.presence.visit_tracker import Tracker
from tests.unit.beacon_gateway.presence.people import person, place, walked

pytestmark = pytest.mark.thorough

WALL, CARD, OTHER = place(1, "lunch"), person(1, project="books"), person(2, project="books")
BEACONS = (WALL, CARD, OTHER)
SCRIPTS = {WALL: "2m 60s", CARD: "8m 10s; walk 1.2m/s to 1m; stay 20s; leave 1.2m/s to 8m", OTHER: "3m 40s"}


@st.composite
def received(draw: st.DrawFn) -> list[Sighting]:
    """Draw three walks of a minute of which frames are lost at random and for a while, and some come late."""
    source = Random(draw(st.integers(0, 2**32)))
    loss, late_s = draw(st.sampled_from((0.0, 0.5, 0.9, 0.99))), draw(st.sampled_from((0.0, 0.3, 5.0, 100.0)))
    since = draw(st.floats(0, 60))
    until = since + draw(st.sampled_from((0.0, 3.0, 12.0, 40.0)))
    heard = [
        (sighting.at + (source.uniform(0, late_s) if source.random() < 0.3 else 0.0), sighting)
        for beacon, script in SCRIPTS.items()
        for sighting in walked(beacon, script, seed=source.randrange(2**32))
        if source.random() >= loss and not since <= sighting.at < until
    ]
    return [sighting for _, sighting in sorted(heard, key=lambda each: each[0])]


def build_engine() -> tuple[DecisionEngine, Collector]:
    collector = Collector(BEACONS)
    choice = Choice(ChoiceRules(), ProjectRules(), lambda now: Circumstances(cloned=collector.cloned(now)))
    trace = Trace(BEACONS, samples=100_000, thinned_s=0)
    return DecisionEngine(Tracker(BEACONS, PresenceRules()), choice, trace, dict), collector


def decide(frames: Sequence[Sighting]) -> tuple[list[VisitEvent], Sequence[Decision], DecisionEngine]:
    """Process the frames as the daemon does, with ticks, until every visit must have ended."""
    engine, collector = build_engine()
    events: list[VisitEvent] = []
    now = 0.0
    for frame in frames:
        while now + TICK_S <= frame.at:
            now += TICK_S
            events += engine.tick(now)
        collector.add_frame(frame)
        events += engine.hear(frame)
    until = now + LONGEST_SILENCE_S
    while not engine.idle and now < until:
        now += TICK_S
        events += engine.tick(now)
    return events, engine.trace.decisions, engine


@settings(max_examples=25, deadline=None)
@given(received())
def test_no_loss_or_order_of_frames_leaves_a_visit_or_stretches_a_stay(frames: list[Sighting]) -> None:
    events, decisions, engine = decide(frames)
    assert engine.idle, "every visit has ended, and nothing is shown for one"
    heard = {beacon: [each.at for each in frames if each.beacon == beacon.id] for beacon in BEACONS}
    for beacon in BEACONS:
        of_beacon = [event for event in events if event.beacon == beacon]
        left = [event for event in of_beacon if isinstance(event, Left)]
        assert len(left) == sum(isinstance(event, Arrived) for event in of_beacon)
        for event in left:
            assert 0 <= (event.near_s or 0) <= event.in_range_s
        if left:
            span_s = max(heard[beacon]) - min(heard[beacon])
            assert sum(event.in_range_s for event in left) <= span_s + 1e-6
    again, collector = build_engine()
    replay(frames, again, first=collector.add_frame)
    assert again.trace.decisions == decisions, "a replay of the recording"


@settings(max_examples=10, deadline=None)
@given(received())
def test_a_trace_of_place_beacons_repeats_their_visits_when_it_is_replayed(frames: list[Sighting]) -> None:
    """A late frame is the last one in a trace as well: the file has the times at which frames arrived."""
    at, heard = 0.0, []
    for frame in frames:
        at = max(at, round(frame.at, 3))
        heard.append(frame._replace(at=at))
    _, decisions, engine = decide([frame for frame in heard if frame.beacon == WALL.id])
    recording = read_trace(write_trace(engine.trace, PresenceRules(), ChoiceRules(), {WALL.id: "lunch"}))
    again, collector = build_engine()
    replay(recording.sightings, again, first=collector.add_frame)
    assert [without_time(each) for each in again.trace.decisions] == [without_time(each) for each in decisions]


def without_time(decision: Decision) -> tuple[object, ...]:
    return decision.kind, decision.beacon, decision.rssi, decision.before, decision.after
