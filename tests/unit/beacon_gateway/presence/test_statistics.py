"""Tests of the additive figures of beacons and tag classes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.reasons import FirstFrameWithoutRssi, Silence
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from beacon_gateway.presence.clone_detection import BLOCK
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.records import BeaconStatistics, ClassStatistics, ClockReading
from sync_contract.statistics import loss, total
from sync_contract.wire_record import encode
from tests.unit.beacon_gateway.presence.people import frame, heard, person, place
from tests.unit.sync_contract.made_reports import merge_all

EAST, WEST = place(1), place(2)
CARD, OTHER_CARD, LOANED = person(1), person(2), person(3, tag_class="loaned")
NO_CLASS = tuple(person(minor, tag_class="") for minor in range(20, 25))
EVERYBODY = (
    *(EAST, WEST, CARD, OTHER_CARD, LOANED, *NO_CLASS),
    *(person(minor, tag_class=name) for minor in range(10, 14) for name in ("volunteer", "loaned")),
)
"""At least five tags of each class: smaller classes are counted by the day."""
START = ClockReading(wall=datetime(2026, 5, 1, tzinfo=UTC), boot="0" * 32, monotonic_ns=1, trusted=True)


def harvest(collector: Collector) -> BeaconStatistics:
    statistics = collector.harvest(START, 300)
    assert statistics is not None
    return statistics


def arrived(beacon: Beacon) -> Arrived:
    return Arrived(beacon, Zone.near, 0, FirstFrameWithoutRssi())


def left(beacon: Beacon, near_s: float) -> Left:
    return Left(beacon, 0, near_s + 10, near_s, Silence(10, near_s + 10))


def test_without_counts_there_is_no_record() -> None:
    assert Collector((CARD, LOANED)).harvest(START, 300) is None
    assert Collector(EVERYBODY).harvest(START, 9.9) is None


def test_a_silent_place_beacon_is_included_with_no_frames() -> None:
    collector = Collector(EVERYBODY, interval_ms={WEST.id: 100})
    collector.add_frame(frame(EAST, -60, 0))
    east, west = harvest(collector).places
    assert (east.frames, west.beacon, west.frames) == (1, WEST.id, 0)
    assert (west.expected_frames, west.heard_of_expected, west.longest_gap_ms) == (2857, 0, 300_000)


def test_silence_of_a_beacon_that_is_not_expected_is_no_fault() -> None:
    assert Collector(EVERYBODY, expected=()).harvest(START, 300) is None


def test_gaps_are_counted_at_their_end_and_the_open_gap_is_included() -> None:
    collector = Collector(EVERYBODY)
    for at in (0.0, 0.1, 0.299, 0.5, 60.5):
        collector.add_frame(frame(EAST, -60, at))
    first = collector.harvest(START, 100, until=100.0)
    assert first is not None
    assert first.places[0].gap_histogram == (2, 1, 0, 0, 0, 0, 0, 0, 1)
    assert first.places[0].longest_gap_ms == 60_000
    collector.add_frame(frame(EAST, -60, 160.5))
    second = collector.harvest(START, 100, until=200.0)
    assert second is not None
    assert second.places[0].gap_histogram[-1] == 1
    assert second.places[0].longest_gap_ms == 100_000
    third = collector.harvest(START, 300, until=500.0)
    assert third is not None
    assert (third.places[0].frames, third.places[0].longest_gap_ms) == (0, 339_500)


def test_frames_that_come_late_or_twice_make_no_gap() -> None:
    collector = Collector(EVERYBODY)
    for at in (5.0, 5.0, 4.0, 5.1):
        collector.add_frame(frame(EAST, -60, at))
    row = harvest(collector).places[0]
    assert row.gap_histogram == (3, *[0] * 8)
    assert row.longest_gap_ms == 100


def test_a_frame_through_two_adapters_is_one_frame_and_no_clone() -> None:
    """The other adapter is behind metal: 20 dB weaker, and it misses every second frame."""
    collector = Collector([EAST], interval_ms={EAST.id: 1000})
    stranger = place(99)
    for second in range(0, 300, 2):
        for moment in (second, second + 1):
            for beacon in (EAST, stranger):
                collector.add_frame(Sighting(beacon.id, -60, moment + 0.5, -59, "hci0"))
                if moment == second:
                    collector.add_frame(Sighting(beacon.id, -80, moment + 0.503, -59, "hci1"))
    assert collector.cloned(300.0) == {}
    figures = harvest(collector)
    row = figures.places[0]
    assert (row.frames, row.expected_frames, row.heard_of_expected) == (300, 299, 300)
    assert (row.rssi_min, row.rssi_max, row.frames_suspect) == (-60, -60, 0)
    assert sum(row.gap_histogram) == 299
    assert row.longest_gap_ms == 1000
    assert figures.foreign_frames == 300


def test_loss_is_relative_to_the_interval_for_the_best_adapter() -> None:
    collector = Collector([EAST], interval_ms={EAST.id: 1000})
    for second in range(150):
        collector.add_frame(Sighting(EAST.id, -60, float(second), -59, "hci0"))
    collector.add_frame(Sighting(EAST.id, -90, 149.5, -59, "hci1"))
    row = harvest(collector).places[0]
    assert (row.expected_frames, row.heard_of_expected) == (299, 150)
    assert collector.describe(300.0)["reception"] == {str(EAST.id): {"share": 0.5, "dbm": -60.0}}
    assert loss(row) == pytest.approx(0.5, abs=0.002)


def test_a_beacon_of_which_every_advert_arrives_has_no_loss() -> None:
    """An advert comes up to 10 ms after its interval."""
    collector, draw, at = Collector([EAST], interval_ms={EAST.id: 100}), Random(1), 0.0
    while at < 300:
        collector.add_frame(frame(EAST, -60, at))
        at += 0.1 + draw.uniform(0, 0.01)
    assert loss(harvest(collector).places[0]) == pytest.approx(0, abs=0.002)


def test_a_cloned_place_beacons_frames_are_counted_as_suspect() -> None:
    collector = Collector(EVERYBODY, interval_ms={EAST.id: 200})
    for number in range(96):
        collector.add_frame(frame(EAST, -60, number // 2 / 5 + 0.07 * (number % 2)))
    assert harvest(collector).places[0].frames_suspect == 96
    assert collector.describe(10.0)["cloned"] == 1


def test_a_place_beacon_is_counted_with_its_rssi() -> None:
    collector = Collector(EVERYBODY)
    for rssi in (-101, -100, -31, -30, None):
        collector.add_frame(frame(EAST, rssi, 0))
    row = harvest(collector).places[0]
    assert (row.beacon, row.frames, row.frames_without_rssi) == (EAST.id, 5, 1)
    assert (row.rssi_min, row.rssi_max, row.rssi_sum) == (-101, -30, -262)
    assert row.rssi_histogram == (1, 1, *[0] * 12, 1, 1)


def test_without_any_rssi_least_and_greatest_are_none() -> None:
    collector = Collector(EVERYBODY)
    collector.add_frame(frame(EAST, None, 0))
    row = harvest(collector).places[0]
    assert (row.frames, row.rssi_min, row.rssi_max, row.rssi_sum) == (1, None, None, 0)


def test_an_impossible_rssi_is_clamped() -> None:
    collector = Collector(EVERYBODY)
    for rssi in (-300, 90):
        collector.add_frame(frame(EAST, rssi, 0))
    row = harvest(collector).places[0]
    assert (row.rssi_min, row.rssi_max) == (-127, 20)
    assert (row.rssi_histogram[0], row.rssi_histogram[-1]) == (1, 1)


def test_people_are_counted_by_class_and_no_tag_is_named() -> None:
    collector = Collector(EVERYBODY)
    for event in (arrived(CARD), arrived(OTHER_CARD), arrived(LOANED), left(CARD, 4.9), left(OTHER_CARD, 5.0)):
        collector.add_visit(event)
    collector.add_frame(frame(CARD, -40, 0))
    collector.add_visit(arrived(EAST))
    statistics = harvest(collector)
    assert statistics.classes == (
        ClassStatistics(tag_class="loaned", entries=1, visits=1, tags=1, dwell_histogram=(0,) * 8),
        ClassStatistics(tag_class="volunteer", entries=2, visits=2, tags=2, dwell_histogram=(1, 1, *[0] * 6)),
    )
    assert [row.frames for row in statistics.places] == [0, 0]
    assert f'"major":{CARD.id.major}'.encode() not in encode(statistics)


@pytest.mark.parametrize(("tags", "reported"), [(1, [0, 0, 0, 3]), (4, [0, 0, 0, 3]), (5, [1, 1, 1, 0])])
def test_a_class_of_fewer_than_five_tags_is_counted_by_the_official_day(tags: int, reported: list[int]) -> None:
    """Counts of five minutes of one tag would describe a person's day."""
    collector = Collector([EAST, *(person(minor) for minor in range(1, tags + 1))])
    found = []
    for hour in (1, 9, 15.9, 16):  # UTC; the official day ends at 16:00
        if hour < 16:
            collector.add_visit(arrived(CARD))
            collector.add_visit(left(CARD, 60))
        at = replace(START, wall=START.wall + timedelta(hours=hour))
        statistics = collector.harvest(at, 300)
        assert statistics is not None
        found.append(sum(each.visits for each in statistics.classes))
        assert all(each.tags == 1 for each in statistics.classes), "three visits of one person are one person"
    assert found == reported


