"""Two transmitters under one identity, told without radio addresses: those are never kept.

Two signs, each within a block of frames from one adapter:

- RSSI in two clumps between which it jumps to and fro. Somebody walking, or a body in between for a second, moves
  it too, but stays there for a while; shadowing scatters it, but in one clump.
- Many more frames than the beacon's interval allows, where that is known.

A clone as loud as the beacon, at a like interval and distance, is not told.
"""

from collections.abc import Sequence
from operator import ne
from statistics import fmean, pvariance

from beacon_gateway.model.beacons import Sighting

BLOCK = 32
"""Frames judged together."""
IN_A_ROW = 3
"""So many suspect blocks make a clone: 9.6 s at ten frames a second. One beacon alone, walked about in the worst
simulated air, gives up to 4 suspect blocks in a thousand: three in a row about once in fifteen years."""
CLEARED_S = 60.0
"""A clone is believed for so long after the last suspect block."""
APART_DB = 15.0
"""Clumps are at least so far apart, and four times as far as each is wide."""
WIDTHS = 4.0
LEAST = BLOCK // 5
"""Frames in the smaller clump."""
CROSSINGS = BLOCK // 4
"""Jumps from one clump to the other; two transmitters that interleave by chance give up to half of the block."""
TOO_MANY = 2.5
"""Times as many frames as the interval allows. A scan response doubles them, and is no clone."""


class Transmitters:
    """Whether one beacon's identity has one transmitter or more. `interval_ms`: its advertising interval, if known."""

    __slots__ = ("_blocks", "_interval_s", "_suspect_at", "_why")

    def __init__(self, interval_ms: int | None = None) -> None:
        self._interval_s = None if interval_ms is None else interval_ms / 1000
        self._blocks: dict[str, _Block] = {}
        self._suspect_at: float | None = None
        self._why = ""

    def heard(self, sightings: Sequence[Sighting]) -> int:
        """Frames in the order heard. Gives how many of them, and of those before, have now turned out to be suspect."""
        each = by_adapter(sightings)
        if len(each) == 1:
            ((adapter, rssi, times),) = each
            return self._heard(adapter, rssi, times[0], times[-1])
        return sum(self._heard(one.adapter, (one.rssi,), one.at, one.at) for one in sightings)

    def _heard(self, adapter: str, rssi: Sequence[int | None], since: float, at: float) -> int:
        """At most BLOCK frames of one adapter."""
        block = self._blocks.get(adapter)
        if block is None:
            block = self._blocks[adapter] = _Block(since)
        if block.rssi or len(rssi) < BLOCK:
            block.rssi += rssi
            rssi = block.rssi
            if len(rssi) < BLOCK:
                return 0
        why = self._too_many(at - block.began) or _two_clumps(rssi)
        suspect = block.suspect_before + 1 if why else 0
        self._blocks[adapter] = _Block(at, suspect)
        if not why:
            return 0
        if suspect >= IN_A_ROW:
            self._suspect_at, self._why = at, why
        return len(rssi)

    def cloned(self, now: float) -> str:
        """The numbers that say that another one uses the identity; empty when there seems to be one only."""
        return self._why if self._suspect_at is not None and now - self._suspect_at < CLEARED_S else ""

    def _too_many(self, seconds: float) -> str:
        if self._interval_s is None or (allowed := TOO_MANY * seconds / self._interval_s) >= BLOCK - 1:
            return ""
        return f"{BLOCK} frames in {seconds:.1f} s, {allowed:.0f} would be many"


def by_adapter(sightings: Sequence[Sighting]) -> list[tuple[str, Sequence[int | None], Sequence[float]]]:
    """Each adapter's RSSI and times, as heard."""
    if not sightings:
        return []
    _, rssi, times, _, adapters = zip(*sightings, strict=True)
    first = adapters[0]
    if adapters.count(first) == len(adapters):
        return [(first, rssi, times)]
    found: list[tuple[str, Sequence[int | None], Sequence[float]]] = []
    for adapter in dict.fromkeys(adapters):
        theirs = [one for one in sightings if one.adapter == adapter]
        found.append((adapter, [one.rssi for one in theirs], [one.at for one in theirs]))
    return found


class _Block:
    """Frames of one adapter, until there are enough to judge."""

    __slots__ = ("began", "rssi", "suspect_before")

    def __init__(self, began: float, suspect_before: int = 0) -> None:
        self.began, self.suspect_before = began, suspect_before
        self.rssi: list[int | None] = []


def _two_clumps(measured: Sequence[int | None]) -> str:
    """The numbers, when two clumps interleave; else nothing. Split halfway between least and greatest."""
    rssi = [each for each in measured if each is not None]
    if len(rssi) < BLOCK // 2 or max(rssi) - min(rssi) < APART_DB:
        return ""
    middle = (min(rssi) + max(rssi)) / 2
    high = [value for value in rssi if value > middle]
    if not LEAST <= len(high) <= len(rssi) - LEAST:
        return ""
    sides = [value > middle for value in rssi]
    jumps = sum(map(ne, sides, sides[1:]))
    if jumps < CROSSINGS:
        return ""
    low = [value for value in rssi if value <= middle]
    apart_db = fmean(high) - fmean(low)
    if apart_db < APART_DB:
        return ""
    width_db = ((len(high) * pvariance(high) + len(low) * pvariance(low)) / len(rssi)) ** 0.5
    if apart_db < WIDTHS * width_db:
        return ""
    return f"RSSI jumped {jumps} times in {len(rssi)} frames between {fmean(low):.0f} and {fmean(high):.0f} dBm"
