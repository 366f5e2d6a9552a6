"""Make one level of the levels that several adapters measure, in dB.

An adapter behind metal or with a small antenna receives less than the best one: its loss. The loss belongs to the
adapter, not to a visit: it is learned from people's tags, which are at many places, and applies to the next tag at
once. A beacon on a wall is at one place, so its difference shows where the adapters are, and teaches nothing.

During a visit, each adapter's level is shifted to the common one, a weighted mean. Louder adapters count more, and
those with a loss less, so a wrong loss changes little.
"""

from collections.abc import Iterable
from math import exp

# Tuned with `./dev bench presence adapters`.
TOGETHER_S = 3.0
"""Two levels are compared only if both are at most this old."""
SMOOTHING_S = 4.0
"""Time constant of the levels that are compared."""
MAX_LOSS_DB = 20.0
"""A greater difference has another cause than the antenna."""
MAX_ADAPTERS = 16
VISIT_FRAMES = 300
"""So many frames of one visit teach the losses: a tag that lies somewhere for hours counts no more than another."""
LEARNED_FRAMES = 3000
"""About so many last frames count."""
LOUDER_DB, DISTRUST_DB = 7.0, 3.0
"""An adapter counts e times as much if it is this much louder, and 1/e times as much with this loss."""


class AdapterLosses:
    """How much each adapter receives below the best one. `calibrated`: what a walk has measured is not learned."""

    def __init__(self, calibrated: Iterable[tuple[str, float]] = ()) -> None:
        self.loss_db: dict[str, float] = dict(calibrated)
        """By adapter; a missing one has 0."""
        self._calibrated = bool(self.loss_db)
        self._behind: dict[str, tuple[int, float]] = {}
        """(frames that count, mean dB below the mean of all adapters), by adapter."""

    def learn(self, adapter: str, behind_db: float) -> None:
        """Note that this adapter receives a tag `behind_db` below the mean of the adapters that receive it."""
        if self._calibrated or (adapter not in self._behind and len(self._behind) >= MAX_ADAPTERS):
            return
        count, mean_db = self._behind.get(adapter, (0, 0.0))
        count = min(count + 1, LEARNED_FRAMES)
        self._behind[adapter] = (count, mean_db + (behind_db - mean_db) / count)
        best_db = min(mean_db for _, mean_db in self._behind.values())
        self.loss_db = {name: min(MAX_LOSS_DB, mean_db - best_db) for name, (_, mean_db) in self._behind.items()}


class AdapterLevels:
    """One beacon's level through each adapter, once several receive it. `moves`: a person's tag; it teaches losses."""

    __slots__ = ("_before", "_heard", "_teaches", "at", "only")

    def __init__(self, adapter: str, *, moves: bool) -> None:
        self.only = adapter
        """The single adapter that receives the beacon; empty once there are several."""
        self.at = self._before = 0.0
        """Of several: the mean time of the last two frames. Two adapters thus share the time that an advert counts."""
        self._heard: dict[str, tuple[int, float, float]] = {}
        """(frames, smoothed dBm, time of the last frame), by adapter."""
        self._teaches = VISIT_FRAMES if moves else 0

    def correct(self, adapter: str, level_db: float, at: float, losses: AdapterLosses) -> float:
        """Return the common level at this frame."""
        if adapter == self.only:
            return level_db + losses.loss_db.get(adapter, 0.0)
        if self.only:
            self.only = ""
            self.at = self._before = at
        self.at = max(self.at, (self._before + at) / 2)
        self._before = at
        heard = self._heard
        if adapter not in heard and len(heard) >= MAX_ADAPTERS:
            return level_db + losses.loss_db.get(adapter, 0.0)
        count, smooth_db, then = heard.get(adapter, (0, 0.0, at))
        smooth_db += (level_db - smooth_db) * max(1 - exp(-abs(at - then) / SMOOTHING_S), 1 / (count + 1))
        heard[adapter] = (count + 1, smooth_db, at)
        together = [(name, db) for name, (_, db, then) in heard.items() if abs(at - then) <= TOGETHER_S]
        if len(together) > 1 and self._teaches:
            self._teaches -= 1
            losses.learn(adapter, sum(db for _, db in together) / len(together) - smooth_db)
        return level_db - smooth_db + _common_db(together, losses.loss_db)

    def resume(self, at: float) -> None:
        """Continue from `at` after the clock was set back."""
        self.at = self._before = at


def _common_db(levels: Iterable[tuple[str, float]], loss_db: dict[str, float]) -> float:
    total = common_db = 0.0
    for adapter, level_db in levels:
        lost_db = loss_db.get(adapter, 0.0)
        share = exp(level_db / LOUDER_DB - lost_db / DISTRUST_DB)
        total += share
        common_db += share * (level_db + lost_db)
    return common_db / total
