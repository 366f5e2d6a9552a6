"""Statistics add up: in any order, in any grouping, exactly."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
    PlaceBeaconStatistics,
)
from sync_contract.statistics import NOTHING, Total, loss, merge, merge_classes, merge_places
from tests.unit.sync_contract import made_reports
from tests.unit.sync_contract.made_reports import merge_all

counts = st.integers(0, 2**40)
beacons = st.builds(BeaconId, st.just(UUID(int=1)), st.just(1), st.integers(1, 3))
places = made_reports.places(beacons, counts, st.integers(-(2**40), 0))
classes = made_reports.classes(st.sampled_from(["a", "b"]), counts)
START = ClockReading(wall=datetime(2026, 5, 1, tzinfo=UTC), boot="0" * 32, monotonic_ns=1, trusted=True)
UNSURE = replace(START, trusted=False)
stretches = st.builds(
    BeaconStatistics,
    start=st.sampled_from([START, UNSURE]),
    seconds=st.floats(0, 3600),
    foreign_frames=counts,
    places=st.lists(places, max_size=3).map(tuple),
    classes=st.lists(classes, max_size=2).map(tuple),
    advertised=st.lists(st.builds(AdvertisedSeconds, beacon=beacons, seconds=st.floats(0, 300)), max_size=2).map(tuple),
)
totals = st.lists(stretches, max_size=2).map(merge_all)


@pytest.mark.thorough
@given(totals, totals, totals)
def test_the_grouping_does_not_matter(a: Total, b: Total, c: Total) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@pytest.mark.thorough
@given(totals, totals)
def test_the_order_does_not_matter(a: Total, b: Total) -> None:
    assert merge(a, b) == merge(b, a)


@pytest.mark.thorough
@given(totals)
def test_nothing_adds_nothing(a: Total) -> None:
    assert merge(a, NOTHING) == merge(NOTHING, a) == a


@pytest.mark.thorough
@given(st.lists(stretches, max_size=4), st.integers(0, 4))
def test_hours_and_days_add_up_from_their_stretches(all_of_them: list[BeaconStatistics], cut: int) -> None:
    assert merge(merge_all(all_of_them[:cut]), merge_all(all_of_them[cut:])) == merge_all(all_of_them)
    assert merge_all(all_of_them).foreign_frames == sum(each.foreign_frames for each in all_of_them)
    assert merge_all(all_of_them).stretches == len(all_of_them)


def row(minor: int = 1, **figures: object) -> PlaceBeaconStatistics:
    plain: dict[str, object] = {
        "beacon": BeaconId(UUID(int=1), 1, minor),
        "frames": 0,
        "frames_without_rssi": 0,
        "frames_suspect": 0,
        "expected_frames": 0,
        "heard_of_expected": 0,
        "longest_gap_ms": 0,
        "gap_histogram": (0,) * 9,
        "rssi_min": None,
        "rssi_max": None,
        "rssi_sum": 0,
        "rssi_histogram": (0,) * 16,
    }
    return msgspec.convert(plain | figures, PlaceBeaconStatistics)


def stretch(start: ClockReading, seconds: float, *rows: PlaceBeaconStatistics) -> BeaconStatistics:
    return BeaconStatistics(start=start, seconds=seconds, foreign_frames=0, places=rows, classes=(), advertised=())


def test_least_greatest_and_longest_are_compared_the_rest_is_added() -> None:
    one = row(frames=2, rssi_min=-70, rssi_max=-60, rssi_sum=-130, longest_gap_ms=400)
    other = row(frames=1, rssi_min=-90, rssi_max=-90, rssi_sum=-90, longest_gap_ms=300)
    added = merge_places(one, other)
    assert (added.frames, added.rssi_min, added.rssi_max, added.rssi_sum, added.longest_gap_ms) == (
        3,
        -90,
        -60,
        -220,
        400,
    )
    assert merge_places(one, row()).rssi_min == -70


def test_only_the_time_of_a_trusted_clock_counts_as_trusted() -> None:
    day = merge_all([stretch(START, 300.25), stretch(UNSURE, 120)])
    assert (day.listened_ms, day.trusted_ms) == (420_250, 300_250)


@pytest.mark.parametrize(("expected", "heard", "share"), [(0, 0, None), (10, 4, 0.6), (10, 12, 0.0), (10, 0, 1.0)])
def test_loss_is_the_share_of_expected_frames_that_did_not_arrive(
    expected: int, heard: int, share: float | None
) -> None:
    assert loss(row(expected_frames=expected, heard_of_expected=heard)) == share


def test_two_beacons_or_classes_are_never_added_together() -> None:
    with pytest.raises(ValueError, match="more than one beacon"):
        merge_places(row(1), row(2))
    a, b = (ClassStatistics(tag_class=name, entries=1, visits=1, tags=1, dwell_histogram=(0,) * 8) for name in "ab")
    with pytest.raises(ValueError, match="more than one class"):
        merge_classes(a, b)
