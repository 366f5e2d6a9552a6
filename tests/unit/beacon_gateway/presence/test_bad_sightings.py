"""Tests of impossible values from controllers, tags and clocks."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.model.beacons import Sighting, Zone
from beacon_gateway.model.reasons import FirstFrameWithoutRssi
from beacon_gateway.model.visits import Arrived, Left, ZoneChanged
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from tests.unit.beacon_gateway.presence.people import feed, frame, heard, person

CARD, RULES = person(1), PresenceRules()


def visit_at_kiosk(*, since: float = 0.0) -> Tracker:
    tracker = Tracker([CARD], RULES)
    feed(tracker, heard(CARD, -57, since=since, until=since + 30))
    assert tracker.visits[CARD.id].zone is Zone.immediate
    return tracker


@pytest.mark.parametrize("rssi", [127, 21, -128, 2**31])
def test_an_impossible_rssi_counts_as_unavailable(rssi: int) -> None:
    tracker = Tracker([CARD], RULES)
    feed(tracker, heard(CARD, rssi, since=0, until=5))
    assert tracker.visits[CARD.id].zone is Zone.unknown
    (arrived,) = Tracker([CARD], RULES).hear(frame(CARD, rssi, 0))
    assert arrived.reason == FirstFrameWithoutRssi()


def test_an_uncalibrated_tag_gets_the_usual_power() -> None:
    tag = replace(CARD, measured_power=0)
    tracker = Tracker([tag], RULES)
    feed(tracker, heard(tag, -59, since=0, until=5))
    assert tracker.visits[tag.id].distance_m == pytest.approx(1.0)


def test_a_beacon_may_have_its_own_path_loss() -> None:
    tag = replace(CARD, path_loss_exponent=3.5)
    tracker = Tracker([tag, person(2)], RULES)
    feed(tracker, [*heard(tag, -74, since=0, until=20), *heard(person(2), -74, since=0, until=20)])
    assert tracker.visits[tag.id].zone is Zone.near
    assert tracker.visits[person(2).id].zone is Zone.far


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 1e300])
def test_an_impossible_time_changes_nothing(at: float) -> None:
    tracker = visit_at_kiosk()
    before = tracker.visits[CARD.id]
    assert tracker.hear(frame(CARD, -90, at)) == ()
    assert tracker.visits[CARD.id] == before
    assert Tracker([CARD], RULES).hear(frame(CARD, -90, at)) == ()


def test_frames_out_of_order_change_no_zone_and_end_no_visit() -> None:
    tracker = visit_at_kiosk()
    shuffled = [frame(CARD, -90, at) for at in (29.0, 12.0, 29.5, 3.0, 29.9)] * 1000
    assert feed(tracker, shuffled) == []


def test_a_clock_that_is_set_back_ends_no_visit() -> None:
    tracker = visit_at_kiosk(since=100_000.0)
    assert tracker.tick(5.0) == ()
    assert feed(tracker, heard(CARD, -57, since=5.1, until=20)) == []
    visit = tracker.visits[CARD.id]
    assert visit.last_heard == pytest.approx(20)
    assert visit.last_heard - visit.since == pytest.approx(45, abs=0.3)
    zones = [
        event.after for event in feed(tracker, heard(CARD, -85, since=20.1, until=40)) if isinstance(event, ZoneChanged)
    ]
    assert zones[-1] is Zone.far
    (left,) = tracker.tick(51)
    assert isinstance(left, Left)
    assert 0 <= (left.near_s or 0) <= left.in_range_s


def test_silence_after_the_clock_was_set_back_is_counted_from_there() -> None:
    tracker = visit_at_kiosk(since=100_000.0)
    assert tracker.tick(5.0) == ()
    assert tracker.tick(14.9) == ()
    assert len(tracker.tick(15.0)) == 1


def test_after_an_ended_visit_a_clock_set_back_does_not_block_the_beacon() -> None:
    tracker = visit_at_kiosk(since=100_000.0)
    assert len(tracker.tick(100_100)) == 1
    (arrived,) = tracker.hear(frame(CARD, -57, 3.0))
    assert isinstance(arrived, Arrived)


def test_a_clock_that_jumps_ahead_ends_the_visit_once() -> None:
    tracker = visit_at_kiosk()
    left, arrived = tracker.hear(frame(CARD, -57, 1e9))
    assert (type(left), type(arrived)) == (Left, Arrived)
    assert feed(tracker, heard(CARD, -57, since=1e9, until=1e9 + 0.5)) == []


anything = st.builds(
    Sighting,
    st.sampled_from([CARD.id, person(2).id]),
    st.none() | st.integers(-1000, 1000),
    st.floats() | st.floats(0, 500),
    st.none() | st.integers(-1000, 1000),
    st.text(max_size=8),
)


@given(st.lists(anything | st.floats(0, 1e6), max_size=80))
def test_no_input_raises_an_exception_or_gives_a_distance_that_is_not_finite(steps: list[Sighting | float]) -> None:
    tracker = Tracker([CARD, replace(person(2), measured_power=-127, path_loss_exponent=1.0)], RULES)
    for step in steps:
        events = tracker.tick(step) if isinstance(step, float) else tracker.hear(step)
        assert all(math.isfinite(event.at) for event in events)
    for visit in tracker.visits.values():
        assert visit.distance_m is None or math.isfinite(visit.distance_m)
        assert visit.last_heard >= visit.since
