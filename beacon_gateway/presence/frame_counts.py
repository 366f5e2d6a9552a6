"""Count frames, gaps and RSSI of one place beacon, many frames at a time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import sub

from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    GAP_HISTOGRAM_EDGES_MS,
    RSSI_HISTOGRAM_BINS,
    RSSI_HISTOGRAM_FROM,
    RSSI_HISTOGRAM_STEP,
    PlaceBeaconStatistics,
)
from sync_contract.rssi import MAX_DBM, MIN_DBM, clamp_dbm

_RSSI_BIN = tuple(
    max(0, min(RSSI_HISTOGRAM_BINS - 1, (rssi - RSSI_HISTOGRAM_FROM) // RSSI_HISTOGRAM_STEP))
    for rssi in (*range(MAX_DBM + 1), *range(MIN_DBM, 0))
)
"""Histogram bin by RSSI; a negative RSSI indexes from the end."""

_SHORT_S = (GAP_HISTOGRAM_EDGES_MS[0] - 0.5) / 1000
"""Most gaps are below this, in the first bin."""


@dataclass(slots=True)
class FrameCounts:
    """Counts of one place beacon through one adapter."""

    frames: int = 0
    without_rssi: int = 0
    suspect: int = 0
    rssi_sum: int = 0
    rssi_min: int = MAX_DBM
    rssi_max: int = MIN_DBM
    rssi: list[int] = field(default_factory=lambda: [0] * RSSI_HISTOGRAM_BINS)
    longest_gap_ms: int = 0
    gaps: list[int] = field(default_factory=lambda: [0] * (len(GAP_HISTOGRAM_EDGES_MS) + 1))

    def add(self, measured: Sequence[int | None]) -> None:
        """Count frames by RSSI; None is an unknown RSSI."""
        self.frames += len(measured)
        rssi = [each for each in measured if each is not None]
        self.without_rssi += len(measured) - len(rssi)
        if not rssi:
            return
        least, greatest = min(rssi), max(rssi)
        if least < MIN_DBM or greatest > MAX_DBM:
            rssi = [clamp_dbm(each) for each in rssi]
            least, greatest = min(rssi), max(rssi)
        self.rssi_sum += sum(rssi)
        self.rssi_min = min(least, self.rssi_min)
        self.rssi_max = max(greatest, self.rssi_max)
        histogram = self.rssi
        for each in rssi:
            histogram[_RSSI_BIN[each]] += 1

    def add_gaps(self, times: Sequence[float], before: float | None) -> float:
        """Count the gaps and return the new time of the last frame.

        `before`: the previous one, monotonic seconds; None for the first frame. A late frame counts as a gap of 0.
        """
        last = times[0] if before is None else before
        gaps = [*map(sub, times, (last, *times[:-1]))]
        if before is None:
            del gaps[0]
        if not gaps:
            return last
        if min(gaps) < 0.0:
            gaps, last = _zero_late_gaps(gaps, last)
        else:
            last = times[-1]
        longest_s = max(gaps)
        if longest_s < _SHORT_S:
            self.gaps[0] += len(gaps)
        else:
            for gap_s in gaps:
                self.gaps[bisect_right(GAP_HISTOGRAM_EDGES_MS, round(gap_s * 1000))] += 1
        self.longest_gap_ms = max(self.longest_gap_ms, round(longest_s * 1000))
        return last

    def record(self, beacon: BeaconId, *, expected: int, open_gap_ms: int) -> PlaceBeaconStatistics:
        measured = self.frames > self.without_rssi
        return PlaceBeaconStatistics(
            beacon=beacon,
            frames=self.frames,
            frames_without_rssi=self.without_rssi,
            frames_suspect=min(self.suspect, self.frames),
            expected_frames=expected,
            heard_of_expected=self.frames if expected else 0,
            longest_gap_ms=max(self.longest_gap_ms, open_gap_ms),
            gap_histogram=tuple(self.gaps),
            rssi_min=self.rssi_min if measured else None,
            rssi_max=self.rssi_max if measured else None,
            rssi_sum=self.rssi_sum,
            rssi_histogram=tuple(self.rssi),
        )


def _zero_late_gaps(gaps: Sequence[float], last: float) -> tuple[list[float], float]:
    """Return the gaps with 0 for late frames, and the time of the latest frame."""
    found: list[float] = []
    now = last
    for gap_s in gaps:
        now += gap_s
        found.append(max(0.0, now - last))
        last = max(last, now)
    return found, last