@pytest.mark.parametrize(("near_s", "bin_"), [(0, 0), (14.9, 1), (15, 2), (899, 6), (900, 7), (86_400, 7)])
def test_each_dwell_falls_into_its_bin(near_s: float, bin_: int) -> None:
    collector = Collector(EVERYBODY)
    collector.add_visit(left(CARD, near_s))
    assert harvest(collector).classes[0].dwell_histogram.index(1) == bin_


def test_a_tag_that_lingers_at_the_edge_of_range_for_a_day_visits_nobody() -> None:
    """One frame in twenty arrives, in groups, from a tag far away; then it comes near for a minute and is one visit."""
    tracker, collector, draw = Tracker(EVERYBODY, PresenceRules()), Collector(EVERYBODY), Random(4)
    fade = 0.0
    for second in range(8 * 3600):
        fade = 0.95 * fade + draw.gauss(0, 1)
        rssi = round(-103 + fade + draw.gauss(0, 2))
        events = tracker.hear(frame(CARD, rssi, second)) if rssi >= -98 else tracker.tick(second)
        for event in events:
            collector.add_visit(event)
    (row,) = harvest(collector).classes
    assert row.entries <= 3
    assert (row.visits, row.tags, sum(row.dwell_histogram)) == (0, 0, 0)
    for sighting in heard(CARD, -50, since=28_800, until=28_855, every=1.0):
        for event in tracker.hear(sighting):
            collector.add_visit(event)
    for event in tracker.tick(30_000):
        collector.add_visit(event)
    (row,) = harvest(collector).classes
    assert (row.visits, row.tags, row.dwell_histogram.index(1)) == (1, 1, 3)


