"""Tests of the trace: decisions with their numbers, and no data of a person after the visit."""

import gc
from collections.abc import Iterable

import pytest

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.reasons import EdgesCrossed
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import DecisionEngine, replay
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.trace import DecisionKind, Heard, Level, Trace
from beacon_gateway.presence.trace_file import write_trace
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.records import Door
from tests.unit.beacon_gateway.presence.people import frame, heard, person, place

CARD, OTHER_CARD = person(1, "volunteer", "lunch"), person(2, "volunteer", "lunch")
SHELF, STRANGER = place(1, "books"), place(99)
RULES = PresenceRules()


def deciding(*beacons: Beacon, trace: Trace | None = None) -> DecisionEngine:
    bindings = {beacon.id: beacon.project for beacon in beacons if beacon.project}
    return DecisionEngine(
        Tracker(beacons, RULES), Choice(ChoiceRules()), trace or Trace(beacons, thinned_s=0), lambda: bindings
    )


def played(engine: DecisionEngine, *streams: Iterable[Sighting]) -> Trace:
    replay(sorted((s for stream in streams for s in stream), key=lambda s: s.at), engine)
    return engine.trace


def lines(trace: Trace) -> str:
    return "".join(write_trace(trace, RULES, ChoiceRules(), {}))


def test_a_visit_is_recorded_from_first_frame_to_silence_with_its_numbers() -> None:
    trace = played(deciding(SHELF), heard(SHELF, -55, since=0, until=4))
    assert [decision.kind for decision in trace.decisions] == [
        DecisionKind.arrived, DecisionKind.zone, DecisionKind.shown, DecisionKind.left, DecisionKind.shown,
    ]  # fmt: skip
    arrived, zone, shown = trace.decisions[:3]
    assert (arrived.rssi, arrived.after, arrived.beacon) == (-55, "far", SHELF.id)
    assert (zone.before, zone.after, zone.rssi) == ("far", "immediate", -55)
    assert zone.level_db == pytest.approx(4.0)
    assert zone.distance_m == pytest.approx(0.66, abs=0.01)
    assert isinstance(zone.reason, EdgesCrossed)
    assert (shown.before, shown.after, shown.beacon, shown.door) == ("", "books", SHELF.id, Door.touch)
    left = next(decision for decision in trace.decisions if decision.kind is DecisionKind.left)
    assert left.in_range_s == pytest.approx(4.0)
    assert left.rssi is None
    assert [decision.number for decision in trace.decisions] == [1, 2, 3, 4, 5]


def test_the_level_is_recorded_at_each_tick() -> None:
    trace = played(deciding(SHELF), heard(SHELF, -55, since=0, until=4))
    levels = [sample for sample in trace.place_samples if isinstance(sample, Level)]
    assert [level.at for level in levels[:3]] == [0.25, 0.5, 0.75]
    assert [level.zone for level in (levels[0], levels[-1])] == ["far", "immediate"]
    assert {round(level.level_db or 0) for level in levels} == {4}


def test_each_change_of_the_screen_is_recorded_once() -> None:
    trace = played(deciding(SHELF, CARD), heard(SHELF, -55, since=0, until=30), heard(CARD, -50, since=5, until=12))
    shown = [(d.before, d.after) for d in trace.decisions if d.kind is DecisionKind.shown]
    assert shown == [("", "books"), ("books", "lunch"), ("lunch", "books"), ("books", "")]


def test_samples_of_a_persons_tag_exist_only_during_its_visit() -> None:
    engine = deciding(CARD, OTHER_CARD, SHELF)
    for sighting in heard(CARD, -50, since=0, until=3):
        engine.hear(sighting)
    engine.hear(frame(OTHER_CARD, -70, 3.0))
    engine.tick(3.1)
    assert {sample.beacon for sample in engine.trace.running_samples} == {CARD.id, OTHER_CARD.id}
    engine.hear(frame(OTHER_CARD, -70, 12.0))
    engine.tick(13.5)
    assert {sample.beacon for sample in engine.trace.running_samples} == {OTHER_CARD.id}
    engine.tick(60.0)
    assert engine.trace.running_samples == ()
    assert {(d.beacon, d.tag_class) for d in engine.trace.decisions if d.kind is not DecisionKind.shown} == {
        (None, "volunteer")
    }


