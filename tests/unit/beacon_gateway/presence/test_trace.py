"""Each decision with numbers in, rule and numbers out; and nothing of a person once a visit has ended."""

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
from beacon_gateway.presence.tracker import Tracker
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


def played(decide: DecisionEngine, *streams: Iterable[Sighting]) -> Trace:
    replay(sorted((s for stream in streams for s in stream), key=lambda s: s.at), decide)
    return decide.trace


def lines(trace: Trace) -> str:
    return "".join(write_trace(trace, RULES, ChoiceRules(), {}))


def test_a_visit_is_told_from_its_first_frame_to_its_silence_and_each_step_has_its_numbers() -> None:
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
    assert left.dwell_s == pytest.approx(4.0)
    assert left.rssi is None
    assert [decision.number for decision in trace.decisions] == [1, 2, 3, 4, 5]


def test_beside_the_frames_stands_what_was_believed_at_each_tick() -> None:
    trace = played(deciding(SHELF), heard(SHELF, -55, since=0, until=4))
    levels = [sample for sample in trace.place_samples if isinstance(sample, Level)]
    assert [level.at for level in levels[:3]] == [0.25, 0.5, 0.75]
    assert [level.zone for level in (levels[0], levels[-1])] == ["far", "immediate"]
    assert {round(level.level_db or 0) for level in levels} == {4}


def test_what_is_shown_is_told_once_for_each_change() -> None:
    trace = played(deciding(SHELF, CARD), heard(SHELF, -55, since=0, until=30), heard(CARD, -50, since=5, until=12))
    shown = [(d.before, d.after) for d in trace.decisions if d.kind is DecisionKind.shown]
    assert shown == [("", "books"), ("books", "lunch"), ("lunch", "books"), ("books", "")]


def test_while_a_persons_visit_runs_its_samples_are_here_and_afterwards_nothing_of_the_one_tag_is() -> None:
    decide = deciding(CARD, OTHER_CARD, SHELF)
    for sighting in heard(CARD, -50, since=0, until=3):
        decide.hear(sighting)
    decide.hear(frame(OTHER_CARD, -70, 3.0))
    decide.tick(3.1)
    assert {sample.beacon for sample in decide.trace.running_samples} == {CARD.id, OTHER_CARD.id}
    decide.hear(frame(OTHER_CARD, -70, 12.0))
    decide.tick(13.5)
    assert {sample.beacon for sample in decide.trace.running_samples} == {OTHER_CARD.id}
    decide.tick(60.0)
    assert decide.trace.running_samples == ()
    assert {(d.beacon, d.tag_class) for d in decide.trace.decisions if d.kind is not DecisionKind.shown} == {
        (None, "volunteer")
    }


def everything_held(root: object) -> str:
    """All that can be reached from it, as text; the allow-list aside, which the TOML holds anyway."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | Beacon) or callable(one) or type(one).__name__ == "module":
            continue
        seen[id(one)] = one
        waiting += gc.get_referents(one)
    return "\n".join(repr(one) for one in seen.values() if isinstance(one, Heard | str | int))


def test_no_word_or_number_of_an_ended_visit_tells_which_tag_it_was() -> None:
    decide = deciding(CARD, SHELF)
    trace = played(decide, heard(CARD, -50, since=0, until=3), heard(SHELF, -60, since=0, until=20))
    for text in (repr(trace.decisions), repr(trace.running_samples), repr(trace.place_samples), lines(trace)):
        assert str(CARD.id) not in text
        assert repr(CARD.id) not in text
        assert CARD.label not in text
    assert "Heard" in everything_held(trace)
    assert "minor=1), rssi=-50" not in everything_held(trace)


def test_the_next_visit_of_the_same_tag_begins_with_nothing_of_the_one_before() -> None:
    decide = deciding(CARD)
    decide.hear(frame(CARD, -50, 0.0))
    decide.hear(frame(CARD, -61, 50.0))
    assert [s.rssi for s in decide.trace.running_samples if isinstance(s, Heard)] == [-61]
    assert [(d.kind, d.rssi) for d in decide.trace.decisions if d.kind is not DecisionKind.shown] == [
        (DecisionKind.arrived, -50), (DecisionKind.left, None), (DecisionKind.arrived, -61),
    ]  # fmt: skip


def test_the_file_holds_nothing_of_people_not_even_their_class() -> None:
    trace = played(deciding(CARD, SHELF), heard(CARD, -50, since=0, until=3), heard(SHELF, -60, since=0, until=9))
    text = lines(trace)
    assert "volunteer" not in text
    assert '"reason": {"kind": "person_tag"}' in text
    assert text.count('"heard": 0') == 91
    assert text.count('"kind": "arrived"') == 1


def test_frames_of_strangers_leave_nothing() -> None:
    trace = played(deciding(SHELF), heard(STRANGER, -50, since=0, until=3))
    assert (trace.decisions, trace.place_samples) == ((), ())


def test_place_beacons_are_kept_once_a_second_by_default() -> None:
    decide = deciding(SHELF, trace=Trace([SHELF]))
    played(decide, heard(SHELF, -60, since=0, until=20, every=0.1))
    frames = [sample for sample in decide.trace.place_samples if isinstance(sample, Heard)]
    assert 18 <= len(frames) <= 21


def test_however_long_it_runs_it_holds_no_more_than_its_bounds() -> None:
    decide = deciding(CARD, SHELF, trace=Trace([CARD, SHELF], decisions=30, samples=100, thinned_s=0))
    for turn in range(50):
        played_until = turn * 40.0
        for sighting in heard(CARD, -50, since=played_until, until=played_until + 3):
            decide.hear(sighting)
        for sighting in heard(SHELF, -60, since=played_until, until=played_until + 3):
            decide.hear(sighting)
        decide.tick(played_until + 39)
    assert len(decide.trace.decisions) == 30
    assert decide.trace.decisions[-1].number > 300
    assert len(decide.trace.place_samples) == 100
    assert len(decide.trace.running_samples) <= 10


def test_late_and_repeated_times_are_kept_without_harm() -> None:
    decide = deciding(SHELF, trace=Trace([SHELF]))
    for at in (5.0, 5.0, 1.0, 5.5, -3.0, 7.0):
        decide.hear(frame(SHELF, -60, at))
    assert lines(decide.trace).count("heard") >= 3


def test_a_long_silence_between_two_frames_costs_no_ticks_and_changes_no_decision() -> None:
    near = heard(SHELF, -55, since=10**9, until=10**9 + 4)
    late = played(deciding(SHELF), [frame(SHELF, -55, 0.0)], near)
    assert [d.kind for d in late.decisions][:3] == [DecisionKind.arrived, DecisionKind.left, DecisionKind.arrived]
    assert late.decisions[2].at == 10**9
