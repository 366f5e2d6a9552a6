"""Totals of beacon statistics: of periods, hours, gateways and days, in any order and grouping.

`merge` is associative and commutative, and NOTHING is its identity. Every figure is an integer, so sums are exact.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
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


def total(statistics: BeaconStatistics, *, trusted: bool | None = None) -> Total:
    """Return the total of one period. `trusted`: whether its time is known; None for as its own clock states."""
    return sum_periods([(statistics, statistics.start.reliable if trusted is None else trusted)])


def sum_periods(periods: Sequence[tuple[BeaconStatistics, bool]]) -> Total:
    """Return the total of periods, each with whether its time is known; many at once take the least time."""
    listened = [(_ms(period.seconds), known) for period, known in periods]
    return Total(
        stretches=len(periods),
        listened_ms=sum(ms for ms, _ in listened),
        trusted_ms=sum(ms for ms, known in listened if known),
        foreign_frames=sum(period.foreign_frames for period, _ in periods),
        places=_united(((row.beacon, row) for period, _ in periods for row in period.places), merge_places),
        classes=_united(((row.tag_class, row) for period, _ in periods for row in period.classes), merge_classes),
        advertised_ms=_united(
            ((row.beacon, _ms(row.seconds)) for period, _ in periods for row in period.advertised), _add
        ),
    )


def merge(*totals: Total) -> Total:
    return Total(
        stretches=sum(each.stretches for each in totals),
        listened_ms=sum(each.listened_ms for each in totals),
        trusted_ms=sum(each.trusted_ms for each in totals),
        foreign_frames=sum(each.foreign_frames for each in totals),
        places=_united((row for each in totals for row in each.places.items()), merge_places),
        classes=_united((row for each in totals for row in each.classes.items()), merge_classes),
        advertised_ms=_united((row for each in totals for row in each.advertised_ms.items()), _add),
    )


def merge_places(*rows: PlaceBeaconStatistics) -> PlaceBeaconStatistics:
    """Merge statistics of one beacon. Raises ValueError for two beacons."""
    beacon = rows[0].beacon
    if any([row.beacon != beacon for row in rows]):
        raise ValueError(f"more than one beacon: {sorted({str(row.beacon) for row in rows})}")
    sums = dict(zip(_PLACE_SUMS, _sums(map(_place_sums, rows)), strict=True))
    return PlaceBeaconStatistics(
        beacon=beacon,
        longest_gap_ms=max([row.longest_gap_ms for row in rows]),
        gap_histogram=_sums([row.gap_histogram for row in rows]),
        rssi_min=min([row.rssi_min for row in rows if row.rssi_min is not None], default=None),
        rssi_max=max([row.rssi_max for row in rows if row.rssi_max is not None], default=None),
        rssi_histogram=_sums([row.rssi_histogram for row in rows]),
        **sums,
    )


def merge_classes(*rows: ClassStatistics) -> ClassStatistics:
    """Merge statistics of one class of person tags. Raises ValueError for two classes."""
    tag_class = rows[0].tag_class
    if any([row.tag_class != tag_class for row in rows]):
        raise ValueError(f"more than one class: {sorted({row.tag_class for row in rows})}")
    return ClassStatistics(
        tag_class=tag_class,
        entries=sum([row.entries for row in rows]),
        visits=sum([row.visits for row in rows]),
        tags=max([row.tags for row in rows]),
        dwell_histogram=_sums([row.dwell_histogram for row in rows]),
    )


def loss(place: PlaceBeaconStatistics) -> float | None:
    """Return the share of expected frames that did not arrive, 0 to 1; None where the interval is not known."""
    if place.expected_frames == 0:
        return None
    return max(0.0, 1 - place.heard_of_expected / place.expected_frames)


def _sums(rows: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*rows, strict=True)))


_PLACE_SUMS = ("frames", "frames_without_rssi", "frames_suspect", "expected_frames", "heard_of_expected", "rssi_sum")
_place_sums = attrgetter(*_PLACE_SUMS)


def _add(*numbers: int) -> int:
    return sum(numbers)


def _united(rows: Iterable[tuple[K, V]], merge_all: Callable[..., V]) -> dict[K, V]:
    grouped: dict[K, list[V]] = {}
    for key, value in rows:
        grouped.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else merge_all(*values) for key, values in grouped.items()}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
