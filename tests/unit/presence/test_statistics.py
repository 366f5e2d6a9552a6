"""Figures that add up."""

import operator
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from beacon_gateway.presence.statistics import Collector
from sync_contract.records import BeaconStatistics, ClassStatistics, ClockReading, PlaceBeaconStatistics, canonical
from tests.unit.presence.people import frame, person, place

EAST, WEST = place(1), place(2)
CARD, OTHER_CARD, LOANED = person(1), person(2), person(3, tag_class="loaned")
EVERYBODY = (EAST, WEST, CARD, OTHER_CARD, LOANED)
START = ClockReading(wall=datetime(2026, 5, 1, tzinfo=UTC), boot="0" * 32, monotonic_ns=1, trusted=True)


def harvest(collector: Collector) -> BeaconStatistics:
    statistics = collector.harvest(START, 300)
    assert statistics is not None
    return statistics


def arrived(beacon: Beacon) -> Arrived:
    return Arrived(beacon, Zone.near, 0, "came")


def left(beacon: Beacon, dwell_s: float) -> Left:
    return Left(beacon, 0, dwell_s, "went")


def test_nothing_counted_is_no_record_at_all() -> None:
    assert Collector(EVERYBODY).harvest(START, 300) is None


def test_a_place_beacon_is_counted_with_its_rssi() -> None:
    collector = Collector(EVERYBODY)
    for rssi in (-101, -100, -31, -30, None):
        collector.heard(frame(EAST, rssi, 0))
    (row,) = harvest(collector).places
    assert (row.beacon, row.frames, row.frames_without_rssi) == (EAST.id, 5, 1)
    assert (row.rssi_min, row.rssi_max, row.rssi_sum) == (-101, -30, -262)
    assert row.rssi_histogram == (1, 1, *[0] * 12, 1, 1)


def test_without_any_rssi_least_and_greatest_are_none() -> None:
    collector = Collector(EVERYBODY)
    collector.heard(frame(EAST, None, 0))
    (row,) = harvest(collector).places
    assert (row.frames, row.rssi_min, row.rssi_max, row.rssi_sum) == (1, None, None, 0)


def test_an_impossible_rssi_is_clamped_to_what_a_controller_can_say() -> None:
    collector = Collector(EVERYBODY)
    for rssi in (-300, 90):
        collector.heard(frame(EAST, rssi, 0))
    (row,) = harvest(collector).places
    assert (row.rssi_min, row.rssi_max) == (-127, 20)
    assert (row.rssi_histogram[0], row.rssi_histogram[-1]) == (1, 1)


def test_people_are_counted_by_class_and_no_tag_is_named() -> None:
    collector = Collector(EVERYBODY)
    for event in (arrived(CARD), arrived(OTHER_CARD), arrived(LOANED), left(CARD, 4.9), left(OTHER_CARD, 5.0)):
        collector.visit(event)
    collector.heard(frame(CARD, -40, 0))
    collector.visit(arrived(EAST))
    statistics = harvest(collector)
    assert statistics.classes == (
        ClassStatistics(tag_class="loaned", arrivals=1, dwell_histogram=(0,) * 8),
        ClassStatistics(tag_class="volunteer", arrivals=2, dwell_histogram=(1, 1, *[0] * 6)),
    )
    assert statistics.places == ()
    assert str(CARD.id.uuid).encode() not in canonical(statistics)


@pytest.mark.parametrize(("dwell_s", "bin_"), [(0, 0), (14.9, 1), (15, 2), (899, 6), (900, 7), (86_400, 7)])
def test_each_dwell_falls_into_its_bin(dwell_s: float, bin_: int) -> None:
    collector = Collector(EVERYBODY)
    collector.visit(left(CARD, dwell_s))
    assert harvest(collector).classes[0].dwell_histogram.index(1) == bin_


def test_a_tag_without_class_is_counted_as_unnamed() -> None:
    collector = Collector(EVERYBODY)
    collector.visit(arrived(person(9, tag_class="")))
    assert harvest(collector).classes[0].tag_class == "unnamed"


def test_strangers_are_not_counted() -> None:
    collector = Collector([EAST])
    collector.heard(frame(WEST, -50, 0))
    assert collector.harvest(START, 300) is None


def test_a_harvest_begins_anew() -> None:
    collector = Collector(EVERYBODY)
    collector.heard(frame(EAST, -50, 0))
    collector.advertised(EAST.id, 30)
    collector.advertised(EAST.id, 12.5)
    assert harvest(collector).advertised[0].seconds == 42.5
    assert collector.harvest(START, 300) is None


Fact = Sighting | VisitEvent
facts = st.one_of(
    st.builds(frame, st.sampled_from(EVERYBODY), st.none() | st.integers(-127, 20), st.just(0.0)),
    st.builds(arrived, st.sampled_from(EVERYBODY)),
    st.builds(left, st.sampled_from(EVERYBODY), st.floats(0, 2000)),
)


def count(collector: Collector, counted: list[Fact]) -> BeaconStatistics | None:
    for fact in counted:
        if isinstance(fact, Sighting):
            collector.heard(fact)
        else:
            collector.visit(fact)
    return collector.harvest(START, 300)


MERGE: dict[str, Callable[[int, int], int]] = {"rssi_min": min, "rssi_max": max}


def sums(*harvests: BeaconStatistics | None) -> dict[tuple[object, str], list[int]]:
    """Every figure by its row and name: counts and histograms added, least and greatest compared."""
    total: dict[tuple[object, str], list[int]] = {}
    for statistics in harvests:
        rows: list[PlaceBeaconStatistics | ClassStatistics] = []
        if statistics is not None:
            rows = [*statistics.places, *statistics.classes]
        for row in rows:
            whose = row.beacon if isinstance(row, PlaceBeaconStatistics) else row.tag_class
            for name, value in row:
                if name not in ("beacon", "tag_class") and value is not None:
                    values = list(value) if isinstance(value, tuple) else [value]
                    known = total.get((whose, name))
                    merge = MERGE.get(name, operator.add)
                    total[whose, name] = values if known is None else list(map(merge, known, values))
    return total


@given(st.lists(facts), st.lists(facts))
def test_the_harvests_of_two_halves_add_up_to_the_whole(first: list[Fact], second: list[Fact]) -> None:
    halves = Collector(EVERYBODY)
    assert sums(count(halves, first), count(halves, second)) == sums(count(Collector(EVERYBODY), first + second))
