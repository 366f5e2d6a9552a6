"""How long a silence ends a visit: from the gaps that were measured, for a chosen rate of false ends.

Losses come singly and in bursts, so a gap is taken as exponential with a scale that fits its tail: the greater of
the mean and E[gap^2] / (2 E[gap]), which for an exponential gap are the same. A gap then outlasts x with
probability exp(-x / scale), so x = scale x ln(gaps an hour / false ends an hour).
"""

import math
from collections import deque
from itertools import pairwise

FALSE_ENDS_PER_HOUR = 1e-3
"""Of one beacon that is there: one in six weeks."""
LONGEST_FACTOR = 6.0
"""However badly a beacon is heard, its visit ends after so many times the shortest period."""
LATEST = 128
"""So many gaps count."""
_FIRST_GAPS = 8


class Gaps:
    """The gaps between the frames of one beacon during one visit. Seconds.

    Frames come often and silences seldom: only the times are kept, and looked at when a silence is there.
    """

    __slots__ = ("heard",)

    def __init__(self) -> None:
        self.heard: deque[float] = deque(maxlen=LATEST + 1)
        """When frames came, monotonic seconds."""

    def exit_s(self, shortest_s: float) -> float:
        """Seconds of silence that end a visit: never less than `shortest_s`, never more than six times that.

        Before eight gaps are known it is the shortest: a slow beacon is not yet known to be slow. A gap of nothing (the
        same advert through another adapter, a late frame, a clock that was set back) is none.
        """
        gaps = [later - earlier for earlier, later in pairwise(self.heard) if later > earlier]
        if len(gaps) < _FIRST_GAPS:
            return shortest_s
        mean_s = math.fsum(gaps) / len(gaps)
        scale_s = max(mean_s, math.fsum(gap_s * gap_s for gap_s in gaps) / len(gaps) / (2 * mean_s))
        enough_s = scale_s * math.log(max(1.0, 3600 / (mean_s * FALSE_ENDS_PER_HOUR)))
        return min(LONGEST_FACTOR * shortest_s, max(shortest_s, enough_s))