def test_people_of_a_day_are_counted_apart_from_their_visits() -> None:
    """Two people come five times in four periods; the next day begins with nobody."""
    collector, of_day = Collector(EVERYBODY), []
    for hour in (1, 5, 15, 17):  # UTC; the official day ends at 16:00
        for card in (CARD, OTHER_CARD) if hour == 5 else (CARD,):
            collector.add_visit(arrived(card))
            collector.add_visit(left(card, 60))
        statistics = collector.harvest(replace(START, wall=START.wall + timedelta(hours=hour)), 300)
        assert statistics is not None
        of_day.append(statistics.classes[0].tags)
    assert of_day == [1, 2, 2, 1]


def test_a_tag_without_class_is_counted_as_unnamed() -> None:
    collector = Collector(EVERYBODY)
    collector.add_visit(arrived(NO_CLASS[0]))
    assert harvest(collector).classes[0].tag_class == "unnamed"


def test_unknown_beacons_are_counted_together() -> None:
    collector = Collector([EAST])
    collector.add_frame(frame(WEST, -50, 0))
    collector.add_frame(frame(CARD, -50, 0))
    statistics = harvest(collector)
    assert statistics.foreign_frames == 2
    assert [row.beacon for row in statistics.places] == [EAST.id]
    assert harvest(collector).foreign_frames == 0
    assert collector.describe(0.0) == {"foreign": 2, "cloned": 0, "cloned_places": {}, "reception": {}}


