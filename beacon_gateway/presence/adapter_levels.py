"""Several adapters hear the same beacon, one of them worse (behind metal, a small antenna): how much worse, in dB.

The loudest is taken as the truth, since a case or a wall only takes away. The difference belongs to the adapter, not
to a visit: it is learned from every beacon that both hear and is there when the next one comes.
"""

TOGETHER_S = 2.0
"""Two adapters hear the same person only when both have heard so recently."""
LEARNING = 1 / 100
"""Of the difference, at each frame: about the last hundred frames count."""
SMOOTHING = 1 / 30
MOST_DB = 20.0
"""A greater difference is not an antenna."""
MOST_ADAPTERS = 16


class Ears:
    """What each adapter lacks against the loudest one."""

    def __init__(self) -> None:
        self.lacks_db: dict[str, float] = {}
        """By adapter; who is not here lacks nothing."""

    def learn(self, adapter: str, behind_db: float) -> None:
        """This adapter has just heard a beacon `behind_db` fainter than the loudest one hears it."""
        if adapter not in self.lacks_db and len(self.lacks_db) >= MOST_ADAPTERS:
            return
        known = self.lacks_db.get(adapter, 0.0)
        self.lacks_db[adapter] = min(MOST_DB, max(0.0, known + (behind_db - known) * LEARNING))


class Levels:
    """One beacon's level through each adapter, as long as more than one hears it."""

    __slots__ = ("_heard", "only")

    def __init__(self, adapter: str) -> None:
        self.only = adapter
        """The one that hears it; empty once there are several. Then `corrected` knows the level; else it is as heard,
        with what the one adapter lacks."""
        self._heard: dict[str, tuple[float, float]] = {}

    def corrected(self, adapter: str, level_db: float, at: float, ears: Ears) -> float:
        """The level as the loudest adapter would have heard it."""
        heard = self._heard
        if adapter == self.only:
            return level_db + ears.lacks_db.get(adapter, 0.0)
        self.only = ""
        if adapter in heard:
            before_db = heard[adapter][0]
            heard[adapter] = (before_db + (level_db - before_db) * SMOOTHING, at)
        elif len(heard) < MOST_ADAPTERS:
            heard[adapter] = (level_db, at)
            return level_db + ears.lacks_db.get(adapter, 0.0)
        together = [db for db, then in heard.values() if abs(at - then) <= TOGETHER_S]
        if len(together) > 1 and adapter in heard:
            ears.learn(adapter, max(together) - heard[adapter][0])
        return level_db + ears.lacks_db.get(adapter, 0.0)
