"""Strategies for the parts of a gateway's report; who asks says within which bounds."""

from collections.abc import Iterable
from functools import reduce

from hypothesis import strategies as st

from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    DWELL_HISTOGRAM_EDGES_S,
    GAP_HISTOGRAM_EDGES_MS,
    RSSI_HISTOGRAM_BINS,
    BeaconStatistics,
    ClassStatistics,
    PlaceBeaconStatistics,
)
from sync_contract.statistics import NOTHING, Total, merge, total

_DBM = st.none() | st.integers(-127, 20)


def merge_all(periods: Iterable[BeaconStatistics]) -> Total:
    return reduce(merge, map(total, periods), NOTHING)


def places(
    beacons: st.SearchStrategy[BeaconId], counts: st.SearchStrategy[int], rssi_sums: st.SearchStrategy[int]
) -> st.SearchStrategy[PlaceBeaconStatistics]:
    return st.builds(
        PlaceBeaconStatistics,
        beacon=beacons,
        frames=counts,
        frames_without_rssi=counts,
        frames_suspect=counts,
        expected_frames=counts,
        heard_of_expected=counts,
        longest_gap_ms=counts,
        gap_histogram=_histogram(counts, len(GAP_HISTOGRAM_EDGES_MS) + 1),
        rssi_min=_DBM,
        rssi_max=_DBM,
        rssi_sum=rssi_sums,
        rssi_histogram=_histogram(counts, RSSI_HISTOGRAM_BINS),
    )


def classes(names: st.SearchStrategy[str], counts: st.SearchStrategy[int]) -> st.SearchStrategy[ClassStatistics]:
    return st.builds(
        ClassStatistics,
        tag_class=names,
        entries=counts,
        visits=counts,
        tags=counts,
        dwell_histogram=_histogram(counts, len(DWELL_HISTOGRAM_EDGES_S) + 1),
    )


def _histogram(counts: st.SearchStrategy[int], bins: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[counts] * bins)
