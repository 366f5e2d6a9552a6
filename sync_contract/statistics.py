"""Totals of beacon statistics: of periods, hours, gateways and days, in any order and grouping.

`merge` is associative and commutative, and NOTHING is its identity. Every figure is an integer, so sums are exact.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    BeaconStatistics,
    ClassStatistics,
    PlaceBeaconStatistics,
)


@dataclass(frozen=True, slots=True)
class Total:
    """`trusted_ms`: the part of `listened_ms` in periods that began with a synchronised clock."""

    stretches: int = 0
    listened_ms: int = 0
    trusted_ms: int = 0
    foreign_frames: int = 0
    places: Mapping[BeaconId, PlaceBeaconStatistics] = field(default_factory=dict)
    classes: Mapping[str, ClassStatistics] = field(default_factory=dict)
    advertised_ms: Mapping[BeaconId, int] = field(default_factory=dict)


NOTHING = Total()
K = TypeVar("K")
V = TypeVar("V")


def total(statistics: BeaconStatistics) -> Total:
    """Return the total of one period."""
    listened_ms = _ms(statistics.seconds)
    return Total(
        stretches=1,
        listened_ms=listened_ms,
        trusted_ms=listened_ms if statistics.start.reliable else 0,
        foreign_frames=statistics.foreign_frames,
        places=_united(((row.beacon, row) for row in statistics.places), merge_places),
        classes=_united(((row.tag_class, row) for row in statistics.classes), merge_classes),
        advertised_ms=_united(((row.beacon, _ms(row.seconds)) for row in statistics.advertised), int.__add__),
    )


def merge(one: Total, other: Total) -> Total:
    return Total(
        stretches=one.stretches + other.stretches,
        listened_ms=one.listened_ms + other.listened_ms,
        trusted_ms=one.trusted_ms + other.trusted_ms,
        foreign_frames=one.foreign_frames + other.foreign_frames,
        places=_united((*one.places.items(), *other.places.items()), merge_places),
        classes=_united((*one.classes.items(), *other.classes.items()), merge_classes),
        advertised_ms=_united((*one.advertised_ms.items(), *other.advertised_ms.items()), int.__add__),
    )


def merge_places(one: PlaceBeaconStatistics, other: PlaceBeaconStatistics) -> PlaceBeaconStatistics:
    """Merge statistics of one beacon. Raises ValueError for two beacons."""
    if one.beacon != other.beacon:
        raise ValueError(f"{one.beacon} and {other.beacon} are two beacons")
    return PlaceBeaconStatistics(
        beacon=one.beacon,
        frames=one.frames + other.frames,
        frames_without_rssi=one.frames_without_rssi + other.frames_without_rssi,
        frames_suspect=one.frames_suspect + other.frames_suspect,
        expected_frames=one.expected_frames + other.expected_frames,
        heard_of_expected=one.heard_of_expected + other.heard_of_expected,
        longest_gap_ms=max(one.longest_gap_ms, other.longest_gap_ms),
        gap_histogram=_sums(one.gap_histogram, other.gap_histogram),
        rssi_min=min((each for each in (one.rssi_min, other.rssi_min) if each is not None), default=None),
        rssi_max=max((each for each in (one.rssi_max, other.rssi_max) if each is not None), default=None),
        rssi_sum=one.rssi_sum + other.rssi_sum,
        rssi_histogram=_sums(one.rssi_histogram, other.rssi_histogram),
    )


def merge_classes(one: ClassStatistics, other: ClassStatistics) -> ClassStatistics:
    """Merge statistics of one class of person tags. Raises ValueError for two classes."""
    if one.tag_class != other.tag_class:
        raise ValueError(f"{one.tag_class} and {other.tag_class} are two classes")
    return ClassStatistics(
        tag_class=one.tag_class,
        entries=one.entries + other.entries,
        visits=one.visits + other.visits,
        tags=max(one.tags, other.tags),
        dwell_histogram=_sums(one.dwell_histogram, other.dwell_histogram),
    )


def loss(place: PlaceBeaconStatistics) -> float | None:
    """Return the share of expected frames that did not arrive, 0 to 1; None where the interval is not known."""
    if place.expected_frames == 0:
        return None
    return max(0.0, 1 - place.heard_of_expected / place.expected_frames)


def _sums(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _united(rows: Iterable[tuple[K, V]], add: Callable[[V, V], V]) -> dict[K, V]:
    united: dict[K, V] = {}
    for key, value in rows:
        united[key] = add(united[key], value) if key in united else value
    return united


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