def test_data_of_a_persons_tag_is_deleted_after_its_visit() -> None:
    """Neither the frames of an unfinished block nor the evidence of a clone remain."""
    collector = Collector(EVERYBODY, interval_ms={CARD.id: 200})
    for sighting in two_transmitters(CARD, until=100.7):
        collector.add_frame(sighting)
    known = collector._known[CARD.id]
    assert collector.describe(100.7)["cloned"] == 1
    assert known.recent
    collector.add_visit(left(CARD, 100.7))
    assert collector.describe(100.7)["cloned"] == 0
    assert (known.recent, known.clones._blocks, collector._suspects) == ([], {}, set())
    for sighting in two_transmitters(CARD, until=100.7):
        collector.add_frame(sighting)
        assert len(known.recent) < BLOCK
        assert all(len(block.rssi) < BLOCK for block in known.clones._blocks.values())
    assert collector.describe(100.7)["cloned"] == 1, "and it is noticed again"


def two_transmitters(beacon: Beacon, until: float) -> Iterator[Sighting]:
    for number in range(round(until * 10)):
        yield frame(beacon, -60, number // 2 / 5 + 0.07 * (number % 2))


def test_a_harvest_resets_the_counts() -> None:
    collector = Collector(EVERYBODY)
    collector.add_frame(frame(EAST, -50, 0))
    collector.add_advertised(EAST.id, 30)
    collector.add_advertised(EAST.id, 12.5)
    assert harvest(collector).advertised[0].seconds == 42.5
    assert [row.frames for row in harvest(collector).places] == [0, 0]


Fact = Sighting | VisitEvent
facts = st.one_of(
    st.builds(frame, st.sampled_from(EVERYBODY), st.none() | st.integers(-127, 20), st.floats(0, 100)),
    st.builds(arrived, st.sampled_from(EVERYBODY)),
    st.builds(left, st.sampled_from(EVERYBODY), st.floats(0, 2000)),
)


def count(collector: Collector, counted: list[Fact], seconds: float) -> BeaconStatistics:
    for fact in counted:
        if isinstance(fact, Sighting):
            collector.add_frame(fact)
        else:
            collector.add_visit(fact)
    statistics = collector.harvest(START, seconds)
    assert statistics is not None
    return statistics


@given(st.lists(facts), st.lists(facts))
def test_the_harvests_of_two_halves_add_up(first: list[Fact], second: list[Fact]) -> None:
    interval_ms = {EAST.id: 100}
    halves = Collector(EVERYBODY, interval_ms=interval_ms)
    added = merge_all([count(halves, first, 300), count(halves, second, 300)])
    whole = total(count(Collector(EVERYBODY, interval_ms=interval_ms), first + second, 600))
    assert added.classes == whole.classes
    for id_, seen in whole.places.items():  # a beacon not yet heard is silent for the half, or for the whole
        same = {"longest_gap_ms": 0} if seen.frames == 0 or seen.longest_gap_ms <= 300_000 else {}
        assert replace(added.places[id_], **same) == replace(seen, **same)
