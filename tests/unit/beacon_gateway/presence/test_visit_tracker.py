"""Tests of the tracker: from sightings to visits."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.reasons import Crossing, EdgesCrossed, FirstFrame, FirstRssi, NoRssi, Silence
from beacon_gateway.model.visits import Arrived, Left, VisitEvent, ZoneChanged
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from tests.unit.beacon_gateway.presence.people import about, crossings, feed, frame, heard, person, place, walked

RULES = PresenceRules()
FIRST = FirstFrame(-50, about(0.39, 0.01), 9.0)
CARD, SHELF, STRANGER = person(1), place(1), person(99)


def test_the_first_frame_is_an_arrival_in_zone_far() -> None:
    (event,) = Tracker([CARD], RULES).hear(frame(CARD, -50, 7.0))
    assert event == Arrived(CARD, Zone.far, 7.0, FIRST)


def test_steady_clear_frames_change_the_zone_with_their_numbers() -> None:
    events = feed(Tracker([CARD], RULES), heard(CARD, -55, since=0, until=3))
    assert [type(event) for event in events] == [Arrived, ZoneChanged]
    change = events[1]
    assert isinstance(change, ZoneChanged)
    assert (change.before, change.after) == (Zone.far, Zone.immediate)
    assert change.at == pytest.approx(RULES.dwell_s)
    dwell_s = about(RULES.dwell_s)
    assert change.reason == EdgesCrossed(nearer=True, edges=(Crossing(RULES.immediate_m, dwell_s, RULES.dwell_s, 0.0),))


def test_an_edge_that_was_crossed_often_requires_more_evidence() -> None:
    tracker, events = Tracker([CARD], RULES), []
    for number in range(6):
        events += feed(tracker, heard(CARD, -55, since=40 * number, until=40 * number + 19.9))
        events += feed(tracker, heard(CARD, -75, since=40 * number + 20, until=40 * number + 39.9))
    inner = [c for e in events for c in crossings(e) if c.edge_m == RULES.immediate_m]
    assert [round(c.recent_crossings) for c in inner[:3]] == [0, 1, 2]
    assert inner[-1].recent_crossings > 4
    for crossing in inner:
        assert crossing.evidence_s >= crossing.required_s
    back = [c for e in events if isinstance(e, ZoneChanged) and e.before is Zone.immediate for c in crossings(e)]
    assert back[0].required_s == pytest.approx(RULES.retreat_s, rel=0.05)
    assert max(c.required_s for c in back) > 2 * RULES.retreat_s, "what was asked, not the setting"


def test_leaving_both_zones_at_once_has_both_edges() -> None:
    wall = place(1)
    tracker = Tracker([wall], RULES)
    feed(tracker, heard(wall, -55, since=0, until=10))
    (change,) = [
        event for event in feed(tracker, heard(wall, -90, since=10.1, until=40)) if isinstance(event, ZoneChanged)
    ]
    assert (change.before, change.after) == (Zone.immediate, Zone.far)
    assert [crossing.edge_m for crossing in crossings(change)] == [RULES.immediate_m, RULES.near_m]
    assert [crossing.required_s for crossing in crossings(change)] == [pytest.approx(10.5)] * 2, (
        "three times as much, because it is fixed"
    )
    assert isinstance(change.reason, EdgesCrossed)
    assert not change.reason.nearer


def test_a_person_who_approaches_step_by_step_passes_every_zone() -> None:
    tracker = Tracker([CARD], RULES)
    events = feed(tracker, heard(CARD, -82, since=0, until=5))
    events += feed(tracker, heard(CARD, -68, since=5, until=10))
    events += feed(tracker, heard(CARD, -56, since=10, until=15))
    events += feed(tracker, heard(CARD, -71, since=15, until=30))
    events += feed(tracker, heard(CARD, -80, since=30, until=45))
    assert [event.after for event in events if isinstance(event, ZoneChanged)] == [
        Zone.near, Zone.immediate, Zone.near, Zone.far,
    ]  # fmt: skip


def test_silence_ends_a_visit_at_a_time_independent_of_the_ticks() -> None:
    tracker = Tracker([CARD], RULES)
    feed(tracker, heard(CARD, -60, since=100, until=104))
    assert tracker.tick(113.9) == ()
    (left,) = tracker.tick(117.3)
    assert isinstance(left, Left)
    assert left.at == pytest.approx(114.0)
    assert left.in_range_s == pytest.approx(4.0)
    assert left.reason == Silence(about(10.0), about(4.0))
    assert not tracker.visits


def test_a_frame_after_a_long_silence_ends_the_visit_and_starts_another() -> None:
    tracker = Tracker([CARD], RULES)
    tracker.hear(frame(CARD, -60, 0.0))
    left, arrived = tracker.hear(frame(CARD, -60, 50.0))
    assert isinstance(left, Left)
    assert left.at == 10.0
    assert isinstance(arrived, Arrived)
    assert arrived.at == 50.0


def test_a_late_frame_from_before_the_end_starts_no_visit() -> None:
    tracker = Tracker([CARD], RULES)
    tracker.hear(frame(CARD, -60, 0.0))
    assert len(tracker.tick(12.0)) == 1
    assert tracker.hear(frame(CARD, -60, 9.0)) == ()
    assert not tracker.visits


def test_without_rssi_a_visit_has_no_distance() -> None:
    tracker = Tracker([SHELF], RULES)
    (arrived,) = tracker.hear(frame(SHELF, None, 0.0))
    assert isinstance(arrived, Arrived)
    assert arrived.zone is Zone.unknown
    visit = tracker.visits[SHELF.id]
    assert visit.distance_m is None
    assert not visit.near


def test_zone_unknown_may_count_as_near_for_places_only() -> None:
    tracker = Tracker([SHELF, CARD], PresenceRules(unknown_counts_as_near=True))
    feed(tracker, [frame(SHELF, None, 0.0), frame(CARD, None, 0.0)])
    assert tracker.visits[SHELF.id].near
    assert not tracker.visits[CARD.id].near


def test_a_zone_becomes_unknown_after_the_exit_period_without_rssi() -> None:
    tracker = Tracker([CARD], RULES)
    feed(tracker, heard(CARD, -55, since=0, until=5))
    assert feed(tracker, heard(CARD, None, since=5.1, until=14.9)) == []
    (change,) = feed(tracker, heard(CARD, None, since=15.0, until=20))
    assert isinstance(change, ZoneChanged)
    assert (change.after, change.reason) == (Zone.unknown, NoRssi(10))


def test_the_first_rssi_ends_zone_unknown() -> None:
    tracker = Tracker([CARD], RULES)
    tracker.hear(frame(CARD, None, 0.0))
    (change,) = tracker.hear(frame(CARD, -81, 0.1))
    assert isinstance(change, ZoneChanged)
    assert (change.before, change.after) == (Zone.unknown, Zone.far)
    assert change.reason == FirstRssi(about(10.0), -22)


def test_unknown_beacons_are_only_counted() -> None:
    tracker = Tracker([CARD], RULES)
    assert feed(tracker, (frame(person(minor), -40, 0.0) for minor in range(100, 1100))) == []
    assert (tracker.foreign_frames, len(tracker.visits)) == (1000, 0)


def test_equal_identity_objects_are_the_same_beacon() -> None:
    tracker = Tracker([CARD, SHELF], RULES)
    for step in range(30):
        id_ = (CARD.id, structs.replace(CARD.id), structs.replace(CARD.id, minor=7777))[step % 3]
        tracker.hear(frame(CARD, -57, step / 10)._replace(beacon=id_))
        tracker.hear(frame(SHELF, -80, step / 10)._replace(beacon=structs.replace(SHELF.id)))
        del id_
        tracker.forget_frames()  # so that the next object may take this one's place in memory
    assert {id_: visit.last_heard for id_, visit in tracker.visits.items()} == {CARD.id: 2.8, SHELF.id: 2.9}
    assert tracker.foreign_frames == 10


def test_repeated_frames_with_one_time_count_once() -> None:
    tracker = Tracker([CARD], RULES)
    assert len(feed(tracker, [frame(CARD, -40, 5.0)] * 10_000)) == 1
    assert tracker.visits[CARD.id].zone is Zone.far


def test_the_level_is_relative_to_the_beacons_own_power() -> None:
    quiet = Beacon(CARD.id, CARD.kind, CARD.label, measured_power=-75)
    tracker = Tracker([quiet], RULES)
    feed(tracker, heard(quiet, -75, since=0, until=5))
    assert tracker.visits[quiet.id].distance_m == pytest.approx(1.0)
    assert tracker.visits[quiet.id].zone is Zone.immediate


def test_a_body_in_between_for_three_seconds_ends_no_zone() -> None:
    tracker = Tracker([CARD], RULES)
    feed(tracker, heard(CARD, -59, since=0, until=30))
    assert feed(tracker, heard(CARD, -74, since=30, until=32.9)) == []
    assert feed(tracker, heard(CARD, -59, since=33, until=60)) == []


@pytest.mark.parametrize("metres", [1.5, 2.0, 3.0, 4.0])
def test_a_person_on_an_edge_does_not_change_zones_repeatedly(metres: float) -> None:
    changes = Counter[type[VisitEvent]]()
    for seed in range(4):
        events = feed(Tracker([CARD], RULES), walked(CARD, f"{metres}m 900s", seed=seed))
        changes.update(type(event) for event in events)
    assert changes[Arrived] == 4
    assert changes[Left] == 0
    assert changes[ZoneChanged] <= 60  # in an hour altogether, with 240 bodies in between


frames = st.builds(
    Sighting,
    st.sampled_from([CARD.id, SHELF.id, STRANGER.id]),
    st.none() | st.integers(-127, 20),
    st.floats(0, 60),
    st.none() | st.integers(-127, 20),
    st.sampled_from(["hci0", "hci1"]),
)


@given(st.lists(frames | st.floats(0, 80), max_size=60), st.booleans())
def test_visits_alternate_and_zones_are_contiguous_for_any_input(
    steps: list[Sighting | float], unknown_is_near: bool
) -> None:
    tracker = Tracker([CARD, SHELF], PresenceRules(unknown_counts_as_near=unknown_is_near))
    zones: dict[Beacon, Zone] = {}
    for step in steps:
        for event in tracker.tick(step) if isinstance(step, float) else tracker.hear(step):
            assert event.reason
            match event:
                case Arrived():
                    assert event.beacon not in zones
                    zones[event.beacon] = event.zone
                case ZoneChanged():
                    assert zones[event.beacon] is event.before
                    assert event.before is not event.after
                    zones[event.beacon] = event.after
                case Left():
                    assert 0 <= (event.near_s or 0) <= event.in_range_s
                    del zones[event.beacon]
        assert {visit.beacon: visit.zone for visit in tracker.visits.values()} == zones
    tracker.tick(1000.0)
    assert not tracker.visits


def pausing(beacons: list[Beacon], pause_s: float) -> tuple[Tracker, list[VisitEvent]]:
    """Return frames of all for a minute, none for `pause_s`, then again of all."""
    tracker = Tracker(beacons, RULES)
    minute = sorted((s for each in beacons for s in heard(each, -60, since=0, until=60)), key=lambda s: s.at)
    feed(tracker, minute)
    events = [event for tick in range(round(pause_s)) for event in tracker.tick(60.0 + tick)]
    for each in beacons:
        events += tracker.hear(frame(each, -60, 60.0 + pause_s))
    return tracker, events


@pytest.mark.parametrize("pause_s", [9.0, 15.0, 45.0])
def test_a_pause_of_the_radio_ends_no_visit_where_two_fixed_beacons_are_known(pause_s: float) -> None:
    tracker, events = pausing([SHELF, place(2), CARD], pause_s)
    assert events == []
    feed(tracker, heard(CARD, -60, since=60.1 + pause_s, until=100 + pause_s))
    for each in (SHELF, place(2)):
        feed(tracker, heard(each, -60, since=60.1 + pause_s, until=115 + pause_s))
    (left,) = tracker.tick(115 + pause_s)
    assert isinstance(left, Left)
    assert left.beacon == CARD
    assert left.at == pytest.approx(110 + pause_s, abs=0.1)


def test_a_permanent_pause_ends_all_visits_within_the_longest_period() -> None:
    _, events = pausing([SHELF, place(2), CARD], 100.0)
    assert [type(event) for event in events[:3]] == [Left] * 3
    assert [event.at for event in events[:3]] == pytest.approx([120.0] * 3, abs=0.1)


@pytest.mark.parametrize("others", [[], [SHELF], [person(2), person(3)]])
def test_one_fixed_beacon_or_tags_alone_prove_no_pause(others: list[Beacon]) -> None:
    _, events = pausing([*others, CARD], 15.0)
    left = [event for event in events if isinstance(event, Left)]
    assert {event.beacon for event in left} == {*others, CARD}
    assert all(event.at == pytest.approx(70.0, abs=0.1) for event in left)


def test_a_fixed_beacon_takes_more_evidence_for_a_farther_zone() -> None:
    def judged(beacon: Beacon, behind_s: float) -> list[VisitEvent]:
        tracker = Tracker([beacon], RULES)
        feed(tracker, heard(beacon, -60, since=0, until=60))
        return feed(tracker, heard(beacon, -80, since=60.1, until=60.1 + behind_s))

    assert [type(event) for event in judged(CARD, 6.0)] == [ZoneChanged]
    assert judged(SHELF, 6.0) == []
    assert [type(event) for event in judged(SHELF, 20.0)] == [ZoneChanged]


def test_frames_are_stored_until_discarded_and_those_of_a_person_until_departure() -> None:
    tracker = Tracker([CARD, SHELF], RULES)
    shelf, card = [*heard(SHELF, -60, since=0, until=1)], [*heard(CARD, -60, since=0, until=1)]
    feed(tracker, [*shelf, *card, frame(STRANGER, -60, 1.0)])
    assert dict(tracker.fresh) == {SHELF.id: shelf, CARD.id: card}
    assert tracker.strangers == ["hci0"]
    tracker.tick(30.0)
    assert dict(tracker.fresh) == {SHELF.id: shelf}
    tracker.forget_frames()
    assert (dict(tracker.fresh), tracker.strangers) == ({}, [])
    first, again = frame(CARD, -60, 40.0), frame(CARD, -60, 80.0)
    feed(tracker, [first, again])
    assert dict(tracker.fresh) == {CARD.id: [again]}
