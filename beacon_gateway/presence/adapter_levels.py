"""Correct the levels of adapters that receive less than the best one (behind metal, a small antenna), in dB.

The loudest adapter is the reference, because a case or a wall only attenuates. The offset belongs to the adapter, not
to a visit: it is learned from every beacon that both receive, and applies to the next one at once.
"""

from collections.abc import Iterable

TOGETHER_S = 2.0
"""Two levels are compared only if both are at most this old."""
LEARNING = 1 / 100
"""Weight of each frame's difference: about the last hundred frames count."""
SMOOTHING = 1 / 30
MAX_OFFSET_DB = 20.0
"""A greater difference has another cause than the antenna."""
MAX_ADAPTERS = 16


class AdapterOffsets:
    """How much each adapter receives below the loudest one. `calibrated`: what a walk has measured is not learned."""

    def __init__(self, calibrated: Iterable[tuple[str, float]] = ()) -> None:
        self.offset_db: dict[str, float] = dict(calibrated)
        """By adapter; a missing one has 0."""
        self._calibrated = frozenset(self.offset_db)

    def learn(self, adapter: str, behind_db: float) -> None:
        """Note that this adapter has just received a beacon `behind_db` below the loudest one."""
        if adapter in self._calibrated or (adapter not in self.offset_db and len(self.offset_db) >= MAX_ADAPTERS):
            return
        known = self.offset_db.get(adapter, 0.0)
        self.offset_db[adapter] = min(MAX_OFFSET_DB, max(0.0, known + (behind_db - known) * LEARNING))


class AdapterLevels:
    """One beacon's level through each adapter, once several receive it."""

    __slots__ = ("_heard", "only")

    def __init__(self, adapter: str) -> None:
        self.only = adapter
        """The single adapter that receives the beacon; empty once there are several."""
        self._heard: dict[str, tuple[float, float]] = {}

    def correct(self, adapter: str, level_db: float, at: float, offsets: AdapterOffsets) -> float:
        """Return the level as the loudest adapter would have measured it."""
        heard = self._heard
        if adapter == self.only:
            return level_db + offsets.offset_db.get(adapter, 0.0)
        self.only = ""
        if adapter in heard:
            before_db = heard[adapter][0]
            heard[adapter] = (before_db + (level_db - before_db) * SMOOTHING, at)
        elif len(heard) < MAX_ADAPTERS:
            heard[adapter] = (level_db, at)
            return level_db + offsets.offset_db.get(adapter, 0.0)
        together = [db for db, then in heard.values() if abs(at - then) <= TOGETHER_S]
        if len(together) > 1 and adapter in heard:
            offsets.learn(adapter, max(together) - heard[adapter][0])
        return level_db + offsets.offset_db.get(adapter, 0.0)
