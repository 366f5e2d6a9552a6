"""Detect two transmitters with one identity, without storing radio addresses.

One transmitter may have any levels: its three advertising channels fade independently, bodies and walks add to that.
What it cannot do, within a block of frames from one adapter:

- send again before its advertising interval has passed, where the interval is known (a scan response follows within
  milliseconds);
- send many more frames than the interval allows;
- be near and far within milliseconds, again and again: no body moves so fast. A scan response comes on the channel of
  its advert and is equally loud, and few adverts are received on two channels;
- be loud and faint in turns for one adapter, and in the same frames loud and faint (or faint and loud) for another, at
  times that no interval explains. Channels do not do that: each adapter listens to channels of its own choice.

Without a known interval, one adapter alone detects no clone, and two often none whose levels are alike.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from operator import ne
from statistics import correlation, fmean, median, pvariance

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.reasons import CloneEvidence, ImpossibleMoves, ShortGaps, TooManyFrames, TwoLevels

BLOCK = 32
"""Frames that are evaluated together."""
CONSECUTIVE_BLOCKS = 2
"""Suspect blocks that prove a clone."""
LONG_BLOCK_S = 10.0
"""Short gaps in a block this long are no hiccup of a busy computer: one block is enough."""
CLEARED_S = 60.0
"""A clone is reported for this long after the last suspect block."""
MIN_DISTANCE_DB = 8.0
"""Between the two groups; it must also be `MIN_WIDTHS` times the width of each."""
MIN_WIDTHS = 1.5
MIN_GROUP = BLOCK // 5
"""Frames in the smaller group."""
MIN_JUMPS = BLOCK // 4
"""From one group to the other; two transmitters that interleave by chance give up to half of the block."""
MAX_RATE = 2.5
"""Times as many frames as the interval allows. A scan response doubles them and is no clone."""
REPLY_S = 0.01
"""A gap shorter than this is a scan response, or two frames that the bus delivered together."""
JITTER_S = 0.025
"""A frame may be delivered so much late, and the next gap is then shorter than the interval."""
MIN_SHORT = BLOCK // 4
"""Gaps that are too short for one transmitter."""
REGULAR_S = 0.015
"""Short gaps that are all equal are an interval that was entered wrongly, where the others are multiples of them."""
MOST_LOST = 5
"""The multiple that still counts as one; two transmitters that send at nearly the same time have longer pauses."""
MOVED_DB = 8.0
"""Two frames within `JITTER_S` that differ by this were not sent at one place."""
MIN_MOVES = 10
"""Such pairs of frames."""
MIN_PAIRS = BLOCK // 3
"""Frames that both adapters received."""
MIN_AGREEMENT = 0.6
"""Correlation of their levels at the two adapters, or of the one with the opposite of the other."""


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
            return self._add(*groups[0])
        return sum(self._add(one.adapter, (one.rssi,), (one.at,)) for one in sightings)

    def _add(self, adapter: str, rssi: Sequence[int | None], times: Sequence[float]) -> int:
        """Add at most BLOCK frames of one adapter."""
        block = self._blocks.get(adapter)
        if block is None:
            block = self._blocks[adapter] = _Block(times[0])
        block.rssi += rssi
        block.times += times
        if len(block.rssi) < BLOCK:
            return 0
        evidence = self._find(block, adapter)
        suspect = block.suspect_before + 1 if evidence else 0
        at = times[-1]
        self._blocks[adapter] = _Block(at, suspect, block)
        if not evidence:
            return 0
        long = at - block.start >= LONG_BLOCK_S and isinstance(evidence, ShortGaps)
        if long or suspect >= CONSECUTIVE_BLOCKS:
            self._suspect_at, self._evidence = at, evidence
        return len(block.rssi)

    def evidence(self, now: float) -> CloneEvidence | None:
        """Return the evidence for another transmitter at `now`; None when there seems to be one only."""
        return self._evidence if self._suspect_at is not None and now - self._suspect_at < CLEARED_S else None

    def _find(self, block: "_Block", adapter: str) -> CloneEvidence | None:
        if self._interval_s is not None:
            return (
                _find_excess(block, self._interval_s)
                or _find_short_gaps(block.times, self._interval_s)
                or _find_moves(block)
            )
        if (moves := _find_moves(block)) is not None:
            return moves
        others = [other for name, other in self._blocks.items() if name != adapter]
        if not others or (levels := _find_two_levels(block.rssi)) is None or not _is_irregular(block.times):
            return None
        return levels if any(_agree(block, other) for other in others) else None


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
    """Frames of one adapter, until there are BLOCK of them. `before`: the last complete block, without its own."""

    __slots__ = ("before", "rssi", "start", "suspect_before", "times")

    def __init__(self, start: float, suspect_before: int = 0, before: "_Block | None" = None) -> None:
        self.start, self.suspect_before, self.before = start, suspect_before, before
        self.rssi: list[int | None] = []
        self.times: list[float] = []
        if before is not None:
            before.before = None


def _find_excess(block: _Block, interval_s: float) -> TooManyFrames | None:
    seconds = block.times[-1] - block.start
    if (limit := MAX_RATE * seconds / interval_s) >= BLOCK - 1:
        return None
    return TooManyFrames(BLOCK, seconds, limit)


def _find_short_gaps(times: Sequence[float], interval_s: float) -> ShortGaps | None:
    """Return the gaps in which one transmitter cannot send twice."""
    most_s = interval_s - max(JITTER_S, interval_s / 10)
    short = sorted(gap for earlier, later in pairwise(times) if REPLY_S < (gap := later - earlier) < most_s)
    if len(short) < MIN_SHORT:
        return None
    tenth = len(short) // 10
    if short[-1 - tenth] - short[tenth] < REGULAR_S:
        usual_s = median(short)
        gaps = [later - earlier for earlier, later in pairwise(times) if later - earlier > REPLY_S]
        if 3 * sum(gap < MOST_LOST * usual_s for gap in gaps) > 2 * len(gaps):
            return None
    return ShortGaps(len(short), len(times), interval_s)


def _find_moves(block: _Block) -> ImpossibleMoves | None:
    """Return the pairs of frames that were sent at two places at once; a frame belongs to one pair."""
    moves, paired = 0, -1
    frames = [*zip(block.times, block.rssi, strict=True)]
    for number, ((earlier, before), (later, after)) in enumerate(pairwise(frames)):
        if number > paired and before is not None and after is not None and 0 < later - earlier < JITTER_S:
            paired = number + 1
            moves += abs(after - before) >= MOVED_DB
    return ImpossibleMoves(moves, len(frames), MOVED_DB) if moves >= MIN_MOVES else None


def _is_irregular(times: Sequence[float]) -> bool:
    """Return whether frames follow one another at times that no single interval explains."""
    gaps = sorted(gap for earlier, later in pairwise(times) if (gap := later - earlier) > REPLY_S / 2)
    return len(gaps) >= MIN_SHORT and gaps[len(gaps) // 10] < 0.45 * median(gaps)


def _agree(block: _Block, other: _Block) -> bool:
    """Return whether the levels of the same frames rise and fall together, or oppositely, at another adapter."""
    before = other.before
    times = [*(before.times if before else ()), *other.times]
    rssi = [*(before.rssi if before else ()), *other.rssi]
    ours, theirs = [], []
    for at, level in zip(block.times, block.rssi, strict=True):
        index = bisect_left(times, at - JITTER_S)
        seen = rssi[index] if index < len(times) and times[index] <= at + JITTER_S else None
        if level is not None and seen is not None:
            ours.append(level)
            theirs.append(seen)
    if len(ours) < MIN_PAIRS or min(ours) == max(ours) or min(theirs) == max(theirs):
        return False
    return abs(correlation(ours, theirs)) >= MIN_AGREEMENT


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
