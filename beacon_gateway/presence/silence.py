"""How long a silence ends a visit: from the gaps that were measured, for a chosen rate of false ends.

Losses come singly and in bursts, so a gap is taken as exponential with a scale that fits its tail: the greater of
the mean and E[gap^2] / (2 E[gap]), which for an exponential gap are the same. A gap then outlasts x with
probability exp(-x / scale), so x = scale x ln(gaps an hour / false ends an hour).
"""

import math

FALSE_ENDS_PER_HOUR = 1e-3
"""Of one beacon that is there: one in six weeks."""
LONGEST_FACTOR = 6.0
"""However badly a beacon is heard, its visit ends after so many times the shortest period."""
_FORGETTING = 1 / 64
"""Each gap weighs so much: about the last hundred count."""
_FIRST_GAPS = 1 / 8
FRESH = 64


class Gaps:
    """The gaps between the frames of one beacon during one visit. Seconds."""

    __slots__ = ("_mean_s", "_mean_square_s2", "_weight", "fresh")

    def __init__(self) -> None:
        self.fresh: list[float] = []
        """Not counted yet, each more than 0; FRESH of them are to be counted."""
        self._mean_s = self._mean_square_s2 = 0.0
        self._weight = 1.0

    def add(self, seconds: float) -> None:
        """A gap of nothing (the same advert through another adapter, a late frame) is none."""
        if seconds > 0.0:
            self.fresh.append(seconds)
            if len(self.fresh) >= FRESH:
                self.count()

    def count(self) -> None:
        mean_s, mean_square_s2, weight = self._mean_s, self._mean_square_s2, self._weight
        for seconds in self.fresh:
            mean_s += (seconds - mean_s) * weight
            mean_square_s2 += (seconds * seconds - mean_square_s2) * weight
            # the first ones by their plain mean, then forgetting
            if weight > _FORGETTING:
                weight /= 1.0 + weight
        self._mean_s, self._mean_square_s2, self._weight = mean_s, mean_square_s2, weight
        self.fresh.clear()

    def exit_s(self, shortest_s: float) -> float:
        """Seconds of silence that end a visit: never less than `shortest_s`, never more than six times that.

        Before eight gaps are known it is the shortest: a slow beacon is not yet known to be slow.
        """
        self.count()
        if self._weight > _FIRST_GAPS:
            return shortest_s
        mean_s = self._mean_s
        scale_s = max(mean_s, self._mean_square_s2 / (2 * mean_s))
        enough_s = scale_s * math.log(max(1.0, 3600 / (mean_s * FALSE_ENDS_PER_HOUR)))
        return min(LONGEST_FACTOR * shortest_s, max(shortest_s, enough_s))
