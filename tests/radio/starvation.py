"""Measure from lab/run's starved.log for how long the host kept the lab from a processor."""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

LOG_INSIDE = Path("/run/radiolab/starved.log")
WINDOW_S = 2.0
"""The lab's kernel takes a controller for dead that does not answer for this long."""
STARVED_S = 1.0
"""A test is starved if the lab waited for a processor for this long within one window."""


@dataclass(frozen=True, slots=True)
class Starvation:
    """`at`: wall clock seconds; `waited`: seconds that the lab had waited by then."""

    at: tuple[float, ...]
    waited: tuple[float, ...]

    def between(self, began: float, ended: float) -> float:
        """Return the seconds in which the lab could have run and did not."""
        return self._until(ended) - self._until(began)

    def worst_window_s(self, began: float, ended: float) -> float:
        """Return the longest wait within any WINDOW_S between two times."""
        starts = [began, *(at for at in self.at if began <= at <= ended)]
        return max((self.between(start, min(start + WINDOW_S, ended)) for start in starts), default=0.0)

    def _until(self, at: float) -> float:
        if not self.at:
            return 0.0
        index = bisect_left(self.at, at)
        if index == 0 or index == len(self.at):
            return self.waited[min(index, len(self.at) - 1)]
        part = (at - self.at[index - 1]) / (self.at[index] - self.at[index - 1])
        return self.waited[index - 1] + part * (self.waited[index] - self.waited[index - 1])


def read_starvation(log: Path) -> Starvation:
    """Return what the log says; nothing for a log that does not exist. Ignore an incomplete last line."""
    lines = log.read_text().splitlines() if log.exists() else []
    pairs = [(float(words[0]), float(words[1])) for line in lines if len(words := line.split()) == 2]
    return Starvation(tuple(at for at, _ in pairs), tuple(waited for _, waited in pairs))


def waited_so_far_s() -> float:
    """Return how long this lab has waited for a processor; 0 outside a lab."""
    starvation = read_starvation(LOG_INSIDE)
    return starvation.waited[-1] if starvation.waited else 0.0