def list_reachable(root: object) -> str:
    """Return the text of everything reachable from `root`, except the allow-list."""
    seen: dict[int, object] = {}
    pending = [root]
    while pending:
        one = pending.pop()
        if id(one) in seen or isinstance(one, type | Beacon) or callable(one) or type(one).__name__ == "module":
            continue
        seen[id(one)] = one
        pending += gc.get_referents(one)
    return "\n".join(repr(one) for one in seen.values() if isinstance(one, Heard | str | int))


def test_an_ended_visit_does_not_identify_its_tag() -> None:
    engine = deciding(CARD, SHELF)
    trace = played(engine, heard(CARD, -50, since=0, until=3), heard(SHELF, -60, since=0, until=20))
    for text in (repr(trace.decisions), repr(trace.running_samples), repr(trace.place_samples), lines(trace)):
        assert str(CARD.id) not in text
        assert repr(CARD.id) not in text
        assert CARD.label not in text
    assert "Heard" in list_reachable(trace)
    assert "minor=1), rssi=-50" not in list_reachable(trace)


def test_the_next_visit_of_a_tag_starts_without_earlier_samples() -> None:
    engine = deciding(CARD)
    engine.hear(frame(CARD, -50, 0.0))
    engine.hear(frame(CARD, -61, 50.0))
    assert [s.rssi for s in engine.trace.running_samples if isinstance(s, Heard)] == [-61]
    assert [(d.kind, d.rssi) for d in engine.trace.decisions if d.kind is not DecisionKind.shown] == [
        (DecisionKind.arrived, -50), (DecisionKind.left, None), (DecisionKind.arrived, -61),
    ]  # fmt: skip


def test_the_file_contains_no_people_and_no_tag_classes() -> None:
    trace = played(deciding(CARD, SHELF), heard(CARD, -50, since=0, until=3), heard(SHELF, -60, since=0, until=9))
    text = lines(trace)
    assert "volunteer" not in text
    assert '"reason": {"kind": "person_tag"}' in text
    assert text.count('"heard": 0') == 91
    assert text.count('"kind": "arrived"') == 1


def test_frames_of_unknown_beacons_are_not_recorded() -> None:
    trace = played(deciding(SHELF), heard(STRANGER, -50, since=0, until=3))
    assert (trace.decisions, trace.place_samples) == ((), ())


def test_place_beacons_are_recorded_once_a_second_by_default() -> None:
    engine = deciding(SHELF, trace=Trace([SHELF]))
    played(engine, heard(SHELF, -60, since=0, until=20, every=0.1))
    frames = [sample for sample in engine.trace.place_samples if isinstance(sample, Heard)]
    assert 18 <= len(frames) <= 21


def test_the_trace_is_bounded() -> None:
    engine = deciding(CARD, SHELF, trace=Trace([CARD, SHELF], decisions=30, samples=100, thinned_s=0))
    for turn in range(50):
        played_until = turn * 40.0
        for sighting in heard(CARD, -50, since=played_until, until=played_until + 3):
            engine.hear(sighting)
        for sighting in heard(SHELF, -60, since=played_until, until=played_until + 3):
            engine.hear(sighting)
        engine.tick(played_until + 39)
    assert len(engine.trace.decisions) == 30
    assert engine.trace.decisions[-1].number > 300
    assert len(engine.trace.place_samples) == 100
    assert len(engine.trace.running_samples) <= 10


def test_late_and_repeated_times_are_recorded() -> None:
    engine = deciding(SHELF, trace=Trace([SHELF]))
    for at in (5.0, 5.0, 1.0, 5.5, -3.0, 7.0):
        engine.hear(frame(SHELF, -60, at))
    assert lines(engine.trace).count("heard") >= 3


def test_a_replay_skips_a_long_silence() -> None:
    near = heard(SHELF, -55, since=10**9, until=10**9 + 4)
    late = played(deciding(SHELF), [frame(SHELF, -55, 0.0)], near)
    assert [d.kind for d in late.decisions][:3] == [DecisionKind.arrived, DecisionKind.left, DecisionKind.arrived]
    assert late.decisions[2].at == 10**9
