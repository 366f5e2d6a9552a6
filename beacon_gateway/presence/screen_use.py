"""Count how the screen is used, as additive figures by what it showed; they identify no person and no order."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from sync_contract.beacon_identity import BeaconId
from sync_contract.records import MAX_SCREEN_COUNTS, ClockReading, Door, ScreenCount, ScreenStatistics

ShownScreen = tuple[str | None, BeaconId | None, Literal[Door.touch, Door.tag]]
"""What the screen showed: a project or None, and the place beacon and the door that selected it."""


@dataclass(slots=True)
class _Counts:
    visits: int = 0
    opened: int = 0


class ScreenUse:
    """Counts since the last harvest. The first harvest returns a record even without counts: it reports counting."""

    def __init__(self) -> None:
        self._reported = False
        self._counts: defaultdict[ShownScreen, _Counts] = defaultdict(_Counts)

    def add_visit(self, shown: ShownScreen) -> None:
        """Count a person who began to use the screen."""
        self._counts[shown].visits += 1

    def add_opened(self, shown: ShownScreen) -> None:
        """Count the first opening of a project's page in a visit."""
        self._counts[shown].opened += 1

    def harvest(self, start: ClockReading, seconds: float) -> tuple[ScreenStatistics, ...]:
        """Return the counts of the period that began at `start` and reset them; usually one record or none."""
        counts = [
            ScreenCount(project=project, beacon=beacon, door=door, visits=each.visits, opened=each.opened)
            for (project, beacon, door), each in sorted(self._counts.items(), key=str)
        ]
        starts = range(0, len(counts), MAX_SCREEN_COUNTS) if counts or self._reported else (0,)
        self._reported = True
        self._counts.clear()
        return tuple(
            ScreenStatistics(start=start, seconds=seconds, counts=tuple(counts[at : at + MAX_SCREEN_COUNTS]))
            for at in starts
        )
