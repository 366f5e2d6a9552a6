"""Detect two transmitters with one identity, without storing radio addresses.

Two signs, each within a block of frames from one adapter:

- RSSI in two groups, with frequent jumps between them. A person who walks, or a body in between, also changes RSSI,
  but for a while; shadowing scatters it within one group.
- Many more frames than the beacon's advertising interval allows, where the interval is known.

A clone with about the same level, interval and distance as the beacon is not detected.
"""

from collections.abc import Sequence
from operator import ne
from statistics import fmean, pvariance

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.reasons import CloneEvidence, TooManyFrames, TwoLevels

BLOCK = 32
"""Frames that are evaluated together."""
CONSECUTIVE_BLOCKS = 3
"""Suspect blocks that prove a clone: 9.6 s at ten frames a second. One carried beacon in the worst simulated air
gives up to 4 suspect blocks in a thousand, so three in a row occur about once in fifteen years."""
CLEARED_S = 60.0
"""A clone is reported for this long after the last suspect block."""
MIN_DISTANCE_DB = 15.0
"""Between the two groups; it must also be `MIN_WIDTHS` times the width of each."""
MIN_WIDTHS = 4.0
MIN_GROUP = BLOCK // 5
"""Frames in the smaller group."""
MIN_JUMPS = BLOCK // 4
"""From one group to the other; two transmitters that interleave by chance give up to half of the block."""
MAX_RATE = 2.5
"""Times as many frames as the interval allows. A scan response doubles them and is no clone."""


class CloneDetector:
    """Detects several transmitters of one beacon's identity. `interval_ms`: its advertising interval, if known."""

    __slots__ = ("_blocks", "_evidence", "_interval_s", "_suspect_at")

    def __init__(self, interval_ms: int | None = None) -> None:
        self._interval_s = None if interval_ms is None else interval_ms / 1000
        self._blocks: dict[str, _Block] = {}
        self._suspect_at: float | None = None
        self._evidence: CloneEvidence | None = None

    def add(self, sightings: Sequence[Sighting]) -> int:
        """Add frames in the order received. Return how many frames, of these and earlier ones, are now suspect."""
        groups = group_by_adapter(sightings)
        if len(groups) == 1:
            ((adapter, rssi, times),) = groups
            return self._add(adapter, rssi, times[0], times[-1])
        return sum(self._add(one.adapter, (one.rssi,), one.at, one.at) for one in sightings)

    def _add(self, adapter: str, rssi: Sequence[int | None], since: float, at: float) -> int:
        """Add at most BLOCK frames of one adapter."""
        block = self._blocks.get(adapter)
        if block is None:
            block = self._blocks[adapter] = _Block(since)
        if block.rssi or len(rssi) < BLOCK:
            block.rssi += rssi
            rssi = block.rssi
            if len(rssi) < BLOCK:
                return 0
        evidence = self._find_excess(at - block.start) or _find_two_levels(rssi)
        suspect = block.suspect_before + 1 if evidence else 0
        self._blocks[adapter] = _Block(at, suspect)
        if not evidence:
            return 0
        if suspect >= CONSECUTIVE_BLOCKS:
            self._suspect_at, self._evidence = at, evidence
        return len(rssi)

    def evidence(self, now: float) -> CloneEvidence | None:
        """Return the evidence for another transmitter at `now`; None when there seems to be one only."""
        return self._evidence if self._suspect_at is not None and now - self._suspect_at < CLEARED_S else None

    def _find_excess(self, seconds: float) -> TooManyFrames | None:
        if self._interval_s is None or (limit := MAX_RATE * seconds / self._interval_s) >= BLOCK - 1:
            return None
        return TooManyFrames(BLOCK, seconds, limit)


def group_by_adapter(sightings: Sequence[Sighting]) -> list[tuple[str, Sequence[int | None], Sequence[float]]]:
    """Return each adapter's RSSI and times, in the order received."""
    if not sightings:
        return []
    _, rssi, times, _, adapters = zip(*sightings, strict=True)
    first = adapters[0]
    if adapters.count(first) == len(adapters):
        return [(first, rssi, times)]
    found: list[tuple[str, Sequence[int | None], Sequence[float]]] = []
    for adapter in dict.fromkeys(adapters):
        group = [one for one in sightings if one.adapter == adapter]
        found.append((adapter, [one.rssi for one in group], [one.at for one in group]))
    return found


class _Block:
    """Frames of one adapter, until there are BLOCK of them."""

    __slots__ = ("rssi", "start", "suspect_before")

    def __init__(self, start: float, suspect_before: int = 0) -> None:
        self.start, self.suspect_before = start, suspect_before
        self.rssi: list[int | None] = []


def _find_two_levels(measured: Sequence[int | None]) -> TwoLevels | None:
    """Return the two levels when two groups interleave; split halfway between the least and the greatest RSSI."""
    rssi = [each for each in measured if each is not None]
    if len(rssi) < BLOCK // 2 or max(rssi) - min(rssi) < MIN_DISTANCE_DB:
        return None
    middle = (min(rssi) + max(rssi)) / 2
    high = [value for value in rssi if value > middle]
    if not MIN_GROUP <= len(high) <= len(rssi) - MIN_GROUP:
        return None
    sides = [value > middle for value in rssi]
    jumps = sum(map(ne, sides, sides[1:]))
    if jumps < MIN_JUMPS:
        return None
    low = [value for value in rssi if value <= middle]
    distance_db = fmean(high) - fmean(low)
    if distance_db < MIN_DISTANCE_DB:
        return None
    width_db = ((len(high) * pvariance(high) + len(low) * pvariance(low)) / len(rssi)) ** 0.5
    if distance_db < MIN_WIDTHS * width_db:
        return None
    return TwoLevels(jumps, len(rssi), fmean(low), fmean(high))
