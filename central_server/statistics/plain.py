"""What a report says as plain values, for a first look at many: making records of them takes three times as long.

Their fields stand in the order in which canonical JSON has them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json


class PlainPlace(NamedTuple):
    """As `PlaceBeaconStatistics`."""

    beacon: tuple[int, int, str]
    expected_frames: int
    frames: int
    frames_suspect: int
    frames_without_rssi: int
    gap_histogram: Sequence[int]
    heard_of_expected: int
    longest_gap_ms: int
    rssi_histogram: Sequence[int]
    rssi_max: int | None
    rssi_min: int | None
    rssi_sum: int


class PlainClass(NamedTuple):
    """As `ClassStatistics`."""

    arrivals: int
    dwell_histogram: Sequence[int]
    tag_class: str


class PlainAdvertised(NamedTuple):
    """As `AdvertisedSeconds`."""

    beacon: tuple[int, int, str]
    seconds: float


class PlainReport(NamedTuple):
    """As `BeaconStatistics`, without its kind and its start."""

    advertised: Sequence[PlainAdvertised]
    classes: Sequence[PlainClass]
    foreign_frames: int
    places: Sequence[PlainPlace]
    seconds: float


def plain(advertised: str, classes: str, foreign_frames: str, places: str, seconds: str) -> PlainReport:
    """From canonical JSON that is known to be good; of the arrays what stands between their brackets."""
    return PlainReport(
        [PlainAdvertised._make(_of_beacon(told)) for told in _array(advertised)],
        [PlainClass._make(told.values()) for told in _array(classes)],
        int(foreign_frames),
        [PlainPlace._make(_of_beacon(told)) for told in _array(places)],
        float(seconds),
    )


def _array(inner: str) -> Sequence[Mapping[str, Any]]:
    return from_json(f"[{inner}]") if inner else ()


def _of_beacon(told: Mapping[str, Any]) -> tuple[Any, ...]:
    beacon, *others = told.values()
    return (tuple(beacon.values()), *others)
