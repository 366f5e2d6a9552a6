"""How the screen was used, as counts that add up: by what it showed, never by who touched it or in which order."""

from collections import Counter
from typing import Literal

from sync_contract.beacon_identity import BeaconId
from sync_contract.records import MAX_SCREEN_COUNTS, ClockReading, Door, ScreenCount, ScreenStatistics

Turned = tuple[str | None, BeaconId | None, Literal[Door.touch, Door.tag]]
"""What the screen showed: a project or None, and the place beacon and the door by which it had turned to it."""


class ScreenUse:
    """Counts since the last harvest. The first harvest tells of itself even when there was nothing: that we count."""

    def __init__(self) -> None:
        self._told = False
        self._visits: Counter[Turned] = Counter()
        self._opened: Counter[Turned] = Counter()

    def visit(self, turned: Turned) -> None:
        """Somebody began to use the screen."""
        self._visits[turned] += 1

    def open(self, turned: Turned) -> None:
        """The page of a project was opened, for the first time in this visit."""
        self._opened[turned] += 1

    def harvest(self, start: ClockReading, seconds: float) -> tuple[ScreenStatistics, ...]:
        """The counts of the stretch that began at `start`, and begin anew; mostly one record, or none."""
        counts = [
            ScreenCount(
                project=turned[0],
                beacon=turned[1],
                door=turned[2],
                visits=self._visits[turned],
                opened=self._opened[turned],
            )
            for turned in sorted(self._visits.keys() | self._opened.keys(), key=str)
        ]
        beginnings = range(0, len(counts), MAX_SCREEN_COUNTS) if counts or self._told else (0,)
        self._told = True
        self._visits.clear()
        self._opened.clear()
        return tuple(
            ScreenStatistics(start=start, seconds=seconds, counts=tuple(counts[at : at + MAX_SCREEN_COUNTS]))
            for at in beginnings
        )
